//! The reference server.

pub mod channel;
pub mod conduct;
pub mod context;
pub mod elixir;
pub mod presence;
pub mod store;
