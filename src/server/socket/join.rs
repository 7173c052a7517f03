//! Joins, which block their connection until the channel has let the client in or not.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::chance::Freedom;
use super::super::channel::{Body, In, Join, Reason, Status};
use super::super::conduct::{DuplicateJoin, RefusedJoin};
use super::super::conversation::{Entry, Process, Work};
use super::super::core::{Alarm, Core};
use super::super::message::{self, End, ReplyTo};
use super::super::peer::{Joining, Mail, Peer};
use super::super::pubsub::{Address, Seat};
use super::super::refs::{Ref, borrowed};
use super::super::store::Answer;
use super::{reason, reply_to};
use crate::protocol::{Field, Message, Payload};

impl Core {
    pub(super) fn join_again(&mut self, address: Address, message: &Message<'_>) {
        let peer = address.peer;
        if self.shared.conduct.socket.duplicate_join == DuplicateJoin::KeepsState {
            return self.join_with_old_state(address, message);
        }
        if self.shared.conduct.socket.duplicate_join == DuplicateJoin::KeepsOldRunning {
            return self.join_beside(address, message);
        }
        let waits = self
            .process(address)
            .is_some_and(|process| !process.mailbox.is_empty());
        if waits && self.chance.happens(Freedom::QueueBeforeRejoin) {
            self.run(address);
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
        let Some(dialect) = self.socket(peer).map(|socket| socket.dialect) else {
            return;
        };
        let message = message::end(dialect, &entry.join_ref, &entry.topic, end);
        self.mail(peer, Mail::Message(message));
    }

    pub(super) fn join(&mut self, peer: u32, message: &Message<'_>) {
        match message
            .topic
            .as_str()
            .filter(|topic| self.shared.app.channel(topic).is_some())
        {
            Some(topic) => {
                // While the new process is made, the others get to what was sent to them before.
                self.run_channels();
                self.start_join(peer, message, &topic.into());
            }
            None => self.ignore(peer, message),
        }
    }

    fn start_join(&mut self, peer: u32, message: &Message<'_>, topic: &Arc<str>) {
        let limit = self.shared.conduct.socket.channel_limit;
        let joined = self.socket(peer).map_or(0, |socket| socket.channels.len());
        if limit.is_some_and(|limit| joined >= limit) {
            let to = ReplyTo {
                join_ref: borrowed(&message.join_ref),
                ..reply_to(message)
            };
            return self.answer(peer, to, Status::Error, &reason("too many channels joined"));
        }
        let Some(channel) = self.shared.app.channel(topic) else {
            return;
        };
        let address = Address {
            peer,
            conversation: self.next_conversation(),
        };
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
        socket.joining = Some(Box::new(Joining {
            id: address.conversation,
            reference,
        }));
        self.call_join(address, topic, message.payload);
    }

    /// What a server does that says of the first conversation that it has ended, and forgets to end it.
    fn join_beside(&mut self, address: Address, message: &Message<'_>) {
        let Some(topic) = self
            .socket(address.peer)
            .and_then(|socket| Some(Arc::clone(&socket.entry(address.conversation)?.topic)))
        else {
            return;
        };
        self.pretend_end(address, End::Closed);
        self.start_join(address.peer, message, &topic);
    }

    /// What a server does that takes a second join for the first.
    fn join_with_old_state(&mut self, address: Address, message: &Message<'_>) {
        let (join_ref, reference) = (Ref::from(&message.join_ref), Ref::from(&message.reference));
        let Some(socket) = self.socket(address.peer) else {
            return;
        };
        let Some(entry) = socket.entry(address.conversation) else {
            return;
        };
        let (old_ref, topic) = (
            std::mem::replace(&mut entry.join_ref, join_ref.clone()),
            entry.topic.clone(),
        );
        let seat = entry.seat.take();
        let Some(process) = &mut entry.process else { return };
        process.join_ref = join_ref.or(&reference).clone();
        process.work = Work::Joining;
        socket.joining = Some(Box::new(Joining {
            id: address.conversation,
            reference,
        }));
        let dialect = socket.dialect;
        if let Some(seat) = seat {
            self.pubsub.unsubscribe(&topic, seat);
        }
        let end = message::end(dialect, &old_ref, &topic, End::Closed);
        self.mail(address.peer, Mail::Message(end));
        self.call_join(address, &topic, message.payload);
    }

    fn call_join(&mut self, address: Address, topic: &str, payload: Payload<'_>) {
        let params = match payload {
            Payload::Json(text) => In::Json(text),
            Payload::Binary(data) | Payload::BinaryReply { data, .. } => In::Binary(data),
        };
        let outcome = self.call(address, &Field::Null, |channel, cx| {
            channel.join(topic, params, cx)
        });
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
            Join::Refuse(body) if self.shared.conduct.socket.refused_join == RefusedJoin::IsLetIn => {
                self.let_in(address);
                self.answer_join(address, Status::Error, &body);
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
        let Self {
            peers, pubsub, ready, ..
        } = self;
        let Some(socket) = peers.get_mut(address.peer as usize).and_then(Peer::socket) else {
            return;
        };
        let vsn = socket.dialect.vsn;
        let Some(entry) = socket.entry(address.conversation) else {
            return;
        };
        let Some(process) = &mut entry.process else { return };
        process.work = Work::Idle;
        let seat = Seat {
            address,
            vsn,
            intercepts: process.channel.intercepts(),
        };
        entry.seat = Some(pubsub.subscribe(&entry.topic, seat));
        if !process.mailbox.is_empty() {
            ready.push_back(address);
        }
    }

    fn answer_join(&mut self, address: Address, status: Status, body: &Body) {
        let Some(socket) = self.socket(address.peer) else {
            return;
        };
        let Some(joining) = socket.joining.take() else {
            return;
        };
        let Some(entry) = socket.entry(address.conversation) else {
            return;
        };
        let (join_ref, topic) = (entry.join_ref.clone(), entry.topic.clone());
        let to = ReplyTo {
            join_ref: join_ref.field(),
            reference: joining.reference.field(),
            topic: (&*topic).into(),
        };
        self.answer(address.peer, to, status, body);
    }
}
