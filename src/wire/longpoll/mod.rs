//! The bodies of long poll requests and answers (`Phoenix.Transports.LongPoll`): what a poll is answered with, and how
//! messages stand in a batch.

mod client;
pub mod server;

pub use client::{AnswerError, MOST_IN_A_BATCH, PollAnswer, is_line, push_binary, push_text, read_answer};

/// The header that carries the token of a session, since Phoenix 1.8.10.
pub const TOKEN_HEADER: &str = "x-phoenix-longpoll-token";
/// The content type of a batch.
pub const BATCH_TYPE: &str = "application/x-ndjson";
