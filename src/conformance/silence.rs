//! Idle time-outs as data: what is measured, how far the measurement is, and what was found.

use std::time::Duration;

use crate::transport::Transport;

/// How long connections are watched, unless the user says otherwise.
pub(crate) const WATCHED_FOR: Duration = Duration::from_secs(150);
/// How often phoenix.js sends a heartbeat.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(30);

/// What is measured.
#[derive(Clone, Debug)]
pub struct IdleSettings {
    /// The transports.
    pub transports: Vec<Transport>,
    /// How long connections are watched at most.
    pub longest: Duration,
    /// The time between two heartbeats of a client.
    pub heartbeat: Duration,
}

/// How far the measurement is.
#[derive(Clone, Copy, Debug)]
pub struct IdleProgress {
    /// How long the connections have been watched.
    pub watched: Duration,
    /// How long they are watched at most.
    pub longest: Duration,
    /// How many of them are still watched.
    pub open: usize,
}

/// In which direction a connection was silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SilentDirection {
    /// In both.
    Both,
    /// The client sent nothing; the server did.
    FromClient,
    /// The server sent nothing; the client did.
    FromServer,
    /// In none: both sent something now and then.
    Neither,
}

/// How a connection was cut, as far as a client can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CutBy {
    /// A close frame, with its code: by the server, or by a proxy that speaks WebSocket.
    CloseFrame(Option<u16>),
    /// The end of the TCP connection in order, without a close frame.
    Fin,
    /// A reset of the TCP connection.
    Rst,
    /// A status of long poll.
    Status(u16),
    /// Nothing told the client: the connection looked open, but a heartbeat was not answered.
    Nothing,
    /// In another way, which the sentence tells.
    Other,
}

/// What is known about one idle time-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleFinding {
    /// The transport.
    pub transport: Transport,
    /// In which direction the connection was silent.
    pub direction: SilentDirection,
    /// What was sent over it, in words.
    pub traffic: String,
    /// After how much silence it was cut; where no direction was silent, how long it had been open. Nothing if it was not
    /// cut, or if the client cannot know when.
    pub cut_after: Option<Duration>,
    /// The longest silence after which it still worked.
    pub alive_after: Option<Duration>,
    /// How it was cut.
    pub by: Option<CutBy>,
    /// How much of the silence a heartbeat leaves, in milliseconds; below zero, the heartbeat comes too late.
    pub heartbeat_leaves_ms: Option<i64>,
    /// All of that in a sentence.
    pub sentence: String,
    /// What that means for clients, if it is a problem for them.
    pub warning: Option<String>,
}
