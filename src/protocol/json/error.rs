//! The error of the JSON functions: the offset and what was expected there.

/// A text is not the expected JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("byte {at}: expected {expected}")]
pub struct Error {
    /// Offset of the first byte that does not fit, counted from the start of the text that was given.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

impl Error {
    /// The error at this offset.
    pub(crate) const fn new(at: usize, expected: &'static str) -> Self {
        Self { at, expected }
    }
}
