//! Payloads as the experiments use them, and the replies that they expect.

use serde_json::{Map, Value};

use crate::protocol::Payload;

/// A payload as the experiments use it.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Content {
    Json(Value),
    Binary(Vec<u8>),
}

/// The reply that a message should get.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) enum Expected {
    /// `ok` with exactly this response.
    Ok(Content),
    /// `error` with exactly this response.
    Error(Value),
    /// `ok` with any response.
    AnyOk,
    /// No reply.
    Nothing,
}

impl Content {
    /// `{}`
    pub(in super::super) fn empty() -> Self {
        Self::Json(Value::Object(Map::new()))
    }

    /// The value of a JSON content; `null` of any other.
    pub(in super::super) fn json(&self) -> &Value {
        match self {
            Self::Json(value) => value,
            Self::Binary(_) => &Value::Null,
        }
    }

    /// The content as a message shows it, shortened.
    pub(in super::super) fn shown(&self) -> String {
        let text = match self {
            Self::Json(value) => value.to_string(),
            Self::Binary(bytes) => format!("{} bytes", bytes.len()),
        };
        match text.char_indices().nth(LONGEST_SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}

/// A longer content is shortened in what is told.
const LONGEST_SHOWN: usize = 120;

impl Expected {
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Ok(content) => format!("ok {}", content.shown()),
            Self::Error(value) => format!("error {}", Content::Json(value.clone()).shown()),
            Self::AnyOk => "ok".to_owned(),
            Self::Nothing => "none".to_owned(),
        }
    }
}

/// The content of a payload. Text that is no JSON stays a text, which no expected content is.
pub(super) fn content(payload: &Payload<'_>) -> Content {
    match payload {
        Payload::Json(text) => {
            Content::Json(serde_json::from_str(text).unwrap_or_else(|_| Value::String((*text).to_owned())))
        }
        Payload::Binary(bytes) | Payload::BinaryReply { data: bytes, .. } => Content::Binary(bytes.to_vec()),
    }
}
