//! Sends pushes, and in an open model decides which socket sends when.

use std::time::Duration;

use super::super::actor::Flags;
use super::super::lane::Lane;
use super::super::latency::Timing;
use super::super::ledger::Mark;
use super::super::role::{Answer, Content, Follow, Push, Receivers, SendMode};
use super::super::shard_state::Awaits;
use super::super::text::Filling;
use super::Shard;
use crate::client::Ref;
use crate::clock::Time;
use crate::protocol::Payload;

/// A push that is sent this long after its intended time is overdue.
const OVERDUE: Duration = Duration::from_millis(100);

impl Shard<'_> {
    /// Makes the sends of an open model that are due.
    pub(super) fn send_due(&mut self) {
        for play in 0..self.lanes.len() {
            while let Some(intended) = self.lanes[play].take(self.state.now) {
                let now = self.state.now;
                self.state.tally.record(play, Timing::Lateness, intended, now);
                self.state.tally.counts.due += 1;
                self.send_of(play, intended);
            }
        }
    }

    fn send_of(&mut self, play: usize, intended: Time) {
        let actors = &self.actors;
        let can = |id: u32| actors[id as usize].life.flags.has(Flags::COUNTED);
        let pusher = self.lanes[play].next_pusher(can);
        if let Some(id) = pusher.filter(|id| self.send_mode(&self.actors[*id as usize]) == SendMode::Pushes) {
            return self.push_now(id, intended);
        }
        let (lane, now) = (&mut self.lanes[play], self.state.now);
        if let Some((id, turn)) = lane.begin_with_free(intended, now) {
            return self.begin_round(id, turn);
        }
        let has_rounds = || {
            self.blue
                .cast
                .roles_of(play)
                .any(|role| role.send_mode == SendMode::Rounds)
        };
        if !has_rounds() || !lane.keep(intended) {
            self.state.tally.counts.dropped += 1;
        }
    }

    /// Ends the send schedules: sends that wait for a free socket are never sent.
    pub(super) fn end_lanes(&mut self) {
        let now = self.state.now;
        for (play, lane) in self.lanes.iter_mut().enumerate() {
            self.state.tally.never_sent(play, &lane.end(now), now);
        }
    }

    /// The send schedule of a socket's scenario.
    pub(super) fn lane(&mut self, id: u32) -> &mut Lane {
        let play = self.play(id);
        &mut self.lanes[play]
    }

    /// A round of a role that only pushes.
    fn push_now(&mut self, id: u32, intended: Time) {
        let cast = self.blue.cast;
        let role = &cast.roles[usize::from(self.actors[id as usize].life.role)];
        if let Some(push) = role.only_push() {
            self.push(id, push, intended);
            self.state.tally.late(self.state.now.since(intended));
            self.state.tally.counts.rounds += 1;
            self.after(id);
            self.arm(id);
        }
    }

    /// Pushes as if at the intended time, so that the reply latency counts from it. If the push is overdue, only its
    /// timeout counts from now.
    pub(super) fn push(&mut self, id: u32, push: &Push, intended: Time) -> Option<Ref> {
        let life = &self.actors[id as usize].life;
        let channel = life.slots.all()[usize::from(push.channel)].channel?;
        let is_followed = push.follow != Follow::No;
        let mark = match is_followed {
            true => self.next_mark(id, push, intended),
            false => Mark::default(),
        };
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let payload = match &push.payload {
            Content::Json(line) => {
                line.fill(&self.filling(id, mark), &mut text);
                Payload::Json(&text)
            }
            Content::Binary(bytes) => Payload::Binary(bytes),
        };
        let now = self.state.now;
        let is_overdue = intended + OVERDUE < now;
        let as_of = if is_overdue { now } else { intended };
        let reference = self.call_as_of(id, as_of, |socket, context| {
            socket.push(context, channel, &push.event, payload)
        });
        self.text = text;
        let answered = self.awaits_answer(push);
        if let (Some(reference), true) = (reference, is_overdue) {
            self.state.overdue.insert((id, reference), intended);
        }
        match reference {
            Some(reference) if is_followed => {
                self.state
                    .marked
                    .insert((id, reference), (mark.topic, mark.of_topic));
                if !matches!(push.follow, Follow::ByNumber(_)) {
                    self.state.topics.note_sent(&mark);
                }
                self.hear_own(id, push, &mark);
            }
            Some(_) => {}
            None if is_followed => self.state.common.doubt(mark.topic, mark.of_topic),
            None => {}
        }
        if let Some(reference) = reference {
            self.actors[id as usize].life.seq += 1;
            self.state.tally.counts.sent += 1;
            let awaits = if answered { Awaits::Yes } else { Awaits::No };
            if answered {
                self.state.tally.counts.replies_expected += 1;
                self.state.unanswered.add(now);
            } else {
                self.state.unawaited.insert((id, reference));
            }
            self.note_left_out((id, reference), push, awaits);
        }
        reference
    }

    /// The mark of the broadcasts of this push: it takes the next number of the topic.
    fn next_mark(&mut self, id: u32, push: &Push, intended: Time) -> Mark {
        let place = self.place(id);
        let life = &self.actors[id as usize].life;
        let join = &self.blue.cast.roles[usize::from(life.role)].joins[usize::from(push.channel)];
        let (number, topic) = self.state.topic(place, join.place);
        Mark {
            run: self.state.run,
            topic: number,
            of_topic: self.state.topics.next(topic),
            sender: place.socket,
            of_sender: life.seq,
            intended: intended.as_micros(),
        }
    }

    /// Whether the reply to a push is awaited.
    pub(super) fn awaits_answer(&self, push: &Push) -> bool {
        let is_silent = push
            .left_out
            .is_some_and(|event| !self.state.common.awaits(event));
        !matches!(push.answer, Answer::None) && !is_silent
    }

    fn note_left_out(&mut self, push_of: (u32, Ref), push: &Push, awaits: Awaits) {
        let Some(event) = push.left_out else { return };
        self.state.left_out.insert(push_of, (event, awaits));
        let counts = self.state.tally.left_out(event.into());
        counts.sent += 1;
        counts.awaited += u64::from(awaits == Awaits::Yes);
    }

    /// Marks the sender's own broadcast as received if the server sends it only to the other sockets.
    fn hear_own(&mut self, id: u32, push: &Push, mark: &Mark) {
        let place = self.place(id);
        let life = &mut self.actors[id as usize].life;
        let join = &self.blue.cast.roles[usize::from(life.role)].joins[usize::from(push.channel)];
        let received = &mut life.slots.all_mut()[usize::from(push.channel)].received;
        match push.follow {
            Follow::ByAddedMark(Receivers::Others) => {
                let (_, gone) = received.take(mark, &self.state.topics);
                self.state.gone(place, join, &gone);
            }
            Follow::ByNumber(Receivers::Others) => {
                let (_, topic) = self.state.topic(place, join.place);
                received.take_next(self.state.topics.sent(topic));
            }
            Follow::No | Follow::ByMark | Follow::ByAddedMark(_) | Follow::ByNumber(_) => {}
        }
    }

    pub(super) fn filling(&self, id: u32, mark: Mark) -> Filling {
        let seq = self.actors[id as usize].life.seq;
        self.state.filling(self.place(id), seq, mark)
    }
}
