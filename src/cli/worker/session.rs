//! The main loop of a worker: performs the acts that the state machine in `crate::locust` asks for, and runs one test at a time
//! on the swarm of `load`.

use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::super::args::{Look, RateArg};
use super::super::exit::{CliError, Exit};
use super::super::interrupt::Stop;
use super::super::load::{Job, Ordered, swarm};
use super::super::{output, results};
use super::connection::{Connection, Happened};
use super::ear::Ear;
use super::itself::{OwnMeter, name};
use crate::clock::{Clock, Time};
use crate::load::Scaling;
use crate::locust::{Classes, MasterAddress, Spawn, Worker, WorkerAct, value_of};
use crate::report::ToldBy;

/// How often the worker looks whether all sockets have come.
const LOOK: Duration = Duration::from_millis(100);
/// How often it sends the master a heartbeat.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How often it sends the master its measurements.
const REPORT: Duration = Duration::from_secs(3);
/// The default for how long it waits for the master.
const WAITS: Duration = Duration::from_secs(300);
/// The kind of the messages for the merged result.
const TOLD: &str = "phxproof";

/// The master of a worker.
pub(super) struct Master {
    pub(super) address: MasterAddress,
    /// How long to wait for it, if the user says so.
    pub(super) waits: Option<Duration>,
}

/// A run of the swarm, which gives its settings back.
type Run = Pin<Box<dyn Future<Output = (Job, Result<Exit, CliError>)>>>;

/// A test that goes on.
struct Test {
    scaling: Scaling,
    ear: Ear,
    run: Run,
}

/// A worker.
pub(super) struct Session {
    /// The settings of the tests; a test that goes on has them.
    job: Option<Job>,
    classes: Classes,
    look: Look,
    stop: Stop,
    clock: Clock,
    worker: Worker,
    master: Master,
    connection: Connection,
    /// The time since which there is no connection.
    alone_since: Option<Time>,
    test: Option<Test>,
    /// How many tests there were.
    tests: u32,
    /// How the last test ended.
    last: Exit,
    meter: OwnMeter,
    heartbeat_at: Time,
    report_at: Time,
    /// Whether the user has ended it.
    leaves: bool,
}

/// Whether the worker goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    GoOn,
    Leave,
}

impl Session {
    /// A worker that is not connected yet.
    pub(super) fn new(
        job: Job,
        classes: Classes,
        master: Master,
        (look, stop): (Look, Stop),
    ) -> Result<Self, CliError> {
        let worker = Worker::new(name()?, classes.clone());
        Ok(Self {
            job: Some(job),
            connection: Connection::to(master.address.clone(), worker.name().to_owned()),
            worker,
            classes,
            master,
            look,
            stop,
            clock: Clock::start(),
            alone_since: Some(Time::ZERO),
            test: None,
            tests: 0,
            last: Exit::Undecided,
            meter: OwnMeter::default(),
            heartbeat_at: Time::ZERO,
            report_at: Time::ZERO + REPORT,
            leaves: false,
        })
    }

    /// Works for the master until it is told to leave.
    pub(super) async fn run(mut self) -> Result<Exit, CliError> {
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if self.once(&mut ticks).await? == Next::Leave {
                self.connection.flush().await;
                return Ok(self.last);
            }
        }
    }

    /// Waits for the next event, and acts on it.
    async fn once(&mut self, ticks: &mut Interval) -> Result<Next, CliError> {
        let stop = self.stop.clone();
        let acts = tokio::select! {
            happened = self.connection.next() => self.happened(happened).await?,
            (job, outcome) = over(&mut self.test) => self.ended(job, outcome),
            () = stop.asked(), if !self.leaves => {
                self.leaves = true;
                self.worker.leave()
            }
            _ = ticks.tick() => self.tick(),
        };
        for act in acts {
            if self.act(act).await? == Next::Leave {
                return Ok(Next::Leave);
            }
        }
        Ok(Next::GoOn)
    }

    async fn happened(&mut self, happened: Happened) -> Result<Vec<WorkerAct>, CliError> {
        let now = self.clock.now();
        Ok(match happened {
            Happened::Connected => {
                self.alone_since = None;
                let (address, name) = (&self.master.address, self.worker.name());
                self.say(&format!("connected to the Locust master at {address} as {name}"));
                self.worker.connected(now)
            }
            Happened::Lost => {
                self.say("the connection to the Locust master ended");
                self.worker.disconnected();
                self.alone_since = None;
                Vec::new()
            }
            Happened::Unreachable(why) => {
                let waits = self.master.waits.unwrap_or(WAITS);
                let is_first = self.alone_since.is_none_or(|since| since == Time::ZERO);
                let since = *self.alone_since.get_or_insert(now);
                if self.leaves || now.since(since) >= waits {
                    self.end_alone().await?;
                    return Err(CliError::undone(why.to_string()));
                }
                if is_first {
                    self.alone_since = Some(since.max(Time::from_micros(1)));
                    let waits = humantime::format_duration(waits);
                    output::note(&format!("{why}; trying again for {waits}"));
                }
                Vec::new()
            }
            Happened::Message(message) => self.worker.hear(&message, now),
            Happened::Garbled(why) => {
                let what = format!("a message of the Locust master cannot be understood: {why}");
                vec![self.worker.exception(&what), WorkerAct::Say(what)]
            }
        })
    }

    /// Ends the test in order, because the worker no longer waits for the master.
    async fn end_alone(&mut self) -> Result<(), CliError> {
        if let Some(test) = self.test.take() {
            test.scaling.end();
            test.run.await.1?;
        }
        Ok(())
    }

    async fn act(&mut self, act: WorkerAct) -> Result<Next, CliError> {
        match act {
            WorkerAct::Send(message) => self.connection.send(&message).await,
            WorkerAct::Spawn(order) => self.spawn(&order).await?,
            WorkerAct::EndTest(_) => match &self.test {
                Some(test) => test.scaling.end(),
                None => {
                    for act in self.worker.ended(self.clock.now()) {
                        if Box::pin(self.act(act)).await? == Next::Leave {
                            return Ok(Next::Leave);
                        }
                    }
                }
            },
            WorkerAct::TellAll => {
                for act in self.report() {
                    Box::pin(self.act(act)).await?;
                }
            }
            WorkerAct::Reconnect => self.connection.cut(),
            WorkerAct::Say(what) => output::note(&what),
            WorkerAct::Leave => return Ok(Next::Leave),
            WorkerAct::GiveUp => {
                let what = "the Locust master did not accept this worker, although it was asked 60 times; its own log says why";
                return Err(CliError::undone(what));
            }
        }
        Ok(Next::GoOn)
    }

    /// Begins a test, or changes the number of sockets of that which goes on.
    async fn spawn(&mut self, order: &Spawn) -> Result<(), CliError> {
        if self.test.is_none() {
            self.begin(order)?;
        }
        let Some(test) = &self.test else {
            return Ok(());
        };
        let granted = test.scaling.ask(&order.users);
        let complaints = self.worker.complaints(order, &granted);
        let new: Vec<String> = complaints
            .into_iter()
            .filter(|what| test.ear.complain(what))
            .collect();
        for what in new {
            output::note(&what);
            let exception = self.worker.exception(&what);
            Box::pin(self.act(exception)).await?;
        }
        Ok(())
    }

    fn begin(&mut self, order: &Spawn) -> Result<(), CliError> {
        let Some(mut job) = self.job.take() else {
            return Ok(());
        };
        self.tests += 1;
        let ear = Ear::new(self.classes.names());
        let (most, rate): (u32, Option<RateArg>) = job
            .ordered()
            .map_or((0, None), |before| (before.scaling.most(), before.rate));
        let scaling = Scaling::new(self.classes.names().len(), most);
        let seed = match order.seed {
            Some(seed) => seed,
            None if self.tests == 1 => job.seed,
            None => results::new_seed()?,
        };
        job.order(Ordered {
            scaling: scaling.clone(),
            worker: self.worker.index(),
            test: self.tests,
            seed,
            rate,
            listen: ear.listen(ToldBy {
                worker: self.worker.name().to_owned(),
                index: self.worker.index(),
                test: self.tests,
                seed: order.seed,
            }),
        });
        let (look, stop) = (self.look, self.stop.clone());
        let run = Box::pin(async move {
            let outcome = swarm(&job, look, &stop).await;
            (job, outcome)
        });
        self.test = Some(Test { scaling, ear, run });
        Ok(())
    }

    /// Handles the end of a test: reports the last measurements, and leaves or waits for the next test.
    fn ended(&mut self, job: Job, outcome: Result<Exit, CliError>) -> Vec<WorkerAct> {
        self.job = Some(job);
        let mut acts = Vec::new();
        match outcome {
            Ok(exit) => self.last = exit,
            Err(why) => {
                output::error(&why);
                (self.last, acts) = (why.exit(), vec![self.worker.exception(&why.to_string())]);
            }
        }
        acts.extend(self.report());
        self.test = None;
        acts.extend(self.worker.ended(self.clock.now()));
        acts
    }

    fn tick(&mut self) -> Vec<WorkerAct> {
        let now = self.clock.now();
        let mut acts = self.spawned();
        if now >= self.heartbeat_at {
            self.heartbeat_at = now + HEARTBEAT;
            let used = self.meter.read(now);
            acts.extend(self.worker.tick(used, now));
        }
        if now >= self.report_at {
            self.report_at = now + REPORT;
            acts.extend(self.report());
        }
        acts
    }

    /// Says that all sockets have come, if they have.
    fn spawned(&mut self) -> Vec<WorkerAct> {
        let reached = self.test.as_ref().map(|test| test.scaling.reached());
        let Some(reached) = reached.filter(|it| it.is_complete) else {
            return Vec::new();
        };
        let acts = self.worker.spawned(&reached.sockets);
        if !acts.is_empty() && self.look.verbose > 0 {
            let all: u32 = reached.sockets.iter().sum();
            let classes = self.classes.names().iter().zip(&reached.sockets);
            let each: Vec<String> = classes
                .map(|(class, count)| format!("{count} of {class}"))
                .collect();
            output::note(&format!("{all} sockets have come: {}", each.join(", ")));
        }
        acts
    }

    /// The messages with the measurements since the last ones.
    fn report(&self) -> Vec<WorkerAct> {
        let Some(test) = &self.test else {
            let nobody = vec![0; self.classes.names().len()];
            let stats = Ear::new(self.classes.names()).stats(self.worker.counts(&nobody));
            return vec![WorkerAct::Send(self.worker.message("stats", stats))];
        };
        let users = test.scaling.reached().sockets;
        let stats = test.ear.stats(self.worker.counts(&users));
        let stats = self.worker.message("stats", stats);
        let told = test
            .ear
            .tell()
            .map(|told| self.worker.message(TOLD, value_of(&told)));
        std::iter::once(stats).chain(told).map(WorkerAct::Send).collect()
    }

    fn say(&self, what: &str) {
        if !self.look.quiet {
            output::note(what);
        }
    }
}

async fn over(test: &mut Option<Test>) -> (Job, Result<Exit, CliError>) {
    match test {
        Some(test) => (&mut test.run).await,
        None => pending().await,
    }
}
