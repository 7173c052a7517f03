//! The messages that came over one connection and that no step has taken yet.

use std::sync::Arc;

use super::refs::json_of;
use crate::protocol::{Frame, Message, Vsn};

/// A received message, unchanged, with the fields by which steps choose it.
#[derive(Clone, Debug)]
pub(super) struct Arrived {
    /// The number of the message among all that arrived in this play, over all connections.
    pub(super) serial: u64,
    pub(super) frame: HeldFrame,
    pub(super) head: Option<Head>,
    pub(super) taken: bool,
}

/// The fields by which steps choose a message.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) event: Option<String>,
    pub(super) topic: Option<String>,
    /// As JSON text.
    pub(super) reference: String,
    /// As JSON text.
    pub(super) join_ref: String,
}

/// The text or the bytes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeldFrame {
    Text(Arc<str>),
    Binary(Arc<[u8]>),
}

impl HeldFrame {
    /// The length in bytes.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl Arrived {
    pub(super) fn new(serial: u64, frame: HeldFrame, vsn: Vsn) -> Self {
        let mut arrived = Self {
            serial,
            frame,
            head: None,
            taken: false,
        };
        arrived.head = arrived.message(vsn).map(|message| Head {
            event: message.event.as_str().map(str::to_owned),
            topic: message.topic.as_str().map(str::to_owned),
            reference: json_of(&message.reference),
            join_ref: json_of(&message.join_ref),
        });
        arrived
    }

    /// The message, if it can be decoded.
    pub(super) fn message(&self, vsn: Vsn) -> Option<Message<'_>> {
        let frame = match &self.frame {
            HeldFrame::Text(text) => Frame::Text(text),
            HeldFrame::Binary(bytes) => Frame::Binary(bytes),
        };
        vsn.decode_from_server(frame).ok()
    }

    /// The message as shown to the user.
    pub(super) fn show(&self) -> String {
        match &self.frame {
            HeldFrame::Text(text) => crate::scenario::shorten(text),
            HeldFrame::Binary(bytes) => show_bytes(bytes),
        }
    }
}

/// Bytes as shown to the user: their number and the first of them.
pub(crate) fn show_bytes(bytes: &[u8]) -> String {
    const SHOWN: usize = 48;
    let shown: Vec<String> = bytes
        .iter()
        .take(SHOWN)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let more = if bytes.len() > SHOWN { " …" } else { "" };
    format!("{} bytes: {}{more}", bytes.len(), shown.join(" "))
}
