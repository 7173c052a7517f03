//! Frames and messages of RFC 6455. [`Header`] also reads what the RFC forbids and says what is wrong with it, since a
//! tool that tests servers must see it; [`Assembly`] accepts only what a server may send.

mod accept;
mod assembly;
mod close;
mod deflate;
mod extension;
mod mask;

pub use accept::accept_of;
pub use assembly::{Assembly, FrameError, Received};
pub use close::{Close, CloseError, parse_close, write_close};
pub use deflate::{BeyondWindow, Deflater, InflateError, Inflater};
pub use extension::{
    BadParams, ClientWindow, ContextTakeover, DeflateParams, Direction, MOST_BITS, PERMESSAGE_DEFLATE,
    WrittenParams, deflate_agreed, is_deflate,
};
pub use mask::mask;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// 0, more of the message before.
    Continuation,
    /// 1
    Text,
    /// 2
    Binary,
    /// 8
    Close,
    /// 9
    Ping,
    /// 10
    Pong,
    /// 3 to 7 and 11 to 15, which mean nothing yet.
    Reserved(u8),
}

impl Opcode {
    /// The opcode in the low four bits of a byte.
    pub const fn from_bits(byte: u8) -> Self {
        match byte & 0x0f {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            other => Self::Reserved(other),
        }
    }

    /// The four bits of the opcode.
    pub const fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
            Self::Reserved(bits) => bits & 0x0f,
        }
    }

    /// Whether it is a control frame: short, never fragmented, allowed between fragments.
    pub const fn is_control(self) -> bool {
        self.bits() >= 8
    }
}

/// Whether a message goes on in further frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The message ends with this frame.
    Last,
    /// Continuations follow.
    More,
}

/// How many bytes a header spends on the length of its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LengthForm {
    /// Seven bits, up to 125.
    Short,
    /// 126 and two bytes.
    Two,
    /// 127 and eight bytes.
    Eight,
}

impl LengthForm {
    /// The shortest form for a length, the only one that RFC 6455 allows.
    pub const fn shortest(length: u64) -> Self {
        match length {
            0..=125 => Self::Short,
            126..=0xffff => Self::Two,
            _ => Self::Eight,
        }
    }
}

/// How the payload of messages may be coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Plain,
    /// By DEFLATE, where the header of the first frame says so.
    Deflate,
}

/// The header of a frame. Writing what was parsed gives the same bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The bit `FIN`.
    pub part: Part,
    /// The bits `RSV1` (4), `RSV2` (2) and `RSV3` (1).
    pub reserved: u8,
    /// What the frame is.
    pub opcode: Opcode,
    /// The masking key; clients must have one, servers must not.
    pub mask: Option<[u8; 4]>,
    /// Bytes of payload behind the header.
    pub length: u64,
    /// How the length is written.
    pub form: LengthForm,
}

/// What RFC 6455 forbids in a header, whoever sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A reserved bit is set to which no extension gives a meaning (5.2).
    #[error("reserved bits {0:03b} are set without an extension")]
    ReservedBits(u8),
    /// The bit of a compressed message is set in a frame that does not begin a message (RFC 7692, 6.1).
    #[error("the bit of a compressed message is set in a frame that does not begin a message")]
    CompressedFrame,
    /// The opcode means nothing yet (5.2).
    #[error("opcode {0} is reserved")]
    ReservedOpcode(u8),
    /// A control frame is fragmented (5.4).
    #[error("a control frame is fragmented")]
    FragmentedControl,
    /// A control frame has more than 125 bytes (5.5).
    #[error("a control frame has {0} bytes, at most 125 are allowed")]
    LongControl(u64),
    /// The length takes more bytes than it needs (5.2).
    #[error("the length {0} is written in more bytes than it needs")]
    LengthNotMinimal(u64),
    /// The length has its highest bit set (5.2).
    #[error("the length {0} has its highest bit set")]
    LengthTooBig(u64),
}

impl Header {
    /// `RSV1`, which says that a message is compressed where permessage-deflate was agreed on.
    pub const COMPRESSED: u8 = 4;

    /// The header of a whole message in one frame, not masked.
    pub const fn new(opcode: Opcode, length: u64) -> Self {
        let form = LengthForm::shortest(length);
        Self {
            part: Part::Last,
            reserved: 0,
            opcode,
            mask: None,
            length,
            form,
        }
    }

    /// The same, masked with this key.
    #[must_use]
    pub const fn masked(self, key: [u8; 4]) -> Self {
        Self {
            mask: Some(key),
            ..self
        }
    }

    /// The header at the begin of `bytes`; `None` if it needs more bytes than there are.
    #[inline]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let [first, second] = *bytes.first_chunk()?;
        let rest = &bytes[2..];
        let (form, length, rest) = match second & 0x7f {
            126 => {
                let (length, rest) = rest.split_first_chunk()?;
                (LengthForm::Two, u64::from(u16::from_be_bytes(*length)), rest)
            }
            127 => {
                let (length, rest) = rest.split_first_chunk()?;
                (LengthForm::Eight, u64::from_be_bytes(*length), rest)
            }
            short => (LengthForm::Short, u64::from(short), rest),
        };
        Some(Self {
            part: if first & 0x80 == 0 { Part::More } else { Part::Last },
            reserved: first >> 4 & 0x07,
            opcode: Opcode::from_bits(first),
            mask: if second & 0x80 == 0 {
                None
            } else {
                Some(*rest.first_chunk()?)
            },
            length,
            form,
        })
    }

    /// Bytes of the header itself.
    pub const fn header_len(&self) -> usize {
        let length = match self.form {
            LengthForm::Short => 0,
            LengthForm::Two => 2,
            LengthForm::Eight => 8,
        };
        2 + length + if self.mask.is_some() { 4 } else { 0 }
    }

    /// Appends the header. A form too short for the length gives way to the shortest that holds it.
    #[inline]
    pub fn write(&self, out: &mut Vec<u8>) {
        let fin = match self.part {
            Part::Last => 0x80,
            Part::More => 0,
        };
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        let first = fin | (self.reserved & 0x07) << 4 | self.opcode.bits();
        let [.., high, low] = self.length.to_be_bytes();
        match self.form.max(LengthForm::shortest(self.length)) {
            LengthForm::Short => out.extend_from_slice(&[first, masked | low]),
            LengthForm::Two => out.extend_from_slice(&[first, masked | 126, high, low]),
            LengthForm::Eight => {
                out.extend_from_slice(&[first, masked | 127]);
                out.extend_from_slice(&self.length.to_be_bytes());
            }
        }
        if let Some(key) = self.mask {
            out.extend_from_slice(&key);
        }
    }

    /// Appends the header and a payload, masked if the header says so.
    #[inline]
    pub fn write_with(&self, payload: &[u8], out: &mut Vec<u8>) {
        self.write(out);
        let start = out.len();
        out.extend_from_slice(payload);
        if let Some(key) = self.mask {
            mask(&mut out[start..], key, 0);
        }
    }

    /// The first thing that RFC 6455 forbids here, `None` for a header as it should be. Whether there is a mask where
    /// there must be, and whether a continuation continues anything, is for the caller to say.
    #[inline]
    pub fn violation(&self) -> Option<Violation> {
        self.violation_with(Coding::Plain)
    }

    /// The same for a connection on which messages may be compressed.
    #[inline]
    pub fn violation_with(&self, coding: Coding) -> Option<Violation> {
        let begins_message = matches!(self.opcode, Opcode::Text | Opcode::Binary);
        match (coding, self.reserved) {
            (_, 0) => {}
            (Coding::Deflate, Self::COMPRESSED) if begins_message => {}
            (Coding::Deflate, Self::COMPRESSED) => return Some(Violation::CompressedFrame),
            (_, bits) => return Some(Violation::ReservedBits(bits)),
        }
        if let Opcode::Reserved(bits) = self.opcode {
            return Some(Violation::ReservedOpcode(bits));
        }
        if self.opcode.is_control() {
            if self.part == Part::More {
                return Some(Violation::FragmentedControl);
            }
            if self.length > 125 {
                return Some(Violation::LongControl(self.length));
            }
        }
        if self.form > LengthForm::shortest(self.length) {
            return Some(Violation::LengthNotMinimal(self.length));
        }
        (self.length >> 63 != 0).then_some(Violation::LengthTooBig(self.length))
    }
}

/// Appends a whole message as one frame, masked if a key is given (clients must, servers must not).
#[inline]
pub fn write_frame(opcode: Opcode, payload: &[u8], key: Option<[u8; 4]>, out: &mut Vec<u8>) {
    let header = Header {
        mask: key,
        ..Header::new(opcode, payload.len() as u64)
    };
    header.write_with(payload, out);
}

#[cfg(test)]
mod tests;
