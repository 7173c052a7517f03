//! The decisions in which servers differ, one a field, as the profile sets them. The server asks for version gates only
//! here. A fault changes a decision, and no other code knows of faults.

use std::time::Duration;

use crate::profile::Profile;

mod app;
mod channels;
mod compress;
mod delivery;
mod frames;
mod handshake;
mod http;
mod longpoll;
mod reading;
mod socket;
mod videos;
mod wire;

pub use app::{
    AnnotationFields, AnnotationStore, AppConduct, CatchUp, Counter, DeferredReply, DiffReach, DiffsSent,
    KeptValues, Pause, Pings, PresenceJoin, PresenceLeave, PresenceState, PresenceUpdate, StopReasons,
    TokenCheck, TrackRef, UpdatesTold, Whisper,
};
pub use channels::{
    BinaryBroadcasts, BinaryPushes, BinaryReplies, ChannelConduct, Contagion, EmptyLists, EmptyResponse,
    ErrorReplies, JoinCrash, JoinParams, LastReply, LonelyBroadcast, NormalStop, PushJoinRef, SizeUnit,
    SlowJoinReply, TopicNames, Unanswered, UnjoinedLeave,
};
pub use compress::{
    BrokenDeflate, CompressConduct, CompressedFrames, CompressedMounts, DeflateAnswer, IncomingContext,
    ServerContext, ServerWindow, StrayBit,
};
pub use delivery::{Audience, BroadcastEncoding, BroadcastRefs, Delivery, Mishap, PushReach, SenderOrder};
pub use frames::{ControlBetween, Interruption, Overlooked, PongMask, StrayContinuation, UnaskedPong};
pub use handshake::{
    BadToken, HandshakeConduct, Subprotocols, UnknownMount, UnknownParams, UserName, WebSocketVersion,
};
pub use http::{
    BareLineFeeds, BrokenConnection, BrokenExtensions, ContentLength, EarlyFrames, Hosts, HttpConduct,
    LateRefusal, Look, Repeated, UnreadBody,
};
pub use longpoll::{
    BadBase64, Base64Lines, BatchDecoding, BatchOrder, Cache, ContentType, CutPoll, EmptyPoll, Expiry,
    HttpStatus, LongPollConduct, MessageOrder, OpenPolls, Preflight, Repeats, SlowDispatch, TokenPlace,
    Unpolled, Wakes,
};
pub use reading::{HeartbeatNames, HeartbeatResponse, NumberTopics, Rigour, V1Binary};
pub use socket::{
    AfterLeave, Crash, DeadSubscription, DuplicateJoin, HangupScope, Isolation, LateReplies, Leave,
    LeaveScope, Names, Nulls, RefusedJoin, ReplyCount, ReplyJoinRef, ReplyOrder, ReplyRefs, SocketConduct,
    StaleJoinRef, Unmatched,
};
pub use videos::{AnnotationReach, Author, CatchUpOrder, Ids, Tolerated, Unnumbered, VideoConduct};
pub use wire::{
    AfterStall, BinarySizes, CloseEcho, DisconnectReach, Ending, Hangup, Judgement, KeptOpen, LongLengths,
    Malformed, NestedVsn, OriginCheck, OriginHost, OverTls, Pong, SpentDescriptors, Unmasked, Utf8Check,
    V1Keys, VsnCheck, WireConduct,
};

/// All decisions.
#[derive(Clone, Debug)]
pub struct Conduct {
    /// Before the upgrade.
    pub http: HttpConduct,
    /// The upgrade.
    pub handshake: HandshakeConduct,
    /// Below the protocol.
    pub wire: WireConduct,
    /// Compressed messages.
    pub compress: CompressConduct,
    /// The long poll transport.
    pub longpoll: LongPollConduct,
    /// The protocol.
    pub socket: SocketConduct,
    /// The processes of channels.
    pub channels: ChannelConduct,
    /// The application on top.
    pub app: AppConduct,
}

/// Where the socket is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mount {
    /// `/socket`
    Plain,
    /// `/fast_socket`, with a short idle timeout.
    Fast,
    /// `/strict_socket`, with a list of origins.
    Strict,
    /// `/compressed_socket`, which agrees on compression.
    Compressed,
    /// `/own_socket`, with an authentication of its own in place of the tokens of `/token/NAME`.
    Own,
}

impl Mount {
    /// The mount of this first segment of a path.
    pub fn named(segment: &str) -> Option<Self> {
        match segment {
            "socket" => Some(Self::Plain),
            "fast_socket" => Some(Self::Fast),
            "strict_socket" => Some(Self::Strict),
            "compressed_socket" => Some(Self::Compressed),
            "own_socket" => Some(Self::Own),
            _ => None,
        }
    }

    /// How long a connection may be silent.
    pub const fn idle(self) -> Duration {
        match self {
            Self::Fast => Duration::from_secs(2),
            Self::Plain | Self::Strict | Self::Compressed | Self::Own => Duration::from_secs(60),
        }
    }

    /// The times of its long poll, if it offers that.
    pub const fn longpoll(self) -> Option<PollTimes> {
        match self {
            Self::Plain | Self::Own => Some(PollTimes {
                window: Duration::from_secs(10),
                patience: Duration::from_secs(2),
            }),
            Self::Fast => Some(PollTimes {
                window: Duration::from_secs(1),
                patience: Duration::from_secs(1),
            }),
            Self::Strict | Self::Compressed => None,
        }
    }
}

/// The times of a mount's long poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollTimes {
    /// How long a poll waits for messages, and a POST until each of its messages is taken: `window_ms`.
    pub window: Duration,
    /// How long a request waits until its session says that it is there: `pubsub_timeout_ms`.
    pub patience: Duration,
}

impl Conduct {
    /// What a server of that profile does.
    pub fn of(profile: Profile) -> Self {
        Self {
            http: HttpConduct::of(profile),
            handshake: HandshakeConduct::default(),
            wire: WireConduct::of(profile),
            compress: CompressConduct::of(profile),
            longpoll: LongPollConduct::of(profile),
            socket: SocketConduct::of(profile.phoenix()),
            channels: ChannelConduct::default(),
            app: AppConduct::default(),
        }
    }
}
