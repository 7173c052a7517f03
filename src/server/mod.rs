//! The reference server.

pub mod channel;
pub mod channels;
pub mod conduct;
pub mod context;
mod elixir;
pub mod presence;
pub mod store;
pub mod token;
