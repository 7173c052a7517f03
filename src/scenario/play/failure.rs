//! Why a step did not hold: what was awaited, what came instead, and where the step stands.

use crate::scenario::yaml::Place;

/// A step that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened, in one line.
    pub what: String,
    /// What was awaited.
    pub expected: String,
    /// What came instead.
    pub actual: String,
    /// The actor whose step it was.
    pub actor: Option<String>,
    /// The file, line and column of the step.
    pub at: String,
    /// The text of that line.
    pub line: String,
    /// Whether this says something about the server.
    pub blame: Blame,
}

/// What a failure says about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// It answered wrongly, or not at all.
    Server,
    /// It could not be reached, or what must work first did not: nothing was judged.
    Nobody,
}

/// A failure before its place is known.
pub(super) struct Wrong {
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) actual: String,
    pub(super) blame: Blame,
}

impl Wrong {
    pub(super) fn server(
        what: impl Into<String>,
        expected: impl Into<String>,
        actual: impl Into<String>,
    ) -> Self {
        Self {
            what: what.into(),
            expected: expected.into(),
            actual: actual.into(),
            blame: Blame::Server,
        }
    }

    pub(super) fn nobody(self) -> Self {
        Self {
            blame: Blame::Nobody,
            ..self
        }
    }
}

/// `path:line:column` of a place, and the text of the line.
pub(super) fn locate(path: &str, source: &str, place: &Place) -> (String, String) {
    let at = place.start.min(source.len());
    let before = &source[..at];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = before.matches('\n').count() + 1;
    let column = before[line_start..].chars().count() + 1;
    let text = source[line_start..]
        .lines()
        .next()
        .unwrap_or("")
        .trim()
        .to_owned();
    (format!("{path}:{line}:{column}"), text)
}
