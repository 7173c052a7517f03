//! Compressed messages (permessage-deflate).

use super::MESSAGE_LIMIT;
use crate::wire::websocket::{BeyondWindow, ContextTakeover, Deflater, Direction, Inflater};

/// Decompresses messages. The first byte is the agreement on compression; each message has its length in the byte before it.
pub(super) fn deflate(input: &[u8]) {
    let Some((&choice, mut rest)) = input.split_first() else {
        return;
    };
    let direction = Direction {
        context: match choice & 1 {
            0 => ContextTakeover::Kept,
            _ => ContextTakeover::Dropped,
        },
        window_bits: 8 + (choice >> 1 & 7),
    };
    own_messages_come_back(direction, rest);
    let mut strict = Inflater::new(direction, BeyondWindow::Refused);
    let mut lenient = Inflater::new(direction, BeyondWindow::Read);
    while let Some((&length, behind)) = rest.split_first() {
        let (message, behind) = behind.split_at(behind.len().min(usize::from(length)));
        rest = behind;
        let read = lenient.read(message, MESSAGE_LIMIT);
        if let Ok(read) = &read {
            assert!(read.len() <= MESSAGE_LIMIT && read.capacity() <= 4 * MESSAGE_LIMIT);
        }
        if let Ok(strictly) = strict.read(message, MESSAGE_LIMIT) {
            assert_eq!(read, Ok(strictly), "a stricter reader reads something else");
        }
        if read.is_err() {
            return;
        }
    }
}

/// A message that phxproof compresses stays within the window, and is the same after decompression.
fn own_messages_come_back(direction: Direction, bytes: &[u8]) {
    let mut deflater = Deflater::new(direction);
    let mut inflater = Inflater::new(direction, BeyondWindow::Refused);
    for message in bytes.chunks(300) {
        let mut compressed = Vec::new();
        deflater.write(message, &mut compressed);
        assert_eq!(inflater.read(&compressed, MESSAGE_LIMIT).as_deref(), Ok(message));
    }
}
