//! Reads the body of a long poll POST as Phoenix does: a batch of messages, one a line, or one message alone.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// A line that neither begins with `[` nor is base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the line neither begins with `[` nor is base64")]
pub struct NotBase64;

/// A message in a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Posted<'b> {
    /// A text, which may not be UTF-8.
    Text(&'b [u8]),
    /// A binary message, decoded from base64.
    Binary(Vec<u8>),
}

/// How far the lines of a body were read. A body without a line end has one line, which may be empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lines(Option<usize>);

impl Lines {
    /// Nothing was read yet.
    pub const START: Self = Self(Some(0));

    /// The next line of the body, without its end, which is `\n` or `\r\n`.
    pub fn next<'b>(&mut self, body: &'b [u8]) -> Option<&'b [u8]> {
        let rest = body.get(self.0?..)?;
        let Some(end) = memchr::memchr(b'\n', rest) else {
            self.0 = None;
            return Some(rest);
        };
        self.0 = self.0.map(|at| at + end + 1);
        let line = &rest[..end];
        Some(line.strip_suffix(b"\r").unwrap_or(line))
    }
}

/// Reads a line of a batch: a text if it begins with `[`, else base64.
///
/// # Errors
/// If it is neither.
pub fn read_line(line: &[u8]) -> Result<Posted<'_>, NotBase64> {
    if line.first() == Some(&b'[') {
        return Ok(Posted::Text(line));
    }
    BASE64.decode(line).map(Posted::Binary).map_err(|_| NotBase64)
}

/// `Base.decode64!`: with padding; the bits behind the last byte may be anything.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(body: &str) -> Vec<String> {
        let mut lines = Lines::START;
        std::iter::from_fn(|| lines.next(body.as_bytes()))
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect()
    }

    #[test]
    fn lines_end_with_either_line_end() {
        assert_eq!(lines("[1]\n[2]\r\n[3]"), ["[1]", "[2]", "[3]"]);
        assert_eq!(lines("[1]\r[2]"), ["[1]\r[2]"]);
    }

    #[test]
    fn an_empty_body_has_one_line_and_a_line_end_begins_another() {
        assert_eq!(lines(""), [""]);
        assert_eq!(lines("[1]\n"), ["[1]", ""]);
    }

    #[test]
    fn a_line_is_a_text_or_base64() {
        assert_eq!(read_line(b"[1]"), Ok(Posted::Text(b"[1]")));
        assert_eq!(read_line(b"AAE="), Ok(Posted::Binary(vec![0, 1])));
        assert_eq!(read_line(b""), Ok(Posted::Binary(Vec::new())));
        for line in ["!!!", "AAE", " [1]", "{}", "AA-_"] {
            assert_eq!(read_line(line.as_bytes()), Err(NotBase64), "{line:?}");
        }
    }
}
