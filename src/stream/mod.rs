//! Byte streams between a client and a server, whatever is below them. It knows no protocol above the bytes.

mod asynchronous;

pub use asynchronous::Stream;
