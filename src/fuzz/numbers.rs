//! The numbers by which the topics and users of conversations are called.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers for topics and users, none of them twice.
#[derive(Debug)]
pub(super) struct Numbers(AtomicU64);

/// More names than a conversation has.
const NAMES: u64 = 16;

impl Numbers {
    /// Numbers from a random place on, which no earlier run has used.
    pub(super) fn anywhere() -> Self {
        // Ten digits, so that they are not taken for a number in a payload.
        Self(AtomicU64::new(rand::random_range(
            10_000_000_000..900_000_000_000,
        )))
    }

    pub(super) fn next(&self) -> u64 {
        self.0.fetch_add(NAMES, Ordering::Relaxed)
    }
}
