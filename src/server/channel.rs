//! The contract between the server and an application's channels, as a Phoenix developer knows it
//! (`lib/phoenix/channel.ex`): join, handle_in, handle_out, handle_info, terminate.
//!
//! A channel never blocks its shard: where Elixir would sleep or call another process, it returns what it
//! waits for ([`Next::BusyFor`], [`Next::Call`]), and its mailbox waits with it.

use std::time::Duration;

use super::context::{Context, Info};
use super::elixir::Raised;
use super::payload::{Body, In, Status};
use super::store::{Answer, Request};

/// Why a channel ends. Phoenix tells the client `phx_close` for the first two, `phx_error` for the third.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// `:normal`
    Normal,
    /// `:shutdown` or `{:shutdown, _}`
    Shutdown,
    /// Anything else, an exception among them; the text is for the log.
    Crash(String),
}

/// What `join` returns.
#[derive(Debug)]
pub(crate) enum Join {
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
pub(crate) enum Next {
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

impl From<Raised> for Join {
    fn from(Raised(why): Raised) -> Self {
        Self::Crash(why)
    }
}

impl From<Raised> for Next {
    fn from(Raised(why): Raised) -> Self {
        Self::Stop(Reason::Crash(why))
    }
}

/// What `handle_out` does with an intercepted broadcast.
#[derive(Debug)]
pub(crate) enum Out {
    /// Pushes it as it is.
    AsItIs,
    /// Pushes this instead.
    Instead(Body),
    /// Pushes nothing.
    Nothing,
}

/// A channel of one session: a client on a topic. Each behaves as a process of its own.
pub(crate) trait Channel: Send {
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
