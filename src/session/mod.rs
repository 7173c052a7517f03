//! The client's side of one connection without I/O: bytes go in, whole messages and bytes to send come out. `check`, `load`
//! and the probes use the same one.
//!
//! What a session offers, whatever carries it:
//!
//! | function | does |
//! | --- | --- |
//! | `next(&mut input, limit, output)` | takes the next message from the bytes that arrived, and writes what the protocol asks a client to answer: pongs, the end of the close handshake |
//! | `send(&outgoing, output)` | writes one thing to send; refuses what the connection cannot carry any more |
//! | `ends_within(&input)` | whether what arrived ends within a message |
//! | `kept()` | how many bytes of messages that are not whole it keeps |
//!
//! A session knows no topic, no ref and no serializer, and it owns no buffer at rest. Whoever drives it reads and writes the
//! connection, keeps the bytes that are not taken yet, and knows when too much waits to be sent.

mod exchange;
mod longpoll;
mod raw;
mod upgrade;
mod websocket;

pub use exchange::{Ending, Incoming, Outgoing, PollRequest};
pub use longpoll::{AnswerPace, BadAnswer, FirstPoll, LongPoll, PollBatch, Polled};
pub use raw::{Masking, RawFrame};
pub use upgrade::{BadSwitch, Key, Offered, check_switch};
pub use websocket::{Output, SendError, WebSocket};
