//! Fuzzing: generates random conversations, plays them against a server, compares the messages to the clients with a model of Phoenix,
//! and shrinks each conversation that fails.
//!
//! `generate.rs` makes a [`MadeConversation`] of a seed, with the values of `values.rs`. `model.rs` predicts what each client is told.
//! `written.rs` writes it as a scenario with its fixture, which `check` plays again. `play.rs` plays and compares, `property.rs`
//! names the property that failed, `shrink.rs` shrinks the conversation and `find.rs` writes it. `look.rs` finds out what the server has, and `run.rs`
//! does all of this side by side.

mod cause;
mod conversation;
mod corpus;
mod diff;
mod event;
mod failures;
mod find;
mod generate;
mod look;
mod model;
mod numbers;
mod play;
mod prediction;
mod property;
mod result;
mod run;
mod script;
mod settings;
mod shrink;
mod shrinking;
mod step;
#[cfg(test)]
mod tests;
mod values;
mod written;

pub use event::FuzzEvent;
pub(crate) use find::Find;
pub use generate::Offers;

pub(crate) use corpus::{Corpus, CorpusError, StillFailing};
pub(crate) use generate::Focus;
pub(crate) use prediction::StepInState;
pub(crate) use result::FuzzResult;
pub(crate) use run::fuzz;
pub(crate) use settings::{Bound, FuzzError, FuzzSettings};
