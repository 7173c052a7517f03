//! Writes `frames/<case>.jsonl`: what happened in a case, one JSON object per line, in the order in which it
//! was seen. The first line is a header with the case, its description and the server.

use std::borrow::Cow;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use super::folder::frames_path;
use super::{CheckJob, Folder, ReportError, Reporter};
use crate::conformance::{CaseRecording, CaseResult, CheckEvent, Recorded};
use crate::scenario::{Noted, RecordedEntry, Who};
use crate::transport::{Ending, Response};

/// Longer texts are cut.
const LONGEST_TEXT: usize = 16 << 10;

/// Writes a file for each case as soon as it has ended.
pub struct Frames {
    folder: Folder,
    target: String,
}

impl Frames {
    /// Writes into this folder.
    pub fn new(folder: Folder) -> Self {
        Self {
            folder,
            target: String::new(),
        }
    }
}

impl Reporter<CheckJob> for Frames {
    fn event(&mut self, event: &CheckEvent<'_>) -> Result<(), ReportError> {
        match event {
            CheckEvent::Started { target, .. } => (*target).clone_into(&mut self.target),
            CheckEvent::CaseStarted(_) | CheckEvent::Idle(_) | CheckEvent::Witness { .. } => {}
            CheckEvent::CaseFinished(case) => {
                if let CaseRecording::Whole(recorded) = &case.recording {
                    self.folder.write(
                        frames_path(&case.id, case.transport),
                        &render(case, recorded, &self.target),
                    )?;
                }
            }
        }
        Ok(())
    }
}

fn render(case: &CaseResult, recorded: &Recorded, target: &str) -> Vec<u8> {
    let mut text = Vec::new();
    add(&mut text, &Header::new(case, recorded, target));
    for line in lines(recorded) {
        add(&mut text, &line);
    }
    text
}

/// The lines of a recording.
pub(super) fn lines(recorded: &Recorded) -> impl ExactSizeIterator<Item = Line<'_>> {
    let entries = &recorded.recording.entries;
    let start = entries.first().map(|entry| entry.at).unwrap_or_default();
    entries.iter().map(move |entry| Line {
        actor: actor(recorded, entry),
        t_ms: u64::try_from(entry.at.since(start).as_millis()).unwrap_or(u64::MAX),
        ..line(&entry.what)
    })
}

fn add(text: &mut Vec<u8>, line: &impl Serialize) {
    text.extend(serde_json::to_vec(line).unwrap_or_default());
    text.push(b'\n');
}

/// The actor of an entry; from its second connection on with the number.
fn actor<'a>(recorded: &'a Recorded, entry: &RecordedEntry) -> Cow<'a, str> {
    match entry.who {
        Who::Http => "http".into(),
        Who::User(index) => {
            let name = recorded.actors.get(index).map_or("?", String::as_str);
            format!("{name} http").into()
        }
        Who::Server => "server".into(),
        Who::Actor(index, number) => {
            let name = recorded.actors.get(index).map_or("?", String::as_str);
            if number > 1 {
                format!("{name} #{number}").into()
            } else {
                name.into()
            }
        }
    }
}

#[derive(Serialize)]
struct Header<'a> {
    case: &'a str,
    about: &'a str,
    server: &'a str,
    vsn: &'static str,
    transport: &'static str,
}

impl<'a> Header<'a> {
    fn new(case: &'a CaseResult, recorded: &Recorded, target: &'a str) -> Self {
        let vsn = recorded.vsn.as_str();
        Self {
            case: &case.id,
            about: &case.about,
            server: target,
            vsn,
            transport: case.transport.name(),
        }
    }
}

/// An entry; only the fields that it has are written.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Line<'a> {
    pub(super) actor: Cow<'a, str>,
    pub(super) t_ms: u64,
    pub(super) dir: Dir,
    #[serde(flatten)]
    pub(super) what: What<'a>,
}

/// Where an entry comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Dir {
    #[serde(rename = ">")]
    Sent,
    #[serde(rename = "<")]
    Received,
    /// It is about the connection.
    #[default]
    #[serde(rename = "!")]
    Connection,
}

#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct What<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) http: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) upgrade: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) why: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text_head: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text_bytes: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) b64: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pong: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) raw: Option<Raw>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) note: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<Cow<'a, str>>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    b64: String,
    pub(super) bytes: usize,
}

/// An entry without its actor and time.
fn line(noted: &Noted) -> Line<'_> {
    let (dir, what) = match noted {
        Noted::Connecting(path) => (Dir::Sent, request(format!("GET {path}").into(), Some(true))),
        Noted::Opened => (Dir::Connection, status("open", 101)),
        Noted::Settled(why) => (Dir::Connection, because("settled", why)),
        Noted::Refused(response) => (Dir::Connection, refused(response)),
        Noted::Failed(why) => (Dir::Connection, because("failed", why)),
        Noted::SentText(sent) => (Dir::Sent, text(sent)),
        Noted::SentBinary(bytes) => (Dir::Sent, binary(bytes)),
        Noted::SentFrame(words, payload) => (Dir::Sent, frame(words, payload)),
        Noted::SentClose(code) => (Dir::Sent, close(Some(*code), None)),
        Noted::Cut => (Dir::Connection, event("cut")),
        Noted::Text(came) => (Dir::Received, text(came)),
        Noted::Binary(bytes) => (Dir::Received, binary(bytes)),
        Noted::Pong(payload) => (Dir::Received, pong(payload)),
        Noted::Ended(how) => (Dir::Connection, ending(how)),
        Noted::Requested(what) => (Dir::Sent, request(what.into(), None)),
        Noted::Answered(response) => (Dir::Received, answer(response)),
        Noted::Server(what) => (Dir::Connection, event(what)),
    };
    let (actor, t_ms) = Default::default();
    Line {
        actor,
        t_ms,
        dir,
        what,
    }
}

fn request(http: Cow<'_, str>, upgrade: Option<bool>) -> What<'_> {
    let http = Some(http);
    What {
        http,
        upgrade,
        ..What::default()
    }
}

fn status(name: &str, status: u16) -> What<'_> {
    let status = Some(status);
    What {
        status,
        ..event(name)
    }
}

fn refused(response: &Response) -> What<'_> {
    let event = Some("refused".into());
    What {
        event,
        ..answer(response)
    }
}

fn because<'a>(name: &'a str, why: &'a str) -> What<'a> {
    let why = Some(why.into());
    What { why, ..event(name) }
}

fn close(code: Option<u16>, reason: Option<&str>) -> What<'_> {
    What {
        code,
        reason: reason.map(Cow::from),
        ..event("close frame")
    }
}

fn pong(payload: &[u8]) -> What<'_> {
    let pong = Some(String::from_utf8_lossy(payload));
    What {
        pong,
        ..What::default()
    }
}

fn event(name: &str) -> What<'_> {
    What {
        event: Some(name.into()),
        ..What::default()
    }
}

fn text(text: &str) -> What<'_> {
    if text.len() <= LONGEST_TEXT {
        return What {
            text: Some(text.into()),
            ..What::default()
        };
    }
    let head = text.char_indices().nth(200).map_or(text, |(end, _)| &text[..end]);
    What {
        text_head: Some(head.into()),
        text_bytes: Some(text.len()),
        ..What::default()
    }
}

fn binary(bytes: &[u8]) -> What<'_> {
    What {
        b64: Some(BASE64_STANDARD.encode(bytes)),
        ..What::default()
    }
}

fn frame<'a>(words: &'a str, payload: &[u8]) -> What<'a> {
    let raw = Raw {
        b64: BASE64_STANDARD.encode(payload),
        bytes: payload.len(),
    };
    What {
        raw: Some(raw),
        note: Some(words.into()),
        ..What::default()
    }
}

fn ending(how: &Ending) -> What<'_> {
    match how {
        Ending::CloseFrame { code, reason } => close(*code, Some(reason)),
        Ending::Eof => event("eof"),
        Ending::Reset => event("reset"),
        Ending::Violation(why) => because("violation", why),
        Ending::Status { status, .. } => What {
            status: Some(*status),
            ..event("session over")
        },
        Ending::NoAnswer(why) => because("no answer", why),
        Ending::Cut => event("cut"),
    }
}

fn answer(response: &Response) -> What<'_> {
    let body = (!response.body.is_empty()).then(|| String::from_utf8_lossy(&response.body));
    What {
        status: Some(response.status),
        body,
        ..What::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn every_kind_of_entry_is_a_line() {
        let case = made_up::recorded_case();
        let CaseRecording::Whole(recorded) = case.recording.clone() else {
            panic!("it was recorded");
        };
        insta::assert_snapshot!(
            String::from_utf8(render(&case, &recorded, "ws://127.0.0.1:4000/socket")).unwrap()
        );
    }

    #[test]
    fn a_long_text_is_shown_by_its_head() {
        let long = "ä".repeat(LONGEST_TEXT);
        let what = text(&long);
        assert_eq!(what.text_head.map(|head| head.chars().count()), Some(200));
        assert_eq!(what.text_bytes, Some(2 * LONGEST_TEXT));
    }
}
