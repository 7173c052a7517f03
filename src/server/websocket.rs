//! The server's side of a WebSocket: reads frames as the web server below Phoenix does, joins fragments, and refuses
//! what breaks the protocol. It does no I/O.

use std::borrow::Cow;

use super::conduct::{Conduct, Mount, Overlooked, StrayContinuation, UnaskedPong};
use super::ids::SessionId;
use super::session::Pipelined;
use crate::wire::websocket::{Coding, Header, Opcode, Part, Violation, mask};
pub(crate) use compression::ServerCompression;
use compression::stray_bit;
pub(crate) use rules::close_reply;
use rules::{Begun, Have, check};

mod compression;
pub(crate) mod frames;
mod rules;

/// A frame that breaks the protocol, as the code that the connection is closed with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) u16);

impl Refused {
    /// The process of the connection raised: there is no close frame.
    pub(crate) const RAISED: Self = Self(1006);
}

/// What a connection keeps once it was upgraded.
pub(crate) struct WebSocket {
    /// The session that it carries.
    pub(crate) session: SessionId,
    /// Decides how long the client may be silent.
    pub(crate) mount: Mount,
    pub(crate) close: CloseFrame,
    fragments: Option<Box<Fragments>>,
    /// How messages are compressed, if the handshake agreed on that.
    pub(crate) compression: Option<Box<ServerCompression>>,
}

/// Whether the server has sent its close frame. It writes nothing after it; what the client sends is still received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseFrame {
    NotSent,
    Sent,
}

/// The begin of a message in fragments.
struct Fragments {
    opcode: Opcode,
    coding: Coding,
    data: Vec<u8>,
    /// How many fragments it has.
    count: u32,
    /// How much of it is known to be UTF-8.
    checked: usize,
}

/// A frame that was read.
pub(crate) struct FrameRead<'i> {
    /// How many bytes it took.
    pub(crate) length: usize,
    pub(crate) pipelined: Pipelined,
    pub(crate) received: Received<'i>,
}

/// What a frame brings.
pub(crate) enum Received<'i> {
    /// Nothing that anybody waits for: a pong, or a fragment that is not the last.
    Nothing,
    Text(Cow<'i, [u8]>),
    Binary(Cow<'i, [u8]>),
    Ping(&'i [u8]),
    Close(&'i [u8]),
}

impl WebSocket {
    pub(crate) const fn new(
        session: SessionId,
        mount: Mount,
        compression: Option<Box<ServerCompression>>,
    ) -> Self {
        Self {
            session,
            mount,
            close: CloseFrame::NotSent,
            fragments: None,
            compression,
        }
    }

    fn coding(&self) -> Coding {
        match self.compression {
            Some(_) => Coding::Deflate,
            None => Coding::Plain,
        }
    }

    /// Reads one frame; none: it is not whole yet.
    pub(crate) fn read<'i>(
        &mut self,
        conduct: &Conduct,
        input: &'i mut [u8],
    ) -> Result<Option<FrameRead<'i>>, Refused> {
        let Some(mut header) = Header::parse(input) else {
            return Ok(None);
        };
        let coding = self.coding();
        if header.violation_with(coding) == Some(Violation::CompressedFrame) {
            let begun = self.fragments.as_ref().map(|fragments| fragments.coding);
            header = stray_bit(&conduct.compress, header, begun)?;
        }
        if conduct.wire.frames.overlooked == Overlooked::ReservedBits && coding == Coding::Plain {
            header.reserved = 0;
        }
        let begun = if self.fragments.is_some() {
            Begun::Yes
        } else {
            Begun::No
        };
        let start = header.header_len();
        let length = usize::try_from(header.length)
            .unwrap_or(usize::MAX)
            .saturating_add(start);
        let have = if input.len() >= length {
            Have::All
        } else {
            Have::Begin
        };
        check(&conduct.wire, &header, coding, begun, have)?;
        if have == Have::Begin {
            self.check_begin(&conduct.wire, &header, &input[start..])?;
            return Ok(None);
        }
        let pipelined = if input.len() > length {
            Pipelined::Yes
        } else {
            Pipelined::No
        };
        let payload = &mut input[start..length];
        mask(payload, header.mask.unwrap_or_default(), 0);
        let received = self.receive(conduct, &header, payload)?;
        Ok(Some(FrameRead {
            length,
            pipelined,
            received,
        }))
    }

    fn receive<'i>(
        &mut self,
        conduct: &Conduct,
        header: &Header,
        payload: &'i [u8],
    ) -> Result<Received<'i>, Refused> {
        let coding = match header.reserved {
            Header::COMPRESSED => Coding::Deflate,
            _ => Coding::Plain,
        };
        match (header.opcode, header.part) {
            (opcode @ (Opcode::Text | Opcode::Binary), Part::Last) => {
                self.fragments = None;
                self.message(conduct, (opcode, coding), payload.into())
            }
            (Opcode::Text | Opcode::Binary, Part::More) => {
                self.fragments = Some(Box::new(Fragments {
                    opcode: header.opcode,
                    coding,
                    data: payload.to_vec(),
                    count: 1,
                    checked: 0,
                }));
                self.check_fragments(&conduct.wire)?;
                Ok(Received::Nothing)
            }
            (Opcode::Continuation, part) => self.continuation(conduct, part, payload),
            (Opcode::Close, _) => Ok(Received::Close(payload)),
            (Opcode::Ping, _) => Ok(Received::Ping(payload)),
            (Opcode::Pong, _) => match conduct.wire.frames.unasked_pong {
                UnaskedPong::Taken => Ok(Received::Nothing),
                UnaskedPong::Refused => Err(Refused(1002)),
            },
            (Opcode::Reserved(_), _) => match conduct.wire.frames.overlooked {
                Overlooked::ReservedOpcodes => Ok(Received::Nothing),
                _ => Err(Refused(1002)),
            },
        }
    }

    fn continuation(
        &mut self,
        conduct: &Conduct,
        part: Part,
        payload: &[u8],
    ) -> Result<Received<'static>, Refused> {
        let frames = &conduct.wire.frames;
        let Some(mut fragments) = self.fragments.take() else {
            return match frames.stray_continuation {
                StrayContinuation::Refused => Err(Refused(1002)),
                StrayContinuation::PassedOver => Ok(Received::Nothing),
            };
        };
        fragments.count = fragments.count.saturating_add(1);
        if frames.most_fragments.is_some_and(|most| fragments.count > most) {
            return Err(Refused(1009));
        }
        if let (Part::More, true, Some(code)) = (part, payload.is_empty(), conduct.wire.empty_fragment_code) {
            return Err(Refused(code));
        }
        if fragments.data.len() + payload.len() > conduct.wire.max_message {
            return Err(Refused(1009));
        }
        fragments.data.extend_from_slice(payload);
        if part == Part::Last {
            let data = Cow::Owned(fragments.data);
            return self.message(conduct, (fragments.opcode, fragments.coding), data);
        }
        self.fragments = Some(fragments);
        self.check_fragments(&conduct.wire)?;
        Ok(Received::Nothing)
    }

    /// A whole message, decompressed.
    fn message<'i>(
        &mut self,
        conduct: &Conduct,
        (opcode, coding): (Opcode, Coding),
        mut data: Cow<'i, [u8]>,
    ) -> Result<Received<'i>, Refused> {
        if coding == Coding::Deflate {
            let compression = self.compression.as_mut().ok_or(Refused(1002))?;
            match compression.read(&conduct.compress, &data, conduct.wire.max_frame)? {
                Some(message) => data = message.into(),
                None => return Ok(Received::Nothing),
            }
        }
        Ok(match opcode {
            Opcode::Text => Received::Text(data),
            _ => Received::Binary(data),
        })
    }
}
