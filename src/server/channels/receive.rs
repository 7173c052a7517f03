//! What a session's process does with its client's messages: which message goes to which channel, and what the process
//! answers itself (`lib/phoenix/socket.ex`).

use super::super::conduct::{HeartbeatNames, HeartbeatResponse, StaleJoinRef, UnjoinedLeave, Unmatched};
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
        let is_heartbeat = match self.shared.conduct.wire.reading.heartbeat {
            HeartbeatNames::EventAndTopic => message.is_heartbeat(),
            HeartbeatNames::Event => event == Some(HEARTBEAT),
            HeartbeatNames::Topic => topic == Some(PHOENIX_TOPIC),
        };
        if is_heartbeat {
            return self.heartbeat(session, message);
        }
        let conduct = &self.shared.conduct.socket;
        let joined = topic.and_then(|topic| {
            let entry = self.sessions.get(session)?.joined(topic, conduct.topics)?;
            Some((entry.id, entry.join_ref.clone()))
        });
        match (joined, event) {
            (Some((channel, _)), Some(JOIN)) => self.join_again(Address { session, channel }, message),
            (Some((channel, join_ref)), _) => {
                let rule = if event == Some(LEAVE) {
                    conduct.stale_leave
                } else {
                    conduct.stale_push
                };
                if is_current(rule, &join_ref, &message.join_ref) {
                    self.pass_on(Address { session, channel }, message, pipelined);
                }
            }
            (None, Some(JOIN)) => self.join(session, message),
            (None, Some(LEAVE)) if self.shared.conduct.channels.unjoined_leave == UnjoinedLeave::Ok => {
                let to = ReplyTo {
                    join_ref: borrowed(&message.join_ref),
                    ..reply_to(message)
                };
                self.sessions.answer(session, to, Status::Ok, &Body::empty());
            }
            (None, _) => self.ignore(session, message),
        }
    }

    fn heartbeat(&mut self, session: SessionId, message: &Message<'_>) {
        let limit = self.shared.conduct.socket.heartbeats;
        let Some(sender) = self.sessions.get_mut(session) else {
            return;
        };
        sender.heartbeats = sender.heartbeats.saturating_add(1);
        if limit.is_none_or(|limit| sender.heartbeats <= limit) {
            let response = match self.shared.conduct.wire.reading.heartbeat_response {
                HeartbeatResponse::Empty => Body::empty(),
                HeartbeatResponse::Echo => message.payload.into(),
            };
            let said = self.sessions.said.len();
            self.sessions
                .answer(session, reply_to(message), Status::Ok, &response);
            let channels = self.sessions.get(session).map(|session| &session.channels);
            if let Some(channel) = channels.and_then(|it| Some(it.first()?.id)) {
                self.delay_said(Address { session, channel }, said);
            }
        }
    }

    /// `unmatched topic`
    pub(super) fn ignore(&mut self, session: SessionId, message: &Message<'_>) {
        let text = match self.shared.conduct.socket.unmatched {
            Unmatched::Answered => "unmatched topic",
            Unmatched::AnsweredInOtherWords => "no such topic",
            Unmatched::Ignored => return,
        };
        self.sessions
            .answer(session, reply_to(message), Status::Error, &reason(text));
    }

    /// A push or a leave, to a channel that the session believes alive: it is handled at once, or after those that wait.
    fn pass_on(&mut self, address: Address, message: &Message<'_>, pipelined: Pipelined) {
        let isolation = self.shared.conduct.socket.isolation;
        if pipelined == Pipelined::Yes || !self.sessions.is_free(address, isolation) {
            self.sessions.post(address, ChannelMessage::of(message));
        } else if message.event.as_str() == Some(LEAVE) {
            self.leave(address, &message.reference);
        } else {
            self.handle_in(address, &message.event, message.payload, &message.reference);
        }
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
