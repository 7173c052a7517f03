//! Oddities: acts of a server that no correct server does, each with the socket and the topic at which it was seen.

use std::fmt;
use std::rc::Rc;

use crate::clock::Time;

/// One thing that a server did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oddity {
    /// Its kind.
    pub kind: OddityKind,
    /// The number of the socket that saw it.
    pub socket: u32,
    /// The topic; empty if it concerns the whole connection.
    pub topic: Rc<str>,
    /// When it was seen.
    pub at: Time,
    /// A description, as the rest of a sentence.
    pub what: String,
}

/// The kinds of oddities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OddityKind {
    /// A reply, a broadcast or another message that was promised never came.
    Lost,
    /// It came twice.
    Doubled,
    /// It came after a later one of the same sender.
    Reordered,
    /// It was meant for another socket, topic or join.
    Misdelivered,
    /// It came with another content than it should have.
    Altered,
    /// A counter or a value is not what this conversation left there.
    Bled,
    /// `phx_error` without a crash.
    Error,
    /// `phx_close` without a reason.
    Close,
    /// `phx_close` or `phx_error` never came.
    NoEnd,
    /// The server ended the connection.
    Disconnected,
    /// A join was refused.
    Refused,
    /// A message that is none of the protocol.
    Unreadable,
}

impl OddityKind {
    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Doubled => "doubled",
            Self::Reordered => "reordered",
            Self::Misdelivered => "misdelivered",
            Self::Altered => "altered",
            Self::Bled => "bled",
            Self::Error => "phx_error",
            Self::Close => "phx_close",
            Self::NoEnd => "without an end",
            Self::Disconnected => "disconnected",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether it may come of a client that did nothing for a while, or of a server that was given too much: answers come too late,
    /// silent connections are closed, and channels crash that wait for something else.
    pub const fn may_be_of_load(self) -> bool {
        matches!(
            self,
            Self::Lost | Self::NoEnd | Self::Disconnected | Self::Refused | Self::Error
        )
    }

    /// Whether it says that a conversation was ended or kept from beginning.
    pub const fn ends_a_conversation(self) -> bool {
        matches!(
            self,
            Self::Error | Self::Close | Self::Disconnected | Self::Refused
        )
    }
}

impl fmt::Display for Oddity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.at.as_micros() as f64 / 1e6;
        write!(f, "at {seconds:.3} s, socket {}", self.socket)?;
        if !self.topic.is_empty() {
            write!(f, " on {}", self.topic)?;
        }
        write!(f, ": {}", self.what)
    }
}
