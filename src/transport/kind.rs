//! The transports of Phoenix: which one carries the messages of a connection.

use std::fmt;

/// The carrier of the messages of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Frames over one connection that was upgraded.
    #[default]
    WebSocket,
    /// HTTP requests: polls that wait for messages, and batches of messages to the server.
    LongPoll,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::WebSocket, Self::LongPoll];

    /// The word on the command line, in scenarios and in `result.json`. Also the last segment of the path, behind the mount.
    pub const fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "websocket",
            Self::LongPoll => "longpoll",
        }
    }

    /// The transport of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transport| transport.name() == name)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
