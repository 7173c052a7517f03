//! What all plays of a run share: the target, the settings and how fast the line to the target is.

use std::rc::Rc;
use std::time::Duration;

use super::settings::{CheckSettings, Update};
use crate::clock::Clock;
use crate::driver::{Afterwards, ConnectionSettings, Lent, Line, drive};
use crate::scenario::Play;
use crate::transport::{Endpoint, Target};

/// The target, the settings and the line that all plays of a run share.
pub(super) struct RunContext {
    pub(super) target: Target,
    pub(super) settings: Rc<CheckSettings>,
    pub(super) timeout: Duration,
    pub(super) line: Line,
    pub(super) clock: Clock,
}

/// After all has come that is awaited, this long is listened for what should not come; longer for a fixture that is
/// being written, as nothing says yet what is awaited.
const LISTEN_ON: Duration = Duration::from_millis(40);
const LISTEN_FOR_FIXTURE: Duration = Duration::from_millis(500);

/// On a slow line a round trip longer, as messages may come in bursts there; but no longer than this, since a server
/// may say more of its own accord when it is left alone for seconds.
const LONGER_AT_MOST: Duration = Duration::from_millis(300);

impl RunContext {
    /// The server, and what every connection of the run sends it.
    pub(super) fn endpoint(&self) -> Endpoint {
        Endpoint {
            target: self.target.clone(),
            params: self.settings.params.clone(),
            headers: self.settings.headers.clone(),
        }
    }

    /// What all connections of the run have in common.
    pub(super) fn connections(&self) -> ConnectionSettings {
        ConnectionSettings {
            endpoint: self.endpoint(),
            timeout: self.timeout,
            clock: self.clock,
        }
    }

    /// Plays until all steps held and `complete` says that all has come, or a step did not hold, or `patience` is over.
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

    /// Plays until all steps held, or one did not.
    pub(super) async fn play(&self, play: &mut Play) {
        self.drive(play, None, |_| true, Duration::ZERO).await;
    }
}
