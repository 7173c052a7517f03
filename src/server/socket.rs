//! The connection's process above the frames: which message goes where, joins, leaves, and what the client hears of
//! channels that ended (`lib/phoenix/socket.ex`).

use std::collections::VecDeque;
use std::sync::Arc;

use super::channel::{Body, In, Join, Reason, Status};
use super::conduct::{AfterLeave, Crash, DuplicateJoin, Leave, StaleJoinRef, Unmatched};
use super::context::ConversationId;
use super::conversation::{Entry, Process, Work};
use super::core::{Alarm, Core};
use super::peer::{Bytes, Joining, Mail};
use super::pubsub::{Address, Seat};
use super::refs::{Ref, borrowed};
use super::store::Answer;
use super::wire::{self, End, ReplyTo};
use crate::protocol::{Field, HEARTBEAT, JOIN, LEAVE, Message, PHOENIX_TOPIC, Payload};

/// The connection's process raised: it ends with 1011.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Raised;

impl Core {
    /// A message from the client.
    pub(crate) fn receive(&mut self, peer: u32, message: &Message<'_>) -> Result<(), Raised> {
        let (topic, event) = (message.topic.as_str(), message.event.as_str());
        if topic == Some(PHOENIX_TOPIC) && event == Some(HEARTBEAT) {
            self.heartbeat(peer, message);
            return Ok(());
        }
        let joined = topic.and_then(|topic| {
            let entry = self.socket(peer)?.channels.iter().find(|entry| *entry.topic == *topic)?;
            Some((Address { peer, conversation: entry.id }, entry.join_ref.clone()))
        });
        match (joined, event) {
            (Some((address, _)), Some(JOIN)) => {
                self.join_again(address, message);
                Ok(())
            }
            (Some((address, join_ref)), Some(LEAVE)) => {
                if self.is_current(self.shared.conduct.socket.stale_leave, &join_ref, &message.join_ref) {
                    self.leave_in(address, &message.reference);
                }
                Ok(())
            }
            (Some((address, join_ref)), _) => {
                if self.is_current(self.shared.conduct.socket.stale_push, &join_ref, &message.join_ref) {
                    self.push_in(address, &message.event, message.payload, &message.reference);
                }
                Ok(())
            }
            (None, Some(JOIN)) => self.join(peer, message),
            (None, Some(LEAVE)) => {
                let to = ReplyTo { join_ref: borrowed(&message.join_ref), ..reply_to(message) };
                self.answer(peer, to, Status::Ok, &Body::empty());
                Ok(())
            }
            (None, _) => {
                self.ignore(peer, message);
                Ok(())
            }
        }
    }

    fn is_current(&self, rule: StaleJoinRef, joined: &Ref, said: &Field<'_>) -> bool {
        match rule {
            StaleJoinRef::Served => true,
            StaleJoinRef::ServedIfJoinHadNone => *joined == Ref::Null || joined.is(said),
            StaleJoinRef::ServedIfNull => *said == Field::Null || joined.is(said),
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
        let Some(vsn) = self.socket(peer).map(|socket| socket.vsn) else { return };
        let written = wire::reply(vsn, to, status, body, &mut self.out);
        // Only a join's reply can be binary, and only from an application that wants its client cut.
        if written.is_err() {
            self.close_later(peer);
        }
    }

    fn join_again(&mut self, address: Address, message: &Message<'_>) {
        let peer = address.peer;
        if self.shared.conduct.socket.duplicate_join == DuplicateJoin::KeepsState {
            return self.join_with_old_state(address, message);
        }
        self.bury(address, &Reason::Shutdown);
        if let Some(entry) = self.remove(address) {
            if self.shared.conduct.socket.duplicate_join == DuplicateJoin::Replaces {
                self.mail_end(peer, &entry, End::Closed);
            }
            self.start_join(address.peer, message, &entry.topic);
        }
    }

    /// `send(self(), {:socket_push, …})` of `phx_close`: it comes after what is in the mailbox already.
    fn mail_end(&mut self, peer: u32, entry: &Entry, end: End) {
        let Some(vsn) = self.socket(peer).map(|socket| socket.vsn) else { return };
        let mut frame = Vec::new();
        wire::end(vsn, &entry.join_ref, &entry.topic, end, &mut frame);
        self.mail(peer, Mail::Frame(Bytes::Own(frame.into_boxed_slice())));
    }

    fn join(&mut self, peer: u32, message: &Message<'_>) -> Result<(), Raised> {
        let topic = message.topic.as_str();
        if topic.is_none_or(|topic| self.shared.app.channel(topic).is_none()) {
            // The warning that is logged has the topic in it.
            if !can_be_printed(&message.topic) {
                return Err(Raised);
            }
            self.ignore(peer, message);
            return Ok(());
        }
        let topic: Arc<str> = topic.unwrap_or_default().into();
        self.start_join(peer, message, &topic);
        Ok(())
    }

    fn start_join(&mut self, peer: u32, message: &Message<'_>, topic: &Arc<str>) {
        let limit = self.shared.conduct.socket.channel_limit;
        let joined = self.socket(peer).map_or(0, |socket| socket.channels.len());
        if limit.is_some_and(|limit| joined >= limit) {
            let to = ReplyTo { join_ref: borrowed(&message.join_ref), ..reply_to(message) };
            return self.answer(peer, to, Status::Error, &reason("too many channels joined"));
        }
        let Some(channel) = self.shared.app.channel(topic) else { return };
        let address = Address { peer, conversation: self.next_conversation() };
        let (join_ref, reference) = (Ref::from(&message.join_ref), Ref::from(&message.reference));
        let process = Process {
            join_ref: join_ref.or(&reference).clone(),
            channel,
            mailbox: VecDeque::new(),
            work: Work::Joining,
        };
        let Some(socket) = self.socket(peer) else { return };
        socket.channels.push(Entry {
            id: address.conversation,
            topic: Arc::clone(topic),
            join_ref,
            seat: None,
            process: Some(Box::new(process)),
        });
        socket.joining = Some(Box::new(Joining { id: address.conversation, reference }));
        self.call_join(address, topic, message.payload);
    }

    /// What a server does that takes a second join for the first.
    fn join_with_old_state(&mut self, address: Address, message: &Message<'_>) {
        let (join_ref, reference) = (Ref::from(&message.join_ref), Ref::from(&message.reference));
        let Some(socket) = self.socket(address.peer) else { return };
        let Some(entry) = socket.entry(address.conversation) else { return };
        let (old_ref, topic) = (std::mem::replace(&mut entry.join_ref, join_ref.clone()), entry.topic.clone());
        let seat = entry.seat.take();
        let Some(process) = &mut entry.process else { return };
        process.join_ref = join_ref.or(&reference).clone();
        process.work = Work::Joining;
        socket.joining = Some(Box::new(Joining { id: address.conversation, reference }));
        let vsn = socket.vsn;
        if let Some(seat) = seat {
            self.pubsub.unsubscribe(&topic, seat);
        }
        let mut frame = Vec::new();
        wire::end(vsn, &old_ref, &topic, End::Closed, &mut frame);
        self.mail(address.peer, Mail::Frame(Bytes::Own(frame.into_boxed_slice())));
        self.call_join(address, &topic, message.payload);
    }

    fn call_join(&mut self, address: Address, topic: &str, payload: Payload<'_>) {
        let params = match payload {
            Payload::Json(text) => In::Json(text),
            Payload::Binary(data) | Payload::BinaryReply { data, .. } => In::Binary(data),
        };
        let outcome = self.call(address, &Field::Null, |channel, cx| channel.join(topic, params, cx));
        self.after_join_call(address, outcome);
    }

    fn after_join_call(&mut self, address: Address, outcome: Option<Result<Join, String>>) {
        let join = match outcome {
            None => return,
            Some(Err(text)) => Join::Crash(text),
            Some(Ok(join)) => match self.carry_out(address) {
                Ok(()) => join,
                Err(raised) => Join::Crash(raised.to_string()),
            },
        };
        self.go_on_joining(address, join);
    }

    /// Whether the connection waits for this join.
    fn is_joining(&mut self, address: Address) -> bool {
        self.socket(address.peer)
            .and_then(|socket| socket.joining.as_ref())
            .is_some_and(|joining| joining.id == address.conversation)
    }

    /// A join that slept goes on.
    pub(crate) fn join_woken(&mut self, address: Address, join: Join) {
        if self.is_joining(address) {
            self.go_on_joining(address, join);
            self.resume(address.peer);
        }
    }

    /// The store has answered a channel, which may be in its join.
    pub(crate) fn store_answered(&mut self, address: Address, answer: Answer) {
        if self.is_joining(address) {
            let outcome = self.call(address, &Field::Null, |channel, cx| channel.joined(answer, cx));
            self.after_join_call(address, outcome);
            self.resume(address.peer);
        } else {
            self.answered(address, answer);
        }
    }

    fn go_on_joining(&mut self, address: Address, join: Join) {
        match join {
            Join::After(time, join) => self.timers.set(self.now + time, Alarm::Join(address, join)),
            Join::Call(request) => self.ask_store(address, request),
            Join::Ok(body) => {
                self.let_in(address);
                self.answer_join(address, Status::Ok, &body);
            }
            Join::Refuse(body) => {
                self.answer_join(address, Status::Error, &body);
                self.bury(address, &Reason::Shutdown);
                self.remove(address);
            }
            Join::Crash(text) => {
                self.answer_join(address, Status::Error, &reason("join crashed"));
                self.bury(address, &Reason::Crash(text));
                self.remove(address);
            }
        }
    }

    fn let_in(&mut self, address: Address) {
        let Self { peers, pubsub, ready, .. } = self;
        let Some(socket) = peers.get_mut(address.peer as usize).and_then(super::peer::Peer::socket) else { return };
        let vsn = socket.vsn;
        let Some(entry) = socket.entry(address.conversation) else { return };
        let Some(process) = &mut entry.process else { return };
        process.work = Work::Idle;
        let seat = Seat { address, vsn, intercepts: process.channel.intercepts() };
        entry.seat = Some(pubsub.subscribe(&entry.topic, seat));
        if !process.mailbox.is_empty() {
            ready.push_back(address);
        }
    }

    fn answer_join(&mut self, address: Address, status: Status, body: &Body) {
        let Some(socket) = self.socket(address.peer) else { return };
        let Some(joining) = socket.joining.take() else { return };
        let Some(entry) = socket.entry(address.conversation) else { return };
        let (join_ref, topic) = (entry.join_ref.clone(), entry.topic.clone());
        let to = ReplyTo {
            join_ref: join_ref.field(),
            reference: joining.reference.field(),
            topic: (&*topic).into(),
        };
        self.answer(address.peer, to, status, body);
    }

    /// A leave has reached its channel.
    pub(crate) fn leave(&mut self, address: Address, reference: &Field<'_>) {
        let conduct = &self.shared.conduct.socket;
        let (leave, after) = (conduct.leave, conduct.after_leave);
        if leave == Leave::Answered
            && let Err(raised) = self.reply_out(address, reference, Status::Ok, &Body::empty())
        {
            return self.end(address, &Reason::Crash(raised.to_string()));
        }
        match after {
            AfterLeave::Gone => self.end(address, &Reason::Shutdown),
            AfterLeave::Served => {
                let Some(socket) = self.socket(address.peer) else { return };
                let vsn = socket.vsn;
                let Some(entry) = socket.entry(address.conversation) else { return };
                let mut frame = Vec::new();
                wire::end(vsn, &entry.join_ref, &entry.topic, End::Closed, &mut frame);
                self.mail(address.peer, Mail::Frame(Bytes::Own(frame.into_boxed_slice())));
            }
        }
    }

    /// Takes a channel out of the connection's map.
    pub(crate) fn remove(&mut self, address: Address) -> Option<Entry> {
        let socket = self.socket(address.peer)?;
        let place = socket.channels.iter().position(|entry| entry.id == address.conversation)?;
        Some(socket.channels.swap_remove(place))
    }

    /// The connection hears that a channel has ended, and tells the client.
    pub(crate) fn channel_ended(&mut self, peer: u32, conversation: ConversationId, how: Ended) -> Result<(), Raised> {
        let Some(entry) = self.remove(Address { peer, conversation }) else { return Ok(()) };
        let conduct = &self.shared.conduct.socket;
        let end = match (how, conduct.crash) {
            (Ended::InOrder, _) => End::Closed,
            (Ended::Crashed, Crash::Told) => End::Crashed(conduct.crash_payload),
            (Ended::Crashed, Crash::Untold) => return Ok(()),
            (Ended::Crashed, Crash::EndsConnection) => return Err(Raised),
        };
        let Some(vsn) = self.socket(peer).map(|socket| socket.vsn) else { return Ok(()) };
        wire::end(vsn, &entry.join_ref, &entry.topic, end, &mut self.out);
        Ok(())
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

/// Whether Elixir can put the topic into a text: no map, and lists only if they are chardata.
fn can_be_printed(topic: &Field<'_>) -> bool {
    match topic {
        Field::Null | Field::Text(_) => true,
        Field::Other(raw) if raw.starts_with(['{', '[']) => {
            serde_json::from_str(raw).is_ok_and(|value: serde_json::Value| is_chardata(&value))
        }
        Field::Other(_) => true,
    }
}

fn is_chardata(value: &serde_json::Value) -> bool {
    value.as_array().is_some_and(|list| {
        list.iter().all(|part| {
            let point = part.as_u64().and_then(|point| u32::try_from(point).ok());
            part.is_string() || point.is_some_and(|point| char::from_u32(point).is_some()) || is_chardata(part)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(topic: &'static str, printable: bool) {
        assert_eq!(can_be_printed(&Field::Other(topic)), printable, "{topic}");
    }

    #[test]
    fn a_topic_that_elixir_cannot_print_crashes_the_connection() {
        check("5", true);
        check("true", true);
        check(r#"[104,"i",[33]]"#, true);
        check("[]", true);
        check(r#"{"a":1}"#, false);
        check("[55296]", false);
        check("[null]", false);
        check("[1.5]", false);
    }
}
