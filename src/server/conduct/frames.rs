//! Decisions about single WebSocket frames: which of them are refused, and how fragments become a message. No profile
//! changes them.

/// Decisions about frames.
#[derive(Clone, Debug)]
pub struct FrameConduct {
    /// A pong that nobody asked for.
    pub unasked_pong: UnaskedPong,
    /// The most fragments of a message; 1009 above.
    pub most_fragments: Option<u32>,
    /// A control frame between the fragments of a message.
    pub control_between: ControlBetween,
    /// A continuation where no message has begun.
    pub stray_continuation: StrayContinuation,
    /// A message that begins while another one is not complete.
    pub interruption: Interruption,
    /// The mistake in a frame that is not looked for.
    pub overlooked: Overlooked,
    /// The mask of pongs.
    pub pong_mask: PongMask,
}

/// A pong that nobody asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaskedPong {
    /// Is taken.
    Taken,
    /// Ends the connection with 1002.
    Refused,
}

/// A control frame between the fragments of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ControlBetween {
    /// Is handled at once.
    Handled,
    /// Ends the connection with 1002.
    Refused,
}

/// A continuation where no message has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrayContinuation {
    /// Ends the connection with 1002.
    Refused,
    /// Is passed over.
    PassedOver,
}

/// A message that begins while another one is not complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interruption {
    /// Ends the connection with 1002.
    Refused,
    /// Takes the place of the other one.
    TakesPlace,
}

/// The mistake in a frame that is not looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlooked {
    /// None.
    Nothing,
    /// A reserved opcode: the frame is passed over.
    ReservedOpcodes,
    /// A reserved bit to which no extension gives a meaning.
    ReservedBits,
    /// A control frame of more than 125 bytes.
    LongControl,
    /// A control frame that is said to be a fragment.
    FragmentedControl,
}

/// The mask of pongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PongMask {
    /// They have none.
    Absent,
    /// They are masked, as only a client's may be.
    Present,
}

impl Default for FrameConduct {
    fn default() -> Self {
        Self {
            unasked_pong: UnaskedPong::Taken,
            most_fragments: None,
            control_between: ControlBetween::Handled,
            stray_continuation: StrayContinuation::Refused,
            interruption: Interruption::Refused,
            overlooked: Overlooked::Nothing,
            pong_mask: PongMask::Absent,
        }
    }
}
