//! Reads a request, within narrow bounds.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::answer::Answer;

/// The longest head of a request.
const LONGEST_HEAD: usize = 16 << 10;
/// The longest body: a command is short.
const LONGEST_BODY: usize = 1 << 10;
const MOST_HEADERS: usize = 64;

/// A request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LiveRequest {
    /// The method.
    pub(super) method: String,
    /// The path without its query.
    pub(super) path: String,
    /// The body.
    pub(super) body: Vec<u8>,
    pub(super) host: Option<String>,
    pub(super) origin: Option<String>,
    pub(super) fetch_site: Option<String>,
    pub(super) expects_continue: bool,
    pub(super) length: usize,
}

/// The reason why there is no request.
#[derive(Debug)]
pub(super) enum Unread {
    /// The connection ended.
    Ended(io::Error),
    /// It is refused.
    Refused(Answer),
}

impl From<io::Error> for Unread {
    fn from(why: io::Error) -> Self {
        Self::Ended(why)
    }
}

/// Reads a request from a connection.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<LiveRequest, Unread> {
    let mut input = Vec::new();
    let (mut request, head) = loop {
        more(stream, &mut input).await?;
        if let Some(read) = parse(&input).map_err(Unread::Refused)? {
            break read;
        }
        if input.len() > LONGEST_HEAD {
            return Err(Unread::Refused(Answer::text(
                431,
                "the head of the request is too long\n",
            )));
        }
    };
    if request.expects_continue {
        // The body is so short that no client needs to wait for its permission.
        return Err(Unread::Refused(Answer::text(417, "send the body at once\n")));
    }
    while input.len() < head + request.length {
        more(stream, &mut input).await?;
    }
    request.body = input[head..head + request.length].to_vec();
    Ok(request)
}

async fn more(stream: &mut (impl AsyncRead + Unpin), input: &mut Vec<u8>) -> io::Result<()> {
    match stream.read_buf(input).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(()),
    }
}

/// The request and the length of its head; `None` if the head is not complete.
fn parse(input: &[u8]) -> Result<Option<(LiveRequest, usize)>, Answer> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let head = match parsed.parse(input) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(why) => return Err(Answer::text(400, format!("this is no HTTP request: {why}\n"))),
    };
    let target = parsed.path.unwrap_or_default();
    let mut request = LiveRequest {
        method: parsed.method.unwrap_or_default().to_owned(),
        path: target.split(['?', '#']).next().unwrap_or_default().to_owned(),
        ..LiveRequest::default()
    };
    for header in parsed.headers.iter() {
        let value = String::from_utf8_lossy(header.value).trim().to_owned();
        match header.name.to_ascii_lowercase().as_str() {
            "host" => request.host = Some(value),
            "origin" => request.origin = Some(value),
            "sec-fetch-site" => request.fetch_site = Some(value),
            "expect" => request.expects_continue = true,
            "transfer-encoding" => return Err(Answer::text(411, "say the length of the body\n")),
            "content-length" => match value.parse() {
                Ok(length) if length <= LONGEST_BODY => request.length = length,
                Ok(_) => {
                    return Err(Answer::text(
                        413,
                        format!("a body has at most {LONGEST_BODY} bytes\n"),
                    ));
                }
                Err(_) => return Err(Answer::text(400, "the content-length is no number\n")),
            },
            _ => {}
        }
    }
    Ok(Some((request, head)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(input: &str) -> u16 {
        parse(input.as_bytes()).unwrap_err().status
    }

    #[test]
    fn a_request_is_read_with_what_matters_of_its_head() {
        let text = "PUT /rate?x HTTP/1.1\r\nHost: 127.0.0.1:9\r\nOrigin: http://127.0.0.1:9\r\nContent-Length: 2\r\n\r\n50";
        for cut in 0..text.len() - 2 {
            assert!(parse(&text.as_bytes()[..cut]).unwrap().is_none(), "{cut}");
        }
        let (request, head) = parse(text.as_bytes()).unwrap().unwrap();
        assert_eq!((head, request.length), (text.len() - 2, 2));
        assert_eq!((&*request.method, &*request.path), ("PUT", "/rate"));
        assert_eq!(request.host.as_deref(), Some("127.0.0.1:9"));
        assert_eq!(request.origin.as_deref(), Some("http://127.0.0.1:9"));
    }

    #[test]
    fn what_is_no_short_request_is_refused() {
        assert_eq!(refused("what\r\n\r\n"), 400);
        assert_eq!(refused("PUT /rate HTTP/1.1\r\nContent-Length: 1025\r\n\r\n"), 413);
        assert_eq!(refused("PUT /rate HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), 400);
        assert_eq!(
            refused("PUT /rate HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            411
        );
    }
}
