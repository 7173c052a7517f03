//! A failure: shrunk, and written as a scenario with its fixture.

use std::fmt::Write as _;
use std::sync::Arc;

use super::conversation::MadeConversation;
use super::numbers::Numbers;
use super::play::{Script, Stage};
use super::property::{Flaw, Property};
use super::settings::{FuzzError, FuzzSettings};
use super::shrink::{Rate, Search, Shrunk};
use super::written;
use crate::clock::Time;
use crate::conformance::{FixtureOrigin, fixture_text};

/// A failure, shrunk.
#[derive(Clone, Debug)]
pub(crate) struct Find {
    pub(crate) property: &'static str,
    pub(crate) sentence: &'static str,
    /// The difference from the prediction.
    pub(crate) told: String,
    /// The number of the conversation that failed first.
    pub(crate) conversation: u64,
    /// The number of conversations that failed in this way.
    pub(crate) times: u64,
    pub(crate) rate: Rate,
    /// The name of its files, without an extension.
    pub(crate) name: String,
    pub(crate) scenario: String,
    pub(crate) fixture: String,
    pub(crate) steps: usize,
    pub(crate) shrunk_from: usize,
}

/// A conversation that failed.
#[derive(Clone, Debug)]
pub(super) struct Failed {
    pub(super) number: u64,
    pub(super) conversation: MadeConversation,
    pub(super) script: Script,
    pub(super) flaw: Flaw,
}

/// The failures of one kind.
pub(super) struct KindOfFailure {
    pub(super) first: Failed,
    pub(super) others: Vec<Failed>,
    pub(super) times: u64,
}

impl Failed {
    /// Whether its clients were let in, so that it says something about what came later.
    pub(super) const fn was_let_in(&self) -> bool {
        !matches!(self.flaw.property, Property::LetIn | Property::Undecided)
    }
}

impl Find {
    /// Shrinks the first failure of a kind, or the next one if the first does not fail again.
    ///
    /// # Errors
    /// If a scenario cannot be read, which is a mistake of this tool.
    pub(super) async fn of(
        kind: &KindOfFailure,
        stage: &Stage,
        numbers: &Arc<Numbers>,
        settings: &FuzzSettings,
        until: Time,
    ) -> Result<Self, FuzzError> {
        let search = Search {
            stage: stage.clone(),
            numbers: Arc::clone(numbers),
            flaw: kind.first.flaw.clone(),
            until,
        };
        for failed in std::iter::once(&kind.first).chain(&kind.others) {
            if let Some(shrunk) = search.run(&failed.conversation).await? {
                return Ok(Self::new(failed, kind.times, shrunk, settings));
            }
        }
        let failed = &kind.first;
        let once = Search::not_again(failed.script.clone(), failed.flaw.clone());
        Ok(Self::new(failed, kind.times, once, settings))
    }

    fn new(failed: &Failed, times: u64, shrunk: Shrunk, settings: &FuzzSettings) -> Self {
        let property = failed.flaw.property;
        let about = failed
            .flaw
            .about
            .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
        let name = format!("{}-{about}", property.name());
        let name = name.trim_end_matches('-').to_owned();
        let sentence = property.sentence();
        let source = format!("{name}.yaml");
        let hidden: Vec<String> = shrunk
            .script
            .program
            .hide
            .iter()
            .map(ToString::to_string)
            .collect();
        let about = format!("Found by fuzzing: {sentence}.");
        let origin = FixtureOrigin {
            source: &source,
            description: &about,
            said_by: "the model of phxproof",
            hidden: &hidden,
        };
        let text = written::scenario(&about, &shrunk.script.prediction);
        let steps = written::steps_of(&text);
        let mut scenario = String::new();
        let _ = writeln!(
            scenario,
            "# Found by `{}`, in conversation {}.",
            settings.command_line, failed.number
        );
        let _ = writeln!(scenario, "# What should hold: {sentence}.");
        let _ = writeln!(scenario, "# What happened: {}", one_line(&shrunk.flaw.told));
        let _ = writeln!(scenario, "# Played again, it {}.", shrunk.rate.told());
        scenario.push_str(&text);
        Self {
            property: property.name(),
            sentence,
            told: shrunk.flaw.told,
            conversation: failed.number,
            times,
            rate: shrunk.rate,
            name,
            fixture: fixture_text(&origin, &shrunk.script.expected),
            scenario,
            steps,
            shrunk_from: written::steps_of(&failed.script.text),
        }
    }
}

/// A text for a comment.
fn one_line(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
