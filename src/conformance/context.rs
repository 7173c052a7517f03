//! The data that all plays of a run share: the target, the settings and the speed of the connection.

use std::rc::Rc;
use std::time::Duration;

use super::settings::{CheckSettings, Update};
use crate::clock::Clock;
use crate::driver::{Afterwards, ConnectionSettings, Lent, Line, drive};
use crate::scenario::Play;
use crate::transport::{Endpoint, Target};

/// The data that all plays of a run share.
#[derive(Clone)]
pub(super) struct RunContext {
    pub(super) target: Target,
    pub(super) settings: Rc<CheckSettings>,
    pub(super) timeout: Duration,
    pub(super) line: Line,
    pub(super) clock: Clock,
}

/// How long to listen for unexpected messages after all expected ones have arrived. It is longer for a new
/// fixture, because nothing says yet which messages to expect.
const LISTEN_ON: Duration = Duration::from_millis(40);
const LISTEN_FOR_FIXTURE: Duration = Duration::from_millis(500);

/// The limit for the additional round trip of listening on a slow connection, where messages may arrive in
/// bursts. A server may send messages of its own accord if the client listens for seconds.
const LONGER_AT_MOST: Duration = Duration::from_millis(300);

impl RunContext {
    /// The server, with the connect params and headers of all connections.
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint {
            target: self.target.clone(),
            params: self.settings.params.clone(),
            headers: self.settings.headers.clone(),
        }
    }

    /// The settings that all connections of the run share.
    pub(super) fn connections(&self) -> ConnectionSettings {
        ConnectionSettings {
            endpoint: self.endpoint(),
            timeout: self.timeout,
            clock: self.clock,
        }
    }

    /// Plays until all steps held and `complete` returns true, until a step fails, or until `patience` is
    /// over.
    pub(super) async fn drive(
        &self,
        play: &mut Play,
        lent: Option<&mut Box<dyn Lent>>,
        complete: impl FnMut(&Play) -> bool,
        patience: Duration,
    ) {
        let listen_on = match self.settings.update {
            Update::No => LISTEN_ON,
            Update::Missing | Update::All => LISTEN_FOR_FIXTURE,
        };
        let afterwards = Afterwards {
            patience,
            listen_on: listen_on + self.line.round_trip().min(LONGER_AT_MOST),
        };
        drive(play, Rc::new(self.connections()), lent, complete, afterwards).await;
    }

    /// Plays until all steps held or one failed.
    pub(super) async fn play(&self, play: &mut Play) {
        self.drive(play, None, |_| true, Duration::ZERO).await;
    }
}
