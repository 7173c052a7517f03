//! The reference server: the whole target contract as Phoenix serves it, in threads that each run an epoll loop over
//! their own connections.

mod afterlife;
mod chance;
pub mod channel;
pub mod channels;
pub mod conduct;
pub mod context;
mod conversation;
mod core;
mod delivery;
mod drain;
mod elixir;
pub mod faults;
mod frames;
mod held;
mod http;
mod inbound;
mod links;
mod listen;
mod message;
mod outbound;
mod peer;
pub mod presence;
mod pubsub;
mod refs;
mod shard;
mod silence;
mod socket;
mod start;
pub mod store;
mod timers;
pub mod token;
mod tracker;

pub use chance::{Freedom, Tally};
pub use delivery::Planted;
pub use start::{Descriptors, Server, Settings, StartError};
