//! The step `connect`: where and how a client connects, and how that should end.

use std::time::Duration;

use super::super::template::Template;
use crate::transport::Transport;
use crate::wire::websocket::Coding;

/// `connect`
#[derive(Clone, Debug)]
pub(crate) struct Connect {
    /// The transport in place of the one that the case is played over.
    pub(crate) transport: Option<Transport>,
    pub(crate) mount: MountPath,
    pub(crate) user: Option<Template>,
    /// How long ago the user's token was signed, unless it is a new one.
    pub(crate) token_age: Option<Duration>,
    pub(crate) params: Vec<(String, Option<Template>)>,
    pub(crate) headers: Vec<(String, Option<Template>)>,
    pub(crate) answer: Opening,
    /// Begins with WebSocket, and goes on over long poll if that does not work.
    pub(crate) fallback: Option<ConnectFallback>,
}

/// `fallback` and `settles-on`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ConnectFallback {
    /// How long the WebSocket may take to open, and then to answer a ping.
    pub(crate) after: Duration,
    /// The transport that the client must end up on; either, if the scenario does not say.
    pub(crate) settles_on: Option<Transport>,
}

impl Connect {
    /// The transport that the step is bound to, if to any. With `fallback` this is `settles-on`. Without `settles-on`
    /// it is long poll, because the later steps must work over long poll too.
    pub(crate) fn bound_to(&self) -> Option<Transport> {
        match self.fallback {
            Some(fallback) => Some(fallback.settles_on.unwrap_or(Transport::LongPoll)),
            None => self.transport,
        }
    }
}

/// The socket of the server to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MountPath {
    /// The socket of the target.
    Target,
    /// Another socket, whose name replaces the last segment of the target's path.
    Instead(String),
}

/// How a connection attempt should end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Opening {
    Open,
    /// Open, with or without an agreement on compression.
    OpenWith(Coding),
    Refused(Option<u16>),
    /// Either of the two, but not silence or a cut connection.
    OpenOrRefused,
}
