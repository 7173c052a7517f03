//! Reads the figures of an Erlang VM over a local port: schedulers, processes, mailboxes, memory and pools. The module
//! `examples/beam/phxproof_beam.ex` answers there.

mod address;
mod meter;
mod reading;
mod usage;
mod watch;

pub use address::BeamAddress;
pub use reading::{BeamMailbox, BeamReading, PoolReading};
pub use usage::{BeamUse, PoolUse};
pub use watch::{BeamError, BeamWatch};

pub(crate) use meter::BeamMeter;
