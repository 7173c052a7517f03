//! The lines of the steps: which action stands in one line, and which actors stand together.

use std::fmt::Write as _;

use crate::scenario::write as yaml;

/// Longer steps are written over several lines.
const LONGEST_LINE: usize = 110;

/// One step as it is written: its actors, and its lines without them.
pub(super) struct WrittenStep {
    pub(super) actors: Vec<String>,
    pub(super) body: String,
    pub(super) merges: Merges,
}

/// Whether the same step of another actor can stand in one line with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Merges {
    Yes,
    No,
}

/// The lines of all steps. Actors that receive the same one after the other stand together.
pub(super) fn merged(steps: Vec<WrittenStep>) -> String {
    let mut all: Vec<WrittenStep> = Vec::new();
    for step in steps {
        match all.last_mut() {
            Some(before)
                if before.merges == Merges::Yes
                    && step.merges == Merges::Yes
                    && before.body == step.body
                    && !before.actors.contains(&step.actors[0]) =>
            {
                before.actors.extend(step.actors);
            }
            _ => all.push(step),
        }
    }
    let mut text = String::new();
    for step in all {
        let who = step.actors.join(", ");
        let body = step.body;
        let body = if who.is_empty() { body } else { spaced(&body) };
        let line = match who.is_empty() {
            true => format!("  - {body}\n"),
            false => format!("  - {who}:{body}\n"),
        };
        text.push_str(&line);
    }
    text
}

/// The parts of an action: the verb and its options, each with its value.
pub(super) type Parts = Vec<(String, String)>;

pub(super) fn part(name: &str, value: impl Into<String>) -> (String, String) {
    (name.to_owned(), value.into())
}

/// An action in one line, or over several lines that are indented so far.
pub(super) fn action(parts: &[(String, String)], indent: usize) -> String {
    let line = match parts {
        [(verb, value)] if value.is_empty() => verb.clone(),
        parts => yaml::map(parts),
    };
    if line.len() <= LONGEST_LINE {
        return line;
    }
    let mut text = String::new();
    for (name, value) in parts {
        let _ = write!(text, "\n{:indent$}{name}: {value}", "");
    }
    text
}

/// The text behind the name of an actor: in the same line, or in lines of its own.
pub(super) fn spaced(body: &str) -> String {
    match body.starts_with('\n') {
        true => body.to_owned(),
        false => format!(" {body}"),
    }
}
