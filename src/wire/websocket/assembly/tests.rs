//! Frames of a server, allowed and not, put together.

use super::super::extension::{ContextTakeover, Direction};
use super::super::{Deflater, write_frame};
use super::*;

const LIMIT: usize = 500;

fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_frame(opcode, payload, None, &mut bytes);
    bytes
}

fn begun(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = frame(opcode, payload);
    bytes[0] &= 0x7f;
    bytes
}

/// What comes out of these frames, and what is left of the input.
fn taken(bytes: &[u8]) -> (Vec<String>, Result<usize, FrameError>) {
    let (mut assembly, mut rest, mut said) = (Assembly::default(), bytes, Vec::new());
    loop {
        match assembly.next(&mut rest, LIMIT, None) {
            Ok(Some(received)) => said.push(format!("{received:?}")),
            Ok(None) => return (said, Ok(rest.len())),
            Err(error) => return (said, Err(error)),
        }
    }
}

fn error(frames: &[Vec<u8>]) -> FrameError {
    taken(&frames.concat()).1.unwrap_err()
}

#[test]
fn a_message_in_one_frame_is_borrowed_and_fragments_are_joined() {
    let bytes = [
        frame(Opcode::Text, b"a"),
        begun(Opcode::Text, b"\xc3"),
        frame(Opcode::Ping, b"p"),
        frame(Opcode::Continuation, b"\xa9"),
        vec![0x82, 5, 1],
    ]
    .concat();
    let (said, rest) = taken(&bytes);
    assert_eq!(said, ["Text(\"a\")", "Ping([112])", "Text(\"é\")"]);
    assert_eq!(rest, Ok(3), "the begin of a frame is left");
    let mut input = &bytes[..];
    let first = Assembly::default().next(&mut input, LIMIT, None);
    assert!(matches!(first, Ok(Some(Received::Text(Cow::Borrowed("a"))))));
}

#[test]
fn what_no_server_may_send_is_told_by_the_header_alone() {
    assert_eq!(error(&[vec![0x81, 0x85, 0, 0, 0, 0]]), FrameError::Masked);
    assert_eq!(error(&[vec![0x80, 5]]), FrameError::NothingToContinue);
    assert_eq!(
        error(&[begun(Opcode::Text, b"a"), vec![0x82, 5]]),
        FrameError::Interrupted
    );
    assert_eq!(
        error(&[vec![0x83, 1]]),
        FrameError::Header(Violation::ReservedOpcode(3))
    );
    let too_long = FrameError::TooLong {
        size: 600,
        limit: LIMIT,
    };
    assert_eq!(error(&[vec![0x82, 126, 2, 88]]), too_long);
    let size = 501;
    let fragments = [begun(Opcode::Binary, &[0; 400]), vec![0x80, 101]];
    assert_eq!(error(&fragments), FrameError::TooLong { size, limit: LIMIT });
}

#[test]
fn text_is_checked_as_it_comes_up_to_a_character_that_is_not_whole() {
    assert_eq!(error(&[frame(Opcode::Text, b"\xff")]), FrameError::NotText);
    assert_eq!(error(&[begun(Opcode::Text, b"a\xff")]), FrameError::NotText);
    assert_eq!(taken(&begun(Opcode::Text, b"\xc3")).1, Ok(0));
    let ends_within = [begun(Opcode::Text, b"a"), frame(Opcode::Continuation, b"\xc3")];
    assert_eq!(error(&ends_within), FrameError::NotText);
    let halves = [begun(Opcode::Text, b"\xc3"), frame(Opcode::Continuation, b"(")];
    assert_eq!(error(&halves), FrameError::NotText);
    assert!(taken(&frame(Opcode::Binary, b"\xff")).1.is_ok());
}

#[test]
fn empty_fragments_have_an_end() {
    let many = [begun(Opcode::Text, b""), [0, 0].repeat(MOST_FRAGMENTS as usize)].concat();
    assert_eq!(taken(&many).1, Ok(0));
    assert_eq!(error(&[many, vec![0x80, 0]]), FrameError::Endless);
}

/// A message that says the same twice, compressed, in these pieces, and then in the way of `change`.
fn compressed(pieces: usize, change: impl Fn(usize, &mut Header)) -> Vec<u8> {
    let mut payload = Vec::new();
    Deflater::new(SIDE).write(&b"word ".repeat(50), &mut payload);
    let (mut bytes, size) = (Vec::new(), payload.len().div_ceil(pieces));
    for (index, piece) in payload.chunks(size).enumerate() {
        let opcode = if index == 0 {
            Opcode::Text
        } else {
            Opcode::Continuation
        };
        let mut header = Header::new(opcode, piece.len() as u64);
        header.reserved = if index == 0 { Header::COMPRESSED } else { 0 };
        if (index + 1) * size < payload.len() {
            header.part = Part::More;
        }
        change(index, &mut header);
        header.write_with(piece, &mut bytes);
    }
    bytes
}

const SIDE: Direction = Direction {
    context: ContextTakeover::Kept,
    window_bits: 15,
};

fn inflated(bytes: &[u8], limit: usize) -> Result<String, FrameError> {
    let mut inflater = Inflater::new(SIDE, super::super::BeyondWindow::Refused);
    match Assembly::default().next(&mut &*bytes, limit, Some(&mut inflater))? {
        Some(Received::Text(text)) => Ok(text.into_owned()),
        other => Ok(format!("{other:?}")),
    }
}

#[test]
fn a_compressed_message_is_decompressed_in_one_frame_or_in_several() {
    let (message, same) = ("word ".repeat(50), |_: usize, _: &mut Header| {});
    assert_eq!(inflated(&compressed(1, same), LIMIT), Ok(message.clone()));
    assert_eq!(inflated(&compressed(3, same), LIMIT), Ok(message));
    let too_long = FrameError::TooLong {
        size: 101,
        limit: 100,
    };
    assert_eq!(inflated(&compressed(1, same), 100), Err(too_long));
    let broken = compressed(1, |_, header| header.reserved = 0);
    assert_eq!(inflated(&broken, LIMIT), Err(FrameError::NotText));
    assert_eq!(
        inflated(&[0xc1, 2, 0xff, 0xff], LIMIT),
        Err(FrameError::NotDeflate)
    );
    assert_eq!(
        inflated(&frame(Opcode::Text, b"plain"), LIMIT),
        Ok("plain".to_owned())
    );
}

#[test]
fn the_bit_of_compression_is_for_first_frames_where_it_was_agreed_on() {
    let wrong = FrameError::Header(Violation::CompressedFrame);
    let everywhere = compressed(2, |_, header| header.reserved = Header::COMPRESSED);
    assert_eq!(inflated(&everywhere, LIMIT), Err(wrong));
    assert_eq!(inflated(&[0xc9, 0], LIMIT), Err(wrong));
    let other_bit = FrameError::Header(Violation::ReservedBits(6));
    assert_eq!(inflated(&[0xe1, 0], LIMIT), Err(other_bit));
    let unasked = FrameError::Header(Violation::ReservedBits(4));
    assert_eq!(error(&[vec![0xc1, 0]]), unasked);
}
