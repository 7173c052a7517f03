//! Conformance: replays scenarios against a server and judges what it said, by their steps and by fixtures that
//! hold what real Phoenix servers said. Prints nothing and starts no server.

mod compare;
mod log;
mod normalise;
mod outcome;
pub mod rules;
mod snapshot;

pub use outcome::{
    CaseResult, Conclusion, Event, Finding, HeldTo, Recorded, RunResult, Strictness, Verdict,
};
pub use snapshot::SnapshotError;
