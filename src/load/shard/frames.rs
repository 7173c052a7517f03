//! Frames and messages out of the bytes of a server, honest or not.

use super::super::actor::Fragments;
use super::super::error_kind::ErrorKind;
use super::super::told;
use super::Shard;
use crate::protocol::websocket::{Header, Opcode, Part};
use crate::protocol::{Frame, FrameKind};

/// The largest message that is taken from a server, its fragments added up.
const LARGEST: usize = 16 << 20;

impl Shard<'_> {
    /// Takes all whole frames; returns how many bytes they had. What follows is the begin of the next, and without a
    /// connection nothing does.
    pub(super) fn take_frames(&mut self, id: u32, bytes: &[u8]) -> usize {
        let mut at = 0;
        while self.actors[id as usize].stream.is_some() {
            let Some(header) = Header::parse(&bytes[at..]) else {
                break;
            };
            let length = usize::try_from(header.length).unwrap_or(usize::MAX);
            if header.violation().is_some() || header.mask.is_some() || length > LARGEST {
                self.fail(id, ErrorKind::Protocol);
                break;
            }
            let start = at + header.header_len();
            let Some(payload) = bytes.get(start..start + length) else {
                break;
            };
            // The payload is only read, and the buffer outlives it: nothing is copied.
            self.take_frame(id, &header, payload);
            at = start + length;
        }
        at
    }

    fn take_frame(&mut self, id: u32, header: &Header, payload: &[u8]) {
        match (header.opcode, header.part) {
            (Opcode::Ping, _) => {
                self.state.frame(Opcode::Pong, payload);
                self.flush(id);
            }
            (Opcode::Pong | Opcode::Reserved(_), _) => {}
            (Opcode::Close, _) => {
                self.state.frame(Opcode::Close, payload);
                self.flush(id);
                self.state.tally.told(ErrorKind::Closed, || told::close(payload));
                self.fail(id, ErrorKind::Closed);
            }
            (Opcode::Text, Part::Last) => self.take_message(id, FrameKind::Text, payload),
            (Opcode::Binary, Part::Last) => self.take_message(id, FrameKind::Binary, payload),
            (Opcode::Text | Opcode::Binary | Opcode::Continuation, _) => {
                self.take_fragment(id, header, payload)
            }
        }
    }

    fn take_fragment(&mut self, id: u32, header: &Header, payload: &[u8]) {
        let buffers = self.actors[id as usize].life.buffers();
        let begins = header.opcode != Opcode::Continuation;
        match &mut buffers.fragments {
            None if begins => {
                let kind = if header.opcode == Opcode::Text {
                    FrameKind::Text
                } else {
                    FrameKind::Binary
                };
                buffers.fragments = Some(Fragments {
                    kind,
                    bytes: payload.to_vec(),
                });
            }
            Some(fragments) if !begins && fragments.bytes.len() + payload.len() <= LARGEST => {
                fragments.bytes.extend_from_slice(payload);
            }
            None | Some(_) => return self.fail(id, ErrorKind::Protocol),
        }
        if header.part == Part::Last
            && let Some(fragments) = buffers.fragments.take()
        {
            self.take_message(id, fragments.kind, &fragments.bytes);
        }
    }

    fn take_message(&mut self, id: u32, kind: FrameKind, payload: &[u8]) {
        self.state.tally.counts.messages_in += 1;
        let frame = match kind {
            FrameKind::Binary => Frame::Binary(payload),
            FrameKind::Text => match str::from_utf8(payload) {
                Ok(text) => Frame::Text(text),
                Err(_) => return self.fail(id, ErrorKind::Protocol),
            },
        };
        match self.state.vsn.decode_from_server(frame) {
            Ok(message) => self.call(id, |socket, context| socket.handle_message(context, &message)),
            Err(why) => {
                let told = || format!("a message that cannot be read: {why}");
                self.state.tally.told(ErrorKind::Protocol, told);
                self.fail(id, ErrorKind::Protocol);
            }
        }
    }
}
