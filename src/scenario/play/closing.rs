//! The end of a connection in words.

use crate::scenario::shorten;
use crate::transport::Ending;

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
        Ending::Status { of, status } => {
            format!(
                "the server ended the session: it answered a {} with status {status}",
                of.name()
            )
        }
        Ending::NoAnswer(why) => why.clone(),
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
