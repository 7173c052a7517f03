//! Counts the sockets that have joined a topic.

use std::sync::atomic::{AtomicU64, Ordering};

/// The number of sockets with at least one channel, over all shards.
#[derive(Debug, Default)]
pub(crate) struct JoinedSockets(AtomicU64);

impl JoinedSockets {
    /// How many.
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// A socket has joined its first topic.
    pub(crate) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// A socket has left its last topic.
    pub(crate) fn remove_one(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
