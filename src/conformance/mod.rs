//! Conformance: replays scenarios against a server and judges what it said, by their steps and by fixtures that
//! hold what real Phoenix servers said. Prints nothing and starts no server.

mod outcome;
pub mod rules;

pub use outcome::{
    CaseResult, Conclusion, Event, Finding, HeldTo, Recorded, RunResult, Strictness, Verdict,
};
