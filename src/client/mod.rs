//! A Phoenix client as a state machine: one socket with its channels, without I/O, clock or randomness.

mod backoff;
mod channel;
mod config;
mod connection;
mod event;
mod few;
mod inbound;
mod link;
mod pending;
mod reference;
mod reply;
mod socket;
mod timers;

pub use backoff::Backoff;
pub use channel::{ChannelId, ChannelState};
pub use config::{Config, Policy};
pub use event::{CloseCause, Context, DropReason, ErrorCause, Event, Outbox};
pub use reference::{Ref, RefText};
pub use socket::Socket;

#[cfg(test)]
mod tests;
