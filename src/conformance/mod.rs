//! Conformance: replays scenarios against a server, and judges its answers by the steps and by fixtures,
//! which are the recorded answers of real Phoenix servers. It prints nothing and starts no server.

mod attribution;
mod baseline;
mod catalogue;
mod check;
mod choice;
mod compare;
mod context;
mod entrance;
mod excerpt;
mod first_cause;
mod fixtures;
mod heard;
mod idle;
mod inquiry;
mod invariants;
mod judge;
mod known;
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
pub(crate) mod rules;
mod run;
mod settings;
mod silence;
mod single;
mod snapshot;
mod symptoms;
mod testimony;
mod tokens;
mod update;

pub use catalogue::{CaseError, SelectError};
pub use check::{Check, RunError};
pub use known::KnownDeviation;
pub use outcome::{
    CaseResult, CheckConclusion, Finding, HeldTo, RunResult, Said, Strictness, Verdict, Warning, Way,
};
pub use reach::CheckError;
pub use silence::{CutBy, IdleFinding, SilentDirection};
pub use snapshot::SnapshotError;
pub use testimony::{Testimony, TestimonyKind};

pub(crate) use crate::driver::{Host, Lending, Lent, NoHost, Pending, Restarts};
pub(crate) use catalogue::{Case, built_in, select};
pub(crate) use compare::{Deviation, Doubled, compare};
pub(crate) use entrance::{EntranceError, enter, server_header};
pub(crate) use excerpt::without_secrets;
pub(crate) use log::{LinkLog, Log};
pub(crate) use normalise::{RunNames, log_of};
pub(crate) use offered::offered as offered_values;
pub(crate) use outcome::{CaseRecording, CheckEvent, Pace, Recorded};
pub(crate) use run::check;
pub(crate) use settings::{CheckSettings, Room, Safety, StopAt, Update};
pub(crate) use silence::{HEARTBEAT, IdleProgress, IdleSettings, WATCHED_FOR};
pub(crate) use snapshot::{FixtureOrigin, Snapshot, write as fixture_text};
pub(crate) use update::accept;

/// Items for the tests of this package, which users do not see.
#[doc(hidden)]
pub mod internal {
    pub use super::catalogue::{Case, built_in, select};
    pub use super::rules::{Party, Rule, about as rules_about, find as find_rule};
    pub use super::run::{check, judge_one};
    pub use super::settings::{CheckSettings, Update};
    pub use super::silence::IdleSettings;
    pub use super::update::accept;
    pub use crate::driver::{Host, Lending, Lent, NoHost, Pending, Restarts};
}
