//! Starts a run: compiles its scenarios, plans its threads, and starts them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Sender, channel};
use std::thread::{self, Scope};

use super::conductor::{Conductor, Running};
use super::control::{Control, Phase};
use super::event::{LoadError, LoadEvent};
use super::ledger::Common;
use super::pace::Stream;
use super::plan::{Plan, ShardPlan, SocketNeeds};
use super::record::{Meant, Record};
use super::result::LoadResult;
use super::role::{CompiledScenarios, PlayedBy, Sends};
use super::role_requests::RoleRequests;
use super::scout::Scout;
use super::settings::{InvalidSettings, LoadSettings};
use super::shard::{Blueprint, Reading, Shard};
use super::share::Share;
use super::stepped::{self, SteppedScenarios, ThreadPlan};
use super::tables;
use crate::client::Config;
use crate::clock::{Clock, Time};
use crate::scenario::Program;
use crate::transport::Transport;

/// What is known of a run before anything is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rehearsal {
    /// Whether it sends anything.
    pub sends: Sends,
    /// How its scenarios are played.
    pub played_by: PlayedBy,
    /// How many connections each socket makes at most.
    pub connections: u64,
}

/// Validates the settings and the scenarios without opening a connection.
///
/// # Errors
/// The settings are invalid, or a scenario cannot be used for load.
pub fn rehearse(settings: &LoadSettings) -> Result<Rehearsal, LoadError> {
    let swarm = Swarm::new(settings, 0)?;
    Ok(Rehearsal {
        sends: swarm.sends(),
        connections: swarm.needs(settings).connections,
        played_by: match swarm {
            Swarm::Compiled(_) => PlayedBy::Roles,
            Swarm::Stepped(_) => PlayedBy::Interpreter,
        },
    })
}

/// The beginning of a scenario, which is tried once before a run: the connect and joins of the first actor if the
/// scenario can be compiled, else the opening of a whole instance. `None` if a scenario that is played step by step has no
/// opening.
///
/// # Errors
/// The settings are invalid, or a scenario cannot be used for load.
pub fn entrance(settings: &LoadSettings, share: &Share) -> Result<Option<Program>, LoadError> {
    let instead = &settings.instead;
    let compiled = compile(settings, std::slice::from_ref(share), 0)?;
    let program = &share.program;
    Ok(match compiled {
        Some(_) => Some(program.entrance(instead.topic.as_deref(), instead.join_params.as_ref())),
        None => Some(program.opening()).filter(|opening| opening.groups() > 0),
    })
}

/// Runs a load test and returns when it is over. Setting `stop` ends it early, in an orderly way.
///
/// # Errors
/// What makes the run impossible; found before the first socket opens.
pub fn run(
    settings: &LoadSettings,
    on_event: &mut dyn FnMut(LoadEvent<'_>),
    stop: &AtomicBool,
) -> Result<LoadResult, LoadError> {
    // Topics of different runs get different numbers, which all follow from the seed. The scout uses the number beside that of
    // the run.
    let run = (settings.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 44) + 2 * u64::from(settings.worker);
    let first_name = (run % 900 + 100) * 100_000_000_000;
    let swarm = Swarm::new(settings, first_name)?;
    let plan = Plan::new(settings, swarm.needs(settings))?;
    on_event(LoadEvent::Planned(&plan));
    let conducted = Conducted {
        settings,
        plan: &plan,
        clock: Clock::start(),
        on_event,
        stop,
    };
    match swarm {
        Swarm::Compiled(cast) => conducted.compiled(cast, run, first_name),
        Swarm::Stepped(scenarios) => conducted.stepped(&Arc::new(scenarios)),
    }
}

/// Compiles the scenarios into roles; `None` if they have to be played step by step.
fn compile(
    settings: &LoadSettings,
    shares: &[Share],
    first_name: u64,
) -> Result<Option<CompiledScenarios>, LoadError> {
    let instead = &settings.instead;
    Ok(CompiledScenarios::compile(
        shares,
        instead,
        settings.vsn,
        first_name,
    )?)
}

/// The scenarios of a run, by the way they are played.
enum Swarm {
    /// Compiled: each socket plays a role.
    Compiled(CompiledScenarios),
    /// Interpreted: each instance is played step by step.
    Stepped(SteppedScenarios),
}

impl Swarm {
    /// Compiles the scenarios after validating the settings.
    fn new(settings: &LoadSettings, first_name: u64) -> Result<Self, LoadError> {
        settings.check()?;
        let compiled = compile(settings, &settings.shares, first_name)?;
        Ok(match compiled {
            Some(cast) => {
                check_senders(settings, &cast)?;
                Self::Compiled(cast)
            }
            None if settings.scaling.is_some() => return Err(unscalable(settings)?.into()),
            None => Self::Stepped(SteppedScenarios::new(settings, first_name)?),
        })
    }

    /// The most memory and connections that a socket takes.
    fn needs(&self, settings: &LoadSettings) -> SocketNeeds {
        let target = settings.target.transport();
        match self {
            Self::Compiled(cast) => {
                let mut others = cast.roles.iter().filter_map(|role| role.connect.transport);
                let polls = others.any(|transport| transport == Transport::LongPoll);
                SocketNeeds::of_a_role(if polls { Transport::LongPoll } else { target })
            }
            Self::Stepped(_) => SocketNeeds::step_by_step(target),
        }
    }

    fn sends(&self) -> Sends {
        match self {
            Self::Compiled(cast) => cast.sends(),
            Self::Stepped(scenarios) => scenarios.take_a_rate(),
        }
    }
}

/// What runs of both kinds have in common.
struct Conducted<'r> {
    settings: &'r LoadSettings,
    plan: &'r Plan,
    clock: Clock,
    on_event: &'r mut dyn FnMut(LoadEvent<'_>),
    stop: &'r AtomicBool,
}

impl Conducted<'_> {
    fn compiled(
        self,
        mut cast: CompiledScenarios,
        run: u64,
        first_name: u64,
    ) -> Result<LoadResult, LoadError> {
        let (settings, clock) = (self.settings, self.clock);
        let questions = cast.questions(settings.marks);
        let scout = Scout {
            settings,
            cast: &cast,
            run: run ^ 1,
            first_name,
            clock,
            stop: self.stop,
        };
        let found = scout.find_out(questions).map_err(LoadError::Shard)?;
        let notes = cast.arrange(&found);
        let common = Common::new(cast.shared_topics.len(), &cast.silent);
        let control = Control::new(self.plan.shards.len(), cast.plays.len());
        let roles = cast.roles.iter();
        let blue = Blueprint {
            settings,
            cast: &cast,
            common: &common,
            control: &control,
            clock,
            requests: roles.map(|role| RoleRequests::of(settings, role)).collect(),
            config: Config {
                heartbeat: settings.heartbeat,
                timeout: settings.timeout,
                ..Config::phoenix_js()
            },
            run,
            first_name,
            way: self.plan.way().clone(),
        };
        let meant = Meant::new(settings, &cast, notes);
        self.conduct(&control, meant, cast.sends(), |stream, shard, readings| {
            Shard::new(&blue, stream, &shard.routes, readings.clone())?.run()
        })
    }

    fn stepped(self, scenarios: &Arc<SteppedScenarios>) -> Result<LoadResult, LoadError> {
        let (settings, clock) = (self.settings, self.clock);
        let control = Control::new(self.plan.shards.len(), 0);
        let meant = Meant::stepped(settings, scenarios);
        self.conduct(&control, meant, scenarios.sends(), |stream, _, readings| {
            let plan = ThreadPlan {
                settings,
                scenarios,
                control: &control,
                clock,
                stream,
            };
            stepped::run(&plan, readings)
        })
    }

    /// Starts the threads, each of which executes `thread`, and leads them through the run.
    fn conduct(
        self,
        control: &Control,
        meant: Meant,
        sends: Sends,
        thread: impl Fn(Stream, &ShardPlan, &Sender<Reading>) -> io::Result<()> + Sync,
    ) -> Result<LoadResult, LoadError> {
        let (sender, readings) = channel();
        let conductor = Conductor {
            settings: self.settings,
            asked: meant.sockets(),
            control,
            clock: self.clock,
            readings,
            on_event: self.on_event,
            stop: self.stop,
            record: Record::new(self.settings, self.plan, meant),
            sends,
            new_rate: None,
            wanted: Vec::new(),
            began: Time::ZERO,
            heard: self.clock.now().whole_second(),
            told: vec![Time::ZERO; self.plan.shards.len()],
        };
        thread::scope(|scope| {
            let shards = start(scope, control, self.plan, sender, &thread)?;
            conductor.conduct(shards)
        })
    }
}

/// Names the scenario whose sockets cannot come and go while the run goes on, as it is played step by step.
fn unscalable(settings: &LoadSettings) -> Result<InvalidSettings, LoadError> {
    let mut scenario = String::new();
    for share in &settings.shares {
        if scenario.is_empty() && compile(settings, std::slice::from_ref(share), 0)?.is_none() {
            scenario = share.name.to_string();
        }
    }
    Ok(InvalidSettings::NotScalable { scenario })
}

/// Checks that each scenario that sends has at least one socket that sends.
fn check_senders(settings: &LoadSettings, cast: &CompiledScenarios) -> Result<(), InvalidSettings> {
    for (play, sockets) in settings.divided().into_iter().enumerate() {
        if let Some(before) = cast.first_sender(play)
            && before >= sockets as usize
        {
            return Err(InvalidSettings::OnlyListeners {
                scenario: settings.shares[play].name.to_string(),
                sockets,
                needed: before + 1,
                instance: cast.plays[play].places.len(),
            });
        }
    }
    Ok(())
}

/// Starts a thread for each shard of the plan.
fn start<'s>(
    scope: &'s Scope<'s, '_>,
    control: &'s Control,
    plan: &'s Plan,
    sender: Sender<Reading>,
    run: &'s (impl Fn(Stream, &ShardPlan, &Sender<Reading>) -> io::Result<()> + Sync),
) -> Result<Vec<Running<'s>>, LoadError> {
    let mut shards = Vec::new();
    for (number, shard) in plan.shards.iter().enumerate() {
        let sender = sender.clone();
        let stream = Stream {
            number,
            of: plan.shards.len(),
        };
        let run = move || {
            // If this thread fails, the others must not wait for ever.
            let mut fallen = Fallen(Some(control));
            let outcome = tables::prepare(shard.table).and_then(|()| run(stream, shard, &sender));
            if outcome.is_ok() {
                fallen.0 = None;
            }
            outcome
        };
        let thread = thread::Builder::new().name(format!("swarm-{number}"));
        shards.push(thread.spawn_scoped(scope, run).map_err(|error| {
            control.enter(Phase::Over);
            LoadError::Shard(error)
        })?);
    }
    Ok(shards)
}

/// Ends the run for all shards when one of them fails or panics; otherwise the others would wait for ever.
struct Fallen<'c>(Option<&'c Control>);

impl Drop for Fallen<'_> {
    fn drop(&mut self) {
        if let Some(control) = self.0 {
            control.enter(Phase::Over);
        }
    }
}
