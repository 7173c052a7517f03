//! The request that opens a connection, and the errors if it is not answered.

use std::time::Duration;

use super::answer::RequestError;
use super::params::query;
use super::percent::percent_encoded;
use super::{Limits, UpgradeParts};
use crate::protocol::Vsn;
use crate::session::{BadAnswer, BadSwitch, Outgoing};

/// The request that opens a connection.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// From the first slash, with the query: `/socket/websocket?vsn=2.0.0`, `/socket/longpoll?vsn=2.0.0`.
    pub path_and_query: String,
    /// Headers that are added to the standard ones. One with the same name replaces the standard one.
    pub headers: Vec<(String, String)>,
    /// For the handshake and the connection after it.
    pub limits: Limits,
    /// For everything until the connection is open: finding the host, connecting, the whole head of the answer.
    pub deadline: Duration,
    /// The serializer that `path_and_query` asks for.
    pub vsn: Vsn,
    /// What a client of WebSocket sends with the request, before the server has answered it. RFC 6455 has clients wait.
    pub early: Vec<Outgoing>,
}

impl Upgrade {
    /// The upgrade with these connect params and headers.
    pub fn new(parts: &UpgradeParts, deadline: Duration) -> Self {
        let query = query(&parts.params, |_, value| percent_encoded(value));
        Self {
            path_and_query: format!("{}{query}", parts.path()),
            headers: parts.headers.clone(),
            limits: Limits::default(),
            deadline,
            vsn: parts.vsn,
            early: Vec::new(),
        }
    }
}

/// Why there is neither a connection nor a refusal.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No answer came.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The server answered 101, but its response violates RFC 6455.
    #[error("the server switched protocols, but not to what was asked for: {0}")]
    BadSwitch(#[from] BadSwitch),
    /// The answer to the first poll is not a long poll answer.
    #[error("the server answered the first poll, but not as a Phoenix socket does: {0}")]
    BadAnswer(#[from] BadAnswer),
    /// The answer to the first poll is not whole, or coded in a way that was not asked for; says how it was answered.
    #[error("the server answered the first poll {0}")]
    Unusable(String),
}
