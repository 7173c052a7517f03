//! The faults that `fuzz` finds.

/// Each was found within a minute with `fuzz --fail-fast` at a server with this fault, and left at most 8 steps.
pub(super) const FOUND: &[&str] = &[];
