//! What a session without a connection keeps: messages for its client, the poll that waits for them, and the requests
//! behind it.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::conduct::PollTimes;
use super::super::longpoll::{PollOutcome, PollWork, Requester, SessionKey, SessionRequest};
use super::super::message::Encoded;
use crate::clock::Time;

/// A session without a connection.
pub(super) struct Slot {
    pub(super) key: SessionKey,
    /// Messages for the client, the oldest first.
    pub(super) messages: Vec<Encoded>,
    /// How many bytes they have.
    bytes: usize,
    /// The poll that is told of the next message.
    pub(super) poll: Option<Polling>,
    /// Polls that another one followed: they are told of nothing.
    overtaken: Vec<Polling>,
    /// Requests that wait until the session is not stuck in a join.
    pub(super) queue: VecDeque<Queued>,
    /// When the client asked for messages.
    pub(super) last_poll: Time,
    /// The session expires when it was not polled for so long.
    pub(super) patience: Duration,
    /// When it is looked at next whether it has expired.
    pub(super) look_at: Time,
    /// The number of queued requests that the session handles before its delayed expiry check.
    before_look: Option<u32>,
    /// The earliest alarm that is set for it.
    pub(super) alarm: Time,
}

/// A poll that waits.
pub(super) struct Polling {
    pub(super) from: Requester,
    pub(super) deadline: Time,
}

/// A request that waits until the session is not stuck in a join.
pub(super) struct Queued {
    pub(super) request: SessionRequest,
    pub(super) work: PollWork,
    pub(super) deadline: Time,
    /// What becomes of it then.
    pub(super) late: PollOutcome,
}

impl Slot {
    pub(super) fn new(key: SessionKey, times: PollTimes, now: Time) -> Self {
        let patience = times.window * 3 / 2;
        Self {
            key,
            messages: Vec::new(),
            bytes: 0,
            poll: None,
            overtaken: Vec::new(),
            queue: VecDeque::new(),
            last_poll: now,
            patience,
            look_at: now + patience,
            before_look: None,
            alarm: Time::MAX,
        }
    }

    pub(super) fn say(&mut self, message: Encoded) {
        self.bytes += message.payload.len() + size_of::<Encoded>();
        self.messages.push(message);
    }

    /// The bytes of all messages that wait.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The client takes all messages.
    pub(super) fn take(&mut self, now: Time) -> Vec<Encoded> {
        self.bytes = 0;
        self.last_poll = now;
        std::mem::take(&mut self.messages)
    }

    /// A poll waits from now on, and the one before is told of nothing.
    pub(super) fn wait(&mut self, poll: Polling, now: Time) {
        self.last_poll = now;
        self.overtaken.extend(self.poll.replace(poll));
    }

    /// Delays the expiry check until the session has handled the queued requests.
    pub(super) fn look_behind_queue(&mut self) {
        self.look_at = Time::MAX;
        self.before_look = u32::try_from(self.queue.len()).ok();
    }

    /// Whether the delayed expiry check is due now. Sets its time to `now`.
    pub(super) fn begin_look(&mut self, now: Time) -> bool {
        let is_due = self.before_look == Some(0) || (self.before_look.is_some() && self.queue.is_empty());
        if is_due {
            (self.before_look, self.look_at) = (None, now);
        }
        is_due
    }

    /// The next request that waits.
    pub(super) fn next_queued(&mut self) -> Option<Queued> {
        self.before_look = self.before_look.map(|before| before.saturating_sub(1));
        self.queue.pop_front()
    }

    /// The rest of a batch waits in front of all other requests.
    pub(super) fn queue_again(&mut self, queued: Queued) {
        self.before_look = self.before_look.map(|before| before + 1);
        self.queue.push_front(queued);
    }

    /// Forgets the request of this connection.
    pub(super) fn cancel(&mut self, from: Requester) {
        self.poll.take_if(|poll| poll.from == from);
        self.overtaken.retain(|poll| poll.from != from);
        self.queue.retain(|queued| queued.request.from != from);
    }

    /// When something is due next.
    pub(super) fn next_due(&self) -> Time {
        let polls = self.poll.iter().chain(&self.overtaken).map(|poll| poll.deadline);
        let queued = self.queue.iter().map(|queued| queued.deadline);
        polls.chain(queued).min().unwrap_or(Time::MAX).min(self.look_at)
    }

    /// The requests that have waited long enough, except the poll that is told of messages.
    pub(super) fn take_late(&mut self, now: Time) -> Vec<(Requester, PollOutcome)> {
        let overtaken = self.overtaken.extract_if(.., |poll| poll.deadline <= now);
        let mut late: Vec<_> = overtaken
            .map(|poll| (poll.from, PollOutcome::NoMessages))
            .collect();
        let (over, queue) = std::mem::take(&mut self.queue)
            .into_iter()
            .partition::<Vec<_>, _>(|queued| queued.deadline <= now);
        self.queue = queue.into();
        late.extend(over.into_iter().map(|queued| (queued.request.from, queued.late)));
        late
    }

    /// All requests that wait, with what becomes of each when.
    pub(super) fn into_waiting(self) -> impl Iterator<Item = (Time, Requester, PollOutcome)> {
        let polls = self.poll.into_iter().chain(self.overtaken);
        let polls = polls.map(|poll| (poll.deadline, poll.from, PollOutcome::NoMessages));
        let queue = self.queue.into_iter();
        polls.chain(queue.map(|queued| (queued.deadline, queued.request.from, queued.late)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_without_a_connection_is_small() {
        assert!(size_of::<Slot>() <= 192, "it takes {} bytes", size_of::<Slot>());
    }
}
