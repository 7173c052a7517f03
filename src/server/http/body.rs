//! The body of a request. Only that of a long poll POST is read; any other is skipped once the request is answered.

use std::borrow::Cow;

use super::super::conduct::{ContentLength, HttpConduct, UnreadBody};
use crate::wire::http::chunk_size;

/// No chunk is longer than this.
const MAX_CHUNK: u32 = 1 << 20;
/// The line with the size of a chunk is no longer than this.
const MAX_LINE: usize = 4 << 10;
/// The bytes of a line end.
const LINE_END: u32 = 2;
/// What Cowboy skips at most (`max_skip_body_length`).
const SHORT: u32 = 1_000_000;

/// What of a body is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// So many bytes; the most that there can be stands for all that are more.
    Bytes(u32),
    /// Chunks, up to the empty one.
    Chunks,
    /// So many bytes of a chunk, and its line end; chunks follow.
    Chunk(u32),
    /// So many bytes of the line end of the empty chunk.
    LastLine(u32),
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
            Self::Chunks | Self::Chunk(_) | Self::LastLine(_) => self.read_chunks(input, sink),
        }
    }

    /// Reads the chunks as they come. Trailers are not known.
    fn read_chunks(mut self, input: &[u8], mut sink: impl FnMut(&[u8])) -> Result<(usize, Self), Broken> {
        let mut at = 0;
        loop {
            let rest = &input[at..];
            match self {
                Self::Bytes(_) => return Ok((at, self)),
                Self::Chunks => {
                    let Some((used, follows)) = read_size(rest)? else {
                        return Ok((at, self));
                    };
                    (at, self) = (at + used, follows);
                }
                _ if rest.is_empty() => return Ok((at, self)),
                Self::Chunk(0) if rest.len() < LINE_END as usize => return Ok((at, self)),
                Self::Chunk(0) => (at, self) = (at + LINE_END as usize, Self::Chunks),
                Self::Chunk(left) => {
                    let here = u32::try_from(rest.len()).unwrap_or(u32::MAX).min(left);
                    sink(&rest[..here as usize]);
                    (at, self) = (at + here as usize, Self::Chunk(left - here));
                }
                Self::LastLine(left) => {
                    let here = u32::try_from(rest.len()).unwrap_or(u32::MAX).min(left);
                    at += here as usize;
                    self = match left - here {
                        0 => Self::NONE,
                        left => Self::LastLine(left),
                    };
                }
            }
        }
    }

    /// Whether the connection ends with the answer, this being still to come.
    pub(crate) fn ends_connection(self, conduct: &HttpConduct) -> bool {
        conduct.unread_body == UnreadBody::SkippedIfShort
            && match self {
                Self::Bytes(left) => left > SHORT,
                Self::Chunks | Self::Chunk(_) | Self::LastLine(_) => true,
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

/// Reads the line with the size of a chunk: how long it is, and what follows it. None if it is not whole.
fn read_size(input: &[u8]) -> Result<Option<(usize, Body)>, Broken> {
    let line = &input[..input.len().min(MAX_LINE)];
    let Some(end) = line.windows(2).position(|window| window == b"\r\n") else {
        return if line.len() < MAX_LINE {
            Ok(None)
        } else {
            Err(Broken)
        };
    };
    let size = chunk_size(&line[..end]).map_err(|_| Broken)?;
    let follows = match u32::try_from(size).map_err(|_| Broken)? {
        0 => Body::LastLine(LINE_END),
        size if size <= MAX_CHUNK => Body::Chunk(size),
        _ => return Err(Broken),
    };
    Ok(Some((end + 2, follows)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
    fn chunks_are_skipped_as_they_come() {
        assert_eq!(
            Body::Chunks.skip(b"5\r\nhello\r\n2\r\na"),
            Ok((14, Body::Chunk(1)))
        );
        assert_eq!(Body::Chunks.skip(b"5\r\nhello\r"), Ok((8, Body::Chunk(0))));
        assert_eq!(Body::Chunk(0).skip(b"\r\n2"), Ok((2, Body::Chunks)));
        assert_eq!(
            Body::Chunks.skip(b"2\r\nab\r\n0\r\n\r\nGET"),
            Ok((12, Body::NONE))
        );
        assert_eq!(Body::Chunks.skip(b"x\r\n"), Err(Broken));
        assert_eq!(Body::Chunks.skip(b"ffffffff\r\n"), Err(Broken));
    }

    #[test]
    fn a_line_without_an_end_is_refused_before_it_is_long() {
        let line = |length| vec![b'0'; length];
        assert_eq!(Body::Chunks.skip(&line(MAX_LINE - 1)), Ok((0, Body::Chunks)));
        assert_eq!(Body::Chunks.skip(&line(MAX_LINE)), Err(Broken));
    }

    proptest! {
        #[test]
        fn chunks_may_come_in_any_pieces(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in prop::collection::vec(1..30_usize, 1..60),
        ) {
            let mut written = Vec::new();
            for chunk in &chunks {
                written.extend(format!("{:x}; a=b\r\n", chunk.len()).bytes());
                written.extend_from_slice(chunk);
                written.extend_from_slice(b"\r\n");
            }
            written.extend_from_slice(b"0\r\n\r\n");
            let (mut body, mut held, mut input) = (Body::Chunks, Vec::new(), Vec::new());
            let mut sizes = cuts.into_iter().cycle();
            let mut rest = written.as_slice();
            while !rest.is_empty() {
                let (piece, behind) = rest.split_at(sizes.next().unwrap_or(1).min(rest.len()));
                input.extend_from_slice(piece);
                rest = behind;
                let (used, left) = body.read(&input, |bytes| held.extend_from_slice(bytes)).unwrap();
                input.drain(..used);
                body = left;
            }
            prop_assert_eq!((body, input.len()), (Body::NONE, 0));
            prop_assert_eq!(held, chunks.concat());
        }
    }
}
