//! The alarms of a shard's channels.

use std::time::Duration;

use super::channel::Join;
use super::context::Info;
use super::ids::{Address, SessionId};
use super::mailbox::SessionMessage;
use super::message::Encoded;

/// What happens when an alarm goes off.
pub(crate) enum Alarm {
    /// A sleep ends.
    Wake(Address),
    /// A join goes on.
    Join(Address, Box<Join>),
    /// A message to a channel is due.
    Info(Address, Info),
    /// A message to a channel is due, and again after the interval.
    Every(Address, Duration, Info),
    /// The message of this number is held back no longer.
    Release(u64),
    /// PubSub forgets the subscription of a channel that has ended.
    Forget(u64),
    /// A late reply to the client of a channel is due.
    Reply(Address, Encoded),
    /// A session is told that one of its channels has ended.
    Session(SessionId, SessionMessage),
    /// A presence diff is due.
    Diff,
}
