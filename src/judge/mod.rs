//! Judges clients: a server that leads each client that connects through situations and says which promise of a client it broke.
//!
//! [`Walk`](walk::Walk) is the state machine of one client, without I/O and clock; [`situations`] has what is tried, as data.
//! [`ClientJudge`] accepts the connections and gives each to the walk of its client. Clients on long poll are not judged.

mod connection;
mod court;
mod expectations;
mod history;
mod invariants;
mod limits;
mod provoke;
mod recognise;
mod server;
mod situations;
mod verdict;
mod walk;

pub use court::{ClientSummary, JudgeNews};
pub use limits::JudgeLimits;
pub use server::ClientJudge;
pub use situations::rules;

#[cfg(test)]
mod tests;
