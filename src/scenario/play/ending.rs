//! Holds the end of a connection against what a step waits for.

use super::closing::{code_in_words, describe_ending};
use super::failure::{FailureKind, Wrong};
use super::link::State;
use super::wait::WaitStatus;
use crate::transport::Ending;

/// Checks the end of a connection against the close code that a step waits for.
pub(super) fn look_closed(state: &State, code: Option<u16>) -> Result<WaitStatus, Wrong> {
    match (state, code) {
        (State::Open | State::Opening, _) => Ok(WaitStatus::NotYet),
        (State::Ended(Ending::CloseFrame { code: found, .. }), Some(code)) if *found != Some(code) => {
            let what = "the connection was closed with another code";
            let wrong = Wrong::server(
                what,
                format!("close code {}", code_in_words(code)),
                state.describe(),
            );
            Err(wrong.kind(FailureKind::Ended))
        }
        (State::Ended(ending), Some(code)) if !matches!(ending, Ending::CloseFrame { .. } | Ending::Cut) => {
            let what = "the connection ended without a close frame";
            let wrong = Wrong::server(
                what,
                format!("close code {}", code_in_words(code)),
                state.describe(),
            );
            Err(wrong.kind(FailureKind::Ended))
        }
        (State::Ended(_), _) => Ok(WaitStatus::Over(0)),
        (State::Refused(_) | State::Unanswered(..), _) => {
            let wrong = Wrong::server(
                "there was no connection to close",
                "a connection",
                state.describe(),
            );
            Err(wrong.kind(FailureKind::NoConnection))
        }
    }
}

impl State {
    /// Describes the state of the connection in words.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Opening => "it is being opened".to_owned(),
            Self::Open => "it is open".to_owned(),
            Self::Refused(status) => format!("refused with {status}"),
            Self::Unanswered(why, _) => why.clone(),
            Self::Ended(ending) => describe_ending(ending),
        }
    }
}
