//! The recording of a play, entry by entry. The judge compares it with the fixture; `frames/<case>.jsonl` shows it.

use std::sync::Arc;

use crate::clock::Time;
use crate::transport::{Ending, Response};

/// All that happened, in order. Bounded: a server that floods ends the play.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// In the order in which it was seen or done.
    pub entries: Vec<RecordedEntry>,
    bytes: usize,
    most: usize,
    keeps: Keeps,
}

/// What is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Keeps {
    #[default]
    All,
    /// Only the last refusal, which a failure shows.
    LastRefusal,
}

/// Whose entry it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// An actor's, on its first, second, … connection (from 1).
    Actor(usize, u32),
    /// A request outside of any connection.
    Http,
    /// The server's process.
    Server,
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub struct RecordedEntry {
    /// When.
    pub at: Time,
    /// To whom.
    pub who: Who,
    /// What.
    pub what: Noted,
}

/// What can happen. Texts are shared, as the same one is judged, shown and written.
#[derive(Clone, Debug)]
pub enum Noted {
    /// A connection is being opened: path and query.
    Connecting(String),
    /// The server let us in.
    Opened,
    /// The server refused.
    Refused(Response),
    /// No answer, and why.
    Failed(String),
    /// We sent a text message.
    SentText(Arc<str>),
    /// We sent a binary message.
    SentBinary(Arc<[u8]>),
    /// We sent a hand-made frame, here in words.
    SentFrame(String, Vec<u8>),
    /// We sent a close frame.
    SentClose(u16),
    /// We cut the connection.
    Cut,
    /// A text message came.
    Text(Arc<str>),
    /// A binary message came.
    Binary(Arc<[u8]>),
    /// A pong came.
    Pong(Vec<u8>),
    /// The connection ended.
    Ended(Ending),
    /// A request: method and path.
    Requested(String),
    /// The answer to it.
    Answered(Response),
    /// What was done to the server.
    Server(&'static str),
}

/// More than a correct server says in any case of ours.
const MOST_ENTRIES: usize = 5_000;

/// The server said more than is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flooded;

impl Recording {
    /// An empty one that keeps at most so many bytes.
    pub(super) fn of_at_most(bytes: usize) -> Self {
        Self {
            entries: Vec::new(),
            bytes: 0,
            most: bytes,
            keeps: Keeps::All,
        }
    }

    /// One that keeps the last refusal only.
    pub(super) fn of_refusals() -> Self {
        Self {
            keeps: Keeps::LastRefusal,
            ..Self::default()
        }
    }

    /// What is kept at most, in words.
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
