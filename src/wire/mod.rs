//! What carries Phoenix messages, as pure functions over bytes: WebSocket frames and messages, heads and bodies of HTTP/1.
//! One reader of each, for the clients of `check` and `load` and for the server. No I/O, no topics, no refs.

pub mod http;
pub mod websocket;
