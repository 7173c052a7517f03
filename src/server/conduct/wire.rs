//! Decisions below the protocol, where Bandit and Cowboy or two versions of Phoenix differ: handshakes, frames and close
//! codes.

use super::frames::FrameConduct;
use super::reading::ReadingConduct;
use crate::profile::{Adapter, Gate, Profile, Version};

/// Decisions of the WebSocket and HTTP layer.
#[derive(Clone, Debug)]
pub struct WireConduct {
    /// Answer to a close frame.
    pub close_echo: CloseEcho,
    /// When text is checked.
    pub utf8: Utf8Check,
    /// When a frame is found to be against the protocol.
    pub judgement: Judgement,
    /// Frames without a mask.
    pub unmasked: Unmasked,
    /// A `vsn` that no serializer matches.
    pub vsn_check: VsnCheck,
    /// Non-minimal frame lengths.
    pub long_lengths: LongLengths,
    /// An empty fragment that is not the last.
    pub empty_fragment_code: Option<u16>,
    /// The most bytes of a message that came in fragments; 1009 above.
    pub max_message: usize,
    /// The most bytes of a frame's payload; 1009 above.
    pub max_frame: u64,
    /// The end of a silent connection.
    pub idle: Option<Ending>,
    /// What counts against the idle timeout.
    pub kept_open: KeptOpen,
    /// How much longer than the timeout the server waits, as a share in percent.
    pub idle_grace_percent: u32,
    /// The end by a `disconnect` broadcast; none: the broadcast is not heeded.
    pub disconnect: Option<Ending>,
    /// The end by a drain.
    pub drain: Ending,
    /// The origin check.
    pub origin_check: OriginCheck,
    /// What is compared with an allowed origin.
    pub origin_host: OriginHost,
    /// The sizes in the header of a binary message.
    pub binary_sizes: BinarySizes,
    /// The end of a connection without channels when the server ends.
    pub shutdown: Option<Ending>,
    /// A `vsn` that is a list or a map.
    pub nested_vsn: NestedVsn,
    /// The keys of an object in 1.0.0.
    pub v1_keys: V1Keys,
    /// Messages that no serializer reads.
    pub malformed: Malformed,
    /// The answer to a ping.
    pub pong: Pong,
    /// What goes wrong over TLS only.
    pub over_tls: OverTls,
    /// Single frames.
    pub frames: FrameConduct,
    /// What is taken for a message.
    pub reading: ReadingConduct,
    /// The connections that a `disconnect` reaches.
    pub disconnect_reach: DisconnectReach,
    /// The reaction of a shard that stood still.
    pub after_stall: AfterStall,
    /// Descriptors of connections that have ended.
    pub spent_descriptors: SpentDescriptors,
}

/// The reaction of a shard that stood still for half a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterStall {
    /// It goes on.
    GoesOn,
    /// All its connections are dropped.
    DropsConnections,
}

/// Descriptors of connections that have ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpentDescriptors {
    /// They are closed.
    Closed,
    /// They are kept for ever.
    Leak,
}

/// Whom a `disconnect` reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisconnectReach {
    /// The user whom it names.
    User,
    /// All users whose names begin with that name.
    NamesThatBegin,
}

/// What keeps a connection open past its idle timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptOpen {
    /// Whatever the client sends.
    WhatComes,
    /// Only the client's heartbeats.
    HeartbeatsOnly,
    /// The client's messages, but not its heartbeats.
    OtherMessages,
    /// Whatever the client sends, and what the server sends as well.
    BothDirections,
}

/// What goes wrong where a connection speaks TLS, and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverTls {
    /// Nothing.
    Nothing,
    /// Of what is written at once only the first record goes out.
    FirstRecordOnly,
    /// The close frame is lost, as it was not written when the connection was closed.
    CloseFrameLost,
    /// The list of allowed origins is not looked at.
    OriginsUnchecked,
}

/// How a connection ends that the server closes in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// A close frame, and the connection is gone.
    AtOnce,
    /// A close frame and the end of writing; the connection and its channels stay until the client goes.
    Lingering,
}

/// A close code with the way in which the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The code of the close frame.
    pub code: u16,
    /// What happens after it.
    pub hangup: Hangup,
}

/// The answer to a client's close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseEcho {
    /// 1000 for a code that may be sent, 1002 for one that may not (Bandit).
    Normal,
    /// The same code; 1002 for one that may not be sent (Cowboy).
    Same,
    /// None; the connection just ends.
    None,
}

/// When text is held against UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Utf8Check {
    /// Once the message is whole (Bandit).
    WholeMessage,
    /// With each fragment (Cowboy).
    EachFragment,
    /// Never: what is no text is passed over.
    PassedOver,
}

/// When a frame is found to be against the protocol. (That it has no mask, or is too long, shows at its header.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// As soon as its header is there (Cowboy).
    AtHeader,
    /// Once it is whole (Bandit).
    AtEnd,
}

/// Lengths that a shorter form could have said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongLengths {
    /// Are read (Bandit).
    Read,
    /// Are an error (Cowboy).
    Refused,
}

/// Frames without a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmasked {
    /// Are an error.
    Refused,
    /// Are read.
    Read,
}

/// A `vsn` that no serializer matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VsnCheck {
    /// Is refused.
    Refuses,
    /// Is taken for 2.0.0.
    TakesAnyForNewest,
}

/// A `vsn` that is a list or a map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NestedVsn {
    /// Is refused, as any other that is no version.
    Refused,
    /// Raises in the handler.
    Raises,
    /// Is taken as if it was not there.
    PassedOver,
}

/// The allowed origins of `/strict_socket`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginCheck {
    /// Each mount has its own list (since 1.8.10).
    PerMount,
    /// The mount that was asked first decides for all mounts of the handler. That is `/socket`, which checks nothing;
    /// a server that is asked for `/strict_socket` first would be strict everywhere, which nobody recorded.
    FirstMountDecides,
}

/// What is compared with the host of an allowed origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginHost {
    /// The whole host.
    Whole,
    /// Its end.
    End,
    /// The host with its port.
    WithPort,
}

/// How the sizes in the header of a binary message are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinarySizes {
    /// From 0 to 255.
    Unsigned,
    /// From -128 to 127, and what is below 0 cannot be read.
    Signed,
}

/// The keys of an object in 1.0.0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum V1Keys {
    /// `topic`, `event`, `payload` and `ref`.
    Four,
    /// A `join_ref` besides, in all but broadcasts.
    JoinRefToo,
    /// `ref` is left out where it is null, in all but broadcasts.
    NullRefLeftOut,
}

/// What an unreadable message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It ends the connection with this code.
    Ends(u16),
    /// Nothing.
    Ignored,
}

/// The answer to a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pong {
    /// A pong with the same payload.
    SamePayload,
    /// An empty pong.
    Empty,
}

impl WireConduct {
    pub(super) fn of(profile: Profile) -> Self {
        let phoenix = profile.phoenix();
        let bandit = profile.adapter() == Adapter::Bandit;
        // Bandit answers an error by closing at once and a stop by waiting for the client; Cowboy never waits.
        let after_stop = if bandit { Hangup::Lingering } else { Hangup::AtOnce };
        Self {
            close_echo: if bandit {
                CloseEcho::Normal
            } else {
                CloseEcho::Same
            },
            utf8: if bandit {
                Utf8Check::WholeMessage
            } else {
                Utf8Check::EachFragment
            },
            judgement: if bandit {
                Judgement::AtEnd
            } else {
                Judgement::AtHeader
            },
            unmasked: Unmasked::Refused,
            vsn_check: VsnCheck::Refuses,
            long_lengths: if bandit {
                LongLengths::Read
            } else {
                LongLengths::Refused
            },
            empty_fragment_code: bandit.then_some(1008),
            max_message: if bandit { 8_000_000 } else { 10_000_000 },
            // Bandit counts the header of 14 bytes too.
            max_frame: if bandit { 9_999_986 } else { 10_000_000 },
            idle: Some(Ending {
                code: if bandit { 1002 } else { 1000 },
                hangup: Hangup::AtOnce,
            }),
            kept_open: KeptOpen::WhatComes,
            idle_grace_percent: if bandit { 0 } else { 10 },
            disconnect: Some(Ending::of_disconnect(phoenix, after_stop)),
            drain: Ending {
                code: 1012,
                hangup: after_stop,
            },
            origin_check: OriginCheck::of(phoenix),
            origin_host: OriginHost::Whole,
            binary_sizes: BinarySizes::Unsigned,
            shutdown: bandit.then_some(Ending {
                code: 1000,
                hangup: Hangup::AtOnce,
            }),
            v1_keys: V1Keys::Four,
            malformed: Malformed::Ends(1011),
            pong: Pong::SamePayload,
            over_tls: OverTls::Nothing,
            frames: FrameConduct::default(),
            reading: ReadingConduct::default(),
            disconnect_reach: DisconnectReach::User,
            after_stall: AfterStall::GoesOn,
            spent_descriptors: SpentDescriptors::Closed,
            nested_vsn: NestedVsn::of(phoenix),
        }
    }
}

impl Ending {
    fn of_disconnect(phoenix: Version, after_stop: Hangup) -> Self {
        if Gate::DisconnectCode.holds_in(phoenix) {
            Self {
                code: 1001,
                hangup: Hangup::AtOnce,
            }
        } else {
            Self {
                code: 1000,
                hangup: after_stop,
            }
        }
    }
}

impl OriginCheck {
    fn of(phoenix: Version) -> Self {
        if Gate::OriginPerMount.holds_in(phoenix) {
            Self::PerMount
        } else {
            Self::FirstMountDecides
        }
    }
}

impl NestedVsn {
    fn of(phoenix: Version) -> Self {
        if Gate::VsnList.holds_in(phoenix) {
            Self::Refused
        } else {
            Self::Raises
        }
    }
}
