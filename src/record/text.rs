//! The text of a recorded scenario: its head, and the steps that `write.rs` writes.

use std::fmt::Write as _;

use super::differ::Loosened;
use super::draft::Draft;
use super::write::{Detail, steps_text};
use crate::scenario::write as yaml;

/// A scenario as a file, and what it needs.
#[derive(Clone, Debug)]
pub(crate) struct RecordedScenario {
    /// The content of the file.
    pub(crate) text: String,
    /// The values of its variables.
    pub(crate) variables: Vec<(String, String)>,
}

/// The scenario, whose steps say what came.
pub(crate) fn scenario(draft: &Draft<'_>, loosened: &Loosened) -> RecordedScenario {
    written(draft, loosened, Detail::Content)
}

/// The scenario, whose steps only say which messages came.
pub(super) fn outline(draft: &Draft<'_>, loosened: &Loosened) -> RecordedScenario {
    written(draft, loosened, Detail::Messages)
}

fn written(draft: &Draft<'_>, loosened: &Loosened, detail: Detail) -> RecordedScenario {
    let steps = steps_text(draft, loosened, detail);
    RecordedScenario {
        text: format!("{}{}steps:\n{steps}", comment(draft), keys(draft, loosened)),
        variables: draft.secrets.values(),
    }
}

fn comment(draft: &Draft<'_>) -> String {
    let mut text = format!("# Recorded by `phxproof record` at {}.\n", draft.target());
    let secrets = &draft.secrets.all;
    if !secrets.is_empty() {
        let flags: Vec<String> = secrets.iter().map(|it| format!("--var {}=…", it.name)).collect();
        let _ = writeln!(text, "# To play it, give what was secret: {}", flags.join(" "));
        for secret in secrets {
            let _ = writeln!(text, "#   {}: {}", secret.name, on_one_line(&secret.found));
        }
    }
    for note in draft.heard.all_notes() {
        let _ = writeln!(text, "# {}", on_one_line(&note));
    }
    text
}

/// A text for a comment, in which YAML allows no control characters, no marks of byte order and no ends of lines.
fn on_one_line(text: &str) -> String {
    let is_refused = |c: char| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
    };
    text.replace(is_refused, " ")
}

fn keys(draft: &Draft<'_>, loosened: &Loosened) -> String {
    let actors: Vec<String> = (0..draft.heard.actors()).map(super::heard::actor_name).collect();
    let mut text = format!(
        "about: A recorded conversation of {}.\nvsn: {}\n",
        actors.join(", "),
        draft.vsn()
    );
    if !draft.secrets.all.is_empty() {
        let names = draft.secrets.all.iter().map(|secret| secret.name.clone());
        let _ = writeln!(text, "variables: {}", list(names));
    }
    if loosened.len() > 0 {
        let pointers = loosened.pointers().map(|it| yaml::text(&it));
        let _ = writeln!(text, "hide: {}", list(pointers));
    }
    text.push_str(&chance(draft, loosened));
    text
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(", "))
}

/// The answers that the file leaves open.
fn chance(draft: &Draft<'_>, loosened: &Loosened) -> String {
    let mut items = String::new();
    if !loosened.any_order.is_empty() {
        let events = loosened.any_order.iter().map(|it| yaml::text(it));
        let _ = writeln!(items, "  - any-order: {}", list(events));
    }
    for message in &draft.plan.racing.optional {
        let (event, topic) = (draft.words(&message.event), draft.words(&message.topic));
        let reference = yaml::text(&message.reference);
        let _ = writeln!(items, "  - maybe: {event}\n    on: {topic}\n    ref: {reference}");
    }
    for event in &draft.plan.racing.more {
        let _ = writeln!(items, "  - more: {}", draft.words(event));
    }
    if items.is_empty() {
        items
    } else {
        format!("chance:\n{items}")
    }
}
