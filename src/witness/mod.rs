//! Replays failing cases with phoenix.js, the official client, in Node processes, and tells what breaks there. phoenix.js
//! plays the steps of the scenario itself: it makes the refs, sends the heartbeats, and connects again.

mod ending;
mod found;
mod network;
mod node;
mod playable;
mod replay;
mod requests;
mod socket;
mod state;
mod wait;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::{JoinSet, LocalSet};

use crate::clock::Clock;
use crate::conformance::{Case, CheckSettings, Host, Testimony, TestimonyKind, offered_values};
use crate::driver::{ConnectionSettings, Lending, Lent};
use crate::scenario::{Purpose, Setting, first_values};
use crate::transport::Endpoint;
use ending::ReplayEnd;
pub use found::{NotFound, PhoenixJs};
pub use network::WitnessNetwork;
use node::NodeProcess;
use replay::CaseReplay;
use requests::PlayRequests;
use socket::PlayedSocket;
use state::ReplayState;

/// How many cases phoenix.js plays at the same time, each in a process of its own.
const AT_A_TIME: u32 = 8;

/// How long phoenix.js may play one case.
const LONGEST: Duration = Duration::from_secs(60);

/// How long it may play altogether, so that a server that fails everything does not take hours.
const ALTOGETHER: Duration = Duration::from_secs(120);

/// The first number for fresh names. Those of `check` have nine digits, so that no name is used twice.
const FIRST_FRESH: u64 = 10_000_000;

/// How many numbers a play may use.
const FOR_EACH: u64 = 100;

/// phoenix.js, with all that it needs to play cases.
pub struct Witness {
    client: PhoenixJs,
    reach: WitnessNetwork,
    settings: CheckSettings,
    clock: Clock,
}

impl Witness {
    /// phoenix.js plays against the target of these settings.
    pub fn new(client: PhoenixJs, reach: WitnessNetwork, settings: CheckSettings) -> Self {
        Self {
            client,
            reach,
            settings,
            clock: Clock::start(),
        }
    }

    /// Plays the cases and returns the testimony on each, in their order. `on_played` hears how many are done.
    pub async fn hear(
        self,
        cases: &[Arc<Case>],
        host: &dyn Host,
        mut on_played: impl FnMut(usize),
    ) -> Vec<Testimony> {
        let witness = Rc::new(self);
        let end = witness.clock.now() + ALTOGETHER;
        let seats = Rc::new(Semaphore::new(AT_A_TIME as usize));
        let mut plays = JoinSet::new();
        let local = LocalSet::new();
        let heard = local.run_until(async {
            for (number, case) in cases.iter().enumerate() {
                let (witness, case) = (Rc::clone(&witness), Arc::clone(case));
                let (seats, restarts) = (Rc::clone(&seats), case.program.restarts());
                let lending = restarts.then(|| host.lend());
                // A case that restarts the server is played alone.
                let wanted = if restarts { AT_A_TIME } else { 1 };
                plays.spawn_local(async move {
                    let _seat = seats.acquire_many(wanted).await;
                    let played = if witness.clock.now() < end {
                        witness.play_at(&case, number, lending).await
                    } else {
                        let limit = humantime::format_duration(ALTOGETHER);
                        let why = format!("not played: all cases together may take {limit}");
                        Err(ReplayEnd::Undecided(why))
                    };
                    (number, witness.testimony(played))
                });
            }
            let mut heard: Vec<Option<Testimony>> = vec![None; cases.len()];
            let mut played = 0;
            while let Some(Ok((number, testimony))) = plays.join_next().await {
                heard[number] = Some(testimony);
                played += 1;
                on_played(played);
            }
            heard
        });
        let unheard = || witness.testimony(Err(ReplayEnd::Undecided("the play was not ended".to_owned())));
        let heard = heard.await.into_iter();
        heard.map(|it| it.unwrap_or_else(unheard)).collect()
    }

    /// Plays a case at the target, or at a server that is lent for it.
    async fn play_at(&self, case: &Case, number: usize, lending: Option<Lending>) -> Result<(), ReplayEnd> {
        let lent = match lending {
            Some(lending) => Some(lending.await.map_err(ReplayEnd::Undecided)?),
            None => None,
        };
        self.play(case, number, lent).await
    }

    async fn play(&self, case: &Case, number: usize, lent: Option<Box<dyn Lent>>) -> Result<(), ReplayEnd> {
        let settings = &self.settings;
        if let Some(why) = playable::why_not(&case.program, settings.vsn) {
            return Err(ReplayEnd::NotPlayable(why.to_owned()));
        }
        if !settings.headers.is_empty() {
            let why = "the run sends request headers, and phoenix.js sends none of its own";
            return Err(ReplayEnd::NotPlayable(why.to_owned()));
        }
        let target = match &lent {
            Some(lent) => lent.target(),
            None => settings.target.clone(),
        };
        let first_fresh = FIRST_FRESH + u64::try_from(number).unwrap_or(0) * FOR_EACH;
        let setting = Setting {
            timeout: settings.timeout,
            round_trip: Duration::ZERO,
            vsn: settings.vsn,
            offers: offered_values(settings, None, first_fresh + FOR_EACH / 2),
            first_fresh,
            first_user: 0,
            purpose: Purpose::Case,
        };
        let replay = CaseReplay {
            program: &case.program,
            state: ReplayState {
                values: first_values(&case.program, &setting),
                asked: PlayRequests::default(),
                clients: case
                    .program
                    .actors
                    .iter()
                    .map(|_| PlayedSocket::default())
                    .collect(),
            },
            node: NodeProcess::start(&self.client, &self.reach).map_err(ReplayEnd::node)?,
            settings: ConnectionSettings {
                endpoint: Endpoint {
                    target: target.over(case.transport),
                    params: settings.params.clone(),
                    headers: Vec::new(),
                },
                timeout: settings.timeout,
                clock: self.clock,
            },
            vsn: settings.vsn,
            transport: case.transport,
            lent,
        };
        let played = tokio::time::timeout(LONGEST, replay.play()).await;
        played.unwrap_or_else(|_| {
            let limit = humantime::format_duration(LONGEST);
            Err(ReplayEnd::Undecided(format!(
                "the case was not played to its end within {limit}"
            )))
        })
    }

    fn testimony(&self, played: Result<(), ReplayEnd>) -> Testimony {
        let (kind, told) = match played {
            Ok(()) => (
                TestimonyKind::Unnoticed,
                "it plays all steps and notices nothing".to_owned(),
            ),
            Err(ReplayEnd::Breaks(what)) => (TestimonyKind::Breaks, what),
            Err(ReplayEnd::NotPlayable(why)) => {
                (TestimonyKind::NotPlayable, format!("it cannot play this: {why}"))
            }
            Err(ReplayEnd::Undecided(why)) => (TestimonyKind::Undecided, why),
        };
        Testimony {
            client: self.client.name().to_owned(),
            kind,
            told,
        }
    }
}
