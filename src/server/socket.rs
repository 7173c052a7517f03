//! The connection's process above the frames: which message goes where, joins, leaves, and what the client hears of
//! channels that ended (`lib/phoenix/socket.ex`).

use super::channel::{Body, Reason, Status};
use super::conduct::{AfterLeave, Crash, Leave, LeaveScope, StaleJoinRef, Unmatched};
use super::context::ConversationId;
use super::conversation::Entry;
use super::core::Core;
use super::frames;
use super::message::{self, Encoded, End, ReplyTo};
use super::peer::Mail;
use super::pubsub::Address;
use super::refs::{Parsed, Ref, borrowed};
use crate::protocol::{Field, HEARTBEAT, JOIN, LEAVE, Message, PHOENIX_TOPIC};

mod join;

/// The connection's process raised: it ends with 1011.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Raised;

impl Core {
    /// A message from the client.
    pub(crate) fn receive(&mut self, peer: u32, message: &Message<'_>) {
        match Parsed::of(message) {
            None => self.serve(peer, message),
            Some(parsed) => self.serve(peer, &parsed.message(message)),
        }
    }

    fn serve(&mut self, peer: u32, message: &Message<'_>) {
        let (topic, event) = (message.topic.as_str(), message.event.as_str());
        if topic == Some(PHOENIX_TOPIC) && event == Some(HEARTBEAT) {
            return self.heartbeat(peer, message);
        }
        let topics = self.shared.conduct.socket.topics;
        let joined = topic.and_then(|topic| {
            let entry = self
                .socket(peer)?
                .channels
                .iter()
                .rfind(|entry| topics.same(&entry.topic, topic))?;
            Some((
                Address {
                    peer,
                    conversation: entry.id,
                },
                entry.join_ref.clone(),
            ))
        });
        let conduct = &self.shared.conduct.socket;
        match (joined, event) {
            (Some((address, _)), Some(JOIN)) => self.join_again(address, message),
            (Some((address, join_ref)), Some(LEAVE)) => {
                if is_current(conduct.stale_leave, &join_ref, &message.join_ref) {
                    self.leave_in(address, &message.reference);
                }
            }
            (Some((address, join_ref)), _) => {
                if is_current(conduct.stale_push, &join_ref, &message.join_ref) {
                    self.push_in(address, &message.event, message.payload, &message.reference);
                }
            }
            (None, Some(JOIN)) => self.join(peer, message),
            (None, Some(LEAVE)) => {
                let to = ReplyTo {
                    join_ref: borrowed(&message.join_ref),
                    ..reply_to(message)
                };
                self.answer(peer, to, Status::Ok, &Body::empty());
            }
            (None, _) => self.ignore(peer, message),
        }
    }

    fn heartbeat(&mut self, peer: u32, message: &Message<'_>) {
        let limit = self.shared.conduct.socket.heartbeats;
        let Some(socket) = self.socket(peer) else { return };
        socket.heartbeats = socket.heartbeats.saturating_add(1);
        if limit.is_none_or(|limit| socket.heartbeats <= limit) {
            self.answer(peer, reply_to(message), Status::Ok, &Body::empty());
        }
    }

    /// `unmatched topic`
    fn ignore(&mut self, peer: u32, message: &Message<'_>) {
        if self.shared.conduct.socket.unmatched == Unmatched::Answered {
            self.answer(peer, reply_to(message), Status::Error, &reason("unmatched topic"));
        }
    }

    /// A reply of the connection's process itself.
    fn answer(&mut self, peer: u32, to: ReplyTo<'_>, status: Status, body: &Body) {
        let Some(dialect) = self.socket(peer).map(|socket| socket.dialect) else {
            return;
        };
        match Encoded::own(|out| message::reply(dialect, to, status, body, out)) {
            Ok(reply) => self.say(&reply),
            // Only a join's reply can be binary, and only from an application that wants its client cut.
            Err(_) => self.close_later(peer),
        }
    }

    /// The connection's process itself sends a message to its client.
    fn say(&mut self, message: &Encoded) {
        frames::message(message.kind(), message.payload(), &mut self.out);
    }

    /// A leave has reached its channel.
    pub(crate) fn leave(&mut self, address: Address, reference: &Field<'_>) {
        let conduct = &self.shared.conduct.socket;
        let (leave, after, scope) = (conduct.leave, conduct.after_leave, conduct.leave_scope);
        if leave == Leave::Answered
            && let Err(raised) = self.reply_out(address, reference, Status::Ok, &Body::empty())
        {
            return self.end(address, &Reason::Crash(raised.to_string()));
        }
        match after {
            AfterLeave::Gone => self.end(address, &Reason::Shutdown),
            AfterLeave::Served => self.pretend_end(address, End::Closed),
        }
        if scope == LeaveScope::Connection {
            self.end_silently(address.peer);
        }
    }

    /// Says that a channel has ended which goes on.
    pub(crate) fn pretend_end(&mut self, address: Address, end: End) {
        let Some(socket) = self.socket(address.peer) else {
            return;
        };
        let dialect = socket.dialect;
        let Some(entry) = socket.entry(address.conversation) else {
            return;
        };
        let message = message::end(dialect, &entry.join_ref, &entry.topic, end);
        self.mail(address.peer, Mail::Message(message));
    }

    /// Ends the channels that live, and nobody hears of it.
    fn end_silently(&mut self, peer: u32) {
        let Some(socket) = self.socket(peer) else { return };
        let alive = socket.channels.iter().filter(|entry| entry.process.is_some());
        let alive: Vec<_> = alive
            .map(|entry| Address {
                peer,
                conversation: entry.id,
            })
            .collect();
        for address in alive {
            self.bury(address, &Reason::Shutdown);
            self.remove(address);
        }
    }

    /// Takes a channel out of the connection's map.
    pub(crate) fn remove(&mut self, address: Address) -> Option<Entry> {
        let socket = self.socket(address.peer)?;
        let place = socket
            .channels
            .iter()
            .position(|entry| entry.id == address.conversation)?;
        Some(socket.channels.swap_remove(place))
    }

    /// The connection hears that a channel has ended, and tells the client.
    pub(crate) fn channel_ended(
        &mut self,
        peer: u32,
        conversation: ConversationId,
        how: Ended,
    ) -> Result<(), Raised> {
        let Some(entry) = self.remove(Address { peer, conversation }) else {
            return Ok(());
        };
        let conduct = &self.shared.conduct.socket;
        let end = match (how, conduct.crash) {
            (Ended::InOrder, _) => End::Closed,
            (Ended::Crashed, Crash::Told | Crash::ToldAndServed) => End::Crashed(conduct.crash_payload),
            (Ended::Crashed, Crash::Untold) => return Ok(()),
            (Ended::Crashed, Crash::EndsConnection) => return Err(Raised),
        };
        let Some(dialect) = self.socket(peer).map(|socket| socket.dialect) else {
            return Ok(());
        };
        self.say(&message::end(dialect, &entry.join_ref, &entry.topic, end));
        Ok(())
    }
}

/// Whether a message with this join_ref reaches the channel.
fn is_current(rule: StaleJoinRef, joined: &Ref, said: &Field<'_>) -> bool {
    match rule {
        StaleJoinRef::Served => true,
        StaleJoinRef::ServedIfJoinHadNone => *joined == Ref::Null || joined.is(said),
        StaleJoinRef::ServedIfNull => *said == Field::Null || joined.is(said),
        StaleJoinRef::ServedIfAlike => *said == Field::Null || joined.begins_as(said),
    }
}

/// How a channel ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It said so.
    InOrder,
    /// Its monitor says so.
    Crashed,
}

/// What the connection's process answers carries no join_ref, unless a join or a leave had one.
fn reply_to<'a>(message: &'a Message<'_>) -> ReplyTo<'a> {
    ReplyTo {
        join_ref: Field::Null,
        reference: borrowed(&message.reference),
        topic: borrowed(&message.topic),
    }
}

fn reason(text: &str) -> Body {
    Body::Json(format!(r#"{{"reason":"{text}"}}"#).into())
}
