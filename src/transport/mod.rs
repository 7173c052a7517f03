//! Connections to a server over tokio: HTTP requests, the WebSocket upgrade, whole messages, frames made by hand.
//!
//! What every transport offers, so that its user need not know which one it is:
//!
//! | function | does |
//! | --- | --- |
//! | `open(&Target, &Upgrade)` | connects; tells how the server answered, as [`Opened`], within a deadline |
//! | `next(&mut self)` | waits for what comes next, as [`Incoming`]; dropped half-way, it loses nothing |
//! | `send(&mut self, Outgoing)` | hands over one thing to send; never waits for the server |
//!
//! It never decides about the protocol: it knows no topic, no ref and no serializer, repeats nothing, reconnects
//! nothing and judges nothing. The session answers pings and close frames by itself, as RFC 6455 asks. Whatever a server
//! does, memory stays within [`Limits`], and every wait has a deadline or can be dropped.

mod answer;
mod call;
mod connect;
mod connection;
mod conversation;
mod dial;
mod http;
mod kind;
mod longpoll;
mod open;
mod opening;
mod params;
mod percent;
mod target;
mod websocket;

pub use crate::session::{BadSwitch, Ending, Incoming, Masking, Outgoing, RawFrame};
pub use crate::wire::websocket::Coding;
pub use answer::{RequestError, Response, Truncated};
pub(crate) use connect::not_replaced;
pub use connect::{ConnectRequest, Endpoint, TOKEN, UpgradeParts};
pub use connection::Connection;
pub(crate) use dial::dial;
pub(crate) use http::{KeptConnection, USER_AGENT, request_on};
pub use http::{Request, request};
pub use kind::Transport;
pub use open::{Opened, open};
pub use opening::{OpenError, Upgrade};
pub use params::query;
pub(crate) use params::with_params;
pub use percent::percent_encoded;
pub(crate) use percent::push_percent_encoded;
pub use target::{Target, TargetError};

/// How much is kept in memory for one connection, whatever the server sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest message accepted from the server, in bytes, its fragments added up.
    pub message_bytes: usize,
    /// How much of the body of an HTTP answer is kept, in bytes.
    pub body_bytes: usize,
    /// The longest head of an HTTP answer, in bytes; less than 8 KiB counts as 8 KiB.
    pub head_bytes: usize,
    /// How much may wait to be sent, in bytes, while the server does not read.
    pub unsent_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_bytes: 1 << 20,
            body_bytes: 64 << 10,
            head_bytes: 64 << 10,
            unsent_bytes: 64 << 20,
        }
    }
}
