//! Counts the deliveries that a fault changed, so that a ledger of what arrived can be compared with the count.

use std::sync::atomic::{AtomicU64, Ordering};

/// How many deliveries went wrong so far, on request, over all shards.
#[derive(Debug, Default)]
pub struct Planted(AtomicU64);

impl Planted {
    /// How many.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn add_one(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
