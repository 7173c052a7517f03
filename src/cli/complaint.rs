//! Usage errors of up to five lines: what is wrong, expected, actual, where, and what to do next.

use std::fmt;

/// A usage error with hints for its correction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Complaint {
    what: String,
    expected: Option<String>,
    actual: Option<String>,
    place: Option<String>,
    next: Option<String>,
}

impl Complaint {
    /// What happened, in one line, lower case, no full stop.
    pub(super) fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            ..Self::default()
        }
    }

    /// What would have been right.
    pub(super) fn expected(self, what: impl Into<String>) -> Self {
        Self {
            expected: Some(what.into()),
            ..self
        }
    }

    /// The actual value; may have several lines.
    pub(super) fn actual(self, what: impl Into<String>) -> Self {
        Self {
            actual: Some(what.into()),
            ..self
        }
    }

    /// Where it is.
    pub(super) fn place(self, place: impl Into<String>) -> Self {
        Self {
            place: Some(place.into()),
            ..self
        }
    }

    /// What to do now.
    pub(super) fn next(self, what: impl Into<String>) -> Self {
        Self {
            next: Some(what.into()),
            ..self
        }
    }

    /// Adds "did you mean", if there is a similar name.
    pub(super) fn did_you_mean(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(name) => self.next(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        let facts = [
            ("expected", &self.expected),
            ("actual", &self.actual),
            ("where", &self.place),
            ("next", &self.next),
        ];
        for (name, text) in facts {
            for (number, line) in text.iter().flat_map(|text| text.lines()).enumerate() {
                let name = if number == 0 { name } else { "" };
                write!(f, "\n  {name:<8}  {line}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Complaint {}
