//! Errors of decoding and encoding.

use super::json;

/// The frame is not a message of this version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The text is not JSON, or does not have the shape that the version requires.
    #[error(transparent)]
    Json(#[from] json::Error),
    /// An object of version 1.0.0 lacks a key.
    #[error("byte {at}: expected the key `{key}` before the object ends")]
    MissingKey {
        /// Offset of the bracket that closes the object.
        at: usize,
        /// The key.
        key: &'static str,
    },
    /// The first byte of a binary frame is not a kind of this direction.
    #[error("byte 0: expected {expected}, got kind {kind}")]
    UnknownKind {
        /// The first byte.
        kind: u8,
        /// The kinds that are valid here.
        expected: &'static str,
    },
    /// A binary frame ends before its header does.
    #[error("byte {at}: expected the size of `{field}`, the frame ends here")]
    ShortHeader {
        /// Length of the frame in bytes.
        at: usize,
        /// The field whose size is missing.
        field: &'static str,
    },
    /// A binary frame ends before its fields do.
    #[error("byte {at}: `{field}` is said to be {said} bytes long, {left} are left")]
    ShortField {
        /// Offset of the field.
        at: usize,
        /// The field.
        field: &'static str,
        /// Its size according to the header.
        said: usize,
        /// The bytes from its start to the end of the frame.
        left: usize,
    },
    /// A field of a binary frame is not UTF-8. Phoenix itself does not check this.
    #[error("byte {at}: expected `{field}` in UTF-8")]
    NotUtf8 {
        /// Offset of the first invalid byte.
        at: usize,
        /// The field.
        field: &'static str,
    },
    /// A binary frame from a server that uses version 1.0.0, which has no binary frames.
    #[error("expected a text, version 1.0.0 has no binary frames")]
    BinaryInV1,
}

/// The message cannot be encoded in this version and direction. Phoenix raises where the server would send
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A binary frame has a byte for the size of a field.
    #[error("expected `{field}` to be at most 255 bytes in a binary frame, it has {bytes}")]
    FieldTooLong {
        /// The field.
        field: &'static str,
        /// Its size in bytes of UTF-8.
        bytes: usize,
    },
    /// A topic or an event of a binary frame is not text. Refs may be any scalar.
    #[error("expected `{field}` to be text in a binary frame")]
    NotText {
        /// The field.
        field: &'static str,
    },
    /// Version 1.0.0 has no binary frames.
    #[error("expected a JSON payload, version 1.0.0 has no binary frames")]
    BinaryInV1,
    /// Only servers send replies of kind 1.
    #[error("expected a payload that a client can send, a binary reply comes from servers only")]
    ReplyFromClient,
}
