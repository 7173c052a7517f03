//! What a client tells, and what becomes of it: times, counts, the ledger, news for the role.

use super::{Desk, News, Place, Wish};
use crate::client::{ChannelId, DropReason, ErrorCause, Event, Outbox, Ref};
use crate::clock::Time;
use crate::load::actor::{Flags, Life, Stage};
use crate::load::ledger::{Arrival, Mark};
use crate::load::result::Model;
use crate::load::role::{Answer, Push, Role, Standing, Tempo};
use crate::load::tally::Kind;
use crate::load::text::values;
use crate::load::told;
use crate::load::trouble::Trouble;
use crate::protocol::websocket::{Close, Opcode, write_close, write_frame};
use crate::protocol::{CLOSE, ERROR, Field, FrameKind, Message, Payload, REPLY, Reply};
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
            // Checked when the run began: a role sends nothing that has no frame.
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
                        self.desk.tally.counts.lost += 1;
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
            Event::PushTimedOut { push, sent_at, .. } => self.push_timed_out(push, sent_at),
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
    fn asked(&self) -> Option<&'r Push> {
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
        serde_json::from_str(json).is_ok_and(|value| pattern.check(&value, &values).is_ok())
    }

    fn push_timed_out(&mut self, push: Ref, sent_at: Time) {
        self.life.flags.set(Flags::GAVE_UP);
        let desk = &mut *self.desk;
        desk.overdue.remove(&(self.place.id, push));
        let together = desk.together.remove(&(self.place.id, push));
        desk.news.push(News::Answered(push));
        if desk.unawaited.remove(&(self.place.id, push)) {
            // Without an answer it was still heard: its connection lasted.
            desk.marked.remove(&(self.place.id, push));
            return;
        }
        desk.doubt(self.place.id, push);
        desk.unanswered = desk.unanswered.saturating_sub(1);
        // Its connection may have ended before the answer could come.
        if self.life.stage != Stage::Open || sent_at < self.life.since {
            desk.tally.counts.replies_in_doubt += 1;
        } else {
            desk.tally.counts.replies_missing += 1;
            let asked = match together {
                Some(step) => self.role().push(step),
                None => self.asked(),
            };
            let told = || asked.map_or_else(String::new, |asked| format!("`{}` had no reply", asked.event));
            self.desk.tally.trouble_told(Trouble::PushTimeout, told);
        }
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

    fn mark(&self, payload: Payload<'_>) -> Option<Mark> {
        let bytes = match payload {
            Payload::Json(json) => json.as_bytes(),
            Payload::Binary(bytes) | Payload::BinaryReply { data: bytes, .. } => bytes,
        };
        Mark::find(bytes, self.desk.run)
    }

    /// Whether a broadcast is one of this topic; a number that was never given out was made up.
    fn belongs(&mut self, index: usize, mark: &Mark) -> bool {
        let (number, topic) = self.desk.topic(self.place, self.role().joins[index].place);
        let belongs = mark.topic == number && mark.of_topic < self.desk.topics.sent(topic);
        if !belongs {
            self.desk.tally.counts.broadcasts_misdelivered += 1;
        }
        belongs
    }

    /// Enters a broadcast into the ledger.
    fn take(&mut self, index: usize, mark: &Mark) {
        let desk = &mut *self.desk;
        let slot = &mut self.life.slots.all_mut()[index];
        if slot.standing != Standing::Joined {
            return;
        }
        desk.heard_at = desk.now;
        desk.topics.note(mark);
        let (arrival, gone) = slot.reception.take(mark, &desk.topics);
        desk.gone(gone);
        let counts = &mut desk.tally.counts;
        match arrival {
            Arrival::InOrder => counts.broadcasts += 1,
            Arrival::Reordered => {
                counts.broadcasts += 1;
                counts.broadcasts_reordered += 1;
            }
            Arrival::Duplicate => {
                counts.broadcasts_duplicated += 1;
                return;
            }
            Arrival::InDoubt => counts.broadcasts_in_doubt += 1,
        }
        self.record(Kind::Broadcast, Time::from_micros(mark.intended));
    }

    /// Takes a broadcast that came after its receiver had left. It was counted as in doubt then, unless it had come
    /// before.
    fn take_late(&mut self, index: usize, mark: &Mark) {
        let desk = &mut *self.desk;
        let slot = &mut self.life.slots.all_mut()[index];
        if let (Arrival::Duplicate, _) = slot.reception.take(mark, &desk.topics) {
            desk.tally.counts.broadcasts_duplicated += 1;
        }
    }

    fn dropped(&mut self, reason: DropReason, message: &Message<'_>) {
        let event = message.event.as_str().unwrap_or_default();
        if event == CLOSE
            && let Some(index) = self.position_over(message.topic.as_str().unwrap_or_default())
            && self.hand(&Came::unmarked(index, event, message.payload))
        {
            return;
        }
        let mark = self.mark(message.payload).filter(|_| event != REPLY);
        if let Some(mark) = mark
            && let Some(index) = self.position_left(reason, message)
        {
            return self.take_late(index, &mark);
        }
        let tally = &mut self.desk.tally;
        match reason {
            DropReason::NoChannel if mark.is_some() => tally.counts.broadcasts_misdelivered += 1,
            // It answers nothing.
            DropReason::Unasked(_) if message.reference == Field::Null => tally.unasked.count(event),
            DropReason::Unasked(_) if !self.life.flags.has(Flags::GAVE_UP) => {
                tally.counts.replies_duplicated += 1;
            }
            DropReason::Unasked(_) => tally.late.count(event),
            DropReason::NoChannel | DropReason::Stale(_) | DropReason::NotJoined(_) => {
                tally.unasked.count(event)
            }
        }
    }
}
