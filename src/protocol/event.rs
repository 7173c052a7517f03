//! The reserved events and topic of the protocol (`assets/js/phoenix/constants.js`, `lib/phoenix/socket.ex`).

/// Joins a channel.
pub const JOIN: &str = "phx_join";
/// Leaves a channel.
pub const LEAVE: &str = "phx_leave";
/// Replies to a join, a push, a leave or a heartbeat.
pub const REPLY: &str = "phx_reply";
/// The channel closed normally.
pub const CLOSE: &str = "phx_close";
/// The channel crashed.
pub const ERROR: &str = "phx_error";
/// Keeps a connection open; only used on [`PHOENIX_TOPIC`].
pub const HEARTBEAT: &str = "heartbeat";
/// The topic of the socket itself.
pub const PHOENIX_TOPIC: &str = "phoenix";
