//! The contract between the server and an application's channels, as a Phoenix developer knows it
//! (`lib/phoenix/channel.ex`): join, handle_in, handle_out, handle_info, terminate.
//!
//! A channel never blocks its shard: where Elixir would sleep or call another process, it returns what it
//! waits for ([`Next::BusyFor`], [`Next::Call`]), and its mailbox waits with it.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::refs::Ref;
use super::store::{Answer, Request};
use crate::protocol::Payload;

/// A payload on its way to a channel.
#[derive(Clone, Copy, Debug)]
pub enum In<'a> {
    /// JSON text, checked to be well-formed; any JSON value, not only an object (behaviour 33).
    Json(&'a str),
    /// The bytes of a binary push.
    Binary(&'a [u8]),
}

impl<'a> In<'a> {
    /// The payload of a message.
    pub(crate) const fn of(payload: Payload<'a>) -> Self {
        match payload {
            Payload::Json(text) => Self::Json(text),
            Payload::Binary(data) | Payload::BinaryReply { data, .. } => Self::Binary(data),
        }
    }
}

/// A payload that a message owns, shared by all messages that carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// JSON text.
    Json(Arc<str>),
    /// Bytes.
    Binary(Arc<[u8]>),
}

impl Body {
    /// `{}`.
    pub fn empty() -> Self {
        Self::Json("{}".into())
    }

    /// The payload of a message.
    pub(crate) fn payload(&self) -> Payload<'_> {
        match self {
            Self::Json(text) => Payload::Json(text),
            Self::Binary(data) => Payload::Binary(data),
        }
    }
}

impl From<Payload<'_>> for Body {
    fn from(payload: Payload<'_>) -> Self {
        match payload {
            Payload::Json(text) => Self::Json(text.into()),
            Payload::Binary(data) | Payload::BinaryReply { data, .. } => Self::Binary(data.into()),
        }
    }
}

/// The status of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// `ok`
    Ok,
    /// `error`
    Error,
}

/// Why a channel ends. Phoenix tells the client `phx_close` for the first two, `phx_error` for the third.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `:normal`
    Normal,
    /// `:shutdown` or `{:shutdown, _}`
    Shutdown,
    /// Anything else, an exception among them; the text is for the log.
    Crash(String),
}

/// What `join` returns.
#[derive(Debug)]
pub enum Join {
    /// `{:ok, response, socket}`
    Ok(Body),
    /// `{:error, response}`
    Refuse(Body),
    /// It raised; the text is for the log.
    Crash(String),
    /// It sleeps first. The transport of this connection waits with it (transcript join/slow).
    After(Duration, Box<Join>),
    /// It asks the store; the answer comes to [`Channel::joined`]. The transport waits with it.
    Call(Request),
}

/// What `handle_in` and `handle_info` return.
#[derive(Debug)]
pub enum Next {
    /// `{:noreply, socket}`
    NoReply,
    /// `{:reply, {status, response}, socket}`
    Reply(Status, Body),
    /// It sleeps first; this channel's messages wait, nobody else's do.
    BusyFor(Duration, Box<Next>),
    /// It goes on with this message, before any that waits.
    Handle(Info),
    /// It asks the store; the answer comes to [`Channel::answered`], and until then this channel's messages wait.
    Call(Request),
    /// `{:stop, reason, socket}`
    Stop(Reason),
    /// `{:stop, reason, {status, response}, socket}`
    StopWithReply(Reason, Status, Body),
}

/// What `handle_out` does with an intercepted broadcast.
#[derive(Debug)]
pub enum Out {
    /// Pushes it as it is.
    AsItIs,
    /// Pushes this instead.
    Instead(Body),
    /// Pushes nothing.
    Nothing,
}

/// A message from the channel to itself, by a timer or by `send(self(), …)`.
#[derive(Clone, Debug)]
pub enum Info {
    /// The interval of `ping_ms`.
    Ping,
    /// Time to start the interval of `ping_ms`.
    StartPing(Duration),
    /// `send(self(), :track)` of a presence channel.
    Track,
    /// Time to compute and push the `presence_state`.
    State,
    /// The word of the tracker, which in Elixir is a process of its own, arrives.
    Tracked,
    /// A reply that was put off.
    ReplyLater(ReplyRef, Body),
}

/// What a push is answered by later: `socket_ref(socket)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyRef {
    pub(crate) reference: Ref,
}

/// A channel of one session: a client on a topic. Each behaves as a process of its own.
pub trait Channel: Send {
    /// Lets a client in, or not. `topic` is the whole topic, `params` the payload of the join.
    fn join(&mut self, topic: &str, params: In<'_>, cx: &mut Context<'_>) -> Join;

    /// The store's answer to [`Join::Call`].
    fn joined(&mut self, answer: Answer, cx: &mut Context<'_>) -> Join {
        let _ = (answer, cx);
        Join::Crash("no answer was asked for".to_owned())
    }

    /// A push from the client.
    fn handle_in(&mut self, event: &str, payload: In<'_>, cx: &mut Context<'_>) -> Next;

    /// The store's answer to [`Next::Call`].
    fn answered(&mut self, answer: Answer, cx: &mut Context<'_>) -> Next {
        let _ = (answer, cx);
        Next::Stop(Reason::Crash("no answer was asked for".to_owned()))
    }

    /// The broadcasts that [`Channel::handle_out`] wants to see.
    fn intercepts(&self) -> &'static [&'static str] {
        &[]
    }

    /// An intercepted broadcast on its way to this client.
    fn handle_out(&mut self, event: &str, payload: &Body, cx: &mut Context<'_>) -> Out {
        let _ = (event, payload, cx);
        Out::AsItIs
    }

    /// A message from [`Context::send_after`] and its like.
    fn handle_info(&mut self, info: Info, cx: &mut Context<'_>) -> Next {
        let _ = (info, cx);
        Next::NoReply
    }

    /// The channel has ended, in whatever way; a channel that another join replaced or whose connection was cut
    /// comes here too (where in Erlang a monitor would see it). Broadcasts are still carried out, pushes are not.
    fn terminate(&mut self, why: &Reason, cx: &mut Context<'_>) {
        let _ = (why, cx);
    }
}
