//! Joins. A session receives nothing else until the channel has let the client in or refused it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::super::alarm::Alarm;
use super::super::chance::Freedom;
use super::super::channel::{Join, Reason};
use super::super::conduct::{DuplicateJoin, JoinCrash, JoinParams, RefusedJoin, SlowJoinReply};
use super::super::ids::{Address, SessionId};
use super::super::mailbox::SessionMessage;
use super::super::message::{End, ReplyTo};
use super::super::payload::{Body, In, Status};
use super::super::pubsub::Subscription;
use super::super::refs::{Ref, borrowed};
use super::super::session::{Entry, Joining, Process, Work};
use super::super::store::Answer;
use super::Channels;
use super::altered::filtered;
use super::receive::{reason, reply_to};
use crate::protocol::{Field, Message, Payload};

impl Channels {
    /// A join to a topic that the session has joined.
    pub(super) fn join_again(&mut self, address: Address, message: &Message<'_>) {
        let conduct = self.shared.conduct.socket.duplicate_join;
        match conduct {
            DuplicateJoin::KeepsState => return self.join_with_old_state(address, message),
            DuplicateJoin::KeepsOldRunning => return self.join_beside(address, message),
            DuplicateJoin::Replaces | DuplicateJoin::ReplacesInSilence => {}
        }
        let waits = self
            .sessions
            .process(address)
            .is_some_and(|process| !process.mailbox.is_empty());
        if waits && self.chance.happens(Freedom::QueueBeforeRejoin) {
            self.run(address);
        }
        self.terminate(address, &Reason::Shutdown);
        if conduct == DuplicateJoin::Replaces {
            self.sessions.send_end(address, End::Closed);
        }
        if let Some(entry) = self.sessions.remove_channel(address) {
            self.start_join(address.session, message, &entry.topic);
        }
    }

    /// A join to any other topic.
    pub(super) fn join(&mut self, session: SessionId, message: &Message<'_>) {
        match message
            .topic
            .as_str()
            .filter(|topic| self.shared.conduct.channels.topics.has(topic))
            .filter(|topic| self.shared.app.channel(topic).is_some())
        {
            Some(topic) => {
                // While the new process is made, the others get to what was sent to them before.
                self.run_ready();
                self.start_join(session, message, &topic.into());
            }
            None => self.ignore(session, message),
        }
    }

    fn start_join(&mut self, session: SessionId, message: &Message<'_>, topic: &Arc<str>) {
        let limit = self.shared.conduct.socket.channel_limit;
        let joined = self
            .sessions
            .get(session)
            .map_or(0, |session| session.channels.len());
        if limit.is_some_and(|limit| joined >= limit) {
            let to = ReplyTo {
                join_ref: borrowed(&message.join_ref),
                ..reply_to(message)
            };
            return self
                .sessions
                .answer(session, to, Status::Error, &reason("too many channels joined"));
        }
        let Some(channel) = self.shared.app.channel(topic) else {
            return;
        };
        let id = self.sessions.next_channel_id();
        let (join_ref, reference) = (Ref::from(&message.join_ref), Ref::from(&message.reference));
        let process = Process {
            join_ref: join_ref.or(&reference).clone(),
            channel,
            mailbox: VecDeque::new(),
            work: Work::Joining,
        };
        let Some(joiner) = self.sessions.get_mut(session) else {
            return;
        };
        joiner.channels.push(Entry {
            id,
            topic: Arc::clone(topic),
            join_ref,
            subscription: None,
            process: Some(Box::new(process)),
        });
        joiner.joining = Some(Box::new(Joining {
            channel: id,
            reference,
        }));
        let address = Address { session, channel: id };
        self.call_join(address, topic, message.payload);
    }

    /// What a server does that tells the client that the first channel has ended, and forgets to end it.
    fn join_beside(&mut self, address: Address, message: &Message<'_>) {
        let Some(entry) = self.sessions.entry(address) else {
            return;
        };
        let topic = Arc::clone(&entry.topic);
        self.sessions.send_end(address, End::Closed);
        self.start_join(address.session, message, &topic);
    }

    /// What a server does that takes a second join for the first.
    fn join_with_old_state(&mut self, address: Address, message: &Message<'_>) {
        if self.sessions.process(address).is_none() {
            return;
        }
        self.sessions.send_end(address, End::Closed);
        let (join_ref, reference) = (Ref::from(&message.join_ref), Ref::from(&message.reference));
        let Some(session) = self.sessions.get_mut(address.session) else {
            return;
        };
        let Some(entry) = session.entry_mut(address.channel) else {
            return;
        };
        let topic = Arc::clone(&entry.topic);
        if let Some(process) = &mut entry.process {
            process.join_ref = join_ref.or(&reference).clone();
            process.work = Work::Joining;
        }
        entry.join_ref = join_ref;
        session.joining = Some(Box::new(Joining {
            channel: address.channel,
            reference,
        }));
        if let Some((topic, slot)) = self.take_subscription(address) {
            self.pubsub.unsubscribe(&topic, slot);
        }
        self.call_join(address, &topic, message.payload);
    }

    fn call_join(&mut self, address: Address, topic: &str, payload: Payload<'_>) {
        let flat;
        let params = match (self.shared.conduct.channels.join_params, In::of(payload)) {
            (JoinParams::Flat, In::Json(text)) => {
                flat = filtered(text, |value| !value.starts_with(['[', '{']));
                In::Json(flat.as_deref().unwrap_or(text))
            }
            (_, params) => params,
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

    /// A join that slept goes on, and its session with it.
    pub(super) fn join_woken(&mut self, address: Address, join: Join) -> Option<SessionId> {
        if !self.sessions.waits_for(address) {
            return None;
        }
        let said = self.sessions.said.len();
        self.go_on_joining(address, join);
        if self.shared.conduct.channels.slow_join_reply == SlowJoinReply::Last {
            for reply in self.sessions.said.split_off(said) {
                let message = SessionMessage::Client(reply);
                self.sessions.mailboxes.send(address.session, message);
            }
        }
        Some(address.session)
    }

    /// The store has answered a channel. If it was in its join, its session can go on.
    pub(crate) fn store_answered(&mut self, address: Address, answer: Answer) -> Option<SessionId> {
        if !self.sessions.waits_for(address) {
            self.answered(address, answer);
            return None;
        }
        let outcome = self.call(address, &Field::Null, |channel, cx| channel.joined(answer, cx));
        self.after_join_call(address, outcome);
        Some(address.session)
    }

    fn go_on_joining(&mut self, address: Address, join: Join) {
        match join {
            Join::After(time, join) => self.timers.after(time, Alarm::Join(address, join)),
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
                self.terminate(address, &Reason::Shutdown);
                self.sessions.remove_channel(address);
            }
            Join::Crash(text) => {
                self.tell_of_join_crash(address);
                self.terminate(address, &Reason::Crash(text));
                self.sessions.remove_channel(address);
            }
        }
    }

    fn tell_of_join_crash(&mut self, address: Address) {
        match self.shared.conduct.channels.join_crash {
            JoinCrash::Answered => self.answer_join(address, Status::Error, &reason("join crashed")),
            JoinCrash::Unanswered => {
                if let Some(session) = self.sessions.get_mut(address.session) {
                    session.joining = None;
                }
            }
            JoinCrash::EndsConnection => self.sessions.mailboxes.to_close.push(address.session),
        }
    }

    fn let_in(&mut self, address: Address) {
        self.change_subscription(address.session, |it| it.subscribe(address));
    }

    fn subscribe(&mut self, address: Address) {
        let Some(session) = self.sessions.get_mut(address.session) else {
            return;
        };
        let vsn = session.dialect.vsn;
        let Some(entry) = session.entry_mut(address.channel) else {
            return;
        };
        let Some(process) = &mut entry.process else { return };
        process.work = Work::Idle;
        let subscription = Subscription {
            address,
            vsn,
            intercepts: process.channel.intercepts(),
        };
        entry.subscription = Some(self.pubsub.subscribe(&entry.topic, subscription));
        if !process.mailbox.is_empty() {
            self.sessions.ready.push_back(address);
        }
    }

    fn answer_join(&mut self, address: Address, status: Status, body: &Body) {
        let Some(session) = self.sessions.get_mut(address.session) else {
            return;
        };
        let Some(joining) = session.joining.take() else {
            return;
        };
        let Some(entry) = session.entry(address.channel) else {
            return;
        };
        let (join_ref, topic) = (entry.join_ref.clone(), Arc::clone(&entry.topic));
        let to = ReplyTo {
            join_ref: join_ref.field(),
            reference: joining.reference.field(),
            topic: (&*topic).into(),
        };
        let said = self.sessions.said.len();
        self.sessions.answer(address.session, to, status, body);
        if status == Status::Ok {
            self.delay_said(address, said);
        }
    }
}
