//! Experiments that prove what Phoenix channels promise: isolation, concurrency, delivery, presence and recovery. Each compares
//! treated conversations with untouched ones, and ends in a verdict for each claim.
//!
//! Sockets are scripts on one thread (`member.rs`), each with an account of all that it sent and received (`account.rs`);
//! broadcasts are compared over all sockets (`ledger.rs`). What no correct server does is an oddity (`oddity.rs`).

mod account;
mod books;
mod claims;
mod concurrency;
mod context;
mod conversation;
mod crowd;
mod delivery;
mod isolation;
mod ledger;
mod member;
mod oddity;
mod offers;
mod presence;
mod punctuality;
mod recovery;
mod result;
mod run;
mod schedule;
mod server_use;
mod site;
mod watch;

pub use oddity::{Oddity, OddityKind};
pub use result::{
    Claim, Experiment, ExperimentName, Picture, PictureKind, PicturePoint, ProofVerdict, ProveResult, Series,
};
pub use run::{ProveError, ProveEvent, ProveSettings, prove};
