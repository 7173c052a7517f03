//! Handles changes of a socket's channels: joined, lost, left, or ended by the server.

use super::client_outbox::IncomingEvent;
use super::{ClientOutbox, News};
use crate::client::{ChannelId, CloseCause, DropReason};
use crate::clock::Time;
use crate::load::actor::{Flags, Wait};
use crate::load::error_kind::ErrorKind;
use crate::load::latency::Timing;
use crate::load::ledger::{Mark, ReceiveWindow};
use crate::load::role::{ChannelStatus, Join};
use crate::protocol::{CLOSE, JOIN, Message, Payload};

impl ClientOutbox<'_, '_> {
    pub(super) fn joined(&mut self, channel: ChannelId, response: Payload<'_>, sent_at: Time) {
        self.record(Timing::Join, sent_at);
        let Some(index) = self.life.slots.position(channel) else {
            return;
        };
        let role = self.role();
        let (_, topic) = self.state.topic(self.place, role.joins[index].place);
        let slot = &mut self.life.slots.all_mut()[index];
        slot.status = ChannelStatus::Joined;
        slot.received = ReceiveWindow::since(self.state.topics.sent(topic));
        if !std::mem::replace(&mut slot.judged, true) {
            let expected = role.entries[usize::from(slot.entry)].response.as_ref();
            self.judge(expected, response, JOIN);
        }
        if !self.life.slots.at_rest() {
            return;
        }
        if self.life.lost_at != Time::MAX {
            self.record(Timing::Rejoin, self.life.lost_at);
            self.life.lost_at = Time::MAX;
        }
        if self.life.flags.set(Flags::JOINED) {
            self.state.tally.counts.first_joined += 1;
        }
        if self.life.slots.all_joined() && self.life.flags.set(Flags::COUNTED) {
            self.state.joined += 1;
        }
        self.state.news.push(News::AllJoined);
    }

    /// A channel is over: the client left it, or the server ended it.
    pub(super) fn closed(&mut self, channel: ChannelId, cause: CloseCause) {
        let Some(index) = self.life.slots.position(channel) else {
            return;
        };
        let was_left = self.life.slots.all()[index].status == ChannelStatus::Over;
        self.state.part(self.place, self.life, index, ChannelStatus::Over);
        self.life.slots.all_mut()[index].channel = None;
        if cause == CloseCause::Server {
            if was_left {
                self.state.tally.trouble(ErrorKind::LeaveUnanswered);
            }
            let in_vain = !was_left && self.waits_in_vain(index);
            let is_awaited =
                !in_vain && self.hand(&IncomingEvent::unmarked(index, CLOSE, Payload::Json("{}")));
            if !was_left && !is_awaited {
                self.state.tally.trouble(ErrorKind::ChannelClosed);
            }
            if in_vain {
                self.state.news.push(News::Ended);
            }
        }
        if let CloseCause::LeaveTimedOut { .. } = cause {
            self.state.tally.trouble(ErrorKind::LeaveUnanswered);
        }
        if was_left {
            self.state.news.push(News::Left);
        }
    }

    /// Whether the role waits for something that cannot arrive any more because this channel is over.
    fn waits_in_vain(&self, index: usize) -> bool {
        match self.life.wait {
            Wait::Joined => self.life.slots.at_rest(),
            Wait::Message(number) => {
                let awaited = &self.role().awaited[usize::from(number)];
                *awaited.event != *CLOSE && awaited.may_come_on(index)
            }
            Wait::Nothing | Wait::Turn | Wait::Left | Wait::Answer(_) | Wait::Answers | Wait::Sleep => false,
        }
    }

    /// A channel is lost: it crashed, or its connection ended.
    pub(super) fn unjoined(&mut self, channel: ChannelId) {
        if let Some(index) = self.life.slots.position(channel)
            && self.state.part(self.place, self.life, index, ChannelStatus::Lost)
            && self.life.lost_at == Time::MAX
        {
            self.life.lost_at = self.state.now;
        }
    }

    /// The channel that was left or lost and to which this late message belongs.
    pub(super) fn position_left(&self, reason: DropReason, message: &Message<'_>) -> Option<usize> {
        match reason {
            DropReason::Stale(channel) | DropReason::NotJoined(channel) => {
                let found = self.life.slots.position(channel);
                found.filter(|index| self.life.slots.all()[*index].status != ChannelStatus::Joined)
            }
            DropReason::NoChannel | DropReason::Unasked(_) => {
                self.position_over(message.topic.as_str().unwrap_or_default())
            }
        }
    }

    /// The channel of a topic, if that channel is over.
    pub(super) fn position_over(&self, topic: &str) -> Option<usize> {
        let filling = self.state.filling(self.place, self.life.seq, Mark::default());
        let is_called = |join: &Join| {
            let mut name = String::new();
            join.topic.fill(&filling, &mut name);
            name == topic
        };
        let mut joins = self.role().joins.iter().zip(self.life.slots.all());
        joins.position(|(join, slot)| slot.status == ChannelStatus::Over && is_called(join))
    }
}
