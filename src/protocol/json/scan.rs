//! What the two JSON scanners share: one looks at brackets and strings only (walk), the other at every byte
//! (check).

use super::Error;

/// The end of a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) struct StringEnd {
    /// Offset after the closing quote.
    pub(in crate::protocol) end: usize,
    /// Whether it contains a backslash.
    pub(in crate::protocol) escapes: Escapes,
}

/// Whether a string can be borrowed unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) enum Escapes {
    /// It contains no backslash.
    None,
    /// It contains at least one backslash.
    Some,
}

/// A way to find the end of a string or value that starts at an offset.
pub(in crate::protocol) trait Rigour {
    /// The end of the string whose opening quote is at `at`.
    fn string(bytes: &[u8], at: usize) -> Result<StringEnd, Error>;
    /// The end of the value that starts at `at`, without leading whitespace.
    fn value(bytes: &[u8], at: usize) -> Result<usize, Error>;
}

/// The offset of the first byte from `at` on that is not whitespace.
#[inline(always)]
pub(in crate::protocol) fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}
