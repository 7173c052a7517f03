//! Handles arriving broadcasts: enters them into the ledger by their mark, or counts those without a mark.

use super::ClientOutbox;
use super::client_outbox::IncomingEvent;
use crate::client::DropReason;
use crate::clock::Time;
use crate::load::actor::Flags;
use crate::load::latency::Timing;
use crate::load::ledger::{Arrival, Mark};
use crate::load::role::ChannelStatus;
use crate::protocol::{CLOSE, Field, Message, Payload, REPLY};

impl ClientOutbox<'_, '_> {
    /// Counts a broadcast without a mark, if broadcasts on the topic are tracked by number.
    pub(super) fn take_numbered(&mut self, index: usize, event: &str) {
        let join = &self.role().joins[index];
        if join.numbered.as_deref() != Some(event) {
            return;
        }
        let (_, topic) = self.state.topic(self.place, join.place);
        let state = &mut *self.state;
        let slot = &mut self.life.slots.all_mut()[index];
        if slot.status != ChannelStatus::Joined {
            return;
        }
        state.heard_at = state.now;
        match slot.received.take_next(state.topics.sent(topic)) {
            Arrival::InOrder => state.tally.counts.broadcasts += 1,
            Arrival::InDoubt | Arrival::Reordered | Arrival::Duplicate => {
                state.tally.counts.broadcasts_in_doubt += 1;
            }
        }
    }

    pub(super) fn mark(&self, payload: Payload<'_>) -> Option<Mark> {
        let bytes = match payload {
            Payload::Json(json) => json.as_bytes(),
            Payload::Binary(bytes) | Payload::BinaryReply { data: bytes, .. } => bytes,
        };
        Mark::find(bytes, self.state.run)
    }

    /// Whether a broadcast belongs to this topic. A number that was never allocated does not.
    pub(super) fn belongs(&mut self, index: usize, mark: &Mark) -> bool {
        let (number, topic) = self.state.topic(self.place, self.role().joins[index].place);
        let belongs = mark.topic == number && mark.of_topic < self.state.topics.sent(topic);
        if !belongs {
            self.state.tally.counts.broadcasts_misdelivered += 1;
        }
        belongs
    }

    /// Enters a broadcast into the ledger.
    pub(super) fn take(&mut self, index: usize, mark: &Mark) {
        let join = &self.role().joins[index];
        let state = &mut *self.state;
        let slot = &mut self.life.slots.all_mut()[index];
        if slot.status != ChannelStatus::Joined {
            return;
        }
        state.heard_at = state.now;
        state.topics.note(mark);
        let (arrival, gone) = slot.received.take(mark, &state.topics);
        state.gone(self.place, join, &gone);
        let counts = &mut state.tally.counts;
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
        self.record(Timing::Broadcast, Time::from_micros(mark.intended));
    }

    /// Handles a broadcast that arrived after its receiver had left. It was already counted as in doubt, unless it is
    /// a duplicate.
    fn take_late(&mut self, index: usize, mark: &Mark) {
        let state = &mut *self.state;
        let slot = &mut self.life.slots.all_mut()[index];
        if let (Arrival::Duplicate, _) = slot.received.take(mark, &state.topics) {
            state.tally.counts.broadcasts_duplicated += 1;
        }
    }

    pub(super) fn dropped(&mut self, reason: DropReason, message: &Message<'_>) {
        let event = message.event.as_str().unwrap_or_default();
        if event == CLOSE
            && let Some(index) = self.position_over(message.topic.as_str().unwrap_or_default())
            && self.hand(&IncomingEvent::unmarked(index, event, message.payload))
        {
            return;
        }
        let mark = self.mark(message.payload).filter(|_| event != REPLY);
        if let Some(mark) = mark
            && let Some(index) = self.position_left(reason, message)
        {
            return self.take_late(index, &mark);
        }
        let tally = &mut self.state.tally;
        match reason {
            DropReason::NoChannel if mark.is_some() => tally.counts.broadcasts_misdelivered += 1,
            // Not a reply to any push.
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
