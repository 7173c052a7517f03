//! What changed between Phoenix versions on the wire of a WebSocket, one gate a change.

use super::{Adapter, Profile, Version};

/// A change: a promise that some versions keep and others do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// A push without a join_ref is delivered.
    NullJoinRef,
    /// A leave without a join_ref is a leave.
    LeaveNullJoinRef,
    /// `phx_error` says that the channel crashed.
    CrashReason,
    /// Each mount checks origins by its own list.
    OriginPerMount,
    /// A socket holds at most 100 channels.
    ChannelLimit,
    /// A `disconnect` closes with 1001.
    DisconnectCode,
    /// A `vsn` that is a list is refused, not crashed on.
    VsnList,
    /// A push of an earlier join is ignored.
    StaleJoinRef,
}

impl Gate {
    /// All of them, the newest change first.
    pub const ALL: [Self; 8] = [
        Self::NullJoinRef,
        Self::LeaveNullJoinRef,
        Self::CrashReason,
        Self::OriginPerMount,
        Self::ChannelLimit,
        Self::DisconnectCode,
        Self::VsnList,
        Self::StaleJoinRef,
    ];

    /// The id of the rule that says what is promised; scenario files name the gate by it.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::NullJoinRef => "null-join-ref-accepted",
            Self::LeaveNullJoinRef => "leave-null-join-ref",
            Self::CrashReason => "crash-reason",
            Self::OriginPerMount => "origin-per-mount",
            Self::ChannelLimit => "too-many-channels",
            Self::DisconnectCode => "disconnect-code",
            Self::VsnList => "vsn-list-refused",
            Self::StaleJoinRef => "stale-join-ref-ignored",
        }
    }

    /// Whether the promise holds in a version.
    pub fn holds_in(self, version: Version) -> bool {
        match self {
            Self::NullJoinRef => version < Version(1, 8, 3) || version >= Version(1, 8, 12),
            Self::LeaveNullJoinRef => version >= Version(1, 8, 12),
            Self::CrashReason | Self::OriginPerMount => version >= Version(1, 8, 10),
            // The limit was a security fix, which 1.7 got too.
            Self::ChannelLimit => version >= Version(1, 8, 9) || version == Version(1, 7, 24),
            Self::DisconnectCode => version >= Version(1, 8, 8),
            Self::VsnList => version >= Version(1, 8, 6),
            Self::StaleJoinRef => version >= Version(1, 8, 3),
        }
    }

    /// What a server on that side does, for a person.
    pub const fn answer(self, side: Side) -> &'static str {
        match (self, side) {
            (Self::NullJoinRef, Side::Kept) => "a push without a join_ref is answered",
            (Self::NullJoinRef, Side::Otherwise) => "a push without a join_ref is dropped",
            (Self::LeaveNullJoinRef, Side::Kept) => "a leave without a join_ref leaves",
            (Self::LeaveNullJoinRef, Side::Otherwise) => "a leave without a join_ref is ignored",
            (Self::CrashReason, Side::Kept) => "phx_error has a reason",
            (Self::CrashReason, Side::Otherwise) => "phx_error has no reason",
            (Self::OriginPerMount, Side::Kept) => "each mount checks its own origins",
            (Self::OriginPerMount, Side::Otherwise) => "a mount lets in an origin that is not on its list",
            (Self::ChannelLimit, Side::Kept) => "the 101st join is refused",
            (Self::ChannelLimit, Side::Otherwise) => "the 101st join is let in",
            (Self::DisconnectCode, Side::Kept) => "disconnect closes with 1001",
            (Self::DisconnectCode, Side::Otherwise) => "disconnect closes with 1000",
            (Self::VsnList, Side::Kept) => "a vsn that is a list is refused with 403",
            (Self::VsnList, Side::Otherwise) => "a vsn that is a list is answered with 500",
            (Self::StaleJoinRef, Side::Kept) => "a push of an earlier join is ignored",
            (Self::StaleJoinRef, Side::Otherwise) => "a push of an earlier join is answered",
        }
    }
}

/// What the answers of two profiles can differ by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A gate of the Phoenix version.
    Gate(Gate),
    /// The web server.
    Adapter,
}

impl Difference {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Gate::ALL.into_iter().map(Self::Gate).chain([Self::Adapter])
    }

    /// The name in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gate(gate) => gate.rule(),
            Self::Adapter => "adapter",
        }
    }

    /// On which side of it a profile is.
    pub fn side(self, profile: Profile) -> Side {
        let kept = match self {
            Self::Gate(gate) => gate.holds_in(profile.phoenix()),
            Self::Adapter => profile.adapter() == Adapter::Bandit,
        };
        if kept { Side::Kept } else { Side::Otherwise }
    }
}

impl Difference {
    /// Whether a server of this profile may be on that side. Where one mount decides about the origins of all, it
    /// depends on which was reached first.
    pub fn allows(self, profile: Profile, side: Side) -> bool {
        side == self.side(profile) || (self == Self::Gate(Gate::OriginPerMount) && side == Side::Kept)
    }
}

/// A side of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The promise is kept; or the web server is Bandit.
    Kept,
    /// It is not; or the web server is Cowboy.
    Otherwise,
}
