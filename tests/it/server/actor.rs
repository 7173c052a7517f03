//! A client that does what it is told, byte by byte, and writes down what it sees.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use phxproof::internal::wire::websocket::{Header, Opcode, mask};

use super::transcript::{Content, Masked, Seen, Sent};

/// Nothing takes that long but what never comes.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const KEY: [u8; 4] = [0x12, 0x34, 0x56, 0x78];
/// The payload of the ping that asks whether anything else was said.
const MARK: &[u8] = b"is there more?";

/// One connection.
pub(super) struct Actor {
    stream: Option<TcpStream>,
    input: Vec<u8>,
    output: Vec<u8>,
    pub(super) seen: Vec<Seen>,
}

impl Actor {
    /// Asks to be upgraded.
    pub(super) fn connect(address: SocketAddr, target: &str, headers: &[String], version: &str) -> Self {
        let mut head = format!(
            "GET {target} HTTP/1.1\r\nhost: {address}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: {version}\r\n"
        );
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        head.push_str("\r\n");
        Self::ask(address, &head)
    }

    /// Sends a request, and notes the status.
    pub(super) fn request(address: SocketAddr, head: &str, body: &str) -> Self {
        let length = body.len();
        Self::ask(
            address,
            &format!("{head} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {length}\r\n\r\n{body}"),
        )
    }

    /// How long it waits for what it has not seen yet.
    pub(super) fn waits_for(&mut self, patience: Duration) {
        if let Some(stream) = &self.stream {
            stream.set_read_timeout(Some(patience)).expect("a timeout");
        }
    }

    fn ask(address: SocketAddr, request: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut actor = Self {
            stream: Some(stream),
            input: Vec::new(),
            output: Vec::new(),
            seen: Vec::new(),
        };
        actor.output.extend_from_slice(request.as_bytes());
        actor.flush();
        let answer = actor.response();
        actor.seen.push(answer);
        actor
    }

    fn response(&mut self) -> Seen {
        let head = loop {
            if let Some(end) = self.input.windows(4).position(|window| window == b"\r\n\r\n") {
                break self.input.drain(..end + 4).collect::<Vec<u8>>();
            }
            if !self.read() {
                return Seen::End;
            }
        };
        let head = String::from_utf8(head)
            .expect("a head is text")
            .to_ascii_lowercase();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .expect("a status");
        if status == 101 {
            assert!(
                head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="),
                "{head}"
            );
            return Seen::Open;
        }
        let length = head
            .split("content-length: ")
            .nth(1)
            .and_then(|rest| rest.lines().next());
        // What has no length has no body here.
        let length: usize = length.map_or(0, |length| length.parse().expect("a length"));
        while self.input.len() < length && self.read() {}
        let body = self.input.drain(..length).collect();
        Seen::Status(status, String::from_utf8(body).expect("a body is text"))
    }

    pub(super) fn send(&mut self, sent: &Sent) {
        self.send_at_once(std::slice::from_ref(sent));
    }

    /// Sends all of it in one write.
    pub(super) fn send_at_once(&mut self, sent: &[Sent]) {
        for sent in sent {
            self.put(sent);
        }
        self.flush();
    }

    fn put(&mut self, sent: &Sent) {
        match sent {
            Sent::Message(Content::Text(text)) => self.frame(0x81, text.as_bytes(), Masked::Yes),
            Sent::Message(Content::Binary(bytes)) => self.frame(0x82, bytes, Masked::Yes),
            Sent::Raw {
                first,
                payload,
                masked,
            } => self.frame(*first, payload, *masked),
            Sent::Close(code) => self.frame(0x88, &code.to_be_bytes(), Masked::Yes),
            Sent::Cut => self.stream = None,
        }
    }

    fn frame(&mut self, first: u8, payload: &[u8], masked: Masked) {
        let header = Header::new(Opcode::from_bits(first), payload.len() as u64);
        let mut payload = payload.to_vec();
        let mut bytes = Vec::new();
        match masked {
            Masked::Yes => {
                header.masked(KEY).write(&mut bytes);
                mask(&mut payload, KEY, 0);
            }
            Masked::No => header.write(&mut bytes),
        }
        bytes[0] = first;
        bytes.append(&mut payload);
        self.output.append(&mut bytes);
    }

    fn flush(&mut self) {
        let output = std::mem::take(&mut self.output);
        if let Some(stream) = &mut self.stream {
            // A server that has hung up already is seen when it is read from.
            let _ = stream.write_all(&output);
        }
    }

    /// Reads until so much was seen; whether it was.
    pub(super) fn sees(&mut self, count: usize) -> bool {
        while self.seen.len() < count {
            match self.next() {
                Some(seen) => self.seen.push(seen),
                None => return false,
            }
        }
        true
    }

    /// Whatever else was said before the answer to a ping: all that the server had to say so far.
    pub(super) fn rest(&mut self) {
        if self.stream.is_none() || self.seen.first() != Some(&Seen::Open) || self.seen.contains(&Seen::End) {
            return;
        }
        self.frame(0x89, MARK, Masked::Yes);
        self.flush();
        while let Some(seen) = self.next() {
            if seen == Seen::Pong(MARK.to_vec()) {
                return;
            }
            self.seen.push(seen);
        }
    }

    fn next(&mut self) -> Option<Seen> {
        self.stream.as_ref()?;
        loop {
            if let Some(header) = Header::parse(&self.input) {
                let length = usize::try_from(header.length).expect("a length");
                let end = header.header_len() + length;
                if self.input.len() >= end {
                    let payload: Vec<u8> = self.input.drain(..end).skip(header.header_len()).collect();
                    return Some(self.frame_seen(header.opcode, payload));
                }
            }
            if self.seen.last() == Some(&Seen::End) {
                return None;
            }
            if !self.read() {
                return self.stream.is_some().then_some(Seen::End);
            }
        }
    }

    fn frame_seen(&mut self, opcode: Opcode, payload: Vec<u8>) -> Seen {
        match opcode {
            Opcode::Text => Seen::Message(Content::Text(String::from_utf8(payload).expect("text is UTF-8"))),
            Opcode::Binary => Seen::Message(Content::Binary(payload)),
            Opcode::Pong => Seen::Pong(payload),
            Opcode::Close => {
                self.frame(0x88, &payload, Masked::Yes);
                self.flush();
                Seen::Close(
                    payload
                        .first_chunk()
                        .map_or(1005, |code| u16::from_be_bytes(*code)),
                )
            }
            other => panic!("a server sends no {other:?}"),
        }
    }

    /// Reads once. False: the stream has ended, or nothing came (then there is no stream any more).
    fn read(&mut self) -> bool {
        let Some(stream) = &mut self.stream else {
            return false;
        };
        let mut buffer = [0; 64 << 10];
        match stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(n) => {
                self.input.extend_from_slice(&buffer[..n]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(_) => {
                self.stream = None;
                false
            }
        }
    }
}
