//! Lets channels handle their messages: calls the callback, and goes by what it returned.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::super::alarm::Alarm;
use super::super::channel::{Channel, Next, Out, Reason};
use super::super::conduct::{LastReply, Names, ReplyOrder, SenderOrder, Unanswered};
use super::super::context::{ChannelIdentity, Context, Info};
use super::super::ids::Address;
use super::super::message::Raised;
use super::super::payload::{Body, In, Status};
use super::super::refs::borrowed;
use super::super::session::{ChannelMessage, Session};
use super::super::store::Answer;
use super::Channels;
use crate::protocol::{Field, Payload};

impl Channels {
    /// Lets channels handle what they were sent, until none has messages.
    pub(crate) fn run_ready(&mut self) {
        while let Some(address) = self.sessions.ready.pop_front() {
            self.run(address);
        }
    }

    /// Handles what waits at a channel, as long as it is free.
    pub(super) fn run(&mut self, address: Address) {
        let isolation = self.shared.conduct.socket.isolation;
        while let Some(message) = self.sessions.next_message(address, isolation) {
            match message {
                ChannelMessage::Push {
                    event,
                    payload,
                    reference,
                } => self.handle_in(address, &event.field(), payload.payload(), &reference.field()),
                ChannelMessage::Leave { reference } => self.leave(address, &reference.field()),
                ChannelMessage::Out { event, body } => self.handle_out(address, &event, &body),
                ChannelMessage::Info(info) => self.handle_info(address, info),
                ChannelMessage::Drain => self.drained(address),
            }
        }
    }

    pub(super) fn handle_in(
        &mut self,
        address: Address,
        event: &Field<'_>,
        payload: Payload<'_>,
        reference: &Field<'_>,
    ) {
        let next = match event.as_str() {
            Some(event) => {
                let payload = In::of(payload);
                let event = match self.shared.conduct.socket.events {
                    Names::Exact => Cow::Borrowed(event),
                    Names::AnyCase => event.to_ascii_lowercase().into(),
                };
                self.call(address, reference, |channel, cx| {
                    channel.handle_in(&event, payload, cx)
                })
            }
            // No channel here has a clause for an event that is not a string.
            None => Some(Err(format!("no clause of handle_in matches the event {event:?}"))),
        };
        let next = match next {
            Some(Ok(Next::NoReply)) if self.answers_unasked(payload) => {
                Some(Ok(Next::Reply(Status::Ok, Body::empty())))
            }
            next => next,
        };
        self.follow(address, reference, next);
    }

    /// Whether a push is answered that the channel does not answer.
    fn answers_unasked(&self, payload: Payload<'_>) -> bool {
        let is_empty = matches!(payload, Payload::Json(text) if text == "{}");
        is_empty && self.shared.conduct.channels.unanswered == Unanswered::OkIfEmpty
    }

    fn handle_info(&mut self, address: Address, info: Info) {
        let next = self.call(address, &Field::Null, |channel, cx| channel.handle_info(info, cx));
        self.follow(address, &Field::Null, next);
    }

    fn handle_out(&mut self, address: Address, event: &str, body: &Body) {
        let out = self.call(address, &Field::Null, |channel, cx| {
            channel.handle_out(event, body, cx)
        });
        let outcome = match out {
            None => return,
            Some(Err(text)) => Err(text),
            Some(Ok(out)) => {
                let done = self.carry_out(address);
                done.and_then(|()| match out {
                    Out::AsItIs => self.push_out(address, event, body),
                    Out::Instead(other) => self.push_out(address, event, &other),
                    Out::Nothing => Ok(()),
                })
                .map_err(|raised| raised.to_string())
            }
        };
        if let Err(text) = outcome {
            self.end(address, &Reason::Crash(text));
        }
    }

    /// The store has answered.
    pub(super) fn answered(&mut self, address: Address, answer: Answer) {
        let process = self.sessions.process(address);
        let Some(unfinished) = process.and_then(|process| process.take_unfinished()) else {
            return;
        };
        let reference = unfinished.reference.field();
        let next = self.call(address, &reference, |channel, cx| channel.answered(answer, cx));
        self.follow(address, &reference, next);
        self.sessions.wake(address.session);
    }

    /// A sleep is over.
    pub(super) fn woken(&mut self, address: Address) {
        let process = self.sessions.process(address);
        let Some(mut unfinished) = process.and_then(|process| process.take_unfinished()) else {
            return;
        };
        if let Some(next) = unfinished.next.take() {
            self.finish(address, &unfinished.reference.field(), next);
        }
        self.sessions.wake(address.session);
    }

    /// Calls a channel. None: it has ended. An error: it raised.
    pub(super) fn call<R>(
        &mut self,
        address: Address,
        reference: &Field<'_>,
        callback: impl FnOnce(&mut dyn Channel, &mut Context<'_>) -> R,
    ) -> Option<Result<R, String>> {
        let Session { user, channels, .. } = self.sessions.get_mut(address.session)?;
        let entry = channels.iter_mut().find(|entry| entry.id == address.channel)?;
        let process = entry.process.as_mut()?;
        self.actions.clear();
        let mut cx = Context {
            identity: ChannelIdentity {
                id: entry.id,
                session: address.session,
                user,
                topic: &entry.topic,
            },
            reference: &borrowed(reference),
            conduct: &self.shared.conduct.app,
            presence: &self.shared.presence,
            chance: &mut self.chance,
            now: self.timers.now(),
            actions: &mut self.actions,
        };
        let result = catch_unwind(AssertUnwindSafe(|| callback(&mut *process.channel, &mut cx)));
        Some(result.map_err(|panic| {
            self.actions.clear();
            panic_text(&*panic)
        }))
    }

    /// Carries out what a callback asked for, and then what it returned.
    fn follow(&mut self, address: Address, reference: &Field<'_>, next: Option<Result<Next, String>>) {
        let next = match next {
            None => return,
            Some(Ok(next)) => next,
            Some(Err(text)) => return self.end(address, &Reason::Crash(text)),
        };
        let late = self.shared.conduct.socket.sender_order == SenderOrder::ReplyFirst;
        if late && let Next::Reply(status, body) = &next {
            let replied = self.reply_out(address, reference, *status, body);
            let done = replied.and_then(|()| self.carry_out(address));
            return self.crash_if(address, done);
        }
        match self.carry_out(address) {
            Ok(()) => self.finish(address, reference, next),
            Err(raised) => self.end(address, &Reason::Crash(raised.to_string())),
        }
    }

    fn finish(&mut self, address: Address, reference: &Field<'_>, next: Next) {
        match next {
            Next::NoReply => {}
            Next::Reply(status, body) => {
                let replied = self.reply_out(address, reference, status, &body);
                if replied.is_ok() && self.shared.conduct.socket.reply_order == ReplyOrder::PairsSwapped {
                    self.sessions.mailboxes.swap_reply(address, &mut self.timers);
                }
                self.crash_if(address, replied);
            }
            Next::BusyFor(time, next) => {
                self.sessions.suspend(address, reference, Some(*next));
                self.timers.after(time, Alarm::Wake(address));
            }
            Next::Handle(info) => self.handle_info(address, info),
            Next::Call(request) => {
                self.sessions.suspend(address, reference, None);
                self.ask_store(address, request);
            }
            Next::Stop(reason) => self.end(address, &reason),
            Next::StopWithReply(reason, ..) if self.shared.conduct.channels.last_reply == LastReply::Lost => {
                self.end(address, &reason);
            }
            Next::StopWithReply(reason, status, body) => {
                match self.reply_out(address, reference, status, &body) {
                    Ok(()) => self.end(address, &reason),
                    Err(raised) => self.end(address, &Reason::Crash(raised.to_string())),
                }
            }
        }
    }

    fn crash_if(&mut self, address: Address, done: Result<(), Raised>) {
        if let Err(raised) = done {
            self.end(address, &Reason::Crash(raised.to_string()));
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the channel panicked".to_owned())
}
