//! Renders what a server said about an error in one line: an HTTP status with its text, a payload, or a close frame.

use crate::protocol::Payload;
use crate::session::PollRequest;
use crate::wire::websocket::parse_close;

/// At most this much of a response is read.
const MOST: usize = 4 << 10;

/// An unexpected HTTP response, for example `403 Forbidden: no such user`.
pub(super) fn answer(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MOST)]);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.lines().next().unwrap_or_default();
    let status = match status.split_once(' ') {
        Some((version, status)) if version.starts_with("HTTP/") => status.trim(),
        _ => return format!("not an HTTP answer: {status:?}"),
    };
    let words = without_tags(body);
    let is_size = |line: &&str| line.chars().all(|it| it.is_ascii_hexdigit());
    let mut lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    match lines.find(|line| !is_size(line)) {
        Some(line) => format!("{status}: {line}"),
        None => status.to_owned(),
    }
}

/// The text of an HTML page.
fn without_tags(page: &str) -> String {
    let mut inside = false;
    let text = page.chars().filter(|it| {
        match it {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                return false;
            }
            _ => {}
        }
        !inside
    });
    text.collect()
}

/// A payload, unchanged.
pub(super) fn payload(payload: Payload<'_>) -> String {
    match payload {
        Payload::Json(json) => json.to_owned(),
        Payload::Binary(bytes) | Payload::BinaryReply { data: bytes, .. } => format!("{} bytes", bytes.len()),
    }
}

/// A close frame, for example `closed with 1001, going away`.
pub(super) fn close(payload: &[u8]) -> String {
    match parse_close(payload) {
        Ok(Some(close)) if close.reason.is_empty() => format!("closed with {}", close.code),
        Ok(Some(close)) => format!("closed with {}, {}", close.code, close.reason),
        Ok(None) => "closed without a code".to_owned(),
        Err(_) => "closed with a frame that is not valid".to_owned(),
    }
}

/// A long poll request that was answered with a status that ends the session.
pub(super) fn over(of: PollRequest, status: u16) -> String {
    format!("a {} was answered with {status}", of.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_and_the_first_line_of_its_text() {
        let page = b"HTTP/1.0 404 File not found\r\nServer: x\r\n\r\n<!DOCTYPE HTML>\n<html>\n<title>Error response</title>";
        assert_eq!(answer(page), "404 File not found: Error response");
        let chunked = b"HTTP/1.1 403 Forbidden\r\n\r\n1a\r\n{\"message\":\"no such user\"}\r\n0\r\n";
        assert_eq!(answer(chunked), "403 Forbidden: {\"message\":\"no such user\"}");
        assert_eq!(answer(b"HTTP/1.1 503 Busy\r\n\r\n"), "503 Busy");
        assert_eq!(answer(b"SSH-2.0\r\n"), "not an HTTP answer: \"SSH-2.0\"");
    }

    #[test]
    fn a_close_is_its_code_and_reason() {
        assert_eq!(close(b"\x03\xe9bye"), "closed with 1001, bye");
        assert_eq!(close(b""), "closed without a code");
    }
}
