//! What is sent: pushes of roles, and in an open model who sends when.

use super::super::actor::Flags;
use super::super::ledger::Mark;
use super::super::role::{Answer, Content, Push, Step, Tempo, Voices};
use super::super::tally::Kind;
use super::super::text::Filling;
use super::Shard;
use crate::client::Ref;
use crate::clock::Time;
use crate::protocol::Payload;

/// Rounds that wait for somebody who is free; more are dropped, and make the run invalid.
const MOST_WAITING: usize = 1 << 20;
/// So many sockets are asked whether they can send before a send is dropped.
const ASKED: usize = 64;

impl Shard<'_> {
    /// Sends of an open model whose time has come.
    pub(super) fn send_due(&mut self) {
        loop {
            let Some(intended) = self.dues.as_mut().and_then(|dues| dues.take(self.desk.now)) else {
                return;
            };
            self.desk.tally.record(Kind::Lateness, intended, self.desk.now);
            if let Some(id) = self.next_pusher() {
                let tempo = self.tempo(&self.actors[id as usize]);
                if tempo == Tempo::Pushes {
                    self.push_now(id, intended);
                    continue;
                }
            }
            match self.idle.pop_front() {
                Some(id) => self.begin_round(id, intended),
                None if self.has_rounds() && self.waiting.len() < MOST_WAITING => {
                    self.waiting.push_back(intended)
                }
                None => self.desk.tally.counts.dropped += 1,
            }
        }
    }

    fn has_rounds(&self) -> bool {
        self.blue
            .cast
            .roles
            .iter()
            .any(|role| role.tempo == Tempo::Rounds)
    }

    /// The next socket in turn that can send.
    fn next_pusher(&mut self) -> Option<u32> {
        for _ in 0..self.pushers.len().min(ASKED) {
            let id = self.pushers[self.next_pusher % self.pushers.len()];
            let can = self.actors[id as usize].life.flags.has(Flags::COUNTED);
            if !can || self.voices == Voices::All {
                self.next_pusher = (self.next_pusher + 1) % self.pushers.len();
            }
            if can {
                return Some(id);
            }
        }
        None
    }

    /// The round of a role that only pushes.
    fn push_now(&mut self, id: u32, intended: Time) {
        let cast = self.blue.cast;
        let role = &cast.roles[usize::from(self.actors[id as usize].life.role)];
        let push = role.steps.iter().find_map(|step| {
            if let Step::Push(push) = step {
                Some(push)
            } else {
                None
            }
        });
        if let Some(push) = push {
            self.push(id, push, intended);
            self.desk.tally.counts.rounds += 1;
            self.after(id);
            self.arm(id);
        }
    }

    /// Pushes as if at the intended time, so that the answer counts from it.
    pub(super) fn push(&mut self, id: u32, push: &Push, intended: Time) -> Option<Ref> {
        let place = self.place(id);
        let life = &self.actors[id as usize].life;
        let channel = life.slots.all()[usize::from(push.channel)].channel?;
        let seq = life.seq;
        let mut mark = Mark::default();
        if push.is_marked() {
            let join = &self.blue.cast.roles[usize::from(life.role)].joins[usize::from(push.channel)];
            let (number, topic) = self.desk.topic(place, join.place);
            mark = Mark {
                run: self.desk.run,
                topic: number,
                of_topic: self.desk.topics.next(topic),
                sender: place.socket,
                of_sender: seq,
                intended: intended.as_micros(),
            };
        }
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        let payload = match &push.payload {
            Content::Json(line) => {
                line.fill(&self.filling(id, mark), &mut text);
                Payload::Json(&text)
            }
            Content::Binary(bytes) => Payload::Binary(bytes),
        };
        let reference = self.call_as_of(id, intended, |socket, context| {
            socket.push(context, channel, &push.event, payload)
        });
        self.text = text;
        let answered = !matches!(push.answer, Answer::None);
        match reference {
            Some(reference) if push.is_marked() && answered => {
                self.desk
                    .marked
                    .insert((id, reference), (mark.topic, mark.of_topic));
            }
            Some(_) => {}
            None if push.is_marked() => self.desk.common.doubt(mark.topic, mark.of_topic),
            None => {}
        }
        if let Some(reference) = reference {
            self.actors[id as usize].life.seq += 1;
            self.desk.tally.counts.sent += 1;
            if answered {
                self.desk.tally.counts.replies_expected += 1;
                self.desk.unanswered += 1;
            } else {
                self.desk.unawaited.insert((id, reference));
            }
        }
        reference
    }

    pub(super) fn filling(&self, id: u32, mark: Mark) -> Filling {
        let place = self.place(id);
        Filling {
            first_own: self.desk.first_own(place),
            sender: place.socket,
            seq: self.actors[id as usize].life.seq,
            mark,
        }
    }
}
