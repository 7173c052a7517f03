//! A recorded transcript, line by line; tests/transcripts/README.md says what its keys mean.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// One thing that happened in the recording.
#[derive(Debug)]
pub(crate) struct Line {
    /// Where it stands in the file, from 1.
    pub(crate) number: usize,
    pub(crate) actor: String,
    pub(crate) what: What,
}

#[derive(Debug)]
pub(crate) enum What {
    Upgrade {
        path: String,
        headers: Vec<String>,
    },
    Request {
        method: String,
        path: String,
        body: String,
    },
    Opened,
    Refused {
        status: u16,
        body: String,
    },
    Answered {
        status: u16,
        content_type: Option<String>,
        body: String,
    },
    /// The client said it.
    Says(Said),
    ClosesWith(u16),
    Cuts,
    /// The client received it.
    Hears(Said),
    IsClosedWith(u16),
    /// The end of the connection below it.
    Ends,
    /// The server's process was asked to end.
    Sigterm,
    /// It ended.
    Stopped,
    /// It runs again.
    StartedAgain,
}

#[derive(Debug)]
pub(crate) enum Said {
    Text(String),
    /// A text too long to keep: its begin, and its length in bytes.
    LongText {
        head: String,
        bytes: usize,
    },
    Binary(Vec<u8>),
    Frame {
        opcode: u8,
        fin: bool,
        masked: bool,
        payload: Vec<u8>,
    },
    Pong(Vec<u8>),
}

/// Reads a transcript; a recording that is not as its README says ends the test.
pub(crate) fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = text.lines().enumerate().skip(1);
    lines
        .map(|(index, line)| {
            let value: Value = serde_json::from_str(line).expect("every line is a JSON object");
            let what =
                what(&value).unwrap_or_else(|| panic!("{}:{}: what is {line}", path.display(), index + 1));
            Line {
                number: index + 1,
                actor: string(&value, "actor").unwrap_or_default(),
                what,
            }
        })
        .collect()
}

fn what(line: &Value) -> Option<What> {
    match (string(line, "dir")?.as_str(), string(line, "event").as_deref()) {
        (">", Some("close frame")) => Some(What::ClosesWith(status(line, "code")?)),
        (">", Some("cut")) => Some(What::Cuts),
        (">", None) => match string(line, "http") {
            Some(request) => asked(line, &request),
            None => said(line).map(What::Says),
        },
        ("<", None) if line.get("status").is_some() => Some(What::Answered {
            status: status(line, "status")?,
            content_type: string(line, "type"),
            body: string(line, "body").unwrap_or_default(),
        }),
        ("<", None) => said(line).map(What::Hears),
        ("!", Some("open")) => Some(What::Opened),
        ("!", Some("refused")) => Some(What::Refused {
            status: status(line, "status")?,
            body: string(line, "body").unwrap_or_default(),
        }),
        ("!", Some("close frame")) => Some(What::IsClosedWith(status(line, "code")?)),
        ("!", Some("eof" | "reset")) => Some(What::Ends),
        ("!", Some("SIGTERM")) => Some(What::Sigterm),
        ("!", Some("ended")) => Some(What::Stopped),
        ("!", Some("started again")) => Some(What::StartedAgain),
        _ => None,
    }
}

fn asked(line: &Value, request: &str) -> Option<What> {
    let (method, path) = request.split_once(' ')?;
    let headers = line
        .get("headers")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    if line.get("upgrade").is_some() {
        return Some(What::Upgrade {
            path: path.to_owned(),
            headers,
        });
    }
    Some(What::Request {
        method: method.to_owned(),
        path: path.to_owned(),
        body: string(line, "body").unwrap_or_default(),
    })
}

fn said(line: &Value) -> Option<Said> {
    if let Some(text) = string(line, "text") {
        return Some(Said::Text(text));
    }
    if let Some(head) = string(line, "text_head") {
        let bytes = usize::try_from(line.get("text_bytes")?.as_u64()?).ok()?;
        return Some(Said::LongText { head, bytes });
    }
    if let Some(pong) = string(line, "pong") {
        return Some(Said::Pong(pong.into_bytes()));
    }
    if let Some(raw) = line.get("raw") {
        return Some(Said::Frame {
            opcode: u8::try_from(raw.get("opcode")?.as_u64()?).ok()?,
            fin: raw.get("fin").and_then(Value::as_bool).unwrap_or(true),
            masked: raw.get("mask").and_then(Value::as_bool).unwrap_or(true),
            payload: STANDARD.decode(string(raw, "b64")?).ok()?,
        });
    }
    STANDARD.decode(string(line, "b64")?).ok().map(Said::Binary)
}

fn string(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

fn status(value: &Value, key: &str) -> Option<u16> {
    u16::try_from(value.get(key)?.as_u64()?).ok()
}
