//! The channels of a shard: their processes, timers and subscriptions, and the messages that sessions and channels send
//! each other. A connection is known here only by its id: what a client is to be sent waits in its session's mailbox.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::alarm::Alarm;
use super::chance::Chance;
use super::conduct::DisconnectReach;
use super::context::{Action, Info};
use super::ids::{Address, SessionId};
use super::mailboxes::Mailboxes;
use super::pubsub::PubSub;
use super::queues::{Note, ShardQueues};
use super::session::ChannelMessage;
use super::sessions::Sessions;
use super::shared::Shared;
use super::store::Request;
use super::timers::Timers;
use crate::clock::Time;

mod actions;
mod altered;
mod callback;
mod end;
mod join;
mod late;
mod receive;

use actions::Diff;
pub(crate) use end::Mail;

/// All channels of a shard, with their sessions.
pub(crate) struct Channels {
    pub(crate) sessions: Sessions,
    pub(crate) timers: Timers<Alarm>,
    pubsub: PubSub,
    /// Presence diffs that are late, each with when it is due.
    late_diffs: VecDeque<(Time, Diff)>,
    /// How many channels have crashed.
    crashes: u64,
    /// How many diffs there were, if some are not sent.
    diffs: u64,
    chance: Chance,
    /// What the callback that runs now asked for.
    actions: Vec<Action>,
    shared: Arc<Shared>,
    queues: Arc<ShardQueues>,
    /// Which shard this is.
    shard: usize,
}

impl Channels {
    pub(crate) fn new(shared: &Arc<Shared>, queues: &Arc<ShardQueues>, shard: usize) -> Self {
        let mailboxes = Mailboxes::new(shared.conduct.socket.delivery, Arc::clone(&shared.planted));
        Self {
            sessions: Sessions::new(shard, mailboxes),
            timers: Timers::new(shared.clock.now()),
            pubsub: PubSub::default(),
            late_diffs: VecDeque::new(),
            crashes: 0,
            diffs: 0,
            chance: Chance::of(shared.chance, shard, &shared.tally),
            actions: Vec::new(),
            shared: Arc::clone(shared),
            queues: Arc::clone(queues),
            shard,
        }
    }

    /// An alarm goes off that was set for `at`. The session whose join has ended with it, if any, can go on.
    pub(crate) fn alarm(&mut self, at: Time, alarm: Alarm) -> Option<SessionId> {
        match alarm {
            Alarm::Wake(address) => self.woken(address),
            Alarm::Join(address, join) => return self.join_woken(address, *join),
            Alarm::Info(address, info) => self.sessions.post(address, ChannelMessage::Info(info)),
            Alarm::Every(address, interval, info) => self.interval_over(at, address, interval, info),
            Alarm::Release(number) => self.sessions.release(number),
            Alarm::Forget(number) => self.pubsub.forget(number),
            Alarm::Reply(from, reply) => self.send_late_reply(from, reply),
            Alarm::Session(session, message) => self.sessions.mailboxes.send(session, message),
            Alarm::Diff => self.send_late_diffs(at),
        }
        None
    }

    fn interval_over(&mut self, at: Time, address: Address, interval: Duration, info: Info) {
        if self.sessions.process(address).is_none() {
            return;
        }
        match self.chance.late_timer(interval) {
            None => self.sessions.post(address, ChannelMessage::Info(info.clone())),
            Some(late) => self.timers.at(at + late, Alarm::Info(address, info.clone())),
        }
        // From the moment it was due, so that lateness does not add up.
        self.timers
            .at(at + interval, Alarm::Every(address, interval, info));
    }

    /// Asks the store; the answer comes back to this shard.
    fn ask_store(&self, address: Address, request: Request) {
        let (queues, shard) = (Arc::clone(&self.queues), self.shard);
        let reply_to = Box::new(move |answer| queues.tell(shard, Note::Answer(address, answer)));
        self.shared.store.submit(request, reply_to);
    }

    /// `Endpoint.broadcast("users_socket:" <> name, "disconnect", %{})`, on all shards.
    pub(crate) fn disconnect_everywhere(&mut self, name: &str) {
        let name: Arc<str> = name.into();
        self.disconnect(&name);
        self.queues
            .tell_others(self.shard, || Note::Disconnect(Arc::clone(&name)));
    }

    /// The same, on this shard.
    pub(crate) fn disconnect(&mut self, name: &str) {
        let conduct = &self.shared.conduct;
        match conduct.wire.disconnect_reach {
            DisconnectReach::User => self.sessions.disconnect(name, conduct.app.user_names),
            DisconnectReach::NamesThatBegin => self.sessions.disconnect_all_that_begin(name),
        }
    }
}
