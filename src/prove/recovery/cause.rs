//! The reason why a connection ended, and the owner of the server.

/// The reason why a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Cause {
    /// It is the first one.
    First,
    /// The client cut it.
    Cut,
    /// The client cut it together with half of all others, and stayed away for a while.
    HalfGone,
    /// The server stood still.
    Pause,
    /// The server was restarted.
    Restart,
    /// The server was killed.
    Kill,
    /// The server ended it, and nobody knows why.
    Unasked,
}

/// The owner of the server: only a run that started it may end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ServerOwner {
    ThisRun,
    SomebodyElse,
}

impl Cause {
    /// The name in results.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::First => "beginning",
            Self::Cut => "cut",
            Self::HalfGone => "half_gone",
            Self::Pause => "pause",
            Self::Restart => "restart",
            Self::Kill => "kill",
            Self::Unasked => "unasked",
        }
    }

    /// When it is over, as a part of a sentence.
    pub(super) const fn after(self) -> &'static str {
        match self {
            Self::First => "after the first join",
            Self::Cut => "after a cut",
            Self::HalfGone => "after half of the network was gone",
            Self::Pause => "after a pause of the server",
            Self::Restart => "after a restart",
            Self::Kill => "after a kill",
            Self::Unasked => "after the server ended its connection",
        }
    }
}
