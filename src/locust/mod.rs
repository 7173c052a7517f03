//! Speaks to a Locust master as one of its workers: messages, the connection, what a worker must do and when, and statistics in
//! Locust's terms. `docs/worker.md` says which versions of Locust it was tried with.

mod act;
mod class;
mod link;
mod message;
mod stats;
mod worker;

pub use act::{Spawn, Use, WorkerAct};
pub use class::Classes;
pub use link::{FromMaster, Link, LinkError, MasterAddress};
pub use message::{LocustMessage, LocustValue, NoLocustMessage, value_of};
pub use stats::Stats;
pub use worker::Worker;
