//! What a client tells, and what becomes of it: times, counts, the ledger, news for the role.

use super::{Awaits, Desk, News, Place, Wish};
use crate::client::{ChannelId, ErrorCause, Event, Outbox, Ref};
use crate::clock::Time;
use crate::load::actor::{Flags, Life};
use crate::load::ledger::Mark;
use crate::load::result::Model;
use crate::load::role::{Answer, Push, Role, Tempo, take_marks_out};
use crate::load::tally::Kind;
use crate::load::text::values;
use crate::load::told;
use crate::load::trouble::Trouble;
use crate::protocol::websocket::{Close, Opcode, write_close, write_frame};
use crate::protocol::{ERROR, FrameKind, Message, Payload, REPLY, Reply};
use crate::scenario::{Answers, Pattern};

/// The desk while one socket is served.
pub(in crate::load) struct Served<'a, 'r> {
    pub(in crate::load) desk: &'a mut Desk<'r>,
    pub(in crate::load) life: &'a mut Life,
    pub(in crate::load) place: Place,
}

/// What came on a channel.
pub(super) struct Came<'a> {
    pub(super) index: usize,
    pub(super) event: &'a str,
    pub(super) mark: Option<Mark>,
    pub(super) payload: Payload<'a>,
}

impl<'a> Came<'a> {
    pub(super) fn unmarked(index: usize, event: &'a str, payload: Payload<'a>) -> Self {
        Self {
            index,
            event,
            mark: None,
            payload,
        }
    }
}

/// Whether a push took its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    ByItsPush,
    No,
}

impl Outbox for Served<'_, '_> {
    fn connect(&mut self) {
        self.desk.wish = Some(Wish::Connect);
    }

    fn close(&mut self, code: Option<u16>, reason: &str) {
        let mut payload = Vec::new();
        if let Some(code) = code {
            write_close(Close { code, reason }, &mut payload);
        }
        self.desk.frame(Opcode::Close, &payload);
        self.desk.wish = Some(Wish::Close);
    }

    fn transmit(&mut self, message: &Message<'_>) {
        let desk = &mut *self.desk;
        desk.scratch.clear();
        let opcode = match desk.vsn.encode_from_client(message, &mut desk.scratch) {
            Ok(FrameKind::Text) => Opcode::Text,
            Ok(FrameKind::Binary) => Opcode::Binary,
            // Checked when the scenario was compiled: a role sends nothing that has no frame.
            Err(_) => return,
        };
        let key = desk.mask();
        write_frame(opcode, &desk.scratch, Some(key), &mut desk.out);
    }

    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Opened => self.desk.news.push(News::Opened),
            Event::Disconnected { .. } => {}
            Event::HeartbeatAnswered { sent_at } => self.record(Kind::Heartbeat, sent_at),
            Event::HeartbeatTimedOut { .. } => {
                match self.role().reads_every {
                    // Who hardly reads finds the answer late, if it is not cut.
                    Some(_) => self.desk.tally.counts.slow_cut += 1,
                    None => {
                        self.desk.tally.trouble(Trouble::HeartbeatTimeout);
                        self.desk.tally.lose_connection(self.desk.now);
                    }
                }
            }
            Event::Joined {
                channel,
                response,
                sent_at,
            } => self.joined(channel, response, sent_at),
            Event::JoinRefused { response, .. } => {
                self.life.turn_away();
                let told = || told::payload(response);
                self.desk.tally.trouble_told(Trouble::JoinRefused, told);
                self.desk.news.push(News::JoinFailed);
            }
            Event::JoinTimedOut { .. } => {
                self.life.flags.set(Flags::GAVE_UP);
                self.life.turn_away();
                self.desk.tally.trouble(Trouble::JoinTimeout);
                self.desk.news.push(News::JoinFailed);
            }
            Event::Errored { channel, cause } => {
                if let (ErrorCause::Server(message), Some(index)) = (cause, self.life.slots.position(channel))
                    && !self.hand(&Came::unmarked(index, ERROR, message.payload))
                {
                    let told = || format!("phx_error on {}", message.topic.as_str().unwrap_or_default());
                    self.desk.tally.trouble_told(Trouble::Crashed, told);
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

impl<'r> Served<'_, 'r> {
    pub(super) fn role(&self) -> &'r Role {
        &self.desk.cast.roles[usize::from(self.life.role)]
    }

    /// Records how long something took that ends now.
    pub(super) fn record(&mut self, kind: Kind, from: Time) {
        let play = self.role().play;
        self.desk.tally.record(play, kind, from, self.desk.now);
    }

    /// The push whose awaited answer comes: of a role that only pushes the one that there is, else that of the current step.
    pub(super) fn asked(&self) -> Option<&'r Push> {
        let role = self.role();
        if role.tempo == Tempo::Pushes {
            return role.only_push();
        }
        role.push(self.life.step)
    }

    fn answered(&mut self, push: Ref, status: &str, response: Payload<'_>, sent_at: Time) -> Taken {
        let due_at = self.desk.overdue.remove(&(self.place.id, push));
        self.record(Kind::Reply, due_at.unwrap_or(sent_at));
        let desk = &mut *self.desk;
        desk.heard_at = desk.now;
        if !desk.marked.is_empty() {
            if status == "ok" {
                desk.marked.remove(&(self.place.id, push));
            } else {
                desk.doubt(self.place.id, push);
            }
        }
        desk.news.push(News::Answered(push));
        if let Some((event, awaits)) = desk.left_out.remove(&(self.place.id, push)) {
            desk.common.hear_answer(event);
            let counts = desk.tally.left_out(event.into());
            match awaits {
                Awaits::Yes => counts.answered += 1,
                Awaits::No => counts.unawaited_answered += 1,
            }
        }
        if desk.unawaited.remove(&(self.place.id, push)) {
            return Taken::No;
        }
        desk.tally.counts.replies += 1;
        desk.unanswered = desk.unanswered.saturating_sub(1);
        let together = desk.together.remove(&(self.place.id, push));
        let asked = match together {
            Some(step) => self.role().push(step),
            None => self.asked(),
        };
        if let Some(asked) = asked {
            if together.is_some() && asked.together == Some(Answers::InOrder) {
                let oldest = self.desk.oldest_together(self.place.id);
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

    /// Hands the answer to a push that did not wait for it to the role, as the message that it is.
    fn hand_reply(&mut self, channel: ChannelId, status: &str, response: Payload<'_>) {
        let awaits = self.role().awaited.iter().any(|it| *it.event == *REPLY);
        if let (true, Some(index)) = (awaits, self.life.slots.position(channel)) {
            let reply = Reply {
                status: status.into(),
                response,
            };
            let mut whole = String::new();
            self.hand(&Came::unmarked(index, REPLY, reply.payload(&mut whole)));
        }
    }

    /// Holds what came against what the scenario says, if it says something.
    pub(super) fn judge(&mut self, expected: Option<&Pattern>, payload: Payload<'_>, event: &str) {
        if expected.is_some_and(|pattern| !self.matches(pattern, payload)) {
            self.mismatch(event, || told::payload(payload));
        }
    }

    fn mismatch(&mut self, event: &str, got: impl FnOnce() -> String) {
        let told = || format!("`{event}`: {}", got());
        self.desk.tally.trouble_told(Trouble::Mismatch, told);
        self.desk.tally.mismatches.count(event);
    }

    /// The slow way: builds the value and holds it against the pattern.
    fn matches(&self, pattern: &Pattern, payload: Payload<'_>) -> bool {
        let Payload::Json(json) = payload else {
            return false;
        };
        let values = values(
            &self.desk.cast.plays[self.role().play].meanings,
            self.desk.first_own(self.place),
        );
        serde_json::from_str(json).is_ok_and(|mut value| {
            if self.desk.cast.adds_marks {
                take_marks_out(&mut value);
            }
            pattern.check(&value, &values).is_ok()
        })
    }

    fn message(&mut self, channel: ChannelId, message: &Message<'_>) {
        let event = message.event.as_str().unwrap_or_default();
        let Some(index) = self.life.slots.position(channel) else {
            return self.desk.tally.unasked.count(event);
        };
        let came = Came {
            index,
            event,
            mark: self.mark(message.payload),
            payload: message.payload,
        };
        let is_awaited = self.hand(&came);
        if !is_awaited {
            self.desk.tally.unasked.count(event);
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

    /// Hands what came on a channel to the role, if a step waits for such; tells whether one does.
    pub(super) fn hand(&mut self, came: &Came<'_>) -> bool {
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
        // Where the steps are not gone through, nobody takes what comes.
        if self.role().tempo != Tempo::Pushes || self.desk.model == Model::Closed {
            self.desk.news.push(News::Heard(number));
        }
        true
    }
}
