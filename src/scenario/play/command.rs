//! The interface between a play and its driver: the commands it gives, and the happenings it is told.

use std::time::Duration;

use super::super::program::Restart;
use crate::transport::{ConnectRequest, Incoming, Outgoing, RequestError, Response};
use crate::wire::websocket::Coding;

/// A connection of an actor. After a reconnect, reports on the old connection are ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkId {
    /// The index of the actor, from 0.
    pub actor: usize,
    /// The number of the connection among those of the actor, from 1.
    pub number: u32,
    /// The transport that carries it, if the client chooses between two.
    pub attempt: Attempt,
}

/// A request of a play, by which its answer is recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct RequestId(pub u64);

/// Which of its transports a client with a fallback tries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Attempt {
    /// The first one, which is the only one without a fallback.
    #[default]
    First,
    /// The other one, after the first one did not work.
    Fallback,
}

/// A command to the driver.
#[derive(Clone, Debug)]
pub enum Command {
    /// Open a connection.
    Connect(LinkId, ConnectOptions),
    /// Send over a connection.
    Send(LinkId, Outgoing),
    /// Send an HTTP request.
    Http(RequestId, HttpRequest),
    /// Restart the server under test.
    Restart(Restart),
}

/// The settings of a connection.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// The mount, the token, connect params and headers.
    pub request: ConnectRequest,
    /// The serializer of this connection.
    pub vsn: crate::protocol::Vsn,
    /// The largest message that is accepted, in bytes.
    pub message_bytes: usize,
    /// What is sent with the request to upgrade.
    pub early: Vec<Outgoing>,
}

/// An HTTP request outside of any connection.
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
    /// The sender.
    pub sender: RequestSender,
}

/// The sender of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestSender {
    /// phxproof itself.
    Nobody,
    /// The user of this actor, as with a browser.
    User(usize),
}

/// A report of the driver.
#[derive(Debug)]
pub enum Happening {
    /// The first request of a connection is being sent, to this path.
    Dialled(LinkId, String),
    /// The server accepted the connection.
    Opened(LinkId, Coding),
    /// The server refused the connection.
    Refused(LinkId, Response),
    /// The server did not answer, with the reason.
    Unanswered(LinkId, String, Reached),
    /// Something arrived over a connection.
    Incoming(LinkId, Incoming),
    /// Part of a message was transferred over a connection, in either direction, and the rest is still to
    /// come.
    Moving(LinkId),
    /// The answer to a [`Command::Http`].
    Http(RequestId, Result<Response, RequestError>),
    /// The server is up again, or the reason why it is not.
    Restarted(Result<(), String>),
}

/// Whether a server was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// No server was reached, so nothing is known about it.
    Nobody,
    /// A server was reached, but did not answer properly.
    Somebody,
}

/// The settings of a play.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The timeout of each wait, unless its step sets one; what the scenario asks the server to wait comes on
    /// top.
    pub timeout: Duration,
    /// The round-trip time between client and server.
    pub round_trip: Duration,
    /// The serializer, unless the scenario names one.
    pub vsn: crate::protocol::Vsn,
    /// The values of the names that the command line or the target offers.
    pub offers: Vec<(super::super::needs::Offer, serde_json::Value)>,
    /// The first number for fresh names; the next ones follow.
    pub first_fresh: u64,
    /// The number of its first actor among all users of the run; the other actors follow.
    pub first_user: u64,
    /// Why it is played.
    pub purpose: Purpose,
}

/// Why a scenario is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// As a case: it is played once, and everything that happens is recorded.
    Case,
    /// As an instance of a swarm: the steps after the joins are repeated, and what happens is counted.
    Swarm {
        /// The first number for shared names, which is the same for all instances.
        first_shared: u64,
    },
}
