//! Conformance: replays scenarios against a server and judges what it said, by their steps and by fixtures that
//! hold what real Phoenix servers said. Prints nothing and starts no server.

mod attribution;
mod baseline;
pub mod catalogue;
mod check;
mod choice;
mod compare;
mod drive;
mod entrance;
mod excerpt;
mod fixtures;
mod host;
mod invariants;
mod judge;
mod likeness;
mod line;
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

pub use catalogue::{Case, CaseError, SelectError};
pub use check::{Check, RunError};
pub use entrance::{EntranceError, enter, server_header};
pub use host::{Host, Lent, NoHost, Pending, Restarts};
pub use outcome::{
    CaseRecording, CaseResult, CheckConclusion, CheckEvent, Finding, HeldTo, Pace, Recorded, RunResult, Said,
    Strictness, Verdict, Warning, Way,
};
pub use reach::CheckError;
pub use run::{check, judge_one};
pub use settings::{CheckSettings, Room, Safety, StopAt, Update};
pub use snapshot::SnapshotError;
pub use update::accept;
