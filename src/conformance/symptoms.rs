//! Finds symptoms in the recording of a failure. A symptom shows beyond doubt that a rule is broken; the step or the fixture that
//! failed may be about another rule.

mod after_end;
mod repeated;

use super::catalogue::Case;
use super::heard::Heard;
use super::rules::SPECIFIC;
use crate::protocol::{Frame, Vsn};
use crate::scenario::{Noted, Play, Who};
use crate::transport::Ending;

/// A symptom in a recording.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Symptom {
    /// The rule that is broken.
    pub(super) rule: &'static str,
    /// The event that shows it, in one line.
    pub(super) what: String,
}

/// The first symptom of a recording. A case about one of the specific rules stays a case about that rule.
pub(super) fn of(case: &Case, play: &Play) -> Option<Symptom> {
    if case.rules().iter().any(|rule| SPECIFIC.contains(&rule.as_str())) {
        return None;
    }
    shown(&Heard::of(play))
}

fn shown(heard: &Heard<'_>) -> Option<Symptom> {
    too_large(heard)
        .or_else(|| in_another_version(heard))
        .or_else(|| after_end::symptom(heard))
        .or_else(|| repeated::symptom(heard))
}

/// A message below this size must be carried.
const CARRIED: usize = 8_000_000;

/// The code of a close frame that refuses a message for its size.
const TOO_BIG: u16 = 1009;

/// A connection that was closed for the size of a message that must be carried. Connections with hand-made frames do not count.
fn too_large(heard: &Heard<'_>) -> Option<Symptom> {
    let refused = |who: Who| {
        let mut largest = 0;
        for entry in heard.entries().filter(|entry| entry.who == who) {
            largest = match &entry.what {
                Noted::SentText(text) => largest.max(text.len()),
                Noted::SentBinary(bytes) => largest.max(bytes.len()),
                Noted::SentFrame(..) => return None,
                _ => largest,
            };
        }
        (largest < CARRIED).then_some(largest)
    };
    let mut closed = heard.entries().filter_map(|entry| match &entry.what {
        Noted::Ended(Ending::CloseFrame { code, .. }) if *code == Some(TOO_BIG) => refused(entry.who),
        _ => None,
    });
    let largest = closed.next()?;
    Some(Symptom {
        rule: "large-message-carried",
        what: format!(
            "a connection was closed with {TOO_BIG}, on which no message had more than {largest} bytes"
        ),
    })
}

/// A message that cannot be read in the version of its client, but in the other one.
fn in_another_version(heard: &Heard<'_>) -> Option<Symptom> {
    let foreign = heard.entries().find_map(|entry| {
        let frame = match &entry.what {
            Noted::Text(text) => Frame::Text(text),
            Noted::Binary(bytes) => Frame::Binary(bytes),
            _ => return None,
        };
        let own = heard.vsn(entry.who);
        let other = match own {
            Vsn::V1 => Vsn::V2,
            Vsn::V2 => Vsn::V1,
        };
        let is_foreign = own.decode_from_server(frame).is_err() && other.decode_from_server(frame).is_ok();
        is_foreign.then_some((own, other))
    });
    let (own, other) = foreign?;
    Some(Symptom {
        rule: match own {
            Vsn::V1 => "v1-objects",
            Vsn::V2 => "v2-arrays",
        },
        what: format!("a client of {own} was sent a message of {other}"),
    })
}

#[cfg(test)]
mod tests;
