//! The reference server: the whole target contract as Phoenix serves it, in threads that each run an epoll loop over
//! their own connections.

mod alarm;
mod app;
mod chance;
mod channel;
mod channels;
mod conduct;
mod connection;
mod connections;
mod context;
mod core;
mod drain;
mod elixir;
pub mod faults;
mod http;
mod ids;
mod inbound;
mod joined;
mod listen;
mod longpoll;
mod longpolls;
mod mailbox;
mod mailboxes;
mod message;
mod outbound;
mod payload;
mod polling;
mod presence;
mod pubsub;
mod queues;
mod refs;
mod requests;
mod serializer;
mod session;
mod sessions;
mod settings;
mod shard;
mod shared;
mod site;
mod start;
mod store;
mod timers;
mod token;
pub(crate) mod untrusted;
mod websocket;

pub use settings::{Descriptors, ServerSettings, StartError};
pub use start::Server;
pub use store::OpenError;

pub(crate) use chance::{Freedom, Tally};
pub(crate) use conduct::Mishap;

/// Items for the tests of this package, which users do not see.
#[doc(hidden)]
pub mod internal {
    pub use super::chance::{Freedom, Tally};
    pub use super::conduct::Mishap;
}
