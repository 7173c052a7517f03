//! Plays a conversation, and compares the messages to its clients with the prediction.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::conversation::MadeConversation;
use super::model;
use super::prediction::Prediction;
use super::property::{Flaw, Property};
use super::written;
use crate::conformance::{Deviation, Log, RunNames, compare, log_of};
use crate::driver::{Afterwards, ConnectionSettings, drive};
use crate::profile::Profile;
use crate::protocol::Vsn;
use crate::scenario::{Blame, Noted, Play, PlayStatus, Program, Purpose, ScenarioError, Setting, read};

/// The settings of plays.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) connections: Rc<ConnectionSettings>,
    /// How long each answer may take.
    pub(super) timeout: Duration,
    pub(super) profile: Profile,
}

/// A conversation that is to be played.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) prediction: Prediction,
    /// The scenario.
    pub(super) text: String,
    pub(super) program: Arc<Program>,
    /// The predicted messages.
    pub(super) expected: Log,
}

/// A conversation that was played.
pub(super) struct Played {
    /// Nothing if all was as the model says.
    pub(super) flaw: Option<Flaw>,
    pub(super) messages: u64,
}

impl Script {
    /// Writes the scenario of a conversation; nothing if it has no step to play.
    ///
    /// # Errors
    /// If the scenario cannot be read, which is a mistake of this tool.
    pub(super) fn new(
        conversation: &MadeConversation,
        profile: Profile,
    ) -> Result<Option<Self>, ScenarioError> {
        let prediction = model::predict(conversation, profile);
        let text = written::scenario("A generated conversation.", &prediction);
        if written::steps_of(&text) == 0 {
            return Ok(None);
        }
        let program = Arc::new(read("generated.yaml", &text)?);
        let expected = written::log(&prediction, &program);
        Ok(Some(Self {
            prediction,
            text,
            program,
            expected,
        }))
    }
}

impl Stage {
    /// Plays a conversation; its topics and users are called by numbers from `fresh`.
    pub(super) async fn play(&self, script: &Script, fresh: u64) -> Played {
        let complete = |play: &Play| !self.deviations(script, play).iter().any(Deviation::may_mend);
        let play = self.played(&script.program, fresh, complete).await;
        let entries = &play.recording().entries;
        let messages = entries.iter().filter(|it| is_message(&it.what)).count();
        Played {
            flaw: self.flaw(script, &play),
            messages: messages as u64,
        }
    }

    /// Whether all steps of a scenario hold, whatever comes beside.
    ///
    /// # Errors
    /// If the scenario cannot be read.
    pub(super) async fn holds(&self, scenario: &str, fresh: u64) -> Result<bool, ScenarioError> {
        let program = Arc::new(read("generated.yaml", scenario)?);
        let play = self.played(&program, fresh, |_| true).await;
        Ok(!matches!(play.progress(), PlayStatus::Failed(_)))
    }

    async fn played(&self, program: &Arc<Program>, fresh: u64, complete: impl FnMut(&Play) -> bool) -> Play {
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
        drive(
            &mut play,
            Rc::clone(&self.connections),
            None,
            complete,
            afterwards,
        )
        .await;
        play
    }

    fn deviations(&self, script: &Script, play: &Play) -> Vec<Deviation> {
        let mut found = compare(&script.expected, &log(script, play), &script.program);
        let senders = script.prediction.broadcasters.len();
        found.retain(|it| match it {
            Deviation::Ending { expected, .. } => expected == "open",
            Deviation::Order { expected, actual, .. } => is_out_of_order(expected, actual, senders),
            Deviation::Missing { .. } | Deviation::Extra { .. } | Deviation::Opening { .. } => true,
        });
        found
    }

    fn flaw(&self, script: &Script, play: &Play) -> Option<Flaw> {
        if let PlayStatus::Failed(failure) = play.progress() {
            return Some(match failure.blame {
                Blame::Server => Flaw::of_failure(failure),
                Blame::Nobody => Flaw {
                    property: Property::Undecided,
                    about: String::new(),
                    told: failure.what.clone(),
                },
            });
        }
        Flaw::of_deviations(&self.deviations(script, play))
    }
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

/// Whether the messages of a channel are out of order, or the broadcasts of one sender. Between them there is no order: they come
/// from different processes.
fn is_out_of_order(expected: &[String], actual: &[String], senders: usize) -> bool {
    let is_broadcast =
        |line: &&String| line.starts_with("[null,null,") || line.starts_with("binary broadcast");
    let differ = |of_broadcasts: bool| {
        let chosen = |line: &&String| is_broadcast(line) == of_broadcasts;
        expected.iter().filter(chosen).ne(actual.iter().filter(chosen))
    };
    differ(false) || (senders < 2 && differ(true))
}

fn is_message(what: &Noted) -> bool {
    matches!(
        what,
        Noted::Text(_) | Noted::Binary(_) | Noted::SentText(_) | Noted::SentBinary(_) | Noted::SentFrame(..)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_order_within_a_channel_and_of_one_sender_counts() {
        let lines = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        let first = lines(r#"["1","2" [null,null,1 [null,null,2 ["1","3""#);
        let between = lines(r#"["1","2" ["1","3" [null,null,1 [null,null,2"#);
        let broadcasts = lines(r#"["1","2" [null,null,2 [null,null,1 ["1","3""#);
        let replies = lines(r#"["1","3" [null,null,1 [null,null,2 ["1","2""#);
        assert!(!is_out_of_order(&first, &between, 1));
        assert!(is_out_of_order(&first, &broadcasts, 1));
        assert!(!is_out_of_order(&first, &broadcasts, 2));
        assert!(is_out_of_order(&first, &replies, 2));
    }
}
