//! A Phoenix client as a state machine: one socket with its channels, without I/O, clock or randomness.
//!
//! Whoever drives a [`Socket`] owns the connection, the clock and the serializer. It reports what happened
//! (`handle_*`), calls [`handle_timeout`](Socket::handle_timeout) at [`next_deadline`](Socket::next_deadline), and
//! does what the [`Outbox`] is asked for. The same machine drives one actor of a script ([`Config::scripted`]) and
//! each of a million simulated browsers ([`Config::phoenix_js`]): at rest a joined socket takes less than 200 bytes
//! and no heap but topic and params, which a swarm shares, and a push and its answer allocate nothing.
//!
//! # Where it differs from phoenix.js 1.8.16, on purpose
//!
//! Frames and their moments are the same, except:
//!
//! - A channel that the server closes (`phx_close`) while it joins is over. phoenix.js lets the timer of the join
//!   run on, and then joins again and again for a channel that it has removed and whose answers it no longer hears.
//! - An answer to a join that is neither ok nor error is none, and the join times out. phoenix.js waits for ever.
//! - A join that waits for the connection goes out with the params of that moment, not of the moment of the call.
//! - All pushes may take equally long ([`Config::timeout`]); there, each call can choose.
//! - `connect` in the 10 ms between giving up on a dead connection and the next attempt changes nothing.
//! - What falls due in the same instant comes in the order of the channels, not of the timers.
//!
//! What is told differs a little more:
//!
//! - A leave is told when it is answered, and until then answers to earlier pushes are too. phoenix.js forgets the
//!   channel at once, so that a proof would count those as lost, and nobody would see a leave without an answer.
//! - A push to a channel that is over is refused. phoenix.js takes it, never sends it, and calls that a timeout.
//! - A push that is held back cannot be answered by a server that guesses its ref.
//! - Callbacks of the user take refs there (`socket.onOpen` and its kin); here there are none.
//!
//! What belongs to browsers and transports is not here: hidden pages, the wait for a full send buffer, the change
//! to long poll.

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
mod socket;
mod timers;

pub use backoff::Backoff;
pub use channel::ChannelState;
pub use config::{Config, Policy};
pub use event::{ChannelId, ClientContext, CloseCause, DropReason, ErrorCause, Event, Outbox};
pub use reference::Ref;
pub use socket::Socket;

#[cfg(test)]
mod tests;
