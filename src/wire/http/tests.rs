//! Tests of answers of HTTP/1.1: which are whole, and which are invalid.

use super::*;

const LONGEST: usize = 1000;

fn answer(text: &str) -> Result<Option<(u16, String, usize)>, HttpError> {
    let mut input = text.as_bytes();
    let read = read_answer(&mut input, LONGEST)?;
    Ok(read.map(|it| (it.status, String::from_utf8_lossy(&it.body).into(), input.len())))
}

fn whole(text: &str) -> (u16, String) {
    let (status, body, rest) = answer(text).unwrap().expect("it is whole");
    assert_eq!(rest, 0, "{text:?}");
    for end in 0..text.len() {
        assert_eq!(answer(&text[..end]), Ok(None), "{:?}", &text[..end]);
    }
    (status, body)
}

#[test]
fn an_answer_is_whole_when_its_last_byte_is_there() {
    let length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde";
    assert_eq!(whole(length), (200, "abcde".to_owned()));
    let chunks = "HTTP/1.1 404 No\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3;x=1\r\nabc\r\nA\r\n0123456789\r\n0\r\n\
                  x-more: y\r\n\r\n";
    assert_eq!(whole(chunks), (404, "abc0123456789".to_owned()));
    assert_eq!(whole("HTTP/1.1 204 No Content\r\n\r\n"), (204, String::new()));
    let interim = "HTTP/1.1 103 Early\r\nlink: <a>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na";
    assert_eq!(whole(interim), (200, "a".to_owned()));
}

#[test]
fn what_follows_an_answer_stays() {
    let two = "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1";
    assert_eq!(answer(two), Ok(Some((200, "a".to_owned(), 8))));
}

#[test]
fn what_is_not_an_answer_is_told() {
    let long = "y".repeat(LONGEST);
    let longest_head = "y".repeat(LONGEST_HEAD);
    for (text, error) in [
        ("SSH-2.0\r\n", HttpError::Head(httparse::Error::Version)),
        (
            &format!("HTTP/1.1 200 OK\r\na: {longest_head}"),
            HttpError::HeadTooLong,
        ),
        (
            &"HTTP/1.1 103 Early\r\nlink: <a>\r\n\r\n".repeat(1000),
            HttpError::InterimTooLong,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-encoding: Identity, gzip\r\ncontent-length: 1\r\n\r\na",
            HttpError::Coding,
        ),
        ("HTTP/1.1 200 OK\r\n\r\nabcd", HttpError::NoLength),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
            HttpError::ContentLength,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\n",
            HttpError::ContentLength,
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n",
            HttpError::BodyTooLong,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense\r\n",
            HttpError::Chunks,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n+1\r\na\r\n",
            HttpError::Chunks,
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nab\r\n",
            HttpError::Chunks,
        ),
        (
            &format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n500\r\n{long}y"),
            HttpError::BodyTooLong,
        ),
    ] {
        assert_eq!(answer(text), Err(error), "{text:?}");
    }
}

#[test]
fn a_body_without_a_length_goes_on_to_the_end_of_the_connection() {
    let mut headers = NO_HEADERS;
    let mut input = &b"HTTP/1.0 200 OK\r\n\r\nabc"[..];
    let head = read_head(&mut input, &mut headers, LONGEST).unwrap().unwrap();
    let mut body = head.body("GET").unwrap();
    assert_eq!(body.take(&mut input), Ok(Some(&b"abc"[..])));
    assert_eq!((body.take(&mut input), body.is_whole()), (Ok(None), false));
    assert_eq!(head.body("HEAD"), Ok(Body::NONE));
}
