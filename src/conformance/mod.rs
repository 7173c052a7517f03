//! Conformance: replays scenarios against a server and judges what it said, by their steps and by fixtures that
//! hold what real Phoenix servers said. Prints nothing and starts no server.

mod attribution;
mod baseline;
pub mod catalogue;
mod check;
mod choice;
mod compare;
mod context;
mod entrance;
mod excerpt;
mod fixtures;
mod invariants;
mod judge;
mod likeness;
mod log;
mod normalise;
mod offered;
mod outcome;
mod probe;
mod punctual;
mod queue;
mod reach;
mod rehearsal;
pub mod rules;
mod run;
mod settings;
mod single;
mod snapshot;
mod update;

pub use crate::driver::{Host, Lent, NoHost, Pending, Restarts};
pub use catalogue::{Case, CaseError, SelectError};
pub use check::{Check, RunError};
pub use entrance::{EntranceError, enter, server_header};
pub use outcome::{
    CaseRecording, CaseResult, CheckConclusion, CheckEvent, Finding, HeldTo, Pace, Recorded, RunResult, Said,
    Strictness, Verdict, Warning, Way,
};
pub use reach::CheckError;
pub use run::{check, judge_one};
pub use settings::{CheckSettings, Room, Safety, StopAt, Update};
pub use snapshot::SnapshotError;
pub use update::accept;
