//! The state machine of a worker, without I/O and without a clock: it registers, follows the orders of the master, sends
//! heartbeats, and notices that the master is gone.

use std::time::Duration;

use rmpv::Value;

use super::act::{EndReason, Spawn, Use, WorkerAct};
use super::class::Classes;
use super::message::{LocustMessage, field, map};
use crate::clock::Time;

/// A worker that got no `ack` registers again after this time.
const REGISTERS_EVERY: Duration = Duration::from_secs(5);
/// It gives up after so many tries.
const MOST_TRIES: u32 = 60;
/// A master that has been silent for so long may have been started anew.
const SILENT: Duration = Duration::from_secs(10);
/// A master that has been silent for so long counts as gone, and the test ends.
const GONE: Duration = Duration::from_secs(60);
/// A master that goes on with a test orders users again this soon after a worker has registered.
const FORGOTTEN: Duration = Duration::from_secs(10);

/// The state of the worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    Spawning,
    Running,
    Ending(EndReason),
    /// It waits before it registers again.
    Resting(Time),
}

/// Whether the master knows this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Registered {
    No { tries: u32, next: Time },
    Yes { since: Time },
}

/// A worker of a Locust master.
#[derive(Debug)]
pub struct Worker {
    name: String,
    classes: Classes,
    state: State,
    registered: Registered,
    is_connected: bool,
    index: u32,
    /// The seed of the test that goes on.
    seed: Option<u64>,
    /// The order with which the next test begins, once this one is over.
    next: Option<Spawn>,
    /// The newest order.
    newest: f64,
    /// The time at which the last order came.
    ordered_at: Time,
    heard_at: Time,
    stop_timeout: Duration,
}

impl Worker {
    /// A worker of this name that is not connected.
    pub fn new(name: String, classes: Classes) -> Self {
        Self {
            name,
            classes,
            state: State::Ready,
            registered: Registered::No {
                tries: 0,
                next: Time::ZERO,
            },
            is_connected: false,
            index: 0,
            seed: None,
            next: None,
            newest: 0.0,
            ordered_at: Time::ZERO,
            heard_at: Time::ZERO,
            stop_timeout: Duration::ZERO,
        }
    }

    /// Its number among the workers of the master.
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A message of its own.
    pub fn message(&self, kind: &str, data: Value) -> LocustMessage {
        LocustMessage::new(kind, data, &self.name)
    }

    /// There is a connection: register.
    pub fn connected(&mut self, now: Time) -> Vec<WorkerAct> {
        self.is_connected = true;
        self.heard_at = now;
        self.register(now, 0)
    }

    /// There is no connection any more. Users play on, as the master may come back.
    pub fn disconnected(&mut self) {
        self.is_connected = false;
    }

    /// A message came.
    pub fn hear(&mut self, message: &LocustMessage, now: Time) -> Vec<WorkerAct> {
        self.heard_at = now;
        match &*message.kind {
            "ack" => self.acknowledged(message, now),
            "spawn" => self.spawn(message, now),
            "stop" => self.end(EndReason::Stopped),
            "quit" => [vec![WorkerAct::TellAll], self.end(EndReason::Quit)].concat(),
            "reconnect" => vec![WorkerAct::Reconnect],
            "phxproof_end" if self.is_playing() => self.end(EndReason::Asked),
            // A worker has nothing to do about these.
            "heartbeat" | "spawning_complete" | "update_user_class" | "phxproof_end" => Vec::new(),
            other => vec![WorkerAct::Say(format!(
                "the master sent a message `{other}`, which a worker does not know"
            ))],
        }
    }

    /// A second is over.
    pub fn tick(&mut self, used: Use, now: Time) -> Vec<WorkerAct> {
        let mut acts = self.miss_master(now);
        if !self.is_connected {
            return acts;
        }
        acts.push(WorkerAct::Send(self.message("heartbeat", self.heartbeat(used))));
        if let State::Resting(until) = self.state
            && until <= now
        {
            self.state = State::Ready;
            acts.extend(self.register(now, 0));
        }
        match self.registered {
            Registered::No { tries, .. } if tries >= MOST_TRIES => acts.push(WorkerAct::GiveUp),
            Registered::No { tries, next } if next <= now => acts.extend(self.register(now, tries)),
            Registered::No { .. } => {}
            Registered::Yes { .. } if now.since(self.heard_at) >= SILENT => {
                acts.extend(self.register(now, 0));
            }
            Registered::Yes { since } => {
                if self.is_playing() && self.ordered_at < since && now.since(since) >= FORGOTTEN {
                    acts.extend(self.end(EndReason::Forgotten));
                }
            }
        }
        acts
    }

    /// So many users of each class have come, which are all that were asked for.
    pub fn spawned(&mut self, users: &[u32]) -> Vec<WorkerAct> {
        if self.state != State::Spawning {
            return Vec::new();
        }
        self.state = State::Running;
        let data = Value::Map(self.counts(users));
        vec![WorkerAct::Send(self.message("spawning_complete", data))]
    }

    /// The test is over, and all measurements were sent.
    pub fn ended(&mut self, now: Time) -> Vec<WorkerAct> {
        let reason = match self.state {
            State::Ending(reason) => reason,
            // It ended by itself. The master gets the same message as after a stop.
            State::Ready | State::Spawning | State::Running | State::Resting(_) => EndReason::Stopped,
        };
        match reason {
            EndReason::Quit => vec![
                WorkerAct::Send(self.message("quit", Value::Nil)),
                WorkerAct::Leave,
            ],
            EndReason::Stopped => {
                self.state = State::Resting(now + self.stop_timeout);
                vec![WorkerAct::Send(self.message("client_stopped", Value::Nil))]
            }
            EndReason::Asked => Vec::new(),
            EndReason::Replaced => {
                let Some(order) = self.next.take() else {
                    return Vec::new();
                };
                (self.state, self.seed) = (State::Spawning, order.seed);
                vec![WorkerAct::Spawn(order)]
            }
            EndReason::MasterGone | EndReason::Forgotten => {
                self.state = State::Resting(now);
                Vec::new()
            }
        }
    }

    /// The user ends this worker.
    pub fn leave(&mut self) -> Vec<WorkerAct> {
        self.end(EndReason::Quit)
    }

    /// Tells the master of something that is no failure of the server.
    pub fn exception(&self, what: &str) -> WorkerAct {
        let data = map([
            ("msg", Value::from(what)),
            ("traceback", Value::from(format!("phxproof worker: {what}"))),
        ]);
        WorkerAct::Send(self.message("exception", data))
    }

    /// The users of each class and of all, as `stats` and `spawning_complete` tell them.
    pub fn counts(&self, users: &[u32]) -> Vec<(Value, Value)> {
        let classes = self.classes.names().iter().zip(users);
        let classes = classes.map(|(class, users)| (Value::from(&**class), Value::from(*users)));
        let all: u64 = users.iter().copied().map(u64::from).sum();
        vec![
            (Value::from("user_classes_count"), Value::Map(classes.collect())),
            (Value::from("user_count"), Value::from(all)),
        ]
    }

    /// The parts of an order that cannot be followed, if so many users of each class are granted.
    pub fn complaints(&self, order: &Spawn, granted: &[u32]) -> Vec<String> {
        let unknown = order.unknown.iter().map(|(class, users)| {
            let known = self.classes.names().join(", ");
            format!(
                "the Locust master ordered {users} users of `{class}`, which this worker does not have: it plays {known}"
            )
        });
        let sum = |users: &[u32]| users.iter().copied().map(u64::from).sum::<u64>();
        let (ordered, most) = (sum(&order.users), sum(granted));
        let too_many = (most < ordered).then(|| {
            format!(
                "the Locust master ordered {ordered} users, and this worker plays at most {most} (--sockets)"
            )
        });
        unknown.chain(too_many).collect()
    }

    fn register(&mut self, now: Time, tries: u32) -> Vec<WorkerAct> {
        self.registered = Registered::No {
            tries: tries + 1,
            next: now + REGISTERS_EVERY,
        };
        // -1: this is no Python worker, whose version would have to be that of the master.
        vec![WorkerAct::Send(self.message("client_ready", Value::from(-1)))]
    }

    fn acknowledged(&mut self, message: &LocustMessage, now: Time) -> Vec<WorkerAct> {
        if let Some(index) = message.field("index").and_then(Value::as_u64) {
            self.index = u32::try_from(index).unwrap_or(u32::MAX);
        }
        let is_new = matches!(self.registered, Registered::No { .. });
        if is_new {
            self.registered = Registered::Yes { since: now };
        }
        Vec::new()
    }

    fn spawn(&mut self, message: &LocustMessage, now: Time) -> Vec<WorkerAct> {
        let mut acts = vec![WorkerAct::Send(self.message("spawning", Value::Nil))];
        let Some(timestamp) = message.field("timestamp").and_then(Value::as_f64) else {
            acts.push(WorkerAct::Say(
                "a `spawn` of the master has no timestamp, so it is not followed".to_owned(),
            ));
            return acts;
        };
        let is_ending = matches!(self.state, State::Ending(reason) if reason != EndReason::Replaced);
        if timestamp <= self.newest || is_ending {
            return acts;
        }
        let Some(wanted) = message.field("user_classes_count").and_then(Value::as_map) else {
            acts.push(WorkerAct::Say(
                "a `spawn` of the master names no users, so it is not followed".to_owned(),
            ));
            return acts;
        };
        let mut order = Spawn {
            users: vec![0; self.classes.names().len()],
            seed: message
                .field("parsed_options")
                .and_then(|it| field(it, "phxproof_seed")?.as_u64()),
            unknown: Vec::new(),
        };
        for (class, users) in wanted {
            let (class, users) = (
                class.as_str().unwrap_or_default(),
                users.as_u64().unwrap_or_default(),
            );
            match self.classes.position(class) {
                Some(place) => order.users[place] = u32::try_from(users).unwrap_or(u32::MAX),
                None if users > 0 => order.unknown.push((class.to_owned(), users)),
                None => {}
            }
        }
        let stop_timeout = message
            .field("stop_timeout")
            .and_then(Value::as_f64)
            .unwrap_or_default();
        self.stop_timeout = Duration::try_from_secs_f64(stop_timeout).unwrap_or_default();
        (self.newest, self.ordered_at) = (timestamp, now);
        let is_another = self.is_playing() && order.seed.is_some() && order.seed != self.seed;
        if is_another || self.state == State::Ending(EndReason::Replaced) {
            self.next = Some(order);
            acts.extend(is_another.then_some(WorkerAct::EndTest(EndReason::Replaced)));
            self.state = State::Ending(EndReason::Replaced);
            return acts;
        }
        (self.state, self.seed) = (State::Spawning, order.seed);
        acts.push(WorkerAct::Spawn(order));
        acts
    }

    fn end(&mut self, reason: EndReason) -> Vec<WorkerAct> {
        if let State::Ending(EndReason::Quit) = self.state {
            return Vec::new();
        }
        self.state = State::Ending(reason);
        vec![WorkerAct::EndTest(reason)]
    }

    /// Ends the test if the master has been silent for too long.
    fn miss_master(&mut self, now: Time) -> Vec<WorkerAct> {
        let waits = self.is_playing() || self.state == State::Ending(EndReason::Asked);
        if waits && now.since(self.heard_at) >= GONE {
            return self.end(EndReason::MasterGone);
        }
        Vec::new()
    }

    const fn is_playing(&self) -> bool {
        matches!(self.state, State::Spawning | State::Running)
    }

    fn heartbeat(&self, used: Use) -> Value {
        let state = match self.state {
            State::Ready | State::Resting(_) => "ready",
            State::Spawning => "spawning",
            State::Running => "running",
            State::Ending(_) => "cleanup",
        };
        map([
            ("state", Value::from(state)),
            ("current_cpu_usage", Value::from(used.cpu_percent)),
            ("current_memory_usage", Value::from(used.memory_bytes)),
        ])
    }
}

#[cfg(test)]
mod tests;
