//! Fuzzing: makes conversations at random, plays them against a server, compares what the clients are told with a model of Phoenix,
//! and makes each conversation that fails as small as it goes.
//!
//! `generate.rs` makes a [`MadeConversation`] of a seed, with the values of `values.rs`. `model.rs` predicts what each client is told.
//! `written.rs` writes it as a scenario with its fixture, which `check` plays again. `play.rs` plays and compares, `property.rs`
//! names what did not hold, `shrink.rs` makes it small and `find.rs` writes it down. `look.rs` finds out what the server has, and `run.rs`
//! does all of this side by side.

mod conversation;
mod find;
mod generate;
mod look;
mod model;
mod numbers;
mod play;
mod prediction;
mod property;
mod run;
mod settings;
mod shrink;
mod step;
#[cfg(test)]
mod tests;
mod values;
mod written;

pub(crate) use find::Find;
pub use generate::Offers;
pub use run::FuzzEvent;

pub(crate) use generate::Focus;
pub(crate) use run::{FuzzResult, fuzz};
pub(crate) use settings::{Bound, FuzzSettings};
