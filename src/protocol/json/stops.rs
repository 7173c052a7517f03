//! Finds the next special byte of a JSON string: eight bytes at a time in short strings, with the vector
//! instructions of memchr in long ones.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// How many words are searched one by one. After these 32 bytes, setting up a vector search is worth it.
const WORDS: usize = 4;

/// The bytes that stop a search.
pub(super) trait Stops {
    /// A mask with the high bit of each byte of a little-endian word that stops the search. Bytes above the
    /// lowest hit may be false hits.
    fn in_word(word: u64) -> u64;
    /// Whether this byte stops the search.
    fn at(byte: u8) -> bool;
    /// The first byte that stops the search in a range without quotes and backslashes.
    fn passed(bytes: &[u8]) -> Option<usize>;
}

/// Quote and backslash only.
pub(super) enum Quotes {}

/// Quote, backslash and control characters.
pub(super) enum QuotesAndControls {}

impl Stops for Quotes {
    #[inline(always)]
    fn in_word(word: u64) -> u64 {
        equal(word, b'"') | equal(word, b'\\')
    }

    #[inline(always)]
    fn at(byte: u8) -> bool {
        matches!(byte, b'"' | b'\\')
    }

    #[inline(always)]
    fn passed(_: &[u8]) -> Option<usize> {
        None
    }
}

impl Stops for QuotesAndControls {
    #[inline(always)]
    fn in_word(word: u64) -> u64 {
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        equal(word, b'"') | equal(word, b'\\') | controls
    }

    #[inline(always)]
    fn at(byte: u8) -> bool {
        matches!(byte, b'"' | b'\\' | 0..=0x1f)
    }

    fn passed(bytes: &[u8]) -> Option<usize> {
        let least = bytes.iter().fold(u8::MAX, |least, byte| least.min(*byte));
        if least < 0x20 {
            bytes.iter().position(|byte| *byte < 0x20)
        } else {
            None
        }
    }
}

/// A mask with the high bit of each byte of the word that equals this one; above the lowest hit there may be
/// false ones.
#[inline(always)]
fn equal(word: u64, byte: u8) -> u64 {
    let zero_where_equal = word ^ (ONES * byte as u64);
    zero_where_equal.wrapping_sub(ONES) & !zero_where_equal & HIGHS
}

/// The offset of the first byte from `at` on that stops the search; the length of `bytes` if none does.
#[inline(always)]
pub(super) fn next_stop<S: Stops>(bytes: &[u8], mut at: usize) -> usize {
    for _ in 0..WORDS {
        let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) else {
            return last_bytes::<S>(bytes, at);
        };
        let stops = S::in_word(u64::from_le_bytes(*chunk));
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    in_a_long_string::<S>(bytes, at)
}

/// The same for the last bytes of a text, which are fewer than a word.
#[inline(always)]
fn last_bytes<S: Stops>(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(|byte| !S::at(*byte)) {
        at += 1;
    }
    at.min(bytes.len())
}

/// The same after the first words of a string.
#[inline(never)]
fn in_a_long_string<S: Stops>(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let len = memchr::memchr2(b'"', b'\\', rest).unwrap_or(rest.len());
    at + S::passed(&rest[..len]).unwrap_or(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agrees<S: Stops>(bytes: &[u8], from: usize) {
        let slowly = (from..bytes.len())
            .find(|at| S::at(bytes[*at]))
            .unwrap_or(bytes.len());
        assert_eq!(next_stop::<S>(bytes, from), slowly, "from {from} in {bytes:?}");
    }

    #[test]
    fn every_byte_is_seen_at_every_place() {
        for byte in 0..=u8::MAX {
            for at in 0..90 {
                let mut bytes = vec![b'!'; 100];
                bytes[at] = byte;
                bytes[90] = b'"';
                for from in [0, 1, 7, 50] {
                    agrees::<Quotes>(&bytes, from);
                    agrees::<QuotesAndControls>(&bytes, from);
                }
            }
        }
    }

    #[test]
    fn neighbours_that_borrow_from_each_other_do_no_harm() {
        for pair in [
            [b'"', b'#'],
            [b'\\', b']'],
            [0x1f, 0x20],
            [0x20, 0x1f],
            [0x7f, 0x80],
            [0xff, b'"'],
            [b'#', b'"'],
        ] {
            for at in 0..40 {
                let mut bytes = vec![b'x'; 48];
                bytes[at..at + 2].copy_from_slice(&pair);
                agrees::<Quotes>(&bytes, 0);
                agrees::<QuotesAndControls>(&bytes, 0);
            }
        }
    }

    #[test]
    fn the_end_of_the_text_is_the_end() {
        for len in 0..50 {
            agrees::<Quotes>(&vec![b'x'; len], 0);
            agrees::<QuotesAndControls>(&vec![b'x'; len], len);
        }
        assert_eq!(next_stop::<Quotes>(b"ab", 5), 2);
    }
}
