//! Writes WebSocket frames: a message behind its header, pongs and close frames.

use super::super::message::Encoded;
use super::ServerCompression;
use crate::protocol::FrameKind;
use crate::wire::websocket::{Opcode, write_frame};

/// Appends a whole message, compressed if that was agreed on.
pub(crate) fn message(message: &Encoded, compression: Option<&mut ServerCompression>, out: &mut Vec<u8>) {
    let opcode = match message.kind {
        FrameKind::Text => Opcode::Text,
        FrameKind::Binary => Opcode::Binary,
    };
    match compression {
        None => write_frame(opcode, &message.payload, None, out),
        Some(compression) => compression.write(opcode, &message.payload, out),
    }
}

/// Appends a pong, masked if there is a key.
pub(crate) fn pong(payload: &[u8], key: Option<[u8; 4]>, out: &mut Vec<u8>) {
    write_frame(Opcode::Pong, payload, key, out);
}

/// Appends a close frame; without a code an empty one.
pub(crate) fn close(code: Option<u16>, out: &mut Vec<u8>) {
    let payload = code.map(u16::to_be_bytes);
    let payload = payload.as_ref().map_or(&[][..], |bytes| &bytes[..]);
    write_frame(Opcode::Close, payload, None, out);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(kind: FrameKind, payload: &[u8]) -> Encoded {
        let payload = payload.into();
        Encoded { kind, payload }
    }

    #[test]
    fn a_message_has_the_shortest_header_that_can_tell_its_length() {
        for (size, header) in [
            (5, &b"\x81\x05"[..]),
            (300, b"\x81\x7e\x01\x2c"),
            (70_000, b"\x81\x7f\0\0\0\0\0\x01\x11\x70"),
        ] {
            let mut out = Vec::new();
            message(&encoded(FrameKind::Text, &vec![b'x'; size]), None, &mut out);
            assert_eq!(out.len(), header.len() + size);
            assert_eq!(out[..header.len()], *header);
        }
    }

    #[test]
    fn bytes_travel_in_a_binary_frame() {
        let mut out = Vec::new();
        message(&encoded(FrameKind::Binary, &[1]), None, &mut out);
        assert_eq!(out, [0x82, 1, 1]);
    }
}
