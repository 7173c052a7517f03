//! Starts a server's threads, and ends them.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

use mio::{Poll, Waker};

use super::app::App;
use super::chance::Tally;
use super::channels::Channels;
use super::conduct::{Conduct, Delivery, Mishap};
use super::core::Core;
use super::faults::Fault;
use super::listen::ListenPlan;
use super::mailboxes::Planted;
use super::presence::Presence;
use super::queues::{Note, ShardQueues};
use super::shard::{Shard, WAKER};
use super::shared::Shared;
use super::store::{self, OpenError, Store};
use super::token::{SECRET_KEY_BASE, Tokens, USER_SALT};
use crate::clock::{Clock, wall_clock};
use crate::descriptors;
use crate::profile::Profile;

/// What a server is to be.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    /// The address to listen on, by name or number.
    pub host: String,
    /// The port; 0 for any that is free.
    pub port: u16,
    /// The file of the annotations; none: they are kept in memory.
    pub store: Option<PathBuf>,
    /// Whom it behaves as.
    pub profile: Profile,
    /// What it does wrong on purpose.
    pub faults: Vec<&'static Fault>,
    /// How rarely a fault of deliveries strikes: one of so many; as the fault has it if left out.
    pub one_in: Option<NonZeroU32>,
    /// The seed by which what Phoenix leaves open happens or not; none: nothing of it happens.
    pub chance: Option<u64>,
    /// Threads; at least one.
    pub shards: usize,
    /// Whose descriptors the shards use.
    pub descriptors: Descriptors,
}

/// Whose descriptors the shards of a server use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Descriptors {
    /// The process's, and its limit counts for all of them together.
    #[default]
    Process,
    /// Each its own, and the limit counts for each, where the system can do that. Only for a process that is a server
    /// and nothing else: what is open when it starts stays open in the shards.
    Shard,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            store: None,
            profile: Profile::DEFAULT,
            faults: Vec::new(),
            one_in: None,
            chance: None,
            shards: 1,
            descriptors: Descriptors::Process,
        }
    }
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The name has no address.
    #[error("`{host}` is no address to listen on: {source}")]
    Host {
        /// The name.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// Somebody else listens there.
    #[error("{address} is in use: end what listens there, or choose another port (0 for any that is free)")]
    InUse {
        /// Where.
        address: SocketAddr,
    },
    /// The system does not let this process listen there.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// The annotations cannot be kept.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The system has no epoll or no thread to give.
    #[error("cannot start a shard of the server: {0}")]
    Shard(#[source] io::Error),
}

impl StartError {
    pub(super) fn listen(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address },
            _ => Self::Listen { address, source },
        }
    }
}

/// A server that runs. Dropping it leaves it running; [`Server::drain`] ends it.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    queues: Arc<ShardQueues>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts a server. When this returns it listens.
    ///
    /// # Errors
    /// If the address or the store cannot be had.
    pub fn start(settings: &ServerSettings) -> Result<Self, StartError> {
        let place = Arc::new(ListenPlan::find(settings)?);
        let shared = Arc::new(share(settings)?);
        let polls = (0..settings.shards.max(1))
            .map(|_| Poll::new())
            .collect::<Result<Vec<_>, _>>();
        let polls = polls.map_err(StartError::Shard)?;
        let wakers = polls
            .iter()
            .map(|poll| Waker::new(poll.registry(), WAKER))
            .collect::<Result<_, _>>();
        let (queues, inboxes) = ShardQueues::new(wakers.map_err(StartError::Shard)?);
        let queues = Arc::new(queues);
        let mut server = Self {
            address: place.address,
            shared: Arc::clone(&shared),
            queues: Arc::clone(&queues),
            threads: Vec::new(),
        };
        for (number, (poll, inbox)) in polls.into_iter().zip(inboxes).enumerate() {
            let channels = Channels::new(&shared, &queues, number);
            let core = Core::new(Arc::clone(&shared), channels);
            let place_in_queues = (Arc::clone(&queues), number);
            let shard = Shard::new((poll, inbox), core, place_in_queues, place.accepting);
            let started = server.spawn(shard, Arc::clone(&place), settings.descriptors)?;
            if let Ok(Err(error)) = started.recv() {
                server.drain();
                return Err(error);
            }
        }
        Ok(server)
    }

    /// Starts a shard's thread, which says when it listens.
    fn spawn(
        &mut self,
        mut shard: Shard,
        place: Arc<ListenPlan>,
        descriptors: Descriptors,
    ) -> Result<Receiver<Result<(), StartError>>, StartError> {
        let (ready, started) = mpsc::sync_channel(1);
        let number = self.threads.len();
        let thread = thread::Builder::new()
            .name(format!("shard-{number}"))
            .spawn(move || {
                if descriptors == Descriptors::Shard {
                    // Where it cannot be, the process's limit counts.
                    let _ = descriptors::own_table();
                }
                let listens = place
                    .listen(number)
                    .and_then(|listener| shard.listen(listener).map_err(StartError::Shard));
                drop(place);
                let failed = listens.is_err();
                // Nobody waits for it any more if the server's start was given up.
                let _ = ready.send(listens);
                if !failed {
                    shard.run();
                }
            });
        self.threads.push(thread.map_err(StartError::Shard)?);
        Ok(started)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many deliveries went wrong so far because of a fault of deliveries, and what happened to them; nothing
    /// without such a fault. The count goes on, and outlives the server.
    pub fn planted(&self) -> Option<(Mishap, Arc<Planted>)> {
        match self.shared.conduct.socket.delivery {
            Delivery::Once => None,
            Delivery::OneIn(_, mishap) => Some((mishap, Arc::clone(&self.shared.planted))),
        }
    }

    /// How often what Phoenix leaves open happened so far; nothing where it was not asked for. The count goes on, and
    /// outlives the server.
    pub fn tally(&self) -> Option<Arc<Tally>> {
        self.shared.chance.map(|_| Arc::clone(&self.shared.tally))
    }

    /// Ends it as Phoenix ends on SIGTERM: all who have joined are told with 1012, in batches. Returns at once.
    pub fn drain(&self) {
        self.queues.tell_all(|| Note::Drain);
    }

    /// Waits until it has ended.
    pub fn join(self) {
        for thread in self.threads {
            // A shard that panicked has said so on stderr; the others end as they should.
            let _ = thread.join();
        }
    }
}

fn share(settings: &ServerSettings) -> Result<Shared, StartError> {
    let mut conduct = Conduct::of(settings.profile);
    for fault in &settings.faults {
        (fault.apply)(&mut conduct);
    }
    if let (Some(one_in), Delivery::OneIn(often, _)) = (settings.one_in, &mut conduct.socket.delivery) {
        *often = one_in;
    }
    let place = settings
        .store
        .clone()
        .map_or(store::StoreLocation::Memory, store::StoreLocation::File);
    let since_epoch = wall_clock()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    Ok(Shared {
        app: App::default(),
        presence: Presence::new(since_epoch),
        tokens: Tokens::new(SECRET_KEY_BASE, USER_SALT, conduct.app.token),
        store: Store::open(&place, conduct.app.annotation_store)?,
        anonymous: "anon".into(),
        clock: Clock::start(),
        planted: Arc::default(),
        chance: settings.chance,
        tally: Arc::default(),
        conduct,
    })
}
