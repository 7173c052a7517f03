//! Proves what a server that speaks the Phoenix Channels protocol promises.

pub mod cli;
pub mod client;
pub mod clock;
pub mod conformance;
pub mod profile;
pub mod protocol;
pub mod report;
pub mod scenario;
pub mod server;
pub mod transport;
