//! The Phoenix Channels protocol as pure functions over bytes: messages, both serializers, binary frames.
//! No I/O, no clock, no allocation on the way of a message.

mod event;
mod frame;
mod message;

pub use event::{CLOSE, ERROR, HEARTBEAT, JOIN, LEAVE, PHOENIX_TOPIC, REPLY};
pub use frame::{Frame, FrameKind, Vsn};
pub use message::{Field, Message, Payload};
