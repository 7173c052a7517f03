//! What carries Phoenix messages, as pure functions over bytes: WebSocket frames and messages, heads and bodies of HTTP/1,
//! bodies of long poll requests.
//! The headers of frames are read here for all; messages and HTTP answers for the clients, as the reference server imitates
//! how Bandit and Cowboy read. No I/O, no topics, no refs.

pub mod header_value;
pub mod http;
pub mod longpoll;
pub mod websocket;
