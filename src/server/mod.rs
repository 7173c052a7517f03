//! The reference server: the whole target contract as Phoenix serves it, in threads that each run an epoll loop over
//! their own connections.

pub mod app;
mod chance;
pub mod channel;
mod channels;
pub mod conduct;
mod connection;
mod connections;
pub mod context;
mod core;
mod drain;
mod elixir;
pub mod faults;
mod http;
mod inbound;
mod listen;
mod mailbox;
mod mailboxes;
mod message;
mod outbound;
pub mod presence;
mod pubsub;
mod queues;
mod refs;
mod session;
mod sessions;
mod shard;
mod shared;
mod start;
pub mod store;
mod timers;
pub mod token;
mod websocket;

pub use chance::{Freedom, Tally};
pub use mailboxes::Planted;
pub use start::{Descriptors, Server, ServerSettings, StartError};
