//! Plays a scenario: does what it asks for, and tells it what happened and when its deadlines have come.

use std::rc::Rc;
use std::time::Duration;

use super::host::Lent;
use super::links::Links;
use super::{ConnectionSettings, until};
use crate::clock::Time;
use crate::scenario::{Command, Happening, Play, PlayStatus, Restart};

/// How long a play goes on after its last step held.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Afterwards {
    /// At most so long for what is to come beside the answers that the steps wait for.
    pub(crate) patience: Duration,
    /// Once all of it has come, so long for what should not come.
    pub(crate) listen_on: Duration,
}

/// Plays until all steps held and `complete` says that all has come, or a step did not hold, or the time is over.
pub(crate) async fn drive(
    play: &mut Play,
    settings: Rc<ConnectionSettings>,
    mut lent: Option<&mut Box<dyn Lent>>,
    mut complete: impl FnMut(&Play) -> bool,
    afterwards: Afterwards,
) {
    let clock = settings.clock;
    let (mut links, mut news) = Links::new(settings);
    play.begin(clock.now());
    let mut end: Option<Time> = None;
    let mut satisfied = false;
    loop {
        while let Some(command) = play.next_command() {
            if let Command::Restart(how) = command {
                let result = restart(&mut lent, how).await;
                play.handle(Happening::Restarted(result), clock.now());
            } else {
                links.carry_out(command);
            }
        }
        let now = clock.now();
        match play.progress() {
            PlayStatus::Failed(_) => return,
            PlayStatus::Over if !satisfied && complete(play) => {
                satisfied = true;
                end = Some(now + afterwards.listen_on);
            }
            PlayStatus::Over if end.is_none() => end = Some(now.max(play.busy_until()) + afterwards.patience),
            PlayStatus::Over | PlayStatus::Playing | PlayStatus::Paused | PlayStatus::Settling => {}
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
