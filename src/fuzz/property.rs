//! The properties that hold in every conversation, and how one of them did not hold.

use crate::conformance::{Deviation, Doubled};
use crate::protocol::REPLY;
use crate::scenario::{Failure, FailureKind};

/// A property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Property {
    /// A client is let in.
    LetIn,
    /// Each client receives each message that the model predicts.
    NothingLost,
    /// Each message has the content that the model predicts.
    AsPredicted,
    /// No client receives a message that the model does not predict.
    NothingElse,
    /// No message repeats.
    NothingTwice,
    /// Messages of one sender come in the order of sending.
    InOrder,
    /// A connection ends only for a reason.
    StaysOpen,
    /// A message that no serializer reads ends its connection.
    EndsForAReason,
    /// A connection ends with a close frame.
    ClosesInOrder,
    /// B sends each message that A sends.
    OnlyA,
    /// A sends each message that B sends.
    OnlyB,
    /// A and B send the same content.
    OtherContent,
    /// A and B send in the same order.
    OtherOrder,
    /// A and B let the same clients in.
    OtherOpening,
    /// A and B end a connection in the same way.
    OtherEnding,
    /// The play could not be judged.
    Undecided,
}

/// A property that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) property: Property,
    /// The event or the kind of answer that it is about.
    pub(crate) about: String,
    /// The difference from the prediction, in one line.
    pub(crate) told: String,
}

impl Property {
    /// The name in `result.json` and in the names of files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::LetIn => "let-in",
            Self::NothingLost => "nothing-lost",
            Self::AsPredicted => "as-predicted",
            Self::NothingElse => "nothing-else",
            Self::NothingTwice => "nothing-twice",
            Self::InOrder => "in-order",
            Self::StaysOpen => "stays-open",
            Self::EndsForAReason => "ends-for-a-reason",
            Self::ClosesInOrder => "closes-in-order",
            Self::OnlyA => "only-a",
            Self::OnlyB => "only-b",
            Self::OtherContent => "other-content",
            Self::OtherOrder => "other-order",
            Self::OtherOpening => "other-opening",
            Self::OtherEnding => "other-ending",
            Self::Undecided => "undecided",
        }
    }

    /// The property as a sentence.
    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::LetIn => "a client is let in",
            Self::NothingLost => "each client receives each message that the model predicts",
            Self::AsPredicted => "each message has the content that the model predicts",
            Self::NothingElse => "no client receives a message that the model does not predict",
            Self::NothingTwice => "no client receives a message twice",
            Self::InOrder => "the messages of a sender come in their order",
            Self::StaysOpen => "a connection ends only for a reason",
            Self::EndsForAReason => "a message that no serializer reads ends its connection",
            Self::ClosesInOrder => "a connection ends with a close frame",
            Self::OnlyA => "B sends each message that A sends",
            Self::OnlyB => "A sends each message that B sends",
            Self::OtherContent => "A and B send the same content",
            Self::OtherOrder => "A and B send in the same order",
            Self::OtherOpening => "A and B let the same clients in",
            Self::OtherEnding => "A and B end a connection in the same way",
            Self::Undecided => "the conversation could be judged",
        }
    }
}

impl Flaw {
    /// The flaw that a failed step shows.
    pub(super) fn of_failure(failure: &Failure) -> Self {
        let property = match failure.kind {
            FailureKind::Refused | FailureKind::NoConnection | FailureKind::LetIn => Property::LetIn,
            FailureKind::Ended | FailureKind::Missing if waits_for_the_end(&failure.line) => {
                Property::EndsForAReason
            }
            FailureKind::Ended | FailureKind::EndedEarly => Property::StaysOpen,
            FailureKind::Doubled => Property::NothingTwice,
            FailureKind::Order | FailureKind::ReplyFirst | FailureKind::Overtaken => Property::InOrder,
            FailureKind::Missing | FailureKind::GoneUntold => Property::NothingLost,
            FailureKind::Unwanted | FailureKind::AfterEnd | FailureKind::EndedUnasked => {
                Property::NothingElse
            }
            FailureKind::WrongContent
            | FailureKind::ForeignJoinRef
            | FailureKind::NullRef
            | FailureKind::ForeignKeys
            | FailureKind::Other => Property::AsPredicted,
        };
        Self {
            property,
            about: step_kind(&failure.line),
            told: format!(
                "{} (expected: {}; actual: {})",
                failure.what, failure.expected, failure.actual
            ),
        }
    }

    /// The flaw in the differences from the prediction. A message that came twice is told first, then one with another content: a message
    /// that did not come may follow from them.
    pub(super) fn of_deviations(deviations: &[Deviation]) -> Option<Self> {
        let twice = deviations.iter().find(|it| {
            matches!(
                it,
                Deviation::Extra {
                    doubled: Doubled::Yes,
                    ..
                }
            )
        });
        if let Some(twice) = twice {
            return Some(Self::of_deviation(twice));
        }
        let changed = deviations.iter().find_map(|missing| match missing {
            Deviation::Missing { at, line, .. } => {
                let instead = deviations.iter().find_map(|extra| instead_of(at, line, extra))?;
                Some(Self {
                    property: Property::AsPredicted,
                    about: event_of(line),
                    told: format!("{at}: {instead} came instead of {line}"),
                })
            }
            _ => None,
        });
        changed.or_else(|| deviations.first().map(Self::of_deviation))
    }

    fn of_deviation(deviation: &Deviation) -> Self {
        let (property, about, told) = match deviation {
            Deviation::Missing { at, line, .. } => (
                Property::NothingLost,
                event_of(line),
                format!("{at}: {line} did not come"),
            ),
            Deviation::Extra { at, line, doubled } => (
                match doubled {
                    Doubled::Yes => Property::NothingTwice,
                    Doubled::No => Property::NothingElse,
                },
                event_of(line),
                format!("{at}: {line} came"),
            ),
            Deviation::Order {
                at, expected, actual, ..
            } => (
                Property::InOrder,
                String::new(),
                format!("{at}: {} instead of {}", actual.join(" "), expected.join(" ")),
            ),
            Deviation::Opening { at, expected, actual } => (
                Property::LetIn,
                String::new(),
                format!("{at}: {actual} instead of {expected}"),
            ),
            Deviation::Ending { at, expected, actual } if expected != "open" => (
                Property::ClosesInOrder,
                String::new(),
                format!("{at}: {actual} instead of {expected}"),
            ),
            Deviation::Ending { at, actual, .. } => {
                (Property::StaysOpen, String::new(), format!("{at}: {actual}"))
            }
        };
        Self {
            property,
            about,
            told,
        }
    }

    /// Whether it may only show that something came late.
    pub(super) const fn is_about_time(&self) -> bool {
        matches!(
            self.property,
            Property::LetIn
                | Property::NothingLost
                | Property::EndsForAReason
                | Property::OnlyA
                | Property::OnlyB
                | Property::OtherOpening
        )
    }

    /// Whether it is about presences, which a server forgets some time after their client has gone.
    pub(super) fn is_about_presences(&self) -> bool {
        self.about.starts_with("presence")
    }

    /// The property and what it is about, in words.
    pub(super) fn kind(&self) -> String {
        let kind = format!("{} {}", self.property.name(), self.about);
        kind.trim_end().to_owned()
    }

    /// Whether both are the same mistake, as far as can be told.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        (self.property, &self.about) == (other.property, &other.about)
    }
}

/// The line of the same request or event that came in the place of another one.
pub(super) fn instead_of<'d>(at: &str, line: &str, extra: &'d Deviation) -> Option<&'d str> {
    let head = |line: &str| -> Vec<String> { line.splitn(5, ',').take(4).map(str::to_owned).collect() };
    match extra {
        Deviation::Extra {
            at: here, line: came, ..
        } if here == at && head(came) == head(line) => Some(came),
        _ => None,
    }
}

/// The event of a line of a fixture.
pub(super) fn event_of(line: &str) -> String {
    if line.starts_with("binary reply") {
        return REPLY.to_owned();
    }
    let list = line.split_once('[').map_or("", |(_, list)| list);
    let event = list.split(',').nth(3).unwrap_or_default();
    let event = event.split(']').next().unwrap_or_default();
    event.trim_matches('"').to_owned()
}

fn waits_for_the_end(line: &str) -> bool {
    line.trim_end().ends_with(": closed")
}

/// The verb of a step, with the event of a push.
fn step_kind(line: &str) -> String {
    let words = line.split_once(": ").map_or(line, |(_, rest)| rest);
    let plain = |c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-';
    let mut words = words.split(plain).filter(|word| !word.is_empty());
    let verb = words.next().unwrap_or_default();
    match (verb, words.next()) {
        ("push" | "receive", Some(event)) => format!("{verb} {event}"),
        _ => verb.to_owned(),
    }
}
