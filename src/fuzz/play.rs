//! Plays a conversation, and compares the messages to its clients with the prediction.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::diff::{self, Heard, Stopped};
use super::numbers::Numbers;
use super::property::{Flaw, Property};
use super::script::{Reference, Script, is_out_of_order};
use crate::conformance::{Deviation, Log, RunNames, compare, log_of};
use crate::driver::{Afterwards, ConnectionSettings, drive};
use crate::profile::Profile;
use crate::protocol::Vsn;
use crate::scenario::{
    Blame, Failure, Noted, Play, PlayStatus, Program, Purpose, ScenarioError, Setting, read,
};

/// The begin of the ending of a connection that ended with a close frame.
const CLOSED: &str = "closed";

/// How much longer a patient play waits.
const PATIENCE: u32 = 5;

/// The settings of plays.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) connections: Rc<ConnectionSettings>,
    /// The second server, if two are compared with each other.
    pub(super) other: Option<Rc<ConnectionSettings>>,
    /// How long each answer may take.
    pub(super) timeout: Duration,
    pub(super) profile: Profile,
}

/// A conversation that was played.
pub(super) struct Played {
    /// Nothing if all was as it should be.
    pub(super) flaw: Option<Flaw>,
    /// The messages of the other server, if the fixture holds them and not the prediction.
    pub(super) reference: Option<Reference>,
    pub(super) messages: u64,
}

impl Stage {
    /// The same with more time for each answer, for what may have come late.
    pub(super) fn patient(&self) -> Self {
        Self {
            timeout: self.timeout * PATIENCE,
            ..self.clone()
        }
    }

    /// Plays a conversation; its topics and users are called by `numbers`.
    pub(super) async fn play(&self, script: &Script, numbers: &Numbers) -> Played {
        match &self.other {
            None => self.play_as_predicted(script, numbers.next()).await,
            Some(other) => self.play_at_both(other, script, numbers).await,
        }
    }

    async fn play_as_predicted(&self, script: &Script, fresh: u64) -> Played {
        // Most plays end with the comparison that shows them complete, so the last one is kept.
        let mut last = (0, Vec::new());
        let complete = |play: &Play| {
            last = (play.recording().entries.len(), deviations(script, play));
            !last.1.iter().any(Deviation::may_mend)
        };
        let play = self
            .played(&self.connections, (&script.program, fresh), complete)
            .await;
        let deviations = || match last {
            (compared, deviations) if compared == play.recording().entries.len() => deviations,
            _ => deviations(script, &play),
        };
        Played {
            flaw: failure(&play).or_else(|| Flaw::of_deviations(&deviations())),
            reference: None,
            messages: messages(&play),
        }
    }

    async fn play_at_both(
        &self,
        other: &Rc<ConnectionSettings>,
        script: &Script,
        numbers: &Numbers,
    ) -> Played {
        let complete = |play: &Play| !deviations(script, play).iter().any(Deviation::may_mend);
        let (first, second) = (numbers.next(), numbers.next());
        let (a, b) = tokio::join!(
            self.played(&self.connections, (&script.program, first), complete),
            self.played(other, (&script.program, second), complete)
        );
        let heard = |play: &Play| Heard {
            log: log(script, play),
            stopped: stop(play),
        };
        let messages = messages(&a) + messages(&b);
        let (a, b) = (heard(&a), heard(&b));
        let flaw = diff::difference(script, &a, &b);
        Played {
            reference: flaw.is_some().then(|| diff::reference(&a, &b)),
            flaw,
            messages,
        }
    }

    /// The first step of a scenario that does not hold, whatever comes beside.
    ///
    /// # Errors
    /// If the scenario cannot be read.
    pub(super) async fn failure_of(
        &self,
        scenario: &str,
        numbers: &Numbers,
    ) -> Result<Option<Failure>, ScenarioError> {
        let program = Arc::new(read("generated.yaml", scenario)?);
        let play = self
            .played(&self.connections, (&program, numbers.next()), |_| true)
            .await;
        Ok(match play.progress() {
            PlayStatus::Failed(failure) => Some(failure.clone()),
            _ => None,
        })
    }

    async fn played(
        &self,
        server: &Rc<ConnectionSettings>,
        (program, fresh): (&Arc<Program>, u64),
        complete: impl FnMut(&Play) -> bool,
    ) -> Play {
        let setting = Setting {
            timeout: self.timeout,
            round_trip: Duration::ZERO,
            vsn: Vsn::V2,
            offers: Vec::new(),
            first_fresh: fresh,
            first_user: 0,
            purpose: Purpose::Case,
        };
        let mut play = Play::new(Arc::clone(program), setting);
        let afterwards = Afterwards {
            patience: self.timeout,
            listen_on: Duration::ZERO,
        };
        drive(&mut play, Rc::clone(server), None, complete, afterwards).await;
        play
    }
}

/// The differences from the prediction.
fn deviations(script: &Script, play: &Play) -> Vec<Deviation> {
    let mut found = compare(&script.expected, &log(script, play), &script.program);
    found.retain(|it| match it {
        Deviation::Ending { expected, actual, .. } => {
            expected == "open" || (expected.starts_with(CLOSED) && !actual.starts_with(CLOSED))
        }
        Deviation::Order { expected, actual, .. } => is_out_of_order(expected, actual, script.senders),
        Deviation::Missing { .. } | Deviation::Extra { .. } | Deviation::Opening { .. } => true,
    });
    found
}

/// The flaw that a step shows which did not hold.
fn failure(play: &Play) -> Option<Flaw> {
    let PlayStatus::Failed(failure) = play.progress() else {
        return None;
    };
    Some(match failure.blame {
        Blame::Server => Flaw::of_failure(failure),
        Blame::Nobody => Flaw {
            property: Property::Undecided,
            about: String::new(),
            ..Flaw::of_failure(failure)
        },
    })
}

/// The step that did not hold.
fn stop(play: &Play) -> Option<Stopped> {
    let PlayStatus::Failed(stop) = play.progress() else {
        return None;
    };
    let line = stop.line.clone();
    failure(play).map(|flaw| Stopped { line, flaw })
}

fn messages(play: &Play) -> u64 {
    let entries = &play.recording().entries;
    entries.iter().filter(|it| is_message(&it.what)).count() as u64
}

fn log(script: &Script, play: &Play) -> Log {
    let fresh: Vec<(&str, &str)> = play.named_values().collect();
    let names = RunNames {
        program: &script.program,
        fresh: &fresh,
        vsn: Vsn::V2,
    };
    log_of(play.recording(), &names)
}

fn is_message(what: &Noted) -> bool {
    matches!(
        what,
        Noted::Text(_) | Noted::Binary(_) | Noted::SentText(_) | Noted::SentBinary(_) | Noted::SentFrame(..)
    )
}
