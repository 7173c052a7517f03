//! What the server does where servers differ: one decision a field, set by the profile. The server asks for
//! version gates here and nowhere else; a fault changes a decision, and no other code knows that there are faults.

use std::time::Duration;

use crate::profile::Profile;

mod app;
mod delivery;
mod http;
mod socket;
mod wire;

pub use app::{
    AnnotationFields, AnnotationStore, AppConduct, CatchUp, Counter, Pings, PresenceJoin, PresenceLeave,
    PresenceState, PresenceUpdate, TokenCheck, UpdatesTold, Whisper,
};
pub use delivery::{Audience, BroadcastEncoding, BroadcastRefs, Delivery, Mishap, PushReach, SenderOrder};
pub use http::{
    BareLineFeeds, BrokenConnection, BrokenExtensions, ContentLength, EarlyFrames, Hosts, HttpConduct,
    LateRefusal, Look, Repeated, UnreadBody,
};
pub use socket::{
    AfterLeave, Crash, DeadSubscription, DuplicateJoin, HangupScope, Isolation, Leave, LeaveScope, Names,
    Nulls, RefusedJoin, ReplyCount, ReplyJoinRef, ReplyOrder, ReplyRefs, SocketConduct, StaleJoinRef,
    Unmatched,
};
pub use wire::{
    BinarySizes, CloseEcho, Ending, Hangup, Judgement, LongLengths, Malformed, NestedVsn, OriginCheck,
    OriginHost, Pong, Unmasked, Utf8Check, V1Keys, VsnCheck, WireConduct,
};

/// All decisions.
#[derive(Clone, Debug)]
pub struct Conduct {
    /// Before the upgrade.
    pub http: HttpConduct,
    /// Below the protocol.
    pub wire: WireConduct,
    /// The protocol.
    pub socket: SocketConduct,
    /// The application on top.
    pub app: AppConduct,
}

/// How long a `/fast_socket` connection may be silent.
pub const FAST_IDLE: Duration = Duration::from_secs(2);
/// How long any other connection may be silent.
pub const IDLE: Duration = Duration::from_secs(60);

impl Conduct {
    /// What a server of that profile does.
    pub fn of(profile: Profile) -> Self {
        Self {
            http: HttpConduct::of(profile),
            wire: WireConduct::of(profile),
            socket: SocketConduct::of(profile.phoenix()),
            app: AppConduct::default(),
        }
    }
}
