//! The end of a conversation for a person: the last frames in both directions, with the names of the scenario.

use super::normalise::RunNames;
use super::outcome::{Finding, Said, Way};
use crate::protocol::{Frame, Message, Vsn};
use crate::scenario::{Noted, Recording, SETTLE_REF, code_in_words, describe_ending, shorten};

/// The number of frames.
const SHOWN: usize = 8;

/// Adds the conversation to a finding, and replaces the numbers of this run by the names of the scenario.
pub(super) fn explain(
    finding: Finding,
    recording: &Recording,
    names: &RunNames<'_>,
    steps: usize,
) -> Finding {
    Finding {
        what: names.named(&finding.what),
        expected: names.named(&finding.expected),
        actual: names.named(&finding.actual),
        said: said(recording, names, finding.actor.as_deref()),
        steps,
        ..finding
    }
}

/// The last frames of an actor, and the frames that other actors sent meanwhile; the frames of all actors if no actor is
/// given.
fn said(recording: &Recording, names: &RunNames<'_>, actor: Option<&str>) -> Vec<Said> {
    let first = recording
        .entries
        .first()
        .map(|entry| entry.at)
        .unwrap_or_default();
    let mut frames: Vec<Said> = recording
        .entries
        .iter()
        .rev()
        .filter_map(|entry| {
            let (name, vsn) = names.speaker(entry.who);
            let (way, text) = shown(&entry.what, vsn, names)?;
            // A step belongs to an actor, whichever connection it uses.
            let is = |actor: &str| name == actor || name.split(" #").next() == Some(actor);
            let own = actor.is_none_or(is);
            (own || way == Way::Sent).then(|| Said {
                actor: name,
                at: entry.at.since(first),
                way,
                text: shorten(&names.named(&text)),
            })
        })
        .take(SHOWN)
        .collect();
    frames.reverse();
    frames
}

/// The text of an entry to show; nothing for the messages that the play sends at its end.
fn shown(what: &Noted, vsn: Vsn, names: &RunNames<'_>) -> Option<(Way, String)> {
    Some(match what {
        Noted::SentText(text) => (Way::Sent, own(vsn.decode_from_client(Frame::Text(text)), text)?),
        Noted::Text(text) => (
            Way::Received,
            own(vsn.decode_from_server(Frame::Text(text)), text)?,
        ),
        Noted::SentBinary(bytes) => {
            let message = vsn.decode_from_client(Frame::Binary(bytes));
            (Way::Sent, binary(message, bytes, vsn, names))
        }
        Noted::Binary(bytes) => {
            let message = vsn.decode_from_server(Frame::Binary(bytes));
            (Way::Received, binary(message, bytes, vsn, names))
        }
        Noted::SentFrame(words, payload) => (Way::Sent, format!("a frame: {words}, {} bytes", payload.len())),
        Noted::Pong(payload) => (
            Way::Received,
            format!("pong {}", String::from_utf8_lossy(payload)),
        ),
        Noted::SentClose(code) => (Way::Sent, format!("close {}", code_in_words(*code))),
        Noted::Ended(ending) => (Way::Received, describe_ending(ending)),
        Noted::Cut => (Way::Sent, "cuts the connection".to_owned()),
        Noted::Connecting(path) => (Way::Sent, format!("GET {}", without_secrets(path))),
        Noted::Opened => (Way::Received, "open (101)".to_owned()),
        Noted::Settled(why) => (Way::Sent, why.clone()),
        Noted::Refused(response) => (Way::Received, format!("refused with {}", response.status)),
        Noted::Failed(why) => (Way::Received, why.clone()),
        Noted::Requested(what) => (Way::Sent, what.clone()),
        Noted::Answered(response) => (Way::Received, response.status.to_string()),
        Noted::Server(what) => (Way::Sent, (*what).to_owned()),
    })
}

/// A path with long params, such as tokens, cut to their beginning, because logs are widely readable.
pub(crate) fn without_secrets(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let shown: Vec<String> = query.split('&').map(parameter).collect();
    format!("{path}?{}", shown.join("&"))
}

fn parameter(parameter: &str) -> String {
    const LONGEST: usize = 24;
    const SHOWN: usize = 8;
    match parameter.split_once('=') {
        Some((name, value)) if value.chars().count() > LONGEST => {
            let head: String = value.chars().take(SHOWN).collect();
            format!("{name}={head}…")
        }
        _ => parameter.to_owned(),
    }
}

/// A text message, unless it is one of those at the end of a play.
fn own<E>(message: Result<Message<'_>, E>, text: &str) -> Option<String> {
    let settles = message.is_ok_and(|message| message.reference.as_str() == Some(SETTLE_REF));
    (!settles).then(|| text.to_owned())
}

/// A binary message as its fields and its number of bytes.
fn binary<E>(message: Result<Message<'_>, E>, bytes: &[u8], vsn: Vsn, names: &RunNames<'_>) -> String {
    match message {
        Ok(message) if vsn == Vsn::V2 => names.line(&message, vsn),
        _ => format!("{} bytes that are no message", bytes.len()),
    }
}
