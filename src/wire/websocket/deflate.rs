//! Compresses and decompresses messages as permessage-deflate asks (RFC 7692, 7.2). Where no context is taken over from one
//! message to the next, a connection keeps no memory between them.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::extension::{ContextTakeover, Direction, MOST_BITS};
use distance::longest_distance;

mod distance;

/// The end of every flushed stream, which is not sent.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// So much room is added while a message grows.
const STEP: usize = 4 << 10;

/// Compresses the messages of one side.
#[derive(Debug)]
pub struct Deflater {
    direction: Direction,
    /// What the last message left behind, if that is taken over.
    kept: Option<Box<Compress>>,
}

/// Decompresses the messages of the other side.
#[derive(Debug)]
pub struct Inflater {
    direction: Direction,
    beyond: BeyondWindow,
    /// What the last message left behind, if that is taken over.
    kept: Option<Box<Decompress>>,
}

/// Whether a message that refers further back than the agreed window is an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeyondWindow {
    /// It is an error.
    Refused,
    /// It is read.
    Read,
}

/// Why a message cannot be decompressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InflateError {
    /// It is not DEFLATE, or refers to what was never sent.
    #[error("a compressed message cannot be decompressed")]
    Broken,
    /// It refers further back than the agreed window.
    #[error("a compressed message refers {distance} bytes back; the window that was agreed on has {}", 1_u32 << bits)]
    BeyondWindow {
        /// How far back.
        distance: u16,
        /// The bits of the agreed window.
        bits: u8,
    },
    /// It has more bytes than allowed; no more of it was decompressed.
    #[error("a compressed message has more than {0} bytes once it is decompressed")]
    TooLong(usize),
}

thread_local! {
    /// For messages that stand alone: one for a thread, with the window that the last message needed.
    static COMPRESS: RefCell<Option<(u8, Box<Compress>)>> = const { RefCell::new(None) };
    static DECOMPRESS: RefCell<Option<(u8, Box<Decompress>)>> = const { RefCell::new(None) };
}

impl Deflater {
    /// Compresses as agreed.
    pub const fn new(direction: Direction) -> Self {
        Self {
            direction,
            kept: None,
        }
    }

    /// Forgets what was written: the next message refers to nothing before it.
    pub fn forget(&mut self) {
        self.kept = None;
    }

    /// Appends a message, compressed.
    pub fn write(&mut self, message: &[u8], out: &mut Vec<u8>) {
        if message.is_empty() {
            // An empty block, whose tail is not sent.
            out.push(0);
            return;
        }
        let bits = window(self.direction);
        match self.direction.context {
            ContextTakeover::Kept => deflate(self.kept.get_or_insert_with(|| compress(bits)), message, out),
            ContextTakeover::Dropped => COMPRESS.with_borrow_mut(|spare| {
                let compress = of_window(spare, bits, compress);
                compress.reset();
                deflate(compress, message, out);
            }),
        }
    }
}

impl Inflater {
    /// Decompresses what the other side compresses as agreed.
    pub const fn new(direction: Direction, beyond: BeyondWindow) -> Self {
        Self {
            direction,
            beyond,
            kept: None,
        }
    }

    /// Decompresses a message of at most `limit` bytes.
    ///
    /// # Errors
    /// If it cannot be decompressed, or is longer. Memory for more than the limit is never taken.
    pub fn read(&mut self, message: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
        let bits = window(self.direction);
        let read = match self.direction.context {
            ContextTakeover::Kept => {
                inflate(self.kept.get_or_insert_with(|| decompress(bits)), message, limit)
            }
            ContextTakeover::Dropped => DECOMPRESS.with_borrow_mut(|spare| {
                let decompress = of_window(spare, bits, decompress);
                decompress.reset(false);
                inflate(decompress, message, limit)
            }),
        };
        // zlib reads with the largest window, whatever is asked for.
        let agreed = self.direction.window_bits;
        if self.beyond == BeyondWindow::Refused && agreed < MOST_BITS {
            let distance = longest_distance(message).unwrap_or_default();
            if distance > 1 << agreed {
                return Err(InflateError::BeyondWindow {
                    distance,
                    bits: agreed,
                });
            }
        }
        read
    }
}

/// The window that is used. zlib knows none of 8 bits; what it writes with 9 never refers back beyond 256 bytes.
fn window(direction: Direction) -> u8 {
    direction.window_bits.max(9)
}

fn compress(bits: u8) -> Box<Compress> {
    Box::new(Compress::new_with_window_bits(
        Compression::default(),
        false,
        bits,
    ))
}

fn decompress(bits: u8) -> Box<Decompress> {
    Box::new(Decompress::new_with_window_bits(false, bits))
}

fn of_window<T>(spare: &mut Option<(u8, Box<T>)>, bits: u8, make: fn(u8) -> Box<T>) -> &mut T {
    let fitting = spare.take_if(|(known, _)| *known == bits);
    let (_, made) = spare.insert(fitting.unwrap_or_else(|| (bits, make(bits))));
    made
}

fn deflate(compress: &mut Compress, mut message: &[u8], out: &mut Vec<u8>) {
    loop {
        out.reserve(message.len() / 2 + STEP);
        let before = compress.total_in();
        let done = compress.compress_vec(message, out, FlushCompress::Sync);
        let taken = usize::try_from(compress.total_in() - before).unwrap_or(usize::MAX);
        message = message.get(taken..).unwrap_or_default();
        let has_room = out.len() < out.capacity();
        if !matches!(done, Ok(Status::Ok)) || (message.is_empty() && has_room) {
            break;
        }
    }
    if out.ends_with(&TAIL) {
        out.truncate(out.len() - TAIL.len());
    }
}

fn inflate(decompress: &mut Decompress, message: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut out = Vec::new();
    for mut piece in [message, &TAIL] {
        loop {
            let room = limit.saturating_add(1).saturating_sub(out.len());
            out.reserve_exact(room.min(STEP.max(out.len()).max(piece.len())));
            let (taken_before, made_before) = (decompress.total_in(), out.len());
            let status = decompress
                .decompress_vec(piece, &mut out, FlushDecompress::Sync)
                .map_err(|_| InflateError::Broken)?;
            if out.len() > limit {
                return Err(InflateError::TooLong(limit));
            }
            let taken = usize::try_from(decompress.total_in() - taken_before).unwrap_or(usize::MAX);
            piece = piece.get(taken..).unwrap_or_default();
            if status == Status::StreamEnd {
                // A block that says that it is the last one ends a message, not the conversation (7.2.3.4).
                decompress.reset(false);
            } else if piece.is_empty() && out.len() < out.capacity() {
                break;
            } else if taken == 0 && out.len() == made_before {
                return Err(InflateError::Broken);
            }
            if piece.is_empty() && status == Status::StreamEnd {
                break;
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const fn direction(context: ContextTakeover, window_bits: u8) -> Direction {
        Direction { context, window_bits }
    }

    const KEPT: Direction = direction(ContextTakeover::Kept, 15);
    const DROPPED: Direction = direction(ContextTakeover::Dropped, 15);

    fn written(deflater: &mut Deflater, message: &[u8]) -> Vec<u8> {
        let mut out = b"before".to_vec();
        deflater.write(message, &mut out);
        out.split_off(6)
    }

    fn read(message: &[u8]) -> Result<Vec<u8>, InflateError> {
        Inflater::new(KEPT, BeyondWindow::Refused).read(message, 1000)
    }

    #[test]
    fn the_examples_of_rfc_7692_are_read() {
        for message in [
            // 7.2.3.1 and 7.2.3.2: the second of two messages refers to the first.
            &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..],
            // 7.2.3.3: a block that is not compressed.
            &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
            // 7.2.3.4: a block that says that it is the last.
            &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
            // 7.2.3.5: two blocks.
            &[
                0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
            ],
        ] {
            assert_eq!(read(message).as_deref(), Ok(&b"Hello"[..]), "{message:x?}");
        }
        let mut inflater = Inflater::new(KEPT, BeyondWindow::Refused);
        for message in [
            &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00][..],
            &[0xf2, 0x00, 0x11, 0x00, 0x00],
        ] {
            assert_eq!(inflater.read(message, 5).as_deref(), Ok(&b"Hello"[..]));
        }
        assert_eq!(written(&mut Deflater::new(KEPT), b""), [0]);
        assert_eq!(read(&[0]).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn a_message_that_refers_to_what_was_dropped_is_broken() {
        let mut inflater = Inflater::new(DROPPED, BeyondWindow::Refused);
        let first = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert!(inflater.read(&first, 5).is_ok());
        assert_eq!(
            inflater.read(&[0xf2, 0x00, 0x11, 0x00, 0x00], 5),
            Err(InflateError::Broken)
        );
        assert_eq!(read(&[0xff; 8]), Err(InflateError::Broken));
    }

    #[test]
    fn a_context_makes_the_second_message_shorter() {
        let message = b"a message that is sent again, word for word";
        let (mut kept, mut dropped) = (Deflater::new(KEPT), Deflater::new(DROPPED));
        let (first, again) = (written(&mut kept, message), written(&mut kept, message));
        assert!(again.len() < first.len() / 2);
        assert_eq!(written(&mut dropped, message), written(&mut dropped, message));
        assert!(dropped.kept.is_none());
    }

    #[test]
    fn a_bomb_is_refused_and_takes_no_more_memory_than_the_limit() {
        let bomb = written(&mut Deflater::new(DROPPED), &vec![0; 4 << 20]);
        assert!(bomb.len() < 8 << 10);
        let mut inflater = Inflater::new(DROPPED, BeyondWindow::Refused);
        assert_eq!(inflater.read(&bomb, 1000), Err(InflateError::TooLong(1000)));
        let whole = inflater.read(&bomb, 4 << 20).unwrap();
        assert_eq!((whole.len(), whole.capacity() <= (4 << 20) + 1), (4 << 20, true));
    }

    #[test]
    fn a_reference_beyond_the_agreed_window_is_refused() {
        let noise = |seed: u32, length: usize| -> Vec<u8> {
            let next = |state: &u32| Some(state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
            let states = std::iter::successors(Some(seed), next);
            states.map(|state| state.to_be_bytes()[0]).take(length).collect()
        };
        for context in [ContextTakeover::Kept, ContextTakeover::Dropped] {
            // A server that agreed on 512 bytes, and does not keep to that.
            let largest = direction(context, MOST_BITS);
            let agreed = direction(context, 9);
            let read = |message: &[u8], beyond| {
                let compressed = written(&mut Deflater::new(largest), message);
                Inflater::new(agreed, beyond).read(&compressed, message.len())
            };
            for (length, is_within) in [(512, true), (513, false), (600, false), (5000, false)] {
                let message = noise(7, length.into()).repeat(2);
                let beyond = InflateError::BeyondWindow {
                    distance: length,
                    bits: 9,
                };
                let expected = if is_within {
                    Ok(message.clone())
                } else {
                    Err(beyond)
                };
                assert_eq!(read(&message, BeyondWindow::Refused), expected, "{length}");
            }
            let message = noise(7, 600).repeat(2);
            assert_eq!(read(&message, BeyondWindow::Read), Ok(message));
        }
    }

    proptest! {
        #[test]
        fn what_is_compressed_is_read_again(
            messages in prop::collection::vec(
                (prop::collection::vec(0..4_u8, 0..3000), any::<Vec<u8>>(), 0..3_usize), 1..6,
            ),
            bits in 8..=15_u8,
            takes_over in any::<bool>(),
            is_judged in any::<bool>(),
        ) {
            let beyond = if is_judged { BeyondWindow::Refused } else { BeyondWindow::Read };
            let context = if takes_over { ContextTakeover::Kept } else { ContextTakeover::Dropped };
            let direction = direction(context, bits);
            let (mut deflater, mut inflater) = (Deflater::new(direction), Inflater::new(direction, beyond));
            for (plain, noise, times) in messages {
                let message = [plain, noise.repeat(20 * times)].concat();
                let compressed = written(&mut deflater, &message);
                prop_assert_eq!(inflater.read(&compressed, message.len()), Ok(message));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
            if let Ok(message) = read(&bytes) {
                prop_assert!(message.len() <= 1000);
            }
        }
    }
}
