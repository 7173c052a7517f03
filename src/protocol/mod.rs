//! The Phoenix Channels protocol as pure functions over bytes: messages, both serializers and binary frames.
//! No I/O, no clock, and no allocation on the path of a message.

mod binary;
mod error;
mod event;
mod frame;
pub mod json;
mod message;
mod reply;
mod serializer;
mod text;
mod v1;
mod v2;

pub use error::{DecodeError, EncodeError};
pub use event::{CLOSE, ERROR, HEARTBEAT, JOIN, LEAVE, PHOENIX_TOPIC, REPLY};
pub use frame::{Frame, FrameKind, Vsn};
pub use message::{Field, Message, Payload};
pub use reply::Reply;

#[cfg(test)]
mod tests;
