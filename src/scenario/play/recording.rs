//! The recording of a play, entry by entry. The judge compares it with the fixture; `frames/<case>.jsonl` shows it.

use std::borrow::Cow;
use std::sync::Arc;

use super::command::Purpose;
use crate::clock::Time;
use crate::scenario::program::Program;
use crate::scenario::secrets::Secrets;
use crate::transport::{Ending, Response};

/// Everything that happened, in order. It is limited: a server that floods the client ends the play.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    /// The entries, in the order in which they happened.
    pub entries: Vec<RecordedEntry>,
    bytes: usize,
    most: usize,
    keeps: Keeps,
    /// The secrets, which are hidden in all entries.
    pub(super) secrets: Secrets,
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

/// An empty recording of a play.
pub(super) fn recording_of(program: &Program, purpose: Purpose) -> Recording {
    let empty = match purpose {
        Purpose::Case => Recording::of_at_most(program.largest_message() * 4),
        Purpose::Swarm { .. } => Recording::of_refusals(),
    };
    Recording {
        secrets: Secrets::of(&program.secrets),
        ..empty
    }
}

impl Recording {
    /// An empty recording that holds at most this many bytes.
    pub(super) fn of_at_most(bytes: usize) -> Self {
        Self {
            entries: Vec::new(),
            bytes: 0,
            most: bytes,
            keeps: Keeps::All,
            secrets: Secrets::default(),
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
                let what = hidden(&self.secrets, what);
                self.entries = vec![RecordedEntry { at, who, what }];
            }
            return Ok(());
        }
        let what = hidden(&self.secrets, what);
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

/// The entry without secrets.
fn hidden(secrets: &Secrets, what: Noted) -> Noted {
    if secrets.is_empty() {
        return what;
    }
    let text = |text: String| secrets.hidden(&text).into_owned();
    let shared = |text: Arc<str>| match secrets.hidden(&text) {
        Cow::Borrowed(_) => text.clone(),
        Cow::Owned(hidden) => hidden.into(),
    };
    let bytes = |bytes: Vec<u8>| secrets.hidden_in_bytes(&bytes).unwrap_or(bytes);
    let message = |bytes: Arc<[u8]>| secrets.hidden_in_bytes(&bytes).map_or(bytes, Arc::from);
    let answer = |mut response: Response| {
        secrets.hide_in(&mut response);
        response
    };
    match what {
        Noted::Connecting(path) => Noted::Connecting(text(path)),
        Noted::Refused(response) => Noted::Refused(answer(response)),
        Noted::Failed(why) => Noted::Failed(text(why)),
        Noted::Settled(why) => Noted::Settled(text(why)),
        Noted::SentText(sent) => Noted::SentText(shared(sent)),
        Noted::Text(came) => Noted::Text(shared(came)),
        Noted::SentBinary(sent) => Noted::SentBinary(message(sent)),
        Noted::Binary(came) => Noted::Binary(message(came)),
        Noted::SentFrame(words, payload) => Noted::SentFrame(words, bytes(payload)),
        Noted::Requested(what) => Noted::Requested(text(what)),
        Noted::Answered(response) => Noted::Answered(answer(response)),
        Noted::Pong(payload) => Noted::Pong(bytes(payload)),
        Noted::Ended(Ending::CloseFrame { code, reason }) => Noted::Ended(Ending::CloseFrame {
            code,
            reason: text(reason),
        }),
        Noted::Opened | Noted::SentClose(_) | Noted::Cut | Noted::Ended(_) | Noted::Server(_) => what,
    }
}
