//! Adds messages that never arrived to the list of lost messages, with all that is known about them.

use super::{Awaits, ClientOutbox, ShardState, SocketPlace};
use crate::client::{ChannelId, Ref};
use crate::clock::Time;
use crate::load::actor::{ConnectionStage, Flags};
use crate::load::error_kind::ErrorKind;
use crate::load::ledger::{Gone, Mark};
use crate::load::lost::{Lost, LostKind, MOST};
use crate::load::role::{CompiledScenarios, Join, TopicPlace};
use crate::load::text::Filling;

/// The properties that several lost messages share.
#[derive(Clone, Copy)]
struct Case<'r> {
    kind: LostKind,
    cast: &'r CompiledScenarios,
    join: &'r Join,
    filling: Filling,
    receiver: u32,
}

impl Case<'_> {
    fn tell(&self, (sender, number): (Option<u32>, Option<u64>), at_s: Option<f64>) -> Lost {
        Lost {
            kind: self.kind,
            topic: self.topic(),
            event: None,
            sender,
            number,
            receiver: self.receiver,
            at_s,
        }
    }

    fn topic(&self) -> String {
        match self.join.place {
            TopicPlace::Shared(shared) => self.cast.shared_topics[shared as usize].to_string(),
            TopicPlace::Own(_) => {
                let mut topic = String::new();
                self.join.topic.fill(&self.filling, &mut topic);
                topic
            }
        }
    }
}

impl<'r> ShardState<'r> {
    fn case(&self, kind: LostKind, place: SocketPlace, join: &'r Join) -> Case<'r> {
        Case {
            kind,
            cast: self.cast,
            join,
            filling: self.filling(place, 0, Mark::default()),
            receiver: place.socket,
        }
    }

    /// Counts broadcasts that this receiver will not get any more, and lists the missing ones.
    pub(in crate::load) fn gone(&mut self, place: SocketPlace, join: &'r Join, gone: &Gone) {
        let missing = gone.count_missing();
        self.tally.counts.broadcasts_missing += missing;
        self.tally.counts.broadcasts_in_doubt += gone.in_doubt;
        if missing == 0 {
            return;
        }
        let case = self.case(LostKind::Broadcast, place, join);
        // If broadcasts are tracked by number only, it is unknown which of them are missing.
        if join.numbered.is_some() {
            return self.enter_unknown(&case, (0..missing).map(|_| (None, None)));
        }
        let (topic, _) = self.topic(place, join.place);
        for range in &gone.missing {
            let within = self.topics.within(topic, range);
            let outside = (range.start..within.start).chain(within.end..range.end);
            let unknown = outside.map(|number| (None, Some(number.into())));
            self.enter_unknown(&case, unknown);
            for number in within {
                let (sender, at) = self.topics.sent_by(topic, number).unzip();
                let tell = |at_s| case.tell((sender, Some(number.into())), at_s);
                self.tally.lost.enter(at, tell);
            }
        }
    }

    /// Lists lost broadcasts whose sender and time are unknown, at most as many as the list shows.
    fn enter_unknown(&mut self, case: &Case<'_>, all: impl Iterator<Item = (Option<u32>, Option<u64>)>) {
        for known in all.take(MOST) {
            self.tally.lost.enter(None, |at_s| case.tell(known, at_s));
        }
    }
}

impl ClientOutbox<'_, '_> {
    /// A push timed out.
    pub(super) fn push_timed_out(&mut self, channel: ChannelId, push: Ref, sent_at: Time) {
        self.life.flags.set(Flags::GAVE_UP);
        let state = &mut *self.state;
        let due_at = state.overdue.remove(&(self.place.id, push)).unwrap_or(sent_at);
        let together = state.together.remove(&(self.place.id, push));
        state.news.push(super::News::Answered(push));
        let lasted = self.life.stage == ConnectionStage::Open && sent_at >= self.life.since;
        let left_out = state.left_out.remove(&(self.place.id, push));
        if let Some((event, awaits)) = left_out {
            let counts = state.tally.left_out(event.into());
            match awaits {
                Awaits::Yes => counts.awaited_missing += u64::from(lasted),
                Awaits::No => counts.unawaited_missing += u64::from(lasted),
            }
        }
        let is_unawaited = state.unawaited.remove(&(self.place.id, push));
        if is_unawaited {
            // The connection lasted, so the server received the push although it sent no reply.
            state.marked.remove(&(self.place.id, push));
        } else {
            state.doubt(self.place.id, push);
            state.unanswered.remove(state.now);
        }
        let asked = match together {
            Some(step) => self.role().push(step),
            None => self.asked(),
        };
        let left_out = left_out.map(|(event, _)| event);
        if lasted && (!is_unawaited || left_out.is_some()) {
            let event = match (left_out, asked) {
                (Some(event), _) => Some(&*self.state.cast.left_out[usize::from(event)]),
                (None, asked) => asked.map(|asked| &*asked.event),
            };
            self.lose_reply(channel, (push, due_at), (left_out, event));
        }
        let counts = &mut self.state.tally.counts;
        match (is_unawaited, lasted) {
            (true, _) => {}
            // Its connection may have ended before the reply could arrive.
            (false, false) => counts.replies_in_doubt += 1,
            (false, true) => {
                counts.replies_missing += 1;
                let told = || asked.map_or_else(String::new, |it| format!("`{}` had no reply", it.event));
                self.state.tally.trouble_told(ErrorKind::PushTimeout, told);
            }
        }
    }

    /// Lists a lost reply. If the event has no declared reply, the end of the run decides whether the reply was due.
    fn lose_reply(
        &mut self,
        channel: ChannelId,
        (push, due_at): (Ref, Time),
        (left_out, event): (Option<u16>, Option<&str>),
    ) {
        let Some(index) = self.life.slots.position(channel) else {
            return;
        };
        let case = self
            .state
            .case(LostKind::Reply, self.place, &self.role().joins[index]);
        let tally = &mut self.state.tally;
        let list = match left_out {
            Some(event) => tally.lost_of_left_out(event.into()),
            None => &mut tally.lost,
        };
        list.enter(Some(due_at), |at_s| Lost {
            event: event.map(str::to_owned),
            ..case.tell((Some(case.receiver), Some(push.number())), at_s)
        });
    }
}
