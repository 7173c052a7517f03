//! What the two ways to read JSON have in common: at brackets and strings only (walk), or at every byte (check).

use super::Error;

/// Where a string ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) struct StringEnd {
    /// Offset after the closing quote.
    pub(in crate::protocol) end: usize,
    /// Whether a backslash was in it.
    pub(in crate::protocol) escapes: Escapes,
}

/// Whether a string can be borrowed as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::protocol) enum Escapes {
    /// No backslash in it.
    None,
    /// At least one.
    Some,
}

/// A way to find the end of what begins at an offset.
pub(in crate::protocol) trait Rigour {
    /// The end of the string whose opening quote stands at `at`.
    fn string(bytes: &[u8], at: usize) -> Result<StringEnd, Error>;
    /// The end of the value that begins at `at`, no blank before it.
    fn value(bytes: &[u8], at: usize) -> Result<usize, Error>;
}

/// The offset of the first byte from `at` on that is no blank, tab or line end.
#[inline(always)]
pub(in crate::protocol) fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}
