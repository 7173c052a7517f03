//! Records conversations: a proxy between clients and a server passes the bytes on, reads them beside, and writes what was said
//! as a scenario with its fixture.
//!
//! The way of a recording: `proxy.rs` carries the bytes of each connection. `tap.rs` reads them as HTTP and, after an upgrade, as
//! frames (`frames.rs`); `session.rs` knows the sessions of long poll. What a client or the server said goes into `heard.rs`, which
//! also decides which connections belong to one actor. `steps.rs` makes the steps of the scenario of that, with the variables of
//! `secrets.rs` and the saved values of `carried.rs`; `differ.rs` finds what differs from run to run. `text.rs`, `write.rs`
//! write the file, `fixture.rs` its fixture, and `again.rs` plays the scenario once more.

mod again;
mod carried;
mod differ;
mod draft;
mod fixture;
mod frames;
mod heard;
mod leaves;
mod lines;
mod messages;
mod proxy;
mod racing;
mod repeated;
mod request;
mod secrets;
mod session;
mod steps;
mod tap;
#[cfg(test)]
mod tests;
mod text;
pub(crate) mod untrusted;
mod write;

pub(crate) use again::{Replayed, play_again};
pub(crate) use differ::Loosened;
pub(crate) use draft::Draft;
pub(crate) use fixture::fixture;
pub(crate) use heard::{Heard, Pauses};
pub(crate) use proxy::{Recorder, RecorderError};
pub(crate) use secrets::is_secret_name;
pub(crate) use text::{RecordedScenario, scenario};
