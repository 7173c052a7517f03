//! Handles what one client emits: frames to send, latencies, counts, ledger entries and events for its role.

use super::{Awaits, ConnectionRequest, News, ShardState, SocketPlace};
use crate::client::{ChannelId, ErrorCause, Event, Outbox, Ref};
use crate::clock::Time;
use crate::load::actor::{Flags, Life, SocketSession};
use crate::load::error_kind::ErrorKind;
use crate::load::latency::Timing;
use crate::load::ledger::Mark;
use crate::load::role::{Answer, Push, Role, SendMode, take_marks_out};
use crate::load::settings::Model;
use crate::load::text::values;
use crate::load::told;
use crate::protocol::{ERROR, FrameKind, Message, Payload, REPLY, Reply};
use crate::scenario::{Answers, Pattern};
use crate::wire::websocket::Opcode;

/// The state of a shard while the client of one socket is called.
pub(in crate::load) struct ClientOutbox<'a, 'r> {
    pub(in crate::load) state: &'a mut ShardState<'r>,
    pub(in crate::load) life: &'a mut Life,
    pub(in crate::load) place: SocketPlace,
}

/// An event that arrived on a channel.
pub(super) struct IncomingEvent<'a> {
    pub(super) index: usize,
    pub(super) event: &'a str,
    pub(super) mark: Option<Mark>,
    pub(super) payload: Payload<'a>,
}

impl<'a> IncomingEvent<'a> {
    pub(super) fn unmarked(index: usize, event: &'a str, payload: Payload<'a>) -> Self {
        Self {
            index,
            event,
            mark: None,
            payload,
        }
    }
}

/// Whether a push consumed its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    ByItsPush,
    No,
}

impl Outbox for ClientOutbox<'_, '_> {
    fn connect(&mut self) {
        self.state.wish = Some(ConnectionRequest::Connect);
    }

    fn close(&mut self, code: Option<u16>, reason: &str) {
        self.state.close(self.life, code, reason);
        self.state.wish = Some(ConnectionRequest::Close);
    }

    fn transmit(&mut self, message: &Message<'_>) {
        let state = &mut *self.state;
        let mut bytes = std::mem::take(&mut state.scratch);
        bytes.clear();
        // This cannot fail: the compiler checks that the serializer can encode every message of a role.
        let kind = state.vsn.encode_from_client(message, &mut bytes).ok();
        if let Some(kind) = kind {
            state.tally.counts.message_bytes_out += bytes.len() as u64;
            match &mut self.life.session {
                SocketSession::WebSocket(session) => session.write_message(opcode(kind), &bytes, state),
                SocketSession::LongPoll(session) => session.state.queue(kind, &bytes),
            }
        }
        state.scratch = bytes;
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Opened => self.state.news.push(News::Opened),
            Event::Disconnected { .. } => {}
            // While the connections are being closed, replies are read late, so the latency would be the generator's
            // own.
            Event::HeartbeatAnswered { .. } if self.life.flags.has(Flags::ON_PURPOSE) => {}
            Event::HeartbeatAnswered { sent_at } => self.record(Timing::Heartbeat, sent_at),
            Event::HeartbeatTimedOut { .. } => self.heartbeat_timed_out(),
            Event::Joined {
                channel,
                response,
                sent_at,
            } => self.joined(channel, response, sent_at),
            Event::JoinRefused { response, .. } => {
                self.life.turn_away();
                let told = || told::payload(response);
                self.state.tally.trouble_told(ErrorKind::JoinRefused, told);
                self.state.news.push(News::JoinFailed);
            }
            Event::JoinTimedOut { .. } => {
                self.life.flags.set(Flags::GAVE_UP);
                self.life.turn_away();
                self.state.tally.trouble(ErrorKind::JoinTimeout);
                self.state.news.push(News::JoinFailed);
            }
            Event::Errored { channel, cause } => {
                if let (ErrorCause::Server(message), Some(index)) = (cause, self.life.slots.position(channel))
                    && !self.hand(&IncomingEvent::unmarked(index, ERROR, message.payload))
                {
                    let told = || format!("phx_error on {}", message.topic.as_str().unwrap_or_default());
                    self.state.tally.trouble_told(ErrorKind::Crashed, told);
                }
                self.unjoined(channel);
            }
            Event::Closed { channel, cause } => self.closed(channel, cause),
            Event::Reply {
                channel,
                push,
                status,
                response,
                sent_at,
            } => {
                if self.answered(push, status, response, sent_at) == Taken::No {
                    self.hand_reply(channel, status, response);
                }
            }
            Event::PushTimedOut {
                channel,
                push,
                sent_at,
            } => self.push_timed_out(channel, push, sent_at),
            Event::Message { channel, message } => self.message(channel, message),
            Event::Dropped { reason, message } => self.dropped(reason, message),
        }
    }
}

impl<'r> ClientOutbox<'_, 'r> {
    pub(super) fn role(&self) -> &'r Role {
        &self.state.cast.roles[usize::from(self.life.role)]
    }

    fn heartbeat_timed_out(&mut self) {
        if self.role().reads_every.is_some() {
            // A slow reader reads the reply late, even if the server does not cut it.
            self.state.tally.counts.slow_cut += 1;
            return;
        }
        // The server was silent although it was asked, so no idle time-out in between explains the loss.
        self.state.tally.trouble(ErrorKind::HeartbeatTimeout);
        self.state.tally.lose(self.state.now);
    }

    /// Records the latency of something that ends now.
    pub(super) fn record(&mut self, kind: Timing, from: Time) {
        let play = self.role().play;
        self.state.tally.record(play, kind, from, self.state.now);
    }

    /// The push whose awaited reply arrives: the only push of a role that does nothing else, otherwise the push of
    /// the current step.
    pub(super) fn asked(&self) -> Option<&'r Push> {
        let role = self.role();
        if role.send_mode == SendMode::Pushes {
            return role.only_push();
        }
        role.push(self.life.step)
    }

    fn answered(&mut self, push: Ref, status: &str, response: Payload<'_>, sent_at: Time) -> Taken {
        let due_at = self.state.overdue.remove(&(self.place.id, push));
        self.record(Timing::Reply, due_at.unwrap_or(sent_at));
        let state = &mut *self.state;
        state.heard_at = state.now;
        if !state.marked.is_empty() {
            if status == "ok" {
                state.marked.remove(&(self.place.id, push));
            } else {
                state.doubt(self.place.id, push);
            }
        }
        state.news.push(News::Answered(push));
        if let Some((event, awaits)) = state.left_out.remove(&(self.place.id, push)) {
            state.common.hear_answer(event);
            let counts = state.tally.left_out(event.into());
            match awaits {
                Awaits::Yes => counts.answered += 1,
                Awaits::No => counts.unawaited_answered += 1,
            }
        }
        if state.unawaited.remove(&(self.place.id, push)) {
            return Taken::No;
        }
        state.tally.counts.replies += 1;
        state.unanswered.remove(state.now);
        let together = state.together.remove(&(self.place.id, push));
        let asked = match together {
            Some(step) => self.role().push(step),
            None => self.asked(),
        };
        if let Some(asked) = asked {
            if together.is_some() && asked.together == Some(Answers::InOrder) {
                let oldest = self.state.oldest_together(self.place.id);
                if oldest.is_some_and(|it| it < push) {
                    self.mismatch(&asked.event, || {
                        "an answer came before that to an earlier push".to_owned()
                    });
                }
            }
            match &asked.answer {
                Answer::None | Answer::Any => {}
                Answer::Status(expected, _) if **expected != *status => {
                    self.mismatch(&asked.event, || format!("{status} {}", told::payload(response)));
                }
                Answer::Status(_, pattern) => self.judge(pattern.as_ref(), response, &asked.event),
            }
        }
        Taken::ByItsPush
    }

    /// Passes the reply to the role as a message, if the push did not wait for it.
    fn hand_reply(&mut self, channel: ChannelId, status: &str, response: Payload<'_>) {
        let awaits = self.role().awaited.iter().any(|it| *it.event == *REPLY);
        if let (true, Some(index)) = (awaits, self.life.slots.position(channel)) {
            let reply = Reply {
                status: status.into(),
                response,
            };
            let mut whole = String::new();
            self.hand(&IncomingEvent::unmarked(index, REPLY, reply.payload(&mut whole)));
        }
    }

    /// Checks a payload against the scenario, if the scenario has a pattern for it.
    pub(super) fn judge(&mut self, expected: Option<&Pattern>, payload: Payload<'_>, event: &str) {
        if expected.is_some_and(|pattern| !self.matches(pattern, payload)) {
            self.mismatch(event, || told::payload(payload));
        }
    }

    fn mismatch(&mut self, event: &str, got: impl FnOnce() -> String) {
        let told = || format!("`{event}`: {}", got());
        self.state.tally.trouble_told(ErrorKind::Mismatch, told);
        self.state.tally.mismatches.count(event);
    }

    /// The slow path: builds a value and matches it against the pattern.
    fn matches(&self, pattern: &Pattern, payload: Payload<'_>) -> bool {
        let Payload::Json(json) = payload else {
            return false;
        };
        let values = values(
            &self.state.cast.plays[self.role().play].meanings,
            self.state.first_own(self.place),
        );
        serde_json::from_str(json).is_ok_and(|mut value| {
            if self.state.cast.adds_marks {
                take_marks_out(&mut value);
            }
            pattern.check(&value, &values).is_ok()
        })
    }

    fn message(&mut self, channel: ChannelId, message: &Message<'_>) {
        let event = message.event.as_str().unwrap_or_default();
        let Some(index) = self.life.slots.position(channel) else {
            return self.state.tally.unasked.count(event);
        };
        let came = IncomingEvent {
            index,
            event,
            mark: self.mark(message.payload),
            payload: message.payload,
        };
        let is_awaited = self.hand(&came);
        if !is_awaited {
            self.state.tally.unasked.count(event);
        }
        if let Some(mark) = came.mark
            && self.belongs(index, &mark)
            && is_awaited
        {
            self.take(index, &mark);
        }
        if is_awaited && came.mark.is_none() {
            self.take_numbered(index, event);
        }
    }

    /// Passes an event to the role if a step waits for it; returns whether one does.
    pub(super) fn hand(&mut self, came: &IncomingEvent<'_>) -> bool {
        let found = (0..)
            .zip(&self.role().awaited)
            .find(|(_, it)| it.is(came.event, came.mark.as_ref(), came.index));
        let Some((number, awaited)) = found else {
            return false;
        };
        let holds = |pattern: &Pattern| self.matches(pattern, came.payload);
        if !awaited.takes_all && !awaited.contents.iter().any(holds) {
            self.mismatch(came.event, || told::payload(came.payload));
        }
        // Sockets that only push at scheduled times do not run their steps, so no step takes the message.
        if self.role().send_mode != SendMode::Pushes || self.state.model == Model::Closed {
            self.state.news.push(News::Heard(number));
        }
        true
    }
}

const fn opcode(kind: FrameKind) -> Opcode {
    match kind {
        FrameKind::Text => Opcode::Text,
        FrameKind::Binary => Opcode::Binary,
    }
}
