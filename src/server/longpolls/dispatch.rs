//! Hands the messages of clients to their sessions, and what sessions say to the polls that wait for it.

use super::super::channels::{Channels, Mail};
use super::super::conduct::{
    BadBase64, Base64Lines, BatchDecoding, EmptyPoll, Malformed, SlowDispatch, Wakes,
};
use super::super::ids::SessionId;
use super::super::longpoll::{Batch, PollOutcome, PollWork, SessionRequest};
use super::super::serializer::decode;
use super::super::session::Pipelined;
use super::slot::{Polling, Queued, Slot};
use super::{Due, LongPolls};
use crate::clock::Time;
use crate::protocol::Frame;
use crate::server::mailboxes::MAX_WAITING;
use crate::wire::longpoll::server::Posted;

/// Whether a session is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Life {
    GoesOn,
    HasEnded,
}

impl LongPolls {
    /// A session that is not stuck is asked for messages: it gives those that wait, or remembers the poll.
    pub(super) fn listen(&mut self, request: SessionRequest) {
        let (session, now) = (request.to.session, self.timers.now());
        let empty_poll = self.shared.conduct.longpoll.empty_poll;
        let Some(slot) = self.slot(session) else { return };
        if !slot.messages.is_empty() {
            let messages = self.take_messages(session);
            return self.answer(request.from, PollOutcome::Messages(messages));
        }
        if empty_poll == EmptyPoll::AtOnce {
            slot.last_poll = now;
            return self.answer(request.from, PollOutcome::NoMessages);
        }
        let deadline = now + request.times.window;
        let from = request.from;
        slot.wait(Polling { from, deadline }, now);
        self.watch(session);
    }

    /// Ends the poll that has waited for its whole window.
    pub(super) fn end_polls(&mut self, session: SessionId, now: Time) {
        let Some(slot) = self.slot(session) else { return };
        if let Some(poll) = slot.poll.take_if(|poll| poll.deadline <= now) {
            let outcome = if slot.messages.is_empty() {
                PollOutcome::NoMessages
            } else {
                PollOutcome::Messages(self.take_messages(session))
            };
            self.answer(poll.from, outcome);
        }
    }

    /// Tells the poll that waits of the messages that there are.
    fn tell(&mut self, session: SessionId) {
        if self.shared.conduct.longpoll.wakes == Wakes::AfterWindow {
            return;
        }
        let Some(slot) = self.slot(session).filter(|slot| !slot.messages.is_empty()) else {
            return;
        };
        if let Some(poll) = slot.poll.take() {
            let messages = self.take_messages(session);
            self.answer(poll.from, PollOutcome::Messages(messages));
        }
    }

    /// Hands the messages of a batch on, up to one that has to be waited for.
    pub(super) fn take_batch(
        &mut self,
        request: SessionRequest,
        mut batch: Batch<'_>,
        channels: &mut Channels,
    ) {
        let session = request.to.session;
        let conduct = &self.shared.conduct.longpoll;
        let (decoding, bad_base64) = (conduct.batch_decoding, conduct.bad_base64);
        let base64_lines = conduct.base64_lines;
        if decoding == BatchDecoding::Before && batch.has_bad_base64() {
            return self.answer(request.from, PollOutcome::Raised);
        }
        let outcome = loop {
            let life = match batch.next() {
                None => break PollOutcome::Published,
                Some(Err(_)) if bad_base64 == BadBase64::PassedOver => continue,
                Some(Err(_)) => break PollOutcome::Raised,
                Some(Ok(Posted::Binary(_))) if base64_lines == Base64Lines::ArePassedOver => continue,
                Some(Ok(message)) => self.take_in(session, &message, channels),
            };
            if life == Life::HasEnded {
                return self.never_taken(request);
            }
            if channels.sessions.is_joining(session) {
                self.put_off(request, batch.into_owned());
                return self.tell(session);
            }
        };
        self.tell(session);
        self.answer(request.from, outcome);
    }

    /// The session's process has ended before it took a message.
    fn never_taken(&mut self, request: SessionRequest) {
        let at = self.timers.now() + request.times.window;
        let outcome = self.too_late();
        self.timers.at(at, Due::Answer(request.from, outcome));
    }

    fn too_late(&self) -> PollOutcome {
        match self.shared.conduct.longpoll.slow_dispatch {
            SlowDispatch::TimesOut => PollOutcome::TimedOut,
            SlowDispatch::Unnoticed => PollOutcome::Published,
        }
    }

    /// The session is stuck in a join: the batch goes on after it, unless that is too late.
    fn put_off(&mut self, request: SessionRequest, batch: Batch<'static>) {
        let deadline = self.timers.now() + request.times.window;
        let late = self.too_late();
        if let Some(slot) = self.slot(request.to.session) {
            slot.queue_again(Queued {
                request,
                work: PollWork::Publish(batch),
                deadline,
                late,
            });
        }
    }

    /// Hands one message to the session, and lets its channels handle it.
    fn take_in(&mut self, session: SessionId, message: &Posted<'_>, channels: &mut Channels) -> Life {
        let Some(vsn) = channels.sessions.get(session).map(|session| session.dialect.vsn) else {
            return Life::HasEnded;
        };
        let wire = &self.shared.conduct.wire;
        let malformed = wire.malformed;
        let decoded = match message {
            Posted::Text(text) => std::str::from_utf8(text)
                .ok()
                .and_then(|text| decode(wire, vsn, Frame::Text(text))),
            Posted::Binary(bytes) => decode(wire, vsn, Frame::Binary(bytes)),
        };
        match decoded {
            Some(message) => channels.receive(session, &message, Pipelined::No),
            None if malformed == Malformed::Ignored => return Life::GoesOn,
            None => {
                self.end(session, channels);
                return Life::HasEnded;
            }
        }
        self.take_said(session, channels);
        channels.run_ready();
        self.take_mail(session, channels)
    }

    /// What the session says itself is for its client.
    fn take_said(&mut self, session: SessionId, channels: &mut Channels) {
        for message in channels.sessions.said.drain(..) {
            self.say(session, message);
        }
    }

    /// Handles the messages in the session's mailbox, unless the session is stuck in a join.
    fn take_mail(&mut self, session: SessionId, channels: &mut Channels) -> Life {
        while !channels.sessions.is_joining(session)
            && let Some(message) = channels.sessions.mailboxes.next(session)
        {
            match channels.handle_mail(session, message) {
                Mail::Told(message) => self.say(session, message),
                Mail::Handled => self.take_said(session, channels),
                Mail::Ends(_) => {
                    self.end(session, channels);
                    return Life::HasEnded;
                }
            }
        }
        if self.slot(session).is_none_or(|slot| slot.bytes() <= MAX_WAITING) {
            return Life::GoesOn;
        }
        self.end(session, channels);
        Life::HasEnded
    }

    /// There is something in the mailbox of a session.
    pub(crate) fn turn(&mut self, session: SessionId, channels: &mut Channels) {
        if self.take_mail(session, channels) == Life::GoesOn {
            self.tell(session);
        }
    }

    /// The join that a session was stuck in has ended.
    pub(crate) fn resume(&mut self, session: SessionId, channels: &mut Channels) {
        self.take_said(session, channels);
        self.turn(session, channels);
        let now = self.timers.now();
        while !channels.sessions.is_joining(session)
            && let Some(slot) = self.slot(session)
        {
            if slot.begin_look(now) && self.has_expired(session, now, channels) {
                return self.end(session, channels);
            }
            let Some(queued) = self.slot(session).and_then(Slot::next_queued) else {
                break;
            };
            match queued.work {
                PollWork::Poll => self.listen(queued.request),
                PollWork::Publish(batch) => self.take_batch(queued.request, batch, channels),
            }
        }
        self.watch(session);
    }
}
