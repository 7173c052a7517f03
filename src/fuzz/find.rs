//! A failure: shrunk, and written as a scenario with its fixture.

use std::fmt::Write as _;

use super::conversation::MadeConversation;
use super::diff::B;
use super::property::{Flaw, Property};
use super::script::{Reference, Script};
use super::settings::FuzzSettings;
use super::shrink::{Rate, Shrunk};
use super::written;
use crate::conformance::{FixtureOrigin, fixture_text};

/// A failure, shrunk.
#[derive(Clone, Debug)]
pub(crate) struct Find {
    pub(crate) property: &'static str,
    pub(crate) sentence: &'static str,
    /// The property and what it is about.
    flaw_kind: String,
    /// The difference from the prediction, or between two servers.
    pub(crate) told: String,
    /// The party whose messages the fixture has.
    pub(crate) said_by: &'static str,
    /// The number of the conversation that failed first.
    pub(crate) conversation: u64,
    /// The number of conversations that failed in this way.
    pub(crate) times: u64,
    /// Other kinds of failures that follow from the same cause, with the number of their conversations.
    pub(crate) also: Vec<(String, u64)>,
    /// The rule that it touches, if that is known.
    pub(crate) rule: Option<&'static str>,
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
    pub(super) reference: Option<Reference>,
}

/// The failures of one kind.
pub(super) struct KindOfFailure {
    pub(super) first: Failed,
    pub(super) others: Vec<Failed>,
    pub(super) times: u64,
}

impl KindOfFailure {
    /// The kind of these failures; nothing without a failure.
    pub(super) fn of(failed: Vec<Failed>) -> Option<Self> {
        let times = failed.len() as u64;
        let mut failed = failed.into_iter();
        Some(Self {
            first: failed.next()?,
            others: failed.collect(),
            times,
        })
    }

    /// The failures that were kept, the first one first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Failed> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl Failed {
    /// Whether its clients were let in, so that it says something about what came later.
    pub(super) const fn was_let_in(&self) -> bool {
        !matches!(self.flaw.property, Property::LetIn | Property::Undecided)
    }
}

impl Find {
    /// Whether the scenario and its fixture hold at server B, so that A fails.
    pub(crate) fn held_at_b(&self) -> bool {
        self.said_by == B
    }

    /// Whether both touch the same rule in the same way.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        self.rule.is_some() && self.rule == other.rule && self.flaw_kind == other.flaw_kind
    }

    /// More conversations failed for the same cause.
    pub(super) fn also(&mut self, kind: &KindOfFailure) {
        self.also.push((kind.first.flaw.kind(), kind.times));
    }

    /// The failure as it is told and written.
    pub(super) fn new(failed: &Failed, times: u64, shrunk: Shrunk, settings: &FuzzSettings) -> Self {
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
        let reference = shrunk.reference.as_ref();
        let said_by = reference.map_or("the model of phxproof", |it| it.said_by);
        let origin = FixtureOrigin {
            source: &source,
            description: &about,
            said_by,
            hidden: &hidden,
        };
        let text = written::scenario(&about, &shrunk.script.prediction);
        let steps = written::steps_of(&text);
        let rule = shrunk.cause.map(|cause| cause.rule_of(&shrunk.flaw));
        let scenario = comment(failed, &shrunk, rule, settings) + &text;
        Self {
            property: property.name(),
            sentence,
            flaw_kind: failed.flaw.kind(),
            told: shrunk.flaw.told,
            said_by,
            conversation: failed.number,
            times,
            also: Vec::new(),
            rule,
            rate: shrunk.rate,
            name,
            fixture: fixture_text(
                &origin,
                shrunk
                    .reference
                    .as_ref()
                    .map_or(&shrunk.script.expected, |it| &it.log),
            ),
            scenario,
            steps,
            shrunk_from: written::steps_of(&failed.script.text),
        }
    }
}

/// The comment above a scenario.
fn comment(failed: &Failed, shrunk: &Shrunk, rule: Option<&'static str>, settings: &FuzzSettings) -> String {
    let mut comment = format!(
        "# Found by `{}`, in conversation {}.\n# What should hold: {}.\n# What happened: {}\n",
        settings.command_line,
        failed.number,
        failed.flaw.property.sentence(),
        one_line(&shrunk.flaw.told)
    );
    if let Some(rule) = rule {
        let _ = writeln!(comment, "# Rule: {rule} (phxproof explain {rule})");
    }
    let _ = writeln!(comment, "# Played again, it {}.", shrunk.rate.told());
    comment
}

/// A text for a comment.
fn one_line(text: &str) -> String {
    let text = text.replace(char::is_control, " ");
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
