//! Decisions about compressed messages (permessage-deflate), where Bandit and Cowboy differ.

use super::Mount;
use crate::profile::{Adapter, Profile};

/// Decisions about compression.
#[derive(Clone, Debug)]
pub struct CompressConduct {
    /// The mounts that agree on it.
    pub mounts: CompressedMounts,
    /// The params of the answer to an offer.
    pub answer: DeflateAnswer,
    /// The context of what the server compresses.
    pub context: ServerContext,
    /// How far back what the server compresses refers.
    pub window: ServerWindow,
    /// The context of what the client compresses.
    pub client_context: IncomingContext,
    /// A message that cannot be decompressed.
    pub broken: BrokenDeflate,
    /// How many times larger a message may become by decompression; 1009 above.
    pub most_growth: Option<usize>,
    /// The bit of compression in a frame that does not begin a message.
    pub stray_bit: StrayBit,
    /// The frames of a compressed message.
    pub frames: CompressedFrames,
}

/// The mounts that agree on compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressedMounts {
    /// `/compressed_socket` alone.
    One,
    /// All.
    All,
}

/// The params of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeflateAnswer {
    /// Those that the client asked for.
    AsOffered,
    /// The same and `client_max_window_bits`, even if the client did not offer it.
    WindowUnasked,
}

/// The context of what the server compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerContext {
    /// As agreed.
    AsAgreed,
    /// Is always kept.
    AlwaysKept,
}

/// The context of what the client compresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncomingContext {
    /// As agreed.
    AsAgreed,
    /// Is always dropped.
    AlwaysDropped,
}

/// How far back what the server compresses refers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServerWindow {
    /// As agreed.
    AsAgreed,
    /// Up to 32 KiB, whatever was agreed.
    AlwaysLargest,
}

/// A message that cannot be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenDeflate {
    /// It ends the connection with this code: 1007 on Bandit, 1002 on Cowboy.
    Ends(u16),
    /// It is passed over.
    PassedOver,
}

/// The bit of compression in a frame that does not begin a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrayBit {
    /// Ends the connection with 1002 (Bandit).
    Refused,
    /// Is not looked at in a compressed message and in empty frames; elsewhere the connection's process raises, and there
    /// is no close frame (Cowboy).
    Raises,
    /// Is not looked at.
    PassedOver,
}

/// The frames of a compressed message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompressedFrames {
    /// One.
    One,
    /// Two, and the bit of compression is set in both.
    TwoWithTheBit,
}

impl CompressConduct {
    pub(super) fn of(profile: Profile) -> Self {
        let bandit = profile.adapter() == Adapter::Bandit;
        Self {
            mounts: CompressedMounts::One,
            answer: DeflateAnswer::AsOffered,
            context: ServerContext::AsAgreed,
            window: ServerWindow::AsAgreed,
            client_context: IncomingContext::AsAgreed,
            broken: BrokenDeflate::Ends(if bandit { 1007 } else { 1002 }),
            most_growth: bandit.then_some(25),
            stray_bit: if bandit {
                StrayBit::Refused
            } else {
                StrayBit::Raises
            },
            frames: CompressedFrames::One,
        }
    }

    /// Whether a mount agrees on compression.
    pub fn is_offered_at(&self, mount: Mount) -> bool {
        mount == Mount::Compressed || self.mounts == CompressedMounts::All
    }
}
