//! What a channel's callback is given, and the actions that it can ask for: push, reply, broadcast, set timers. Actions are
//! carried out, in order, once the callback has returned.

use std::sync::Arc;
use std::time::Duration;

use super::chance::Chance;
use super::conduct::AppConduct;
use super::ids::{ChannelId, SessionId};
use super::payload::{Body, Status};
use super::presence::Presence;
use super::refs::Ref;
use crate::clock::Time;
use crate::protocol::Field;

/// A message from the channel to itself, by a timer or by `send(self(), …)`.
#[derive(Clone, Debug)]
pub(crate) enum Info {
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
pub(crate) struct ReplyRef {
    pub(crate) reference: Ref,
}

/// Something a channel asked for.
#[derive(Debug)]
pub(crate) enum Action {
    /// `push(socket, event, payload)`
    Push { event: Arc<str>, body: Body },
    /// `reply(ref, {status, payload})`
    Reply {
        to: ReplyRef,
        status: Status,
        body: Body,
    },
    /// `broadcast!` and `broadcast_from!`
    Broadcast { event: Arc<str>, body: Body, to: Reach },
    /// What the tracker of presences sends to the topic.
    Diff { body: Body, tells: Tells, to: Reach },
    /// `Process.send_after(self(), info, delay)`
    SendAfter { delay: Duration, info: Info },
    /// `:timer.send_interval(interval, info)`
    SendEvery { interval: Duration, info: Info },
}

/// What a diff tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tells {
    /// A join or an update.
    Change,
    /// An update, and before the reply to it.
    ChangeAtOnce,
    /// A leave, of a client that is still connected.
    Leave,
    /// A leave by the end of the connection.
    Hangup,
}

/// Whom a broadcast reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// All who joined the topic.
    Everybody,
    /// All but the channel that broadcasts.
    Others,
}

/// What stays the same for a channel of a session.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChannelIdentity<'a> {
    pub(crate) id: ChannelId,
    pub(crate) session: SessionId,
    pub(crate) user: &'a str,
    pub(crate) topic: &'a str,
}

/// What a channel's callback is given.
pub(crate) struct Context<'a> {
    pub(crate) identity: ChannelIdentity<'a>,
    pub(crate) reference: &'a Field<'a>,
    pub(crate) conduct: &'a AppConduct,
    pub(crate) presence: &'a Presence,
    pub(crate) chance: &'a mut Chance,
    pub(crate) now: Time,
    pub(crate) actions: &'a mut Vec<Action>,
}

impl Context<'_> {
    /// The channel's own id.
    pub(crate) fn id(&self) -> ChannelId {
        self.identity.id
    }

    /// The session that it is a channel of.
    pub(crate) fn session(&self) -> SessionId {
        self.identity.session
    }

    /// The time of this turn.
    pub(crate) const fn now(&self) -> Time {
        self.now
    }

    /// `socket.assigns.user`: the signed name, or `anon`.
    pub(crate) fn user(&self) -> &str {
        self.identity.user
    }

    /// `socket.topic`
    pub(crate) fn topic(&self) -> &str {
        self.identity.topic
    }

    /// Who is present where, in the whole server.
    pub(crate) fn presence(&self) -> &Presence {
        self.presence
    }

    /// What the application decides where a server could be wrong.
    pub(crate) fn conduct(&self) -> &AppConduct {
        self.conduct
    }

    /// What Phoenix leaves open.
    pub(crate) fn chance(&mut self) -> &mut Chance {
        self.chance
    }

    /// `socket_ref(socket)`: what the push that is handled now can be answered by later; none outside of
    /// `handle_in` and for a push that has no ref (there Phoenix raises).
    pub(crate) fn reply_ref(&self) -> Option<ReplyRef> {
        match self.reference {
            Field::Null => None,
            reference => Some(ReplyRef {
                reference: reference.into(),
            }),
        }
    }

    /// `push(socket, event, body)`: to this client only.
    pub(crate) fn push(&mut self, event: &str, body: Body) {
        self.actions.push(Action::Push {
            event: event.into(),
            body,
        });
    }

    /// `reply(ref, {status, body})`
    pub(crate) fn reply(&mut self, to: ReplyRef, status: Status, body: Body) {
        self.actions.push(Action::Reply { to, status, body });
    }

    /// `broadcast!(socket, event, body)`: to all who joined the topic.
    pub(crate) fn broadcast(&mut self, event: &str, body: Body) {
        self.actions.push(Action::Broadcast {
            event: event.into(),
            body,
            to: Reach::Everybody,
        });
    }

    /// `broadcast_from!(socket, event, body)`: to all others who joined the topic.
    pub(crate) fn broadcast_from(&mut self, event: &str, body: Body) {
        self.actions.push(Action::Broadcast {
            event: event.into(),
            body,
            to: Reach::Others,
        });
    }

    /// Lets the tracker of presences tell the topic of this channel.
    pub(crate) fn tell(&mut self, diff: Body, tells: Tells, to: Reach) {
        self.actions.push(Action::Diff {
            body: diff,
            tells,
            to,
        });
    }

    /// `send(self(), info)`: comes back to `handle_info` once what came before is handled.
    pub(crate) fn send(&mut self, info: Info) {
        self.send_after(Duration::ZERO, info);
    }

    /// `Process.send_after(self(), info, delay)`
    pub(crate) fn send_after(&mut self, delay: Duration, info: Info) {
        self.actions.push(Action::SendAfter { delay, info });
    }

    /// `:timer.send_interval(interval, info)`
    pub(crate) fn send_every(&mut self, interval: Duration, info: Info) {
        self.actions.push(Action::SendEvery { interval, info });
    }
}
