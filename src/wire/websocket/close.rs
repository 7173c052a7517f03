//! The payload of a close frame (RFC 6455, 5.5.1 and 7.4).

/// Most bytes a reason may have: 125 of a control frame without the two of the code.
const REASON_LIMIT: usize = 123;

/// Why a connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Close<'a> {
    /// The status code.
    pub code: u16,
    /// The reason, mostly empty.
    pub reason: &'a str,
}

/// The payload of a close frame breaks the RFC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CloseError {
    /// One byte is neither nothing nor a code.
    #[error("expected a status code of two bytes in the close frame, it has one byte")]
    OneByte,
    /// A code that may not be sent: below 1000, reserved, or 5000 and above.
    #[error("expected a status code that may be sent (1000 to 1003, 1007 to 1014, 3000 to 4999), got {0}")]
    Code(u16),
    /// The reason is not UTF-8.
    #[error("byte {at}: expected the reason of the close frame in UTF-8")]
    NotUtf8 {
        /// Offset in the payload.
        at: usize,
        /// The code before it.
        code: u16,
    },
}

impl Close<'_> {
    /// Whether a peer may send this code.
    pub const fn may_be_sent(code: u16) -> bool {
        matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
    }
}

/// Reads the payload of a close frame; `None` if it is empty.
///
/// # Errors
/// A payload of one byte, a code that may not be sent, a reason that is not UTF-8.
pub fn parse_close(payload: &[u8]) -> Result<Option<Close<'_>>, CloseError> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() {
            Ok(None)
        } else {
            Err(CloseError::OneByte)
        };
    };
    let code = u16::from_be_bytes(*code);
    let reason = std::str::from_utf8(reason).map_err(|error| CloseError::NotUtf8 {
        at: 2 + error.valid_up_to(),
        code,
    })?;
    match Close::may_be_sent(code) {
        true => Ok(Some(Close { code, reason })),
        false => Err(CloseError::Code(code)),
    }
}

/// Appends the payload of a close frame: any code, and of the reason what fits into a control frame.
pub fn write_close(close: Close<'_>, out: &mut Vec<u8>) {
    out.extend_from_slice(&close.code.to_be_bytes());
    let mut len = close.reason.len().min(REASON_LIMIT);
    while !close.reason.is_char_boundary(len) {
        len -= 1;
    }
    out.extend_from_slice(&close.reason.as_bytes()[..len]);
}
