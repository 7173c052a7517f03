//! The interface between a client and the code that drives it: the events it reports, and the frames and connections it
//! asks for.

use super::{Config, Ref};
use crate::clock::Time;
use crate::protocol::{Message, Payload};

/// Names a channel of a socket. No other channel of that socket ever gets the same one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub u32);

/// Where a client's frames, wishes and news go. Nothing here may call back into the client: whoever wants to
/// answer an event notes it down and acts when the call that told it has returned.
pub trait Outbox {
    /// Opens a connection, in place of any before. How that went is told by `handle_open` or `handle_closed`.
    fn connect(&mut self);

    /// Starts to close the connection, with this code or with none. A `handle_closed` for it is welcome and not
    /// needed.
    fn close(&mut self, code: Option<u16>, reason: &str);

    /// Sends a message over the connection.
    fn transmit(&mut self, message: &Message<'_>);

    /// Something happened.
    fn event(&mut self, event: Event<'_>);
}

/// What each call to a client comes with: the settings that all clients share, the time, and where to write to.
pub struct ClientContext<'a> {
    /// The settings.
    pub config: &'a Config,
    /// The time now.
    pub now: Time,
    /// Where frames and events go.
    pub out: &'a mut dyn Outbox,
}

/// Something happened on a socket.
///
/// `push` is the ref that [`push`](super::Socket::push) returned; `sent_at` is the moment at which the frame went
/// out, so that `now - sent_at` is how long the answer took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The connection is open.
    Opened,
    /// The connection ended, was never made, or is presumed dead.
    Disconnected {
        /// When the client connects again by itself. It may be earlier if a close was still under way.
        reconnect_at: Option<Time>,
    },
    /// The server is alive.
    HeartbeatAnswered {
        /// When the heartbeat was sent.
        sent_at: Time,
    },
    /// No answer to a heartbeat: the connection is presumed dead.
    HeartbeatTimedOut {
        /// When the heartbeat was sent.
        sent_at: Time,
    },
    /// The server let the client into the channel.
    Joined {
        /// Which channel.
        channel: ChannelId,
        /// What the server answered.
        response: Payload<'a>,
        /// When the join was sent, or if it had to wait for the connection, when it was asked for.
        sent_at: Time,
    },
    /// The server refused the join.
    JoinRefused {
        /// Which channel.
        channel: ChannelId,
        /// What the server answered.
        response: Payload<'a>,
        /// When the join was sent, or if it had to wait for the connection, when it was asked for.
        sent_at: Time,
    },
    /// No answer to the join.
    JoinTimedOut {
        /// Which channel.
        channel: ChannelId,
        /// When the join was asked for.
        sent_at: Time,
    },
    /// A joined or joining channel broke down.
    Errored {
        /// Which channel.
        channel: ChannelId,
        /// What broke.
        cause: ErrorCause<'a>,
    },
    /// The channel is over and will not rejoin.
    Closed {
        /// Which channel.
        channel: ChannelId,
        /// What ended it.
        cause: CloseCause,
    },
    /// The answer to a push.
    Reply {
        /// Which channel.
        channel: ChannelId,
        /// Which push.
        push: Ref,
        /// `ok`, `error`, or whatever the server said; empty if it said nothing that is a status.
        status: &'a str,
        /// What the server answered.
        response: Payload<'a>,
        /// When the push was sent.
        sent_at: Time,
    },
    /// No answer to a push.
    PushTimedOut {
        /// Which channel.
        channel: ChannelId,
        /// Which push.
        push: Ref,
        /// When the push was sent, or if it never was, when it was asked for.
        sent_at: Time,
    },
    /// A push or a broadcast from the server.
    Message {
        /// Which channel.
        channel: ChannelId,
        /// The message.
        message: &'a Message<'a>,
    },
    /// A message that changed nothing.
    Dropped {
        /// Why.
        reason: DropReason,
        /// The message.
        message: &'a Message<'a>,
    },
}

/// Why a channel broke down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCause<'a> {
    /// The server said so, with this `phx_error`.
    Server(&'a Message<'a>),
    /// Its connection ended.
    Connection,
}

/// What ended a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseCause {
    /// The server, by `phx_close`.
    Server,
    /// It was left, and the server said ok.
    Left {
        /// When the leave was sent.
        sent_at: Time,
    },
    /// It was left, and the server said nothing.
    LeaveTimedOut {
        /// When the leave was sent.
        sent_at: Time,
    },
    /// It was left while there was no connection, or its connection ended before the answer.
    LeftUnheard,
}

/// Why a message changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DropReason {
    /// Nobody here has a channel of that topic.
    NoChannel,
    /// It belongs to another join of this channel.
    Stale(ChannelId),
    /// The channel was left, or was never joined.
    NotJoined(ChannelId),
    /// A reply that nobody waits for (any more): its ref was never sent, is answered, or timed out.
    Unasked(ChannelId),
}
