//! The end of a shard: all who have joined are told in batches, and get a while to leave
//! (`Phoenix.Socket.PoolDrainer`).

use std::time::Duration;

use super::connections::ConnectionId;
use super::shard::Shard;
use crate::clock::Time;

/// As `drainer: [batch_size: 10_000, batch_interval: 2_000]`.
const BATCH: usize = 10_000;
const INTERVAL: Duration = Duration::from_secs(2);
/// Channels that sleep, and joins, may hold the end up for so many intervals.
const PATIENCE: u32 = 5;

/// A shard that ends.
pub(crate) struct Draining {
    /// Connections that were not told yet.
    left: Vec<ConnectionId>,
    /// How often it was looked since the last one was told.
    looked: u32,
    /// When the next batch is told, or looked again.
    pub(crate) next: Time,
}

impl Shard {
    /// Begins to end. Nobody new is let in: whoever comes now is better served elsewhere.
    pub(crate) fn start_draining(&mut self) {
        if self.draining.is_some() {
            return;
        }
        self.listener = None;
        self.draining = Some(Draining {
            left: self.core.connections.ids(),
            looked: 0,
            next: self.core.channels.timers.now(),
        });
        self.go_on_draining();
    }

    /// Tells the next batch; once all are told, ends those who did not go.
    pub(crate) fn go_on_draining(&mut self) {
        let Some(draining) = &mut self.draining else {
            return;
        };
        if draining.left.is_empty() {
            draining.looked += 1;
            if draining.looked > PATIENCE || !self.core.channels.sessions.is_any_busy() {
                self.core.connections.clear();
                return;
            }
        }
        let rest = draining.left.split_off(draining.left.len().min(BATCH));
        let batch = std::mem::replace(&mut draining.left, rest);
        draining.next = self.core.channels.timers.now() + INTERVAL;
        for connection in batch {
            self.core.drain(connection);
        }
    }

    /// Whether everybody has gone.
    pub(crate) fn has_drained(&self) -> bool {
        self.draining
            .as_ref()
            .is_some_and(|draining| draining.left.is_empty())
            && self.core.connections.is_empty()
    }
}
