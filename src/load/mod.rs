//! Load tests: runs scenarios with many simulated sockets, each driven by the same client state machine that `check`
//! uses, and measures latencies.
//!
//! Scenarios that can be compiled are played by shards: each is a thread with an epoll loop over its own sockets.
//! Handling a message there takes no lock and usually allocates nothing; an idle socket owns no buffer. If a scenario
//! of a run cannot be compiled, threads with a tokio runtime play whole instances step by step (`stepped`).

mod actor;
mod beam_point;
mod by_event;
mod catalogue;
mod comparison;
mod conclusion;
mod conductor;
mod control;
mod counts;
mod dial;
mod error_kind;
mod event;
mod grouped;
mod handshake;
mod in_flight;
mod lane;
mod latency;
mod ledger;
mod left_out;
mod losses;
mod lost;
mod machine;
mod measure;
mod merge;
mod objective;
mod pace;
mod plan;
mod poll_requests;
mod poll_session;
mod record;
mod result;
mod role;
mod role_requests;
mod round_times;
mod run;
mod scaling;
mod scout;
mod series;
mod server_meter;
mod settings;
mod shard;
mod shard_state;
mod share;
mod steering;
mod stepped;
mod tables;
mod tally;
mod tcp_link;
mod text;
mod timers;
mod told;
mod traffic;
mod validity;
mod way;
mod wheel;

pub use beam_point::{BeamPoint, PoolPoint};
pub use catalogue::{BuiltIn, built_in};
pub use conclusion::LoadConclusion;
pub use counts::Counts;
pub use event::{LoadError, LoadEvent, PhaseProgress, Second};
pub use latency::{Figures, Histograms, Timing};
pub use losses::IdleCut;
pub use lost::{Lost, LostKind};
pub(crate) use merge::{MergePart, TimedLatencies, merge};
pub use objective::{Objective, ObjectiveError, ObjectiveOutcome, ObjectiveStatus, ObjectiveUnit};
pub use pace::{Pacing, RateStage};
pub use plan::{Plan, PlanError};
pub use result::{Generator, Latencies, LoadResult, Messages, Played, Sockets, Took};
pub use role::{Deliveries, Marks, Override, PushReply};
pub use run::run;
pub use scaling::{Scale, Scaling};
pub use series::Point;
pub use server_meter::ServerUse;
pub use settings::{Arrivals, InvalidSettings, LoadSettings, Model, Schedule};
pub use share::{Share, Silence};
pub use steering::{RateChange, Steering, Unsteerable};
pub use validity::Shortage;

pub(crate) use comparison::{
    Change, Condition, ConditionOutcome, ConditionVerdict, RunBlocks, TimingDifference, differences,
};
pub(crate) use error_kind::named as error_kind_named;
pub(crate) use grouped::grouped;
pub(crate) use machine::Machine;
pub(crate) use measure::{FigureGroup, enough_for, figures};
pub(crate) use role::{PlayedBy, Sends};
pub(crate) use run::{Rehearsal, entrance, rehearse};
pub(crate) use series::{phase_named, phases};
pub(crate) use server_meter::{ServerMeter, ServerReading};
pub(crate) use settings::{gentle_rate, usual_sockets};
pub(crate) use validity::Punctuality;

/// The largest message that is accepted from a server, including all its fragments.
const LARGEST_MESSAGE: usize = 16 << 20;

/// Items that the tests of this crate use in addition to the public API.
#[doc(hidden)]
pub mod internal {
    pub use super::role::PlayedBy;
    pub use super::run::{Rehearsal, rehearse};
}
