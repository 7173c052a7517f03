//! The swarm: a scenario run by many simulated sockets, each the client state machine that `check` uses, measured
//! honestly. A thread a shard, in it an epoll loop over its own sockets; no lock and no allocation on the way of a
//! message, and a socket at rest owns no buffer.

mod actor;
mod by_event;
mod catalogue;
mod conclusion;
mod control;
mod dial;
mod error_kind;
mod event;
mod handshake;
mod hlog;
mod ledger;
mod left_out;
mod losses;
mod lost;
mod machine;
mod measure;
mod objective;
mod pace;
mod plan;
mod record;
mod result;
mod role;
mod run;
mod scout;
mod series;
mod settings;
mod shard;
mod shard_state;
mod share;
mod tables;
mod tally;
mod text;
mod timers;
mod told;
mod traffic;
mod validity;
mod watch;
mod wheel;

pub use by_event::ByEvent;
pub use catalogue::{BuiltIn, built_in};
pub use conclusion::Conclusion;
pub use error_kind::ErrorKind;
pub use event::{Event, LoadError, Progress};
pub use losses::IdleCut;
pub use lost::{Lost, LostKind};
pub use machine::Machine;
pub use measure::{Figure, FigureGroup, enough_for, figures};
pub use objective::{Objective, ObjectiveError, ObjectiveStatus, Outcome, OutcomeUnit};
pub use pace::{Pacing, RateStage};
pub use plan::{Plan, PlanError};
pub use result::{
    Generator, Latencies, LoadResult, Messages, Model, Played, Punctuality, Sends, ServerUse, Sockets, Took,
};
pub use role::{Deliveries, Marks, Override, PushReply};
pub use run::{rehearse, run};
pub use series::Point;
pub use settings::{Arrivals, InvalidSettings, Schedule, Settings, gentle_rate, usual_sockets};
pub use share::{Share, Silence};
pub use tally::{Counts, Distributions, Figures, Kind};
pub use validity::{LATEST, Shortage};
pub use watch::{Usage, own_usage, usage_of};
