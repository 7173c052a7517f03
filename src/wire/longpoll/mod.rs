//! The bodies of long poll requests and answers, as pure functions over bytes.

pub mod server;
