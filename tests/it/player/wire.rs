//! Bytes as a server sees and makes them: request heads, answers, WebSocket frames. By hand, as the frames of the
//! recordings are not always legal.

use std::fmt::Write as _;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// More than any client of ours sends in one piece.
const LARGEST: usize = 32 << 20;

/// A request with its body.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    /// Reads one; nothing if the client went away before its end.
    pub(crate) async fn read(input: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(input.read_u8().await.ok().filter(|_| head.len() < LARGEST)?);
        }
        let head = String::from_utf8(head).ok()?;
        let mut words = head.lines().next()?.split(' ');
        let mut request = Self {
            method: words.next()?.to_owned(),
            path: words.next()?.to_owned(),
            headers: head
                .lines()
                .filter_map(|line| line.split_once(": "))
                .map(owned)
                .collect(),
            body: String::new(),
        };
        let length = request
            .header("content-length")
            .map_or(Ok(0), str::parse::<usize>)
            .ok()?;
        let mut body = vec![0; length.min(LARGEST)];
        input.read_exact(&mut body).await.ok()?;
        request.body = String::from_utf8(body).ok()?;
        Some(request)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn asks_for_upgrade(&self) -> bool {
        self.header("upgrade")
            .is_some_and(|it| it.eq_ignore_ascii_case("websocket"))
    }

    /// The answer that lets a client in.
    pub(crate) fn switching(&self) -> String {
        let accept = derive_accept_key(self.header("sec-websocket-key").unwrap_or_default().as_bytes());
        format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: {accept}\r\n\r\n"
        )
    }
}

fn owned((name, value): (&str, &str)) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

/// An answer after which the connection ends.
pub(crate) fn answer(status: u16, content_type: Option<&str>, body: &str) -> String {
    let mut head = format!("HTTP/1.1 {status} Recorded\r\nconnection: close\r\n");
    if let Some(content_type) = content_type {
        let _ = write!(head, "content-type: {content_type}\r\n");
    }
    if status != 204 {
        let _ = write!(head, "content-length: {}\r\n", body.len());
    }
    head + "\r\n" + body
}

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
pub(crate) const CLOSE: u8 = 8;
pub(crate) const PONG: u8 = 10;

/// A frame from the client.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "two bits of the header, as they stand there"
)]
pub(crate) struct Frame {
    pub(crate) opcode: u8,
    pub(crate) fin: bool,
    pub(crate) reserved: u8,
    pub(crate) masked: bool,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// Reads one; nothing if the client went away before its end.
    pub(crate) async fn read(input: &mut (impl AsyncRead + Unpin)) -> Option<Self> {
        let first = input.read_u8().await.ok()?;
        let second = input.read_u8().await.ok()?;
        let length = match second & 0x7f {
            126 => u64::from(input.read_u16().await.ok()?),
            127 => input.read_u64().await.ok()?,
            short => u64::from(short),
        };
        let length = usize::try_from(length).ok().filter(|length| *length <= LARGEST)?;
        let masked = second & 0x80 != 0;
        let mut mask = [0; 4];
        if masked {
            input.read_exact(&mut mask).await.ok()?;
        }
        let mut payload = vec![0; length];
        input.read_exact(&mut payload).await.ok()?;
        payload
            .iter_mut()
            .zip(mask.iter().cycle())
            .for_each(|(byte, mask)| *byte ^= mask);
        Some(Self {
            opcode: first & 0x0f,
            fin: first & 0x80 != 0,
            reserved: first >> 4 & 0x07,
            masked,
            payload,
        })
    }

    /// Whether it is a whole message of this kind, framed as usual.
    pub(crate) fn is_whole(&self, opcode: u8) -> bool {
        self.opcode == opcode && self.fin && self.reserved == 0 && self.masked
    }

    /// The text, if this is a text message.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.payload)
            .ok()
            .filter(|_| self.is_whole(TEXT))
    }

    /// How it looks to a person.
    pub(crate) fn show(&self) -> String {
        if let Some(text) = self.text() {
            return brief(text);
        }
        let (opcode, fin, masked) = (self.opcode, self.fin, self.masked);
        let text = brief(&String::from_utf8_lossy(&self.payload));
        format!("a frame with opcode {opcode}, fin {fin}, masked {masked}: {text}")
    }
}

/// A frame to the client.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0x80 | opcode];
    match (u8::try_from(payload.len()), u16::try_from(payload.len())) {
        (Ok(short @ 0..=125), _) => out.push(short),
        (_, Ok(middle)) => {
            out.push(126);
            out.extend(middle.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend((payload.len() as u64).to_be_bytes());
        }
    }
    out.extend(payload);
    out
}

/// A text cut where it gets too long to look at.
pub(crate) fn brief(text: &str) -> String {
    match text.char_indices().nth(300) {
        Some((at, _)) => format!("{}… ({} bytes)", &text[..at], text.len()),
        None => text.to_owned(),
    }
}
