//! Starts a server's threads, and ends them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

use mio::{Poll, Waker};

use super::app::App;
use super::chance::Tally;
use super::channels::Channels;
use super::conduct::{Conduct, Delivery, DiffsSent, Mishap, OverTls};
use super::core::Core;
use super::joined::JoinedSockets;
use super::listen::ListenPlan;
use super::longpoll::SessionTokens;
use super::longpolls::LongPolls;
use super::mailboxes::Planted;
use super::presence::Presence;
use super::queues::{Note, ShardQueues};
use super::settings::{Descriptors, ServerSettings, StartError};
use super::shard::{Shard, WAKER};
use super::shared::{Shared, since_epoch};
use super::site::Site;
use super::store::{self, Store};
use super::token::{SECRET_KEY_BASE, Tokens, USER_SALT};
use crate::clock::Clock;
use crate::descriptors;

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
            let longpolls = LongPolls::new(&shared, &queues, number);
            let core = Core::new(Arc::clone(&shared), channels, longpolls, inbox);
            let place_in_queues = (Arc::clone(&queues), number);
            let shard = Shard::new(poll, core, place_in_queues, place.accepting);
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
    for &(fault, value) in &settings.fault_values {
        fault.set(&mut conduct, value);
    }
    if settings.tls.is_none() {
        conduct.wire.over_tls = OverTls::Nothing;
    }
    if let (Some(one_in), Delivery::OneIn(often, _)) = (settings.one_in, &mut conduct.socket.delivery) {
        *often = one_in;
    }
    if let (Some(one_in), DiffsSent::AllButOneIn(often)) = (settings.one_in, &mut conduct.app.diffs_sent) {
        *often = one_in;
    }
    let place = settings
        .store
        .clone()
        .map_or(store::StoreLocation::Memory, store::StoreLocation::File);
    Ok(Shared {
        app: App::default(),
        presence: Presence::new(since_epoch()).with_refs(conduct.app.track_ref),
        tokens: Tokens::new(SECRET_KEY_BASE, USER_SALT, conduct.app.token),
        site: Site::new(since_epoch()),
        session_tokens: SessionTokens::new(conduct.longpoll.token, settings.shards.max(1), since_epoch()),
        store: Store::open(&place, conduct.app.annotation_store, conduct.app.videos.ids)?,
        anonymous: "anon".into(),
        clock: Clock::start(),
        planted: Arc::default(),
        joined: JoinedSockets::default(),
        chance: settings.chance,
        tally: Arc::default(),
        tls: settings.tls.clone(),
        conduct,
    })
}
