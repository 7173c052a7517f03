//! The recording of a play, entry by entry. The judge compares it with the fixture; `frames/<case>.jsonl` shows it.

use std::sync::Arc;

use crate::clock::Time;
use crate::transport::{Ending, Response};

/// Everything that happened, in order. It is limited: a server that floods the client ends the play.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// The entries, in the order in which they happened.
    pub entries: Vec<RecordedEntry>,
    bytes: usize,
    most: usize,
    keeps: Keeps,
}

/// Which entries are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Keeps {
    #[default]
    All,
    /// Only the last refusal, which failures show.
    LastRefusal,
}

/// The source of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// A connection of an actor: the index of the actor, and the number of its connection from 1.
    Actor(usize, u32),
    /// A request of nobody.
    Http,
    /// A request of an actor, by its index.
    User(usize),
    /// The server process.
    Server,
}

/// One entry of a recording.
#[derive(Clone, Debug)]
pub struct RecordedEntry {
    /// When it happened.
    pub at: Time,
    /// Its source.
    pub who: Who,
    /// What happened.
    pub what: Noted,
}

/// The kinds of entries. Texts are shared, because the same text is judged, shown and written.
#[derive(Clone, Debug)]
pub enum Noted {
    /// A connection is being opened: path and query.
    Connecting(String),
    /// The server accepted the connection.
    Opened,
    /// The server refused the connection.
    Refused(Response),
    /// The server did not answer, with the reason.
    Failed(String),
    /// The transport that a client with a fallback chose, and the reason.
    Settled(String),
    /// The client sent a text message.
    SentText(Arc<str>),
    /// The client sent a binary message.
    SentBinary(Arc<[u8]>),
    /// The client sent a hand-made frame, described in words.
    SentFrame(String, Vec<u8>),
    /// The client sent a close frame.
    SentClose(u16),
    /// The client cut the connection.
    Cut,
    /// A text message arrived.
    Text(Arc<str>),
    /// A binary message arrived.
    Binary(Arc<[u8]>),
    /// A pong arrived.
    Pong(Vec<u8>),
    /// The connection ended.
    Ended(Ending),
    /// An HTTP request: method and path.
    Requested(String),
    /// The response to it.
    Answered(Response),
    /// What was done to the server process.
    Server(&'static str),
}

/// More entries than a correct server causes in any of our cases.
const MOST_ENTRIES: usize = 5_000;

/// The server sent more than a recording holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flooded;

impl Recording {
    /// An empty recording that holds at most this many bytes.
    pub(super) fn of_at_most(bytes: usize) -> Self {
        Self {
            entries: Vec::new(),
            bytes: 0,
            most: bytes,
            keeps: Keeps::All,
        }
    }

    /// An empty recording that keeps only the last refusal.
    pub(super) fn of_refusals() -> Self {
        Self {
            keeps: Keeps::LastRefusal,
            ..Self::default()
        }
    }

    /// The size of the largest message in either direction, in bytes.
    pub(crate) fn largest_message(&self) -> usize {
        let sizes = self.entries.iter().map(|entry| match &entry.what {
            Noted::SentText(text) | Noted::Text(text) => text.len(),
            Noted::SentBinary(bytes) | Noted::Binary(bytes) => bytes.len(),
            _ => 0,
        });
        sizes.max().unwrap_or_default()
    }

    /// The limits in words.
    pub(super) fn limit(&self) -> String {
        format!("at most {MOST_ENTRIES} messages and {} KiB", self.most >> 10)
    }

    pub(super) fn push(&mut self, at: Time, who: Who, what: Noted) -> Result<(), Flooded> {
        if self.keeps == Keeps::LastRefusal {
            if let Noted::Refused(_) = what {
                self.entries = vec![RecordedEntry { at, who, what }];
            }
            return Ok(());
        }
        self.bytes += match &what {
            Noted::Text(text) => text.len(),
            Noted::Binary(bytes) => bytes.len(),
            _ => 64,
        };
        if self.entries.len() >= MOST_ENTRIES || self.bytes > self.most {
            return Err(Flooded);
        }
        self.entries.push(RecordedEntry { at, who, what });
        Ok(())
    }
}
