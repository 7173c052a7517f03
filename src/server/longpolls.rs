//! The sessions of a shard that have no connection (`lib/phoenix/transports/long_poll_server.ex`): what each has to tell
//! its client, and the requests that wait for it. A connection is known here only by its id.

use std::collections::VecDeque;
use std::sync::Arc;

use super::channels::Channels;
use super::conduct::{Expiry, MessageOrder, PollTimes, Repeats, Unpolled};
use super::ids::SessionId;
use super::longpoll::{Batch, PollNote, PollOutcome, PollWork, Requester, SessionKey, SessionRequest};
use super::message::Encoded;
use super::queues::{Note, ShardQueues};
use super::shared::Shared;
use super::timers::Timers;
use crate::clock::Time;
use slot::{Queued, Slot};

mod dispatch;
mod slot;

/// All sessions of a shard that have no connection.
pub(crate) struct LongPolls {
    /// By session; none: there is no such session, or it has a connection.
    slots: Vec<Option<Box<Slot>>>,
    timers: Timers<Due>,
    /// Answers to requests of this shard's connections.
    answers: VecDeque<(Requester, PollOutcome)>,
    /// How many sessions there have been.
    serials: u64,
    shared: Arc<Shared>,
    queues: Arc<ShardQueues>,
    /// Which shard this is.
    shard: u32,
}

/// What is due.
enum Due {
    /// Something of this session.
    Session(SessionKey),
    /// The answer to a request whose session has ended.
    Answer(Requester, PollOutcome),
}

impl LongPolls {
    pub(crate) fn new(shared: &Arc<Shared>, queues: &Arc<ShardQueues>, shard: usize) -> Self {
        Self {
            slots: Vec::new(),
            timers: Timers::new(shared.clock.now()),
            answers: VecDeque::new(),
            serials: 0,
            shared: Arc::clone(shared),
            queues: Arc::clone(queues),
            shard: u32::try_from(shard).expect("a server has few shards"),
        }
    }

    /// A new turn of the shard begins.
    pub(crate) const fn begin_turn(&mut self, now: Time) {
        self.timers.begin_turn(now);
    }

    /// Which shard this is.
    pub(crate) const fn shard(&self) -> u32 {
        self.shard
    }

    /// When something is due next.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.timers.next()
    }

    /// Gives a new session its place.
    pub(crate) fn open(&mut self, session: SessionId, times: PollTimes) -> SessionKey {
        self.serials += 1;
        let key = SessionKey {
            shard: self.shard,
            session,
            serial: self.serials,
        };
        let place = session.0 as usize;
        if place >= self.slots.len() {
            self.slots.resize_with(place + 1, || None);
        }
        self.slots[place] = Some(Box::new(Slot::new(key, times, self.timers.now())));
        self.watch(session);
        key
    }

    /// The sessions that there are.
    pub(crate) fn sessions(&self) -> impl Iterator<Item = SessionId> {
        self.slots.iter().flatten().map(|slot| slot.key.session)
    }

    /// All sessions have ended, and nobody waits for an answer.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.answers.clear();
    }

    fn slot(&mut self, session: SessionId) -> Option<&mut Slot> {
        self.slots.get_mut(session.0 as usize)?.as_deref_mut()
    }

    fn has(&mut self, key: SessionKey) -> bool {
        self.slot(key.session).is_some_and(|slot| slot.key == key)
    }

    /// The next answer to a request of a connection of this shard.
    pub(crate) fn next_answer(&mut self) -> Option<(Requester, PollOutcome)> {
        self.answers.pop_front()
    }

    /// Handles a message of another shard.
    pub(crate) fn note(&mut self, note: PollNote, channels: &mut Channels) {
        match note {
            PollNote::Asks(request, PollWork::Poll) => self.poll(request, channels),
            PollNote::Asks(request, PollWork::Publish(batch)) => self.publish(request, batch, channels),
            PollNote::Answers(requester, outcome) => self.answers.push_back((requester, outcome)),
            PollNote::Cancels(request) => self.cancel(request),
        }
    }

    /// Hands a request on to the shard of its session; none: it is this one's.
    fn elsewhere(&self, request: SessionRequest) -> Option<usize> {
        (request.to.shard != self.shard).then_some(request.to.shard as usize)
    }

    /// A client asks for messages.
    pub(crate) fn poll(&mut self, request: SessionRequest, channels: &mut Channels) {
        if let Some(shard) = self.elsewhere(request) {
            let note = PollNote::Asks(request, PollWork::Poll);
            return self.queues.tell(shard, Note::LongPoll(Box::new(note)));
        }
        if self.waits_for_session(request, channels) {
            return self.queue(request, PollWork::Poll);
        }
        if self.has(request.to) {
            self.listen(request);
        }
    }

    /// A client sends messages.
    pub(crate) fn publish(&mut self, request: SessionRequest, batch: Batch<'_>, channels: &mut Channels) {
        if let Some(shard) = self.elsewhere(request) {
            let note = PollNote::Asks(request, PollWork::Publish(batch.into_owned()));
            return self.queues.tell(shard, Note::LongPoll(Box::new(note)));
        }
        if self.waits_for_session(request, channels) {
            return self.queue(request, PollWork::Publish(batch.into_owned()));
        }
        if self.has(request.to) {
            self.take_batch(request, batch, channels);
            self.watch(request.to.session);
        }
    }

    /// Whether a session is stuck in a join. A request to one that has ended is answered after a while.
    fn waits_for_session(&mut self, request: SessionRequest, channels: &Channels) -> bool {
        if !self.has(request.to) {
            let at = self.timers.now() + request.times.patience;
            self.timers.at(at, Due::Answer(request.from, PollOutcome::Gone));
            return false;
        }
        channels.sessions.is_joining(request.to.session)
    }

    fn queue(&mut self, request: SessionRequest, work: PollWork) {
        let deadline = self.timers.now() + request.times.patience;
        if let Some(slot) = self.slot(request.to.session) {
            slot.queue.push_back(Queued {
                request,
                work,
                deadline,
                late: PollOutcome::Gone,
            });
        }
        self.watch(request.to.session);
    }

    /// The client of a request has gone: its poll ends, and what is left of its batch is dropped.
    pub(crate) fn cancel(&mut self, request: SessionRequest) {
        if let Some(shard) = self.elsewhere(request) {
            let note = Box::new(PollNote::Cancels(request));
            return self.queues.tell(shard, Note::LongPoll(note));
        }
        if self.has(request.to)
            && let Some(slot) = self.slot(request.to.session)
        {
            slot.cancel(request.from);
        }
    }

    /// Tells a connection what became of its request.
    fn answer(&mut self, to: Requester, outcome: PollOutcome) {
        if to.shard == self.shard {
            self.answers.push_back((to, outcome));
        } else {
            let note = Box::new(PollNote::Answers(to, outcome));
            self.queues.tell(to.shard as usize, Note::LongPoll(note));
        }
    }

    /// Adds a message to those that wait for the client.
    fn say(&mut self, session: SessionId, message: Encoded) {
        let unpolled = self.shared.conduct.longpoll.unpolled;
        let slot = self
            .slots
            .get_mut(session.0 as usize)
            .and_then(Option::as_deref_mut);
        let Some(slot) = slot else { return };
        if slot.poll.is_some() || unpolled != Unpolled::Lost {
            slot.say(message);
        }
    }

    /// The messages that wait, as an answer brings them.
    fn take_messages(&mut self, session: SessionId) -> Vec<Encoded> {
        let now = self.timers.now();
        let mut messages = self.slot(session).map_or_else(Vec::new, |slot| slot.take(now));
        let conduct = &self.shared.conduct.longpoll;
        if conduct.repeats == Repeats::Last {
            messages.extend(messages.last().cloned());
        }
        if conduct.message_order == MessageOrder::Reversed {
            messages.reverse();
        }
        messages
    }

    /// Sees to it that the session is looked at when something of it is due.
    fn watch(&mut self, session: SessionId) {
        let Some(slot) = self.slots.get_mut(session.0 as usize).and_then(Option::as_mut) else {
            return;
        };
        let due = slot.next_due();
        if due < slot.alarm {
            slot.alarm = due;
            self.timers.at(due, Due::Session(slot.key));
        }
    }

    /// Does what was due at `now`.
    pub(crate) fn alarms(&mut self, now: Time, channels: &mut Channels) {
        while let Some((at, due)) = self.timers.due(now) {
            match due {
                Due::Answer(requester, outcome) => self.answer(requester, outcome),
                Due::Session(key) => self.session_due(key, at, now, channels),
            }
        }
    }

    fn session_due(&mut self, key: SessionKey, at: Time, now: Time, channels: &mut Channels) {
        let Some(slot) = self
            .slot(key.session)
            .filter(|slot| slot.key == key && slot.alarm == at)
        else {
            return;
        };
        slot.alarm = Time::MAX;
        let late = slot.take_late(now);
        for (requester, outcome) in late {
            self.answer(requester, outcome);
        }
        self.end_polls(key.session, now);
        if self.has_expired(key.session, now, channels) {
            return self.end(key.session, channels);
        }
        self.watch(key.session);
    }

    /// Whether the session was not polled for one and a half windows. The session checks this at intervals. A session
    /// that waits for a join checks after it has handled the earlier requests.
    fn has_expired(&mut self, session: SessionId, now: Time, channels: &Channels) -> bool {
        let never = self.shared.conduct.longpoll.expiry == Expiry::Never;
        let is_joining = channels.sessions.is_joining(session);
        let Some(slot) = self.slot(session).filter(|slot| slot.look_at <= now) else {
            return false;
        };
        if is_joining {
            slot.look_behind_queue();
            return false;
        }
        slot.look_at = now + slot.patience;
        !never && now.since(slot.last_poll) >= slot.patience
    }

    /// Ends a session. Nobody tells the requests that wait for it.
    pub(crate) fn end(&mut self, session: SessionId, channels: &mut Channels) {
        channels.close_session(session);
        let slot = self.slots.get_mut(session.0 as usize).and_then(Option::take);
        for (deadline, requester, outcome) in slot.into_iter().flat_map(|slot| slot.into_waiting()) {
            self.timers.at(deadline, Due::Answer(requester, outcome));
        }
    }

    /// The server ends: the channels tell the session, one without channels ends at once.
    pub(crate) fn drain(&mut self, session: SessionId, channels: &mut Channels) {
        let sessions = &mut channels.sessions;
        if sessions
            .get(session)
            .is_some_and(|session| !session.channels.is_empty())
        {
            sessions.drain(session);
        } else {
            self.end(session, channels);
        }
    }
}
