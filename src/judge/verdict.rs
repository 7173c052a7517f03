//! The verdict of the judge on one promise of a client.

use std::fmt;

/// Whether a client kept a promise in a situation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientVerdict {
    /// The id of the rule, such as `client-refs-grow`.
    pub rule: &'static str,
    /// The situation, such as `late-close`, or `always` for a promise that is watched during the whole walk.
    pub situation: &'static str,
    /// How it went.
    pub outcome: PromiseOutcome,
}

/// How a promise went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PromiseOutcome {
    /// The client kept it.
    Held {
        /// The action of the client.
        saw: String,
    },
    /// The client broke it.
    Broken {
        /// The action that was expected of it.
        expected: String,
        /// The action that was seen.
        saw: String,
    },
    /// The situation did not come about.
    NotJudged {
        /// Why not.
        why: String,
    },
}

impl fmt::Display for ClientVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            rule,
            situation,
            outcome,
        } = self;
        match outcome {
            PromiseOutcome::Held { saw } => write!(f, "held {rule}: {situation}: {saw}"),
            PromiseOutcome::Broken { expected, saw } => {
                write!(f, "broken {rule}: {situation}: expected {expected}, saw {saw}")
            }
            PromiseOutcome::NotJudged { why } => write!(f, "not judged {rule}: {situation}: {why}"),
        }
    }
}
