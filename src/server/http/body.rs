//! The body of a request. Only that of a long poll POST is read; any other is skipped once the request is answered.

use std::borrow::Cow;

use super::super::conduct::{ContentLength, HttpConduct, UnreadBody};

/// No chunk is longer than this.
const MAX_CHUNK: usize = 1 << 20;
/// What Cowboy skips at most (`max_skip_body_length`).
const SHORT: u32 = 1_000_000;

/// What of a body is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// So many bytes; the most that there can be stands for all that are more.
    Bytes(u32),
    /// Chunks, up to the empty one.
    Chunks,
}

/// A body that is none, or a length that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl Body {
    /// None, or no more.
    pub(crate) const NONE: Self = Self::Bytes(0);

    /// The body that a request with these headers has.
    pub(crate) fn of(
        coding: Option<&str>,
        lengths: &[Cow<'_, str>],
        conduct: &HttpConduct,
    ) -> Result<Self, Broken> {
        match (coding, lengths) {
            (Some(coding), _) if coding.eq_ignore_ascii_case("chunked") => Ok(Self::Chunks),
            (Some(_), _) => Err(Broken),
            (None, []) => Ok(Self::NONE),
            (None, [value]) => content_length(value, conduct.content_length).map(Self::Bytes),
            (None, _) => Err(Broken),
        }
    }

    /// How much of the input is body, and what is still to come then.
    pub(crate) fn skip(self, input: &[u8]) -> Result<(usize, Self), Broken> {
        self.read(input, |_| {})
    }

    /// The same, and passes on what the body holds.
    pub(crate) fn read(self, input: &[u8], mut sink: impl FnMut(&[u8])) -> Result<(usize, Self), Broken> {
        match self {
            Self::Bytes(left) => {
                let here = u32::try_from(input.len()).unwrap_or(u32::MAX).min(left);
                sink(&input[..here as usize]);
                Ok((here as usize, Self::Bytes(left - here)))
            }
            Self::Chunks => read_chunks(input, sink),
        }
    }

    /// Whether the connection ends with the answer, this being still to come.
    pub(crate) fn ends_connection(self, conduct: &HttpConduct) -> bool {
        conduct.unread_body == UnreadBody::SkippedIfShort
            && match self {
                Self::Bytes(left) => left > SHORT,
                Self::Chunks => true,
            }
    }
}

fn content_length(value: &str, form: ContentLength) -> Result<u32, Broken> {
    let digits = match form {
        ContentLength::Digits => {
            let mut numbers = value.split(',').map(str::trim);
            let first = numbers.next().ok_or(Broken)?;
            if !numbers.all(|number| number == first) {
                return Err(Broken);
            }
            first
        }
        ContentLength::Integer => {
            let value = value.trim();
            value.strip_prefix('+').unwrap_or(value)
        }
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Broken);
    }
    Ok(digits.parse().unwrap_or(u32::MAX))
}

/// Reads the chunks that are whole. Trailers are not known.
fn read_chunks(input: &[u8], mut sink: impl FnMut(&[u8])) -> Result<(usize, Body), Broken> {
    let mut at = 0;
    loop {
        let rest = &input[at..];
        let Some(line) = rest.windows(2).position(|window| window == b"\r\n") else {
            return if rest.len() > MAX_CHUNK {
                Err(Broken)
            } else {
                Ok((at, Body::Chunks))
            };
        };
        let size = std::str::from_utf8(&rest[..line]).map_err(|_| Broken)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = usize::from_str_radix(size, 16).map_err(|_| Broken)?;
        if size > MAX_CHUNK {
            return Err(Broken);
        }
        let chunk = line + 2 + size + 2;
        if chunk > rest.len() {
            return Ok((at, Body::Chunks));
        }
        sink(&rest[line + 2..line + 2 + size]);
        at += chunk;
        if size == 0 {
            return Ok((at, Body::NONE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_what_each_server_takes_for_one() {
        use ContentLength::{Digits, Integer};
        let lengths = |value| [Digits, Integer].map(|form| content_length(value, form));
        assert_eq!(lengths("5"), [Ok(5), Ok(5)]);
        assert_eq!(lengths("5, 5"), [Ok(5), Err(Broken)]);
        assert_eq!(lengths("+5"), [Err(Broken), Ok(5)]);
        assert_eq!(lengths("99999999999999999999"), [Ok(u32::MAX), Ok(u32::MAX)]);
        for broken in ["", "-5", "5, 6", "a"] {
            assert_eq!(lengths(broken), [Err(Broken), Err(Broken)], "{broken:?}");
        }
    }

    #[test]
    fn a_body_is_skipped_as_it_comes() {
        assert_eq!(Body::Bytes(5).skip(b"ab"), Ok((2, Body::Bytes(3))));
        assert_eq!(Body::Bytes(3).skip(b"cdeGET"), Ok((3, Body::NONE)));
    }

    #[test]
    fn what_chunks_hold_is_passed_on() {
        let mut held = Vec::new();
        let read = Body::Chunks.read(b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", |bytes| {
            held.extend_from_slice(bytes);
        });
        assert_eq!(read, Ok((18, Body::NONE)));
        assert_eq!(held, b"abc");
    }

    #[test]
    fn chunks_are_skipped_one_by_one() {
        assert_eq!(Body::Chunks.skip(b"5\r\nhello\r\n2\r\na"), Ok((10, Body::Chunks)));
        assert_eq!(
            Body::Chunks.skip(b"2\r\nab\r\n0\r\n\r\nGET"),
            Ok((12, Body::NONE))
        );
        assert_eq!(Body::Chunks.skip(b"x\r\n"), Err(Broken));
        assert_eq!(Body::Chunks.skip(b"ffffffff\r\n"), Err(Broken));
    }
}
