//! The interface between a client and the code that drives it: the events it reports, and the frames and connections it
//! asks for.

use super::{Config, Ref};
use crate::clock::Time;
use crate::protocol::{Message, Payload};

/// Identifies a channel of a socket. Ids are never used twice on one socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u32);

/// Receives a client's frames, connection requests and events. An implementation must not call back into the
/// client: to react to an event, it stores the event and acts after the call has returned.
pub trait Outbox {
    /// Opens a connection that replaces the previous one. The driver reports the result with `handle_open` or
    /// `handle_closed`.
    fn connect(&mut self);

    /// Starts to close the connection, with this code or without a code. The driver may report it with
    /// `handle_closed`, but need not.
    fn close(&mut self, code: Option<u16>, reason: &str);

    /// Sends a message over the connection.
    fn transmit(&mut self, message: &Message<'_>);

    /// Something happened.
    fn event(&mut self, event: Event<'_>);
}

/// The arguments of each call to a client: the shared settings, the time, and the outbox.
pub struct ClientContext<'a> {
    /// The settings.
    pub config: &'a Config,
    /// The time now.
    pub now: Time,
    /// Where frames and events go.
    pub out: &'a mut dyn Outbox,
}

/// An event of a socket.
///
/// `push` is the ref that [`push`](super::Socket::push) returned. `sent_at` is the time at which the frame
/// was sent, so `now - sent_at` is the latency of the reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The connection is open.
    Opened,
    /// The connection ended, could not be opened, or is presumed dead.
    Disconnected {
        /// When the client reconnects by itself. It may reconnect earlier if a close was still under way.
        reconnect_at: Option<Time>,
    },
    /// The server replied to a heartbeat.
    HeartbeatAnswered {
        /// When the heartbeat was sent.
        sent_at: Time,
    },
    /// The server did not reply to a heartbeat, so the connection is presumed dead.
    HeartbeatTimedOut {
        /// When the heartbeat was sent.
        sent_at: Time,
    },
    /// The server accepted the join.
    Joined {
        /// The channel.
        channel: ChannelId,
        /// The response of the server.
        response: Payload<'a>,
        /// When the join was sent, or requested if it had to wait for the connection.
        sent_at: Time,
    },
    /// The server refused the join.
    JoinRefused {
        /// The channel.
        channel: ChannelId,
        /// The response of the server.
        response: Payload<'a>,
        /// When the join was sent, or requested if it had to wait for the connection.
        sent_at: Time,
    },
    /// The server did not reply to the join.
    JoinTimedOut {
        /// The channel.
        channel: ChannelId,
        /// When the join was requested.
        sent_at: Time,
    },
    /// A joined or joining channel failed.
    Errored {
        /// The channel.
        channel: ChannelId,
        /// The cause.
        cause: ErrorCause<'a>,
    },
    /// The channel is closed and will not rejoin.
    Closed {
        /// The channel.
        channel: ChannelId,
        /// The cause.
        cause: CloseCause,
    },
    /// The reply to a push.
    Reply {
        /// The channel.
        channel: ChannelId,
        /// The push.
        push: Ref,
        /// `ok`, `error`, or any other status that the server sent; empty if it sent none.
        status: &'a str,
        /// The response of the server.
        response: Payload<'a>,
        /// When the push was sent.
        sent_at: Time,
    },
    /// The server did not reply to a push.
    PushTimedOut {
        /// The channel.
        channel: ChannelId,
        /// The push.
        push: Ref,
        /// When the push was sent, or requested if it was never sent.
        sent_at: Time,
    },
    /// A push or a broadcast from the server.
    Message {
        /// The channel.
        channel: ChannelId,
        /// The message.
        message: &'a Message<'a>,
    },
    /// A message that was ignored.
    Dropped {
        /// The reason.
        reason: DropReason,
        /// The message.
        message: &'a Message<'a>,
    },
}

/// Why a channel failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCause<'a> {
    /// The server sent this `phx_error`.
    Server(&'a Message<'a>),
    /// The connection ended.
    Connection,
}

/// Why a channel closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCause {
    /// The server sent `phx_close`.
    Server,
    /// The client left, and the server replied ok.
    Left {
        /// When the leave was sent.
        sent_at: Time,
    },
    /// The client left, and the server did not reply.
    LeaveTimedOut {
        /// When the leave was sent.
        sent_at: Time,
    },
    /// The client left without a connection, or the connection ended before the reply.
    LeftUnheard,
}

/// Why a message was ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// The client has no channel of that topic.
    NoChannel,
    /// It belongs to another join of this channel.
    Stale(ChannelId),
    /// The client left the channel or never joined it.
    NotJoined(ChannelId),
    /// A reply that the client does not wait for: its ref was never sent, was answered already, or timed out.
    Unasked(ChannelId),
}
