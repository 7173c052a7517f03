//! Computes the longest distance in a compressed message (RFC 1951). zlib does not check distances against a small window.

use super::TAIL;

/// The longest code of a literal, a length or a distance.
const LONGEST_CODE: usize = 15;
/// The symbol that ends a block.
const END_OF_BLOCK: u16 = 256;
/// The extra bits of the symbols of lengths, from 257 on (3.2.5).
const LENGTH_BITS: [u8; 29] = [
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
];
/// The order of the codes of code lengths (3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The longest distance that a message refers back, 0 if it refers to nothing; none if it is not DEFLATE.
pub(super) fn longest_distance(message: &[u8]) -> Option<u16> {
    let mut bits = Bits {
        bytes: message.iter().chain(&TAIL),
        left: message.len() + TAIL.len(),
        held: 0,
        count: 0,
    };
    let mut longest = 0;
    while bits.left > 0 {
        let is_last = bits.take(1)? == 1;
        longest = longest.max(match bits.take(2)? {
            0 => bits.skip_stored()?,
            1 => bits.read_block(&Codes::fixed())?,
            2 => {
                let codes = bits.codes()?;
                bits.read_block(&codes)?
            }
            _ => return None,
        });
        if is_last {
            bits.align();
        }
    }
    Some(longest)
}

/// The bits of a message, the lowest of each byte first.
struct Bits<I> {
    bytes: I,
    /// The bytes that were not taken.
    left: usize,
    held: u32,
    count: u32,
}

impl<'b, I: Iterator<Item = &'b u8>> Bits<I> {
    /// The next bits as a number, at most 16.
    fn take(&mut self, count: u8) -> Option<u16> {
        let count = u32::from(count);
        while self.count < count {
            self.held |= u32::from(*self.bytes.next()?) << self.count;
            self.left -= 1;
            self.count += 8;
        }
        let taken = self.held & ((1 << count) - 1);
        self.held >>= count;
        self.count -= count;
        u16::try_from(taken).ok()
    }

    /// Goes on with the next whole byte.
    fn align(&mut self) {
        let over = self.count % 8;
        self.held >>= over;
        self.count -= over;
    }

    /// A block that is not compressed.
    fn skip_stored(&mut self) -> Option<u16> {
        self.align();
        let length = self.take(16)?;
        if self.take(16)? != !length {
            return None;
        }
        for _ in 0..length {
            self.take(8)?;
        }
        Some(0)
    }

    /// The symbol whose code comes next.
    fn symbol(&mut self, codes: &Huffman) -> Option<u16> {
        let (mut code, mut first, mut index) = (0_usize, 0_usize, 0_usize);
        for count in &codes.counts[1..] {
            code |= usize::from(self.take(1)?);
            if code < first + count {
                return codes.symbols.get(index + code - first).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }

    /// The codes of a block that brings its own (3.2.7).
    fn codes(&mut self) -> Option<Codes> {
        let literals = usize::from(self.take(5)?) + 257;
        let distances = usize::from(self.take(5)?) + 1;
        let given = usize::from(self.take(4)?) + 4;
        let mut lengths = [0; ORDER.len()];
        for place in &ORDER[..given] {
            lengths[*place] = u8::try_from(self.take(3)?).ok()?;
        }
        let of_lengths = Huffman::new(&lengths);
        let mut lengths: Vec<u8> = Vec::with_capacity(literals + distances);
        while lengths.len() < literals + distances {
            let (length, times) = match self.symbol(&of_lengths)? {
                16 => (*lengths.last()?, self.take(2)? + 3),
                17 => (0, self.take(3)? + 3),
                18 => (0, self.take(7)? + 11),
                length => (u8::try_from(length).ok()?, 1),
            };
            lengths.extend(std::iter::repeat_n(length, usize::from(times)));
        }
        let of_distances = lengths.get(literals..literals + distances)?;
        Some(Codes {
            literals: Huffman::new(&lengths[..literals]),
            distances: Huffman::new(of_distances),
        })
    }

    /// The longest distance in a compressed block.
    fn read_block(&mut self, codes: &Codes) -> Option<u16> {
        let mut longest = 0;
        loop {
            let symbol = self.symbol(&codes.literals)?;
            if symbol == END_OF_BLOCK {
                return Some(longest);
            }
            let Some(length) = symbol.checked_sub(END_OF_BLOCK + 1) else {
                continue;
            };
            self.take(*LENGTH_BITS.get(usize::from(length))?)?;
            longest = longest.max(self.distance(&codes.distances)?);
        }
    }

    fn distance(&mut self, codes: &Huffman) -> Option<u16> {
        match u8::try_from(self.symbol(codes)?).ok()? {
            symbol @ 0..=3 => Some(u16::from(symbol) + 1),
            symbol @ 4..=29 => {
                let extra = symbol / 2 - 1;
                let base = (2 + u16::from(symbol % 2)) << extra;
                Some(base + self.take(extra)? + 1)
            }
            _ => None,
        }
    }
}

/// The codes of a block.
struct Codes {
    literals: Huffman,
    distances: Huffman,
}

impl Codes {
    /// The fixed codes (3.2.6).
    fn fixed() -> Self {
        let mut lengths = [8; 288];
        lengths[144..256].fill(9);
        lengths[256..280].fill(7);
        Self {
            literals: Huffman::new(&lengths),
            distances: Huffman::new(&[5; 30]),
        }
    }
}

/// A Huffman code; shorter codes come first (3.2.2).
struct Huffman {
    /// How many codes have each length.
    counts: [usize; LONGEST_CODE + 1],
    /// The symbols in the order of their codes.
    symbols: Vec<u16>,
}

impl Huffman {
    fn new(lengths: &[u8]) -> Self {
        let mut counts = [0; LONGEST_CODE + 1];
        for length in lengths {
            counts[usize::from(*length)] += 1;
        }
        let mut symbols: Vec<u16> = (0..).zip(lengths).filter(|it| *it.1 > 0).map(|it| it.0).collect();
        symbols.sort_by_key(|symbol| lengths[usize::from(*symbol)]);
        Self { counts, symbols }
    }
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression, FlushCompress};
    use proptest::prelude::*;

    use super::*;

    fn compressed(message: &[u8], level: u32) -> Vec<u8> {
        let mut compress = Compress::new(Compression::new(level), false);
        let mut out = Vec::with_capacity(2 * message.len() + 100);
        compress
            .compress_vec(message, &mut out, FlushCompress::Sync)
            .unwrap();
        out.truncate(out.len() - TAIL.len());
        out
    }

    #[test]
    fn a_repetition_refers_to_where_it_began() {
        let noise: Vec<u8> = (0_u32..40_000)
            .map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0])
            .collect();
        for (length, level) in [(20, 6), (300, 6), (20_000, 9), (32_000, 6)] {
            let message = noise[..length].repeat(2);
            let found = longest_distance(&compressed(&message, level));
            assert!(
                found >= u16::try_from(length).ok() && found.is_some(),
                "{length}: {found:?}"
            );
        }
        assert_eq!(longest_distance(&compressed(&noise[..200], 0)), Some(0));
    }

    #[test]
    fn the_examples_of_rfc_7692_refer_as_far_as_they_do() {
        let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
        assert_eq!(longest_distance(&hello), Some(0));
        assert_eq!(longest_distance(&[0xf2, 0x00, 0x11, 0x00, 0x00]), Some(5));
        assert_eq!(
            longest_distance(&[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00]),
            Some(0)
        );
        assert_eq!(longest_distance(&[0xff; 8]), None);
    }

    proptest! {
        #[test]
        fn what_is_compressed_is_understood(
            message in prop::collection::vec(0..6_u8, 0..5000), level in 0..=9_u32,
        ) {
            let found = longest_distance(&compressed(&message, level));
            prop_assert!(found.is_some_and(|distance| usize::from(distance) <= message.len()));
        }

        #[test]
        fn any_bytes_are_read_to_an_end(bytes in any::<Vec<u8>>()) {
            longest_distance(&bytes);
        }
    }
}
