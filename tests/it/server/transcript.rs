//! A recorded conversation as steps: what was sent, what was seen.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use include_dir::{Dir, include_dir};
use serde_json::Value;

static TRANSCRIPTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/tests/transcripts");

/// One recorded case of one server.
pub(super) struct Transcript {
    pub(super) case: String,
    pub(super) lines: Vec<Line>,
}

/// One thing that happened.
pub(super) struct Line {
    pub(super) actor: String,
    pub(super) what: What,
}

/// What happened.
pub(super) enum What {
    /// A request to be upgraded, with more headers.
    Connect { target: String, headers: Vec<String> },
    /// Another request.
    Request { head: String, body: String },
    /// Something was sent.
    Send(Sent),
    /// Something was seen.
    Saw(Seen),
}

/// What a client sends.
pub(super) enum Sent {
    Message(Content),
    Raw {
        first: u8,
        payload: Vec<u8>,
        masked: Masked,
    },
    Close(u16),
    Cut,
}

/// Whether a hand-made frame is masked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Masked {
    Yes,
    No,
}

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Text(String),
    Binary(Vec<u8>),
}

/// What a client sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Message(Content),
    /// The begin of a text, and its length in bytes.
    Head(String, usize),
    Pong(Vec<u8>),
    Open,
    Status(u16, String),
    Close(u16),
    /// The end of the stream, or a reset: which of them is free.
    End,
}

/// All cases of a server.
pub(super) fn of(server: &str) -> Vec<Transcript> {
    let mut found = Vec::new();
    let root = TRANSCRIPTS.get_dir(server).expect("a folder for each server");
    for family in root.dirs() {
        for file in family.files() {
            let text = file.contents_utf8().expect("transcripts are UTF-8");
            found.push(parse(text));
        }
    }
    assert!(!found.is_empty(), "no transcripts of {server}");
    found
}

/// The lines of each case of a family.
pub(crate) fn lines_of(server: &str, family: &str) -> Vec<Vec<Value>> {
    let folder = format!("{server}/{family}");
    let files = TRANSCRIPTS
        .get_dir(folder)
        .expect("a folder for each family")
        .files();
    let texts = files.map(|file| file.contents_utf8().expect("transcripts are UTF-8"));
    texts
        .map(|text| {
            let lines = text.lines().map(serde_json::from_str);
            lines.collect::<Result<_, _>>().expect("a line is JSON")
        })
        .collect()
}

fn parse(text: &str) -> Transcript {
    let mut lines = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    let header = lines.next().expect("a header");
    let lines = lines.filter_map(|line| {
        let actor = line["actor"].as_str().expect("an actor").to_owned();
        what(&line).map(|what| Line { actor, what })
    });
    Transcript {
        case: text_of(&header, "case"),
        lines: lines.collect(),
    }
}

fn text_of(line: &Value, key: &str) -> String {
    line[key].as_str().unwrap_or_default().to_owned()
}

fn what(line: &Value) -> Option<What> {
    match line["dir"].as_str() {
        Some(">") => Some(sent(line)),
        Some("<") => Some(What::Saw(seen(line))),
        _ => match line["event"].as_str() {
            Some("open") => Some(What::Saw(Seen::Open)),
            Some("refused") => Some(What::Saw(Seen::Status(
                number(line, "status"),
                text_of(line, "body"),
            ))),
            Some("close frame") => Some(What::Saw(Seen::Close(number(line, "code")))),
            Some("eof" | "reset") => Some(What::Saw(Seen::End)),
            _ => None,
        },
    }
}

fn number(line: &Value, key: &str) -> u16 {
    line[key]
        .as_u64()
        .and_then(|number| u16::try_from(number).ok())
        .expect("a number")
}

fn sent(line: &Value) -> What {
    let headers = line["headers"].as_array().into_iter().flatten();
    let headers = headers
        .filter_map(|header| header.as_str().map(str::to_owned))
        .collect();
    if let Some(head) = line["http"].as_str() {
        return if line["upgrade"] == true {
            What::Connect {
                target: head.trim_start_matches("GET ").to_owned(),
                headers,
            }
        } else {
            What::Request {
                head: head.to_owned(),
                body: text_of(line, "body"),
            }
        };
    }
    What::Send(match (&line["raw"], line["event"].as_str()) {
        (Value::Object(raw), _) => {
            let opcode = raw["opcode"]
                .as_u64()
                .and_then(|opcode| u8::try_from(opcode).ok())
                .expect("an opcode");
            let fin = raw.get("fin").is_none_or(|fin| fin == true);
            let masked = raw.get("mask").is_none_or(|mask| mask == true);
            Sent::Raw {
                first: opcode | if fin { 0x80 } else { 0 },
                payload: bytes(&raw["b64"]),
                masked: if masked { Masked::Yes } else { Masked::No },
            }
        }
        (_, Some("close frame")) => Sent::Close(number(line, "code")),
        (_, Some("cut")) => Sent::Cut,
        _ => Sent::Message(content(line)),
    })
}

fn seen(line: &Value) -> Seen {
    if let Some(pong) = line["pong"].as_str() {
        return Seen::Pong(pong.as_bytes().to_vec());
    }
    if line.get("status").is_some() {
        return Seen::Status(number(line, "status"), text_of(line, "body"));
    }
    match line["text_head"].as_str() {
        Some(head) => Seen::Head(head.to_owned(), length(line)),
        None => Seen::Message(content(line)),
    }
}

fn length(line: &Value) -> usize {
    line["text_bytes"]
        .as_u64()
        .and_then(|bytes| usize::try_from(bytes).ok())
        .expect("a length")
}

fn content(line: &Value) -> Content {
    if let Some(head) = line["text_head"].as_str() {
        return Content::Text(whole(head, length(line)));
    }
    match line["text"].as_str() {
        Some(text) => Content::Text(text.to_owned()),
        None => Content::Binary(bytes(&line["b64"])),
    }
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().expect("base64")).expect("base64")
}

/// A long text from its head: more of the letter it ends with, or deeper down.
fn whole(head: &str, length: usize) -> String {
    if head.ends_with('x') {
        let tail = "\"}]";
        return format!("{head}{}{tail}", "x".repeat(length - head.len() - tail.len()));
    }
    let open = head.find(r#"{"a":{"a""#).expect("nested objects");
    let depth = (length - open - 2) / 6;
    format!(
        "{}{}1{}]",
        &head[..open],
        r#"{"a":"#.repeat(depth),
        "}".repeat(depth)
    )
}
