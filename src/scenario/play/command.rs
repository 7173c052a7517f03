//! The interface between a play and its driver: the commands it gives, and the happenings it is told.

use std::time::Duration;

use super::super::program::Restart;
use crate::transport::{ConnectRequest, Incoming, Outgoing, RequestError, Response};

/// A connection of an actor. After a reconnect the old one's news no longer count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkId {
    /// Which actor, from 0.
    pub actor: usize,
    /// Which of its connections, from 1.
    pub number: u32,
}

/// Something to do.
#[derive(Clone, Debug)]
pub enum Command {
    /// Open a WebSocket.
    Connect(LinkId, ConnectOptions),
    /// Send over one.
    Send(LinkId, Outgoing),
    /// Send a request.
    Http(HttpRequest),
    /// Restart the server under test.
    Restart(Restart),
}

/// Which WebSocket to open.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The mount, the token, connect params and headers.
    pub request: ConnectRequest,
    /// The serializer of this connection.
    pub vsn: crate::protocol::Vsn,
    /// The largest message that is accepted, in bytes.
    pub message_bytes: usize,
}

/// A request outside of any connection.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

/// Something that happened.
#[derive(Debug)]
pub enum Happening {
    /// The upgrade is being sent, to this path.
    Dialled(LinkId, String),
    /// The server let an actor in.
    Opened(LinkId),
    /// It did not.
    Refused(LinkId, Response),
    /// There was no answer, and why.
    Unanswered(LinkId, String, Reached),
    /// Something came over a connection.
    Incoming(LinkId, Incoming),
    /// Part of a message has moved over a connection, in either direction, and the rest of it is still to come.
    Moving(LinkId),
    /// The answer to a [`Command::Http`].
    Http(Result<Response, RequestError>),
    /// The server is back, or why it is not.
    Restarted(Result<(), String>),
}

/// Whether there was somebody who could have answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// No server was reached, so that nothing is known of it.
    Nobody,
    /// A server was reached, and did not answer as it should.
    Somebody,
}

/// How a play is to be played.
#[derive(Clone, Debug)]
pub struct Setting {
    /// How long each wait may take unless its step says otherwise, beyond what the scenario asks the server to sleep.
    pub timeout: Duration,
    /// How long the line takes from the client to the server and back.
    pub round_trip: Duration,
    /// The serializer, where the scenario names none.
    pub vsn: crate::protocol::Vsn,
    /// What the scenario's offered names stand for.
    pub offers: Vec<(super::super::needs::Offer, serde_json::Value)>,
    /// The first of the numbers that fresh names stand for; the next ones follow.
    pub first_fresh: u64,
    /// What it is played for.
    pub purpose: Purpose,
}

/// What a scenario is played for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// As a case: once, and all that happens is recorded.
    Case,
    /// As one of many: the steps behind the joins again and again, and what happens is counted.
    Swarm {
        /// The first of the numbers that shared names stand for, which are the same for all of them.
        first_shared: u64,
    },
}
