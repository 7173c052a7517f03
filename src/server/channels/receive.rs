//! What a session's process does with its client's messages: which message goes to which channel, and what the process
//! answers itself (`lib/phoenix/socket.ex`).

use super::super::conduct::{StaleJoinRef, Unmatched};
use super::super::ids::{Address, SessionId};
use super::super::message::ReplyTo;
use super::super::payload::{Body, Status};
use super::super::refs::{Parsed, Ref, borrowed};
use super::super::session::{ChannelMessage, Pipelined};
use super::Channels;
use crate::protocol::{Field, HEARTBEAT, JOIN, LEAVE, Message, PHOENIX_TOPIC};

impl Channels {
    /// A message from the client.
    pub(crate) fn receive(&mut self, session: SessionId, message: &Message<'_>, pipelined: Pipelined) {
        match Parsed::of(message) {
            None => self.serve(session, message, pipelined),
            Some(parsed) => self.serve(session, &parsed.message(message), pipelined),
        }
    }

    fn serve(&mut self, session: SessionId, message: &Message<'_>, pipelined: Pipelined) {
        let (topic, event) = (message.topic.as_str(), message.event.as_str());
        if topic == Some(PHOENIX_TOPIC) && event == Some(HEARTBEAT) {
            return self.heartbeat(session, message);
        }
        let joined = topic.and_then(|topic| self.joined(session, topic));
        let conduct = &self.shared.conduct.socket;
        match (joined, event) {
            (Some((address, _)), Some(JOIN)) => self.join_again(address, message),
            (Some((address, join_ref)), Some(LEAVE)) => {
                if is_current(conduct.stale_leave, &join_ref, &message.join_ref) {
                    self.leave_in(address, &message.reference, pipelined);
                }
            }
            (Some((address, join_ref)), _) => {
                if is_current(conduct.stale_push, &join_ref, &message.join_ref) {
                    self.push_in(address, message, pipelined);
                }
            }
            (None, Some(JOIN)) => self.join(session, message),
            (None, Some(LEAVE)) => {
                let to = ReplyTo {
                    join_ref: borrowed(&message.join_ref),
                    ..reply_to(message)
                };
                self.sessions.answer(session, to, Status::Ok, &Body::empty());
            }
            (None, _) => self.ignore(session, message),
        }
    }

    /// The session's channel on a topic, with the join_ref of its join.
    fn joined(&self, session: SessionId, topic: &str) -> Option<(Address, Ref)> {
        let names = self.shared.conduct.socket.topics;
        let mut channels = self.sessions.get(session)?.channels.iter();
        let entry = channels.rfind(|entry| names.same(&entry.topic, topic))?;
        let channel = entry.id;
        Some((Address { session, channel }, entry.join_ref.clone()))
    }

    fn heartbeat(&mut self, session: SessionId, message: &Message<'_>) {
        let limit = self.shared.conduct.socket.heartbeats;
        let Some(sender) = self.sessions.get_mut(session) else {
            return;
        };
        sender.heartbeats = sender.heartbeats.saturating_add(1);
        if limit.is_none_or(|limit| sender.heartbeats <= limit) {
            self.sessions
                .answer(session, reply_to(message), Status::Ok, &Body::empty());
        }
    }

    /// `unmatched topic`
    pub(super) fn ignore(&mut self, session: SessionId, message: &Message<'_>) {
        if self.shared.conduct.socket.unmatched == Unmatched::Answered {
            self.sessions.answer(
                session,
                reply_to(message),
                Status::Error,
                &reason("unmatched topic"),
            );
        }
    }

    /// A push, to a channel that the session believes alive.
    fn push_in(&mut self, address: Address, message: &Message<'_>, pipelined: Pipelined) {
        if self.is_handled_at_once(address, pipelined) {
            self.handle_in(address, &message.event, message.payload, &message.reference);
        } else {
            self.sessions.post(address, ChannelMessage::push(message));
        }
    }

    /// A leave, to a channel that the session believes alive.
    fn leave_in(&mut self, address: Address, reference: &Field<'_>, pipelined: Pipelined) {
        if self.is_handled_at_once(address, pipelined) {
            self.leave(address, reference);
        } else {
            let reference = reference.into();
            self.sessions.post(address, ChannelMessage::Leave { reference });
        }
    }

    fn is_handled_at_once(&self, address: Address, pipelined: Pipelined) -> bool {
        pipelined == Pipelined::No
            && self
                .sessions
                .is_free(address, self.shared.conduct.socket.isolation)
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

/// What the session's process answers carries no join_ref, unless a join or a leave had one.
pub(super) fn reply_to<'a>(message: &'a Message<'_>) -> ReplyTo<'a> {
    ReplyTo {
        join_ref: Field::Null,
        reference: borrowed(&message.reference),
        topic: borrowed(&message.topic),
    }
}

pub(super) fn reason(text: &str) -> Body {
    Body::Json(format!(r#"{{"reason":"{text}"}}"#).into())
}
