//! Starts a server's threads, and ends them.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use mio::{Poll, Waker};

use super::channels::App;
use super::conduct::Conduct;
use super::core::{Core, Shared};
use super::faults::Fault;
use super::links::{Links, Note};
use super::listen::{Listeners, listen};
use super::presence::Presence;
use super::shard::{Shard, WAKER};
use super::store::{OpenError, Place, Store};
use super::token::{SECRET_KEY_BASE, Tokens, USER_SALT};
use crate::clock::{Clock, wall_clock};
use crate::profile::Profile;

/// What a server is to be.
#[derive(Clone, Debug)]
pub struct Settings {
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
    /// Threads; at least one.
    pub shards: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            store: None,
            profile: Profile::DEFAULT,
            faults: Vec::new(),
            shards: 1,
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
    #[error(
        "{address} is in use: end the process that listens there, or choose another port (0 for any that is free)"
    )]
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

/// A server that runs. Dropping it leaves it running; [`Server::drain`] ends it.
pub struct Server {
    address: SocketAddr,
    links: Arc<Links>,
    threads: Vec<JoinHandle<()>>,
}

impl Server {
    /// Starts a server. When this returns it listens.
    ///
    /// # Errors
    /// If the address or the store cannot be had.
    pub fn start(settings: &Settings) -> Result<Self, StartError> {
        let mut conduct = Conduct::of(settings.profile);
        for fault in &settings.faults {
            (fault.apply)(&mut conduct);
        }
        let Listeners {
            address,
            listeners,
            accepting,
        } = listen(settings)?;
        let place = settings.store.clone().map_or(Place::Memory, Place::File);
        let shared = Arc::new(Shared {
            app: App::default(),
            presence: Presence::new(since_epoch()),
            tokens: Tokens::new(SECRET_KEY_BASE, USER_SALT, conduct.app.token),
            store: Store::open(&place, conduct.app.annotation_store)?,
            anonymous: "anon".into(),
            clock: Clock::start(),
            conduct,
        });
        let polls = (0..settings.shards.max(1))
            .map(|_| Poll::new())
            .collect::<Result<Vec<_>, _>>();
        let polls = polls.map_err(StartError::Shard)?;
        let wakers = polls
            .iter()
            .map(|poll| Waker::new(poll.registry(), WAKER))
            .collect::<Result<_, _>>();
        let (links, inboxes) = Links::new(wakers.map_err(StartError::Shard)?);
        let links = Arc::new(links);
        let mut server = Self {
            address,
            links: Arc::clone(&links),
            threads: Vec::new(),
        };
        let shards = polls.into_iter().zip(inboxes).zip(listeners).enumerate();
        for (number, ((poll, inbox), listener)) in shards {
            let core = Core::new(Arc::clone(&shared), Arc::clone(&links), number);
            let mut shard = Shard {
                poll,
                inbox,
                listener,
                core,
                accepting,
                draining: None,
            };
            shard.listen().map_err(StartError::Shard)?;
            let thread = thread::Builder::new()
                .name(format!("shard-{number}"))
                .spawn(move || shard.run());
            server.threads.push(thread.map_err(StartError::Shard)?);
        }
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it as Phoenix ends on SIGTERM: all who have joined are told with 1012, in batches. Returns at once.
    pub fn drain(&self) {
        self.links.tell_all(|| Note::Drain);
    }

    /// Waits until it has ended.
    pub fn join(self) {
        for thread in self.threads {
            // A shard that panicked has said so on stderr; the others end as they should.
            let _ = thread.join();
        }
    }
}

fn since_epoch() -> std::time::Duration {
    wall_clock()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
}
