//! What a channel can do while it handles something: push, broadcast, set timers. Everything is only written down
//! here and carried out, in order, when the callback has returned.

use std::sync::Arc;
use std::time::Duration;

use super::chance::Chance;
use super::channel::{Body, Info, ReplyRef, Status};
use super::channels::Tells;
use super::conduct::AppConduct;
use super::presence::Presence;
use crate::clock::Time;
use crate::protocol::Field;

/// The id of a channel of a session, among all of a server. It is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId(pub(crate) u64);

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
    pub(crate) user: &'a str,
    pub(crate) topic: &'a str,
}

/// What a channel's callback is given.
pub struct Context<'a> {
    pub(crate) identity: ChannelIdentity<'a>,
    pub(crate) reference: &'a Field<'a>,
    pub(crate) now: Time,
    pub(crate) conduct: &'a AppConduct,
    pub(crate) presence: &'a Presence,
    pub(crate) chance: &'a mut Chance,
    pub(crate) actions: &'a mut Vec<Action>,
}

impl Context<'_> {
    /// The channel's own id.
    pub fn id(&self) -> ChannelId {
        self.identity.id
    }

    /// `socket.assigns.user`: the signed name, or `anon`.
    pub fn user(&self) -> &str {
        self.identity.user
    }

    /// `socket.topic`
    pub fn topic(&self) -> &str {
        self.identity.topic
    }

    /// The time now.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Who is present where, in the whole server.
    pub fn presence(&self) -> &Presence {
        self.presence
    }

    /// What the application decides where a server could be wrong.
    pub fn conduct(&self) -> &AppConduct {
        self.conduct
    }

    /// What Phoenix leaves open.
    pub(crate) fn chance(&mut self) -> &mut Chance {
        self.chance
    }

    /// `socket_ref(socket)`: what the push that is handled now can be answered by later; none outside of
    /// `handle_in` and for a push that has no ref (there Phoenix raises).
    pub fn reply_ref(&self) -> Option<ReplyRef> {
        match self.reference {
            Field::Null => None,
            reference => Some(ReplyRef {
                reference: reference.into(),
            }),
        }
    }

    /// `push(socket, event, body)`: to this client only.
    pub fn push(&mut self, event: &str, body: Body) {
        self.actions.push(Action::Push {
            event: event.into(),
            body,
        });
    }

    /// `reply(ref, {status, body})`
    pub fn reply(&mut self, to: ReplyRef, status: Status, body: Body) {
        self.actions.push(Action::Reply { to, status, body });
    }

    /// `broadcast!(socket, event, body)`: to all who joined the topic.
    pub fn broadcast(&mut self, event: &str, body: Body) {
        self.actions.push(Action::Broadcast {
            event: event.into(),
            body,
            to: Reach::Everybody,
        });
    }

    /// `broadcast_from!(socket, event, body)`: to all others who joined the topic.
    pub fn broadcast_from(&mut self, event: &str, body: Body) {
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
    pub fn send(&mut self, info: Info) {
        self.send_after(Duration::ZERO, info);
    }

    /// `Process.send_after(self(), info, delay)`
    pub fn send_after(&mut self, delay: Duration, info: Info) {
        self.actions.push(Action::SendAfter { delay, info });
    }

    /// `:timer.send_interval(interval, info)`
    pub fn send_every(&mut self, interval: Duration, info: Info) {
        self.actions.push(Action::SendEvery { interval, info });
    }
}
