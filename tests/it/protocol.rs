//! Everything that was said to and by real Phoenix servers is read as it was meant (`tests/transcripts`).

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use phxproof::Vsn;
use phxproof::internal::protocol::{DecodeError, Field, Frame, FrameKind, Message, Payload, REPLY, json};
use serde_json::Value;
use serde_json::value::RawValue;

/// One message of a transcript.
struct Said {
    place: String,
    vsn: Vsn,
    by: By,
    content: Content,
    /// What happened next on the same connection was a close frame with 1011.
    was_refused: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    Client,
    Server,
}

enum Content {
    Text(String),
    Bytes(Vec<u8>),
}

impl Said {
    fn frame(&self) -> Frame<'_> {
        match &self.content {
            Content::Text(text) => Frame::Text(text),
            Content::Bytes(bytes) => Frame::Binary(bytes),
        }
    }

    fn decode(&self) -> Result<Message<'_>, DecodeError> {
        match self.by {
            By::Client => self.vsn.decode_from_client(self.frame()),
            By::Server => self.vsn.decode_from_server(self.frame()),
        }
    }

    fn encode(&self, message: &Message<'_>) -> (FrameKind, Vec<u8>) {
        let mut out = Vec::new();
        let kind = match self.by {
            By::Client => self.vsn.encode_from_client(message, &mut out),
            By::Server => self.vsn.encode_from_server(message, &mut out),
        };
        (
            kind.unwrap_or_else(|error| panic!("{}: {error}", self.place)),
            out,
        )
    }
}

/// All whole messages of all transcripts.
fn said() -> Vec<Said> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/transcripts");
    let said: Vec<Said> = files(&root)
        .iter()
        .flat_map(|file| said_in(&root, file))
        .collect();
    assert!(
        said.len() > 2_000,
        "only {} messages found in {}",
        said.len(),
        root.display()
    );
    said
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the transcripts are there");
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    let (folders, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
    let files = files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|name| name == "jsonl"));
    files
        .chain(folders.iter().flat_map(|folder| self::files(folder)))
        .collect()
}

fn said_in(root: &Path, file: &Path) -> Vec<Said> {
    let text = fs::read_to_string(file).expect("a transcript is text");
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    let name = file.strip_prefix(root).unwrap_or(file).display();
    let vsn = match lines[0]["vsn"].as_str() {
        Some("2.0.0") => Vsn::V2,
        Some("1.0.0" | "none") => Vsn::V1,
        other => panic!("{name}: no such vsn: {other:?}"),
    };
    let message = |(at, line): (usize, &Value)| {
        let content = match (line["text"].as_str(), line["b64"].as_str()) {
            (Some(text), _) => Content::Text(text.to_owned()),
            (_, Some(b64)) => Content::Bytes(BASE64_STANDARD.decode(b64).expect("base64")),
            _ => return None,
        };
        let by = if line["dir"] == ">" {
            By::Client
        } else {
            By::Server
        };
        let next = lines[at + 1..]
            .iter()
            .find(|later| later["actor"] == line["actor"]);
        let was_refused = by == By::Client
            && next.is_some_and(|next| next["event"] == "close frame" && next["code"] == 1011);
        Some(Said {
            place: format!("{name}:{}", at + 1),
            vsn,
            by,
            content,
            was_refused,
        })
    };
    lines.iter().enumerate().filter_map(message).collect()
}

#[test]
fn what_made_phoenix_close_with_1011_is_refused_and_nothing_else() {
    let mut refused = 0;
    for said in said() {
        let decoded = said.decode();
        assert_eq!(decoded.is_err(), said.was_refused, "{}: {decoded:?}", said.place);
        refused += usize::from(said.was_refused);
    }
    assert_eq!(refused, 40, "ten malformed cases on each of four servers");
}

#[test]
fn texts_say_what_serde_json_reads() {
    for said in said().iter().filter(|said| !said.was_refused) {
        let (Content::Text(text), Ok(message)) = (&said.content, said.decode()) else {
            continue;
        };
        let [join_ref, reference, topic, event, payload] = raw_values(said.vsn, text);
        let fields = [
            &message.join_ref,
            &message.reference,
            &message.topic,
            &message.event,
        ]
        .map(as_value);
        let expected = [join_ref, reference, topic, event].map(value);
        assert_eq!(fields, expected, "{}", said.place);
        assert_eq!(message.payload, Payload::Json(payload), "{}", said.place);
    }
}

/// The texts of the five values as serde_json finds them.
fn raw_values(vsn: Vsn, text: &str) -> [&str; 5] {
    match vsn {
        Vsn::V2 => {
            let raw: [&RawValue; 5] = serde_json::from_str(text).expect("an array of five");
            raw.map(RawValue::get)
        }
        Vsn::V1 => {
            let object: HashMap<&str, &RawValue> = serde_json::from_str(text).expect("an object");
            ["join_ref", "ref", "topic", "event", "payload"]
                .map(|key| object.get(key).map_or("null", |raw| raw.get()))
        }
    }
}

fn as_value(field: &Field<'_>) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Text(text) => Value::from(text.as_ref()),
        Field::Other(raw) => value(raw),
    }
}

fn value(text: &str) -> Value {
    serde_json::from_str(text).expect("a JSON value")
}

fn normal(text: &str) -> String {
    let mut out = String::new();
    json::normalise(text, &mut out).expect("well-formed");
    out
}

#[test]
fn what_servers_said_is_written_byte_for_byte_as_they_did() {
    for said in said().iter().filter(|said| said.by == By::Server) {
        let message = said.decode().expect("servers make no mistakes");
        let (kind, bytes) = said.encode(&message);
        let expected = match &said.content {
            Content::Text(text) => (FrameKind::Text, text.as_bytes()),
            Content::Bytes(bytes) => (FrameKind::Binary, bytes.as_slice()),
        };
        assert_eq!((kind, bytes.as_slice()), expected, "{}", said.place);
    }
}

#[test]
fn what_clients_said_is_written_as_they_did_but_for_blanks() {
    for said in said()
        .iter()
        .filter(|said| said.by == By::Client && !said.was_refused)
    {
        let message = said.decode().expect("not refused");
        let (kind, bytes) = said.encode(&message);
        match &said.content {
            Content::Text(text) => {
                let ours = String::from_utf8(bytes).expect("a text is UTF-8");
                assert_eq!(
                    (kind, normal(&ours)),
                    (FrameKind::Text, normal(text)),
                    "{}",
                    said.place
                );
            }
            Content::Bytes(theirs) => {
                assert_eq!((kind, &bytes), (FrameKind::Binary, theirs), "{}", said.place);
            }
        }
    }
}

#[test]
fn payloads_of_servers_are_already_normal_but_for_the_order_of_their_keys() {
    for said in said().iter().filter(|said| said.by == By::Server) {
        let message = said.decode().expect("servers make no mistakes");
        if let Payload::Json(text) = message.payload {
            assert_eq!(normal(text).len(), text.len(), "{}: {text}", said.place);
        }
    }
}

#[test]
fn every_reply_has_a_status_and_a_response() {
    let mut replies = 0;
    for said in said().iter().filter(|said| said.by == By::Server) {
        let message = said.decode().expect("servers make no mistakes");
        let reply = message.reply();
        assert_eq!(
            reply.is_some(),
            message.event.as_str() == Some(REPLY),
            "{}",
            said.place
        );
        let Some(reply) = reply else { continue };
        replies += 1;
        assert!(
            matches!(reply.status.as_ref(), "ok" | "error"),
            "{}: {reply:?}",
            said.place
        );
        let mut scratch = String::new();
        assert_eq!(reply.payload(&mut scratch), message.payload, "{}", said.place);
    }
    assert!(replies > 1_000, "only {replies} replies");
}
