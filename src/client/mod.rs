//! A Phoenix client as a state machine: one socket with its channels, without I/O, clock or randomness.
//!
//! The driver of a [`Socket`] owns the connection, the clock and the serializer. It reports what happened
//! (`handle_*`), calls [`handle_timeout`](Socket::handle_timeout) at [`next_deadline`](Socket::next_deadline),
//! and carries out what the client asks of the [`Outbox`]. The same machine drives one client of a script
//! ([`Config::scripted`]) and each of a million simulated browsers ([`Config::phoenix_js`]). An idle joined
//! socket takes less than 200 bytes, and no heap except for its topic and params, which a swarm shares. A push
//! and its reply allocate nothing.
//!
//! # Deliberate differences from phoenix.js 1.8.16
//!
//! The frames and the times at which they are sent are the same, except:
//!
//! - A channel that the server closes (`phx_close`) while it joins is closed. In phoenix.js the timer of the
//!   join keeps running, so it joins again and again for a channel that it has removed and whose replies it
//!   ignores.
//! - A reply to a join with a status other than ok or error is ignored, and the join times out. phoenix.js
//!   waits for ever.
//! - A join that waits for the connection is sent with the params of that moment, not with those of the call.
//! - All pushes have the same timeout ([`Config::timeout`]); in phoenix.js, each call can choose one.
//! - `connect` in the 10 ms between giving up on a dead connection and the next attempt changes nothing.
//! - Timers that expire at the same time run in the order of the channels, not of the timers.
//!
//! The events differ a little more:
//!
//! - The client reports a leave when the server replies to it, and until then still reports replies to
//!   earlier pushes. phoenix.js forgets the channel at once, so those pushes would count as lost, and a leave
//!   without a reply would go unnoticed.
//! - A push to a closed channel is refused. phoenix.js accepts it, never sends it, and reports a timeout.
//! - A push that is held back cannot be answered by a server that guesses its ref.
//! - In phoenix.js, callbacks of the user consume refs (`socket.onOpen` and the like); here there are no
//!   callbacks.
//!
//! This module leaves out what belongs to browsers: hidden pages, and the wait for a full send buffer. [`Fallback`] says when a
//! client goes on over long poll; its user opens the other connection.

mod backoff;
mod channel;
mod config;
mod connection;
mod event;
mod fallback;
mod few;
mod inbound;
mod link;
mod pending;
mod reference;
mod socket;
mod timers;

pub use backoff::Backoff;
pub use channel::ChannelState;
pub use config::{Config, Policy};
pub use event::{ChannelId, ClientContext, CloseCause, DropReason, ErrorCause, Event, Outbox};
pub use fallback::{Fallback, HealthCheck};
pub use reference::Ref;
pub use socket::Socket;

#[cfg(test)]
mod tests;
