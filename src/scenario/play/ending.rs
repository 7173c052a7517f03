//! How a connection ended: held against what a step waits for, and in words.

use super::failure::{FailureKind, Wrong};
use super::link::State;
use super::step::WaitStatus;
use crate::scenario::shorten;
use crate::transport::Ending;

/// Holds the end of a connection against the code that a step waits for.
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
        (State::Ended(Ending::Eof | Ending::Reset | Ending::Violation(_)), Some(code)) => {
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
    /// How the connection stands, in words.
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

/// How a connection ended, in words.
pub(crate) fn describe_ending(ending: &Ending) -> String {
    match ending {
        Ending::CloseFrame {
            code: Some(code),
            reason,
        } if reason.is_empty() => format!("closed with {}", code_in_words(*code)),
        Ending::CloseFrame {
            code: Some(code),
            reason,
        } => format!("closed with {} `{}`", code_in_words(*code), shorten(reason)),
        Ending::CloseFrame { code: None, .. } => "closed by a close frame without a code".to_owned(),
        Ending::Eof => "the server ended it without a close frame".to_owned(),
        Ending::Reset => "the server reset it".to_owned(),
        Ending::Violation(how) => how.clone(),
        Ending::Cut => "cut by the client".to_owned(),
    }
}

/// A close code with its meaning, by RFC 6455 and the registry of IANA: `1009 (message too big)`.
pub(crate) fn code_in_words(code: u16) -> String {
    let meaning = match code {
        1000 => "normal closure",
        1001 => "going away",
        1002 => "protocol error",
        1003 => "unsupported data",
        1007 => "invalid data",
        1008 => "policy violation",
        1009 => "message too big",
        1010 => "extension missing",
        1011 => "internal error",
        1012 => "service restart",
        1013 => "try again later",
        1014 => "bad gateway",
        _ => return code.to_string(),
    };
    format!("{code} ({meaning})")
}
