//! Plays a conversation, and compares what the clients were told with what the model says.

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

/// What plays need.
#[derive(Clone)]
pub(super) struct Stage {
    pub(super) connections: Rc<ConnectionSettings>,
    /// How long each answer may take.
    pub(super) timeout: Duration,
    pub(super) round_trip: Duration,
    pub(super) profile: Profile,
}

/// A conversation that is to be played.
#[derive(Clone, Debug)]
pub(super) struct Script {
    pub(super) prediction: Prediction,
    /// The scenario.
    pub(super) text: String,
    pub(super) program: Arc<Program>,
    /// What each client is to be told.
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
        let setting = Setting {
            timeout: self.timeout,
            round_trip: self.round_trip,
            vsn: Vsn::V2,
            offers: Vec::new(),
            first_fresh: fresh,
            purpose: Purpose::Case,
        };
        let mut play = Play::new(Arc::clone(&script.program), setting);
        let complete = |play: &Play| !self.deviations(script, play).iter().any(Deviation::may_mend);
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
        let messages = play
            .recording()
            .entries
            .iter()
            .filter(|it| is_message(&it.what))
            .count();
        Played {
            flaw: self.flaw(script, &play),
            messages: messages as u64,
        }
    }

    fn deviations(&self, script: &Script, play: &Play) -> Vec<Deviation> {
        let mut found = compare(&script.expected, &log(script, play), &script.program);
        found.retain(|it| !matches!(it, Deviation::Ending { expected, .. } if expected != "open"));
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

fn is_message(what: &Noted) -> bool {
    matches!(
        what,
        Noted::Text(_) | Noted::Binary(_) | Noted::SentText(_) | Noted::SentBinary(_) | Noted::SentFrame(..)
    )
}
