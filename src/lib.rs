//! Proves what a server that speaks the Phoenix Channels protocol promises.

pub mod client;
pub mod clock;
pub mod descriptors;
pub mod profile;
pub mod protocol;
pub mod server;
