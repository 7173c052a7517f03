//! The end of a shard: all who have joined are told in batches, and get a while to leave
//! (`Phoenix.Socket.PoolDrainer`).

use std::time::Duration;

use super::channel::Reason;
use super::conversation::Letter;
use super::core::{Alarm, Core};
use super::peer::{Mail, PeerStage, Socket};
use super::pubsub::Address;
use super::shard::Shard;

/// As `drainer: [batch_size: 10_000, batch_interval: 2_000]`.
const BATCH: usize = 10_000;
const INTERVAL: Duration = Duration::from_secs(2);
/// Channels that sleep, and joins, may hold the end up for so many intervals.
const PATIENCE: u32 = 5;

/// A shard that ends.
pub(crate) struct Draining {
    /// Connections that were not told yet.
    left: Vec<u32>,
    /// How often it was looked since the last one was told.
    looked: u32,
}

impl Shard {
    /// Begins to end. Nobody new is let in: whoever comes now is better served elsewhere.
    pub(crate) fn start_draining(&mut self) {
        if self.draining.is_some() {
            return;
        }
        self.listener = None;
        let left = self
            .core
            .peers
            .iter()
            .filter_map(|(key, _)| u32::try_from(key).ok())
            .collect();
        self.draining = Some(Draining { left, looked: 0 });
        self.go_on_draining();
    }

    /// Tells the next batch; once all are told, ends those who did not go.
    pub(crate) fn go_on_draining(&mut self) {
        let Some(draining) = &mut self.draining else {
            return;
        };
        if draining.left.is_empty() {
            draining.looked += 1;
            if draining.looked > PATIENCE || !self.core.is_anyone_busy() {
                self.core.peers.clear();
                return;
            }
        }
        let rest = draining.left.split_off(draining.left.len().min(BATCH));
        let batch = std::mem::replace(&mut draining.left, rest);
        self.core.timers.set(self.core.now + INTERVAL, Alarm::Drain);
        for peer in batch {
            self.core.drain(peer);
        }
    }

    /// Whether everybody has gone.
    pub(crate) fn has_drained(&self) -> bool {
        self.draining
            .as_ref()
            .is_some_and(|draining| draining.left.is_empty())
            && self.core.peers.is_empty()
    }
}

impl Core {
    /// A connection with channels is told by them, any other by the web server.
    fn drain(&mut self, peer: u32) {
        let shutdown = self.shared.conduct.wire.shutdown;
        let Some(receiver) = self.peers.get_mut(peer as usize) else {
            return;
        };
        let PeerStage::Socket(socket) = &receiver.stage else {
            return self.drop_peer(peer);
        };
        let channels: Vec<_> = socket.channels.iter().map(|entry| entry.id).collect();
        match shutdown {
            Some(ending) if channels.is_empty() => {
                self.hang_up(peer, ending);
            }
            None if channels.is_empty() => self.drop_peer(peer),
            _ => {
                for conversation in channels {
                    self.post(Address { peer, conversation }, Letter::Drain);
                }
            }
        }
    }

    /// A channel ends because the server does: its connection first.
    pub(crate) fn channel_drained(&mut self, address: Address) {
        self.mail(address.peer, Mail::Drain);
        self.bury(address, &Reason::Shutdown);
        self.mail(address.peer, Mail::ChannelDown(address.conversation));
    }

    /// Whether a channel sleeps or is in its join.
    fn is_anyone_busy(&self) -> bool {
        self.peers.iter().any(|(_, peer)| match &peer.stage {
            PeerStage::Socket(socket) => is_busy(socket),
            PeerStage::Http(..) | PeerStage::Leaving => false,
        })
    }
}

fn is_busy(socket: &Socket) -> bool {
    socket
        .channels
        .iter()
        .filter_map(|entry| entry.process.as_ref())
        .any(|process| process.is_busy())
}
