//! Answers of HTTP/1.1, read from bytes as they arrive: heads, and bodies with a length, in chunks or up to the end of the
//! connection (RFC 9112, 6 and 7). It does not decide what an answer means.

use std::borrow::Cow;

/// The most headers of an answer.
const MOST_HEADERS: usize = 100;
/// The longest line between the chunks of a body.
const LONGEST_LINE: usize = 16 << 10;

/// The longest head of an answer that [`read_answer`] accepts, in bytes.
pub const LONGEST_HEAD: usize = 16 << 10;

/// Where the headers of a head are listed while it is read.
pub type Headers<'b> = [httparse::Header<'b>; MOST_HEADERS];

/// An empty list of headers.
pub const NO_HEADERS: Headers<'_> = [httparse::EMPTY_HEADER; MOST_HEADERS];

/// The head of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Head<'h, 'b> {
    /// The status, as 200.
    pub status: u16,
    /// The headers in the order of the answer.
    pub headers: &'h [httparse::Header<'b>],
}

/// Why bytes are not an answer of HTTP/1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The head has no such form.
    #[error("{0}")]
    Head(#[from] httparse::Error),
    /// The head is longer than the limit.
    #[error("the head is too long")]
    HeadTooLong,
    /// There are more interim answers (1xx) than the limit.
    #[error("its interim answers (1xx) do not end")]
    InterimTooLong,
    /// The body has a content coding that the request did not ask for.
    #[error("its content-encoding was not asked for")]
    Coding,
    /// The length of the body is not a number, or there are several.
    #[error("the content-length is not a number")]
    ContentLength,
    /// The chunks of the body have no such form.
    #[error("the chunks of the body are not well-formed")]
    Chunks,
    /// The body is longer than the limit.
    #[error("the body is too long")]
    BodyTooLong,
    /// The body ends only when the connection does, where another answer is to follow.
    #[error("the body has no length")]
    NoLength,
}

/// Takes the head of an answer from the front of `input`, and interim answers (1xx but 101) before it; none if it is not
/// whole yet.
///
/// # Errors
/// If it is not the head of an answer, or longer than `longest`.
pub fn read_head<'h, 'b>(
    input: &mut &'b [u8],
    headers: &'h mut Headers<'b>,
    longest: usize,
) -> Result<Option<Head<'h, 'b>>, HttpError> {
    let mut skipped = 0;
    while let Some(length) = interim(input) {
        *input = &input[length..];
        skipped += length;
        if skipped > longest {
            return Err(HttpError::InterimTooLong);
        }
    }
    let mut response = httparse::Response::new(headers);
    match response.parse(input)? {
        httparse::Status::Complete(length) if length <= longest => {
            *input = &input[length..];
            Ok(Some(Head {
                status: response.code.unwrap_or_default(),
                headers: response.headers,
            }))
        }
        httparse::Status::Partial if input.len() < longest => Ok(None),
        httparse::Status::Complete(_) | httparse::Status::Partial => Err(HttpError::HeadTooLong),
    }
}

/// The length of the interim answer that stands at the front, if one does.
fn interim(input: &[u8]) -> Option<usize> {
    let status = input.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    if status[0] != b'1' || status == b"101" {
        return None;
    }
    let mut headers = NO_HEADERS;
    match httparse::Response::new(&mut headers).parse(input) {
        Ok(httparse::Status::Complete(length)) => Some(length),
        _ => None,
    }
}

impl<'b> Head<'_, 'b> {
    /// The values of a header; the letter case of its name does not matter.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &'b [u8]> {
        let named = self.headers.iter();
        named
            .filter(move |header| header.name.eq_ignore_ascii_case(name))
            .map(|header| header.value)
    }

    /// The elements of a header that is a list, without their parameters.
    pub fn elements(&self, name: &str) -> impl Iterator<Item = &'b str> {
        self.values(name)
            .filter_map(|value| std::str::from_utf8(value).ok())
            .flat_map(|value| value.split(','))
            .map(without_parameters)
    }

    /// Whether the server closes the connection behind this answer.
    pub fn closes(&self) -> bool {
        self.elements("connection")
            .any(|word| word.eq_ignore_ascii_case("close"))
    }

    /// Whether the body has a content coding.
    pub fn is_coded(&self) -> bool {
        self.elements("content-encoding")
            .any(|coding| !coding.eq_ignore_ascii_case("identity"))
    }

    /// The body that follows, if this answers a request with `method`.
    ///
    /// # Errors
    /// If the length of the body is not a number.
    pub fn body(&self, method: &str) -> Result<Body, HttpError> {
        let tunnel = method == "CONNECT" && (200..300).contains(&self.status);
        if method == "HEAD" || tunnel || matches!(self.status, 100..=199 | 204 | 304) {
            return Ok(Body::NONE);
        }
        if let Some(last) = self.elements("transfer-encoding").last() {
            return Ok(match last.eq_ignore_ascii_case("chunked") {
                true => Body::Chunks(Chunk::Size),
                false => Body::UntilEnd,
            });
        }
        let mut lengths = self.elements("content-length");
        let Some(first) = lengths.next() else {
            return Ok(Body::UntilEnd);
        };
        if first.is_empty()
            || !first.bytes().all(|byte| byte.is_ascii_digit())
            || lengths.any(|other| other != first)
        {
            return Err(HttpError::ContentLength);
        }
        first
            .parse()
            .map(Body::Bytes)
            .map_err(|_| HttpError::ContentLength)
    }
}

/// An element of a list, without its parameters.
pub fn without_parameters(element: &str) -> &str {
    element.split(';').next().unwrap_or_default().trim()
}

/// What of a body is still to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// So many bytes.
    Bytes(u64),
    /// Chunks.
    Chunks(Chunk),
    /// Everything up to the end of the connection.
    UntilEnd,
}

/// The part of a chunk that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chunk {
    /// The line with the size.
    Size,
    /// So many bytes of data.
    Data(u64),
    /// The line end behind the data.
    End,
    /// The lines behind the last chunk.
    Trailers,
}

impl Body {
    /// None, or no more.
    pub const NONE: Self = Self::Bytes(0);

    /// Whether nothing more is to come.
    pub fn is_whole(self) -> bool {
        self == Self::NONE
    }

    /// Takes the next bytes of the body from the front of `input`; none if more must arrive first, or if it is whole.
    ///
    /// # Errors
    /// If its chunks are not well-formed.
    pub fn take<'b>(&mut self, input: &mut &'b [u8]) -> Result<Option<&'b [u8]>, HttpError> {
        loop {
            let here = match *self {
                Self::UntilEnd => input.len(),
                Self::Bytes(left) | Self::Chunks(Chunk::Data(left)) => {
                    usize::try_from(left).unwrap_or(usize::MAX).min(input.len())
                }
                Self::Chunks(chunk) => {
                    let Some(line) = take_line(input)? else {
                        return Ok(None);
                    };
                    *self = chunk.after(line)?;
                    continue;
                }
            };
            let (piece, rest) = input.split_at(here);
            *input = rest;
            let taken = here as u64;
            *self = match *self {
                Self::UntilEnd => Self::UntilEnd,
                Self::Bytes(left) => Self::Bytes(left - taken),
                Self::Chunks(Chunk::Data(left)) if left > taken => Self::Chunks(Chunk::Data(left - taken)),
                Self::Chunks(_) => Self::Chunks(Chunk::End),
            };
            return Ok((!piece.is_empty()).then_some(piece));
        }
    }
}

impl Chunk {
    /// What comes after this line.
    fn after(self, line: &[u8]) -> Result<Body, HttpError> {
        match self {
            Self::Size => match chunk_size(line)? {
                0 => Ok(Body::Chunks(Self::Trailers)),
                size => Ok(Body::Chunks(Self::Data(size))),
            },
            Self::End if line.is_empty() => Ok(Body::Chunks(Self::Size)),
            Self::Trailers if line.is_empty() => Ok(Body::NONE),
            Self::Trailers => Ok(Body::Chunks(Self::Trailers)),
            Self::End | Self::Data(_) => Err(HttpError::Chunks),
        }
    }
}

/// A line without its end, once it is whole.
fn take_line<'b>(input: &mut &'b [u8]) -> Result<Option<&'b [u8]>, HttpError> {
    let end = memchr::memchr(b'\n', input);
    if end.unwrap_or(input.len()) > LONGEST_LINE {
        return Err(HttpError::Chunks);
    }
    let Some(end) = end else { return Ok(None) };
    let line = input[..end].strip_suffix(b"\r").ok_or(HttpError::Chunks)?;
    *input = &input[end + 1..];
    Ok(Some(line))
}

/// The size in the line before a chunk, which may have extensions.
///
/// # Errors
/// If it is not a hexadecimal number.
pub fn chunk_size(line: &[u8]) -> Result<u64, HttpError> {
    let size = std::str::from_utf8(line).map_err(|_| HttpError::Chunks)?;
    let digits = without_parameters(size);
    // `from_str_radix` would take a sign.
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(HttpError::Chunks);
    }
    u64::from_str_radix(digits, 16).map_err(|_| HttpError::Chunks)
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer<'b> {
    /// The status, as 200.
    pub status: u16,
    /// The body.
    pub body: Cow<'b, [u8]>,
    /// Whether the server closes the connection behind it.
    pub closes: bool,
}

/// Takes a whole answer from the front of `input`, its status and its body; none if it is not whole yet. What follows it
/// stays. `longest_body` limits the body; a head has at most [`LONGEST_HEAD`] bytes.
///
/// # Errors
/// If it is not an answer to a GET with a body that has an end, if its body is coded, or if a part of it is too long.
pub fn read_answer<'b>(input: &mut &'b [u8], longest_body: usize) -> Result<Option<Answer<'b>>, HttpError> {
    let mut headers = NO_HEADERS;
    let mut rest = *input;
    let Some(head) = read_head(&mut rest, &mut headers, LONGEST_HEAD)? else {
        return Ok(None);
    };
    if head.is_coded() {
        return Err(HttpError::Coding);
    }
    let mut body = head.body("GET")?;
    match body {
        Body::UntilEnd => return Err(HttpError::NoLength),
        Body::Bytes(length) if length > longest_body as u64 => return Err(HttpError::BodyTooLong),
        Body::Bytes(_) | Body::Chunks(_) => {}
    }
    let mut whole = Cow::Borrowed(&[][..]);
    while let Some(piece) = body.take(&mut rest)? {
        match whole.is_empty() {
            true => whole = Cow::Borrowed(piece),
            false => whole.to_mut().extend_from_slice(piece),
        }
        if whole.len() > longest_body {
            return Err(HttpError::BodyTooLong);
        }
    }
    if !body.is_whole() {
        return Ok(None);
    }
    *input = rest;
    Ok(Some(Answer {
        status: head.status,
        closes: head.closes(),
        body: whole,
    }))
}

#[cfg(test)]
mod tests;
