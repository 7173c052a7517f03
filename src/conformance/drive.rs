//! Gives a play its sockets: does what it asks for, tells it what happened, and when its deadlines have come.

use std::rc::Rc;
use std::time::Duration;

use super::host::Lent;
use super::line::Line;
use super::settings::{CheckSettings, Update};
use crate::clock::{Clock, Time};
use crate::driver::{ConnectionSettings, Hands, until};
use crate::scenario::{Command, Happening, Play, PlayStatus, Restart};
use crate::transport::{Endpoint, Target};

/// The target, the settings and the line that all plays of a run share.
pub(super) struct RunContext {
    pub(super) target: Target,
    pub(super) settings: Rc<CheckSettings>,
    pub(super) timeout: Duration,
    pub(super) line: Line,
    pub(super) clock: Clock,
}

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
}

/// After all has come that is awaited, this long is listened for what should not come; longer for a fixture that is
/// being written, as nothing says yet what is awaited.
const LISTEN_ON: Duration = Duration::from_millis(40);
const LISTEN_FOR_FIXTURE: Duration = Duration::from_millis(500);

/// On a slow line a round trip longer, as messages may come in bursts there; but no longer than this, since a server
/// may say more of its own accord when it is left alone for seconds.
const LONGER_AT_MOST: Duration = Duration::from_millis(300);

/// Plays until all steps held and `complete` says that all has come, or a step did not hold, or `patience` is over.
pub(super) async fn drive(
    play: &mut Play,
    context: &Rc<RunContext>,
    mut lent: Option<&mut Box<dyn Lent>>,
    mut complete: impl FnMut(&Play) -> bool,
    patience: Duration,
) {
    let (mut hands, mut news) = Hands::new(Rc::new(context.connections()));
    let listen_on = if context.settings.update == Update::No {
        LISTEN_ON
    } else {
        LISTEN_FOR_FIXTURE
    } + context.line.round_trip().min(LONGER_AT_MOST);
    let clock = context.clock;
    play.begin(clock.now());
    let mut end: Option<Time> = None;
    let mut satisfied = false;
    loop {
        while let Some(command) = play.next_command() {
            if let Command::Restart(how) = command {
                let result = restart(&mut lent, how).await;
                play.handle(Happening::Restarted(result), clock.now());
            } else {
                hands.carry_out(command);
            }
        }
        let now = clock.now();
        match play.progress() {
            PlayStatus::Failed(_) => return,
            PlayStatus::Over if !satisfied && complete(play) => {
                satisfied = true;
                end = Some(now + listen_on);
            }
            PlayStatus::Over if end.is_none() => end = Some(now.max(play.busy_until()) + patience),
            PlayStatus::Over | PlayStatus::Playing | PlayStatus::Settling => {}
        }
        if end.is_some_and(|end| end <= now) {
            return;
        }
        let deadline = [play.deadline(), end].into_iter().flatten().min();
        tokio::select! {
            biased;
            Some(happening) = news.recv() => play.handle(happening, clock.now()),
            () = until(clock, deadline) => play.handle_timeout(clock.now()),
        }
    }
}

async fn restart(lent: &mut Option<&mut Box<dyn Lent>>, how: Restart) -> Result<(), String> {
    match lent {
        Some(lent) => lent.restart(how).await,
        None => Err("nobody here can restart it".to_owned()),
    }
}
