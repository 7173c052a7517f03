//! A client that sends long poll requests, each on the connection that it is told to, and reads the answers.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use phxproof::server::Server;
use serde_json::Value;

/// Nothing takes that long but what never comes.
const PATIENCE: Duration = Duration::from_secs(20);
/// The header of a body with one message a line.
pub(super) const NDJSON: &str = "content-type: application/x-ndjson";

/// One connection.
pub(super) struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// The head in small letters, without the line of the status.
    pub(super) head: String,
    pub(super) body: String,
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The status in the body.
    pub(super) fn told(&self) -> u64 {
        self.json()["status"].as_u64().expect("a status")
    }

    pub(super) fn token(&self) -> String {
        self.json()["token"].as_str().expect("a token").to_owned()
    }

    /// The status in the body, and the messages.
    pub(super) fn brought(&self) -> (u64, Vec<String>) {
        let messages = self.json();
        let messages = messages["messages"].as_array().into_iter().flatten();
        let messages = messages.map(|message| message.as_str().expect("a text").to_owned());
        (self.told(), messages.collect())
    }
}

impl Connection {
    pub(super) fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self {
            stream,
            input: Vec::new(),
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        // A server that has hung up already is seen when it is read from.
        let _ = self.stream.write_all(bytes);
    }

    /// Sends a request.
    pub(super) fn send(&mut self, request: &str, headers: &[&str], body: Option<&str>) {
        let mut head = format!("{request} HTTP/1.1\r\nhost: a\r\n");
        for header in headers {
            head.push_str(header);
            head.push_str("\r\n");
        }
        if let Some(body) = body {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        head.push_str(body.unwrap_or_default());
        self.write(head.as_bytes());
    }

    /// Sends a request, and reads its answer.
    pub(super) fn ask(&mut self, request: &str, headers: &[&str], body: Option<&str>) -> Answer {
        self.send(request, headers, body);
        self.answer()
    }

    /// The next answer.
    pub(super) fn answer(&mut self) -> Answer {
        self.answer_or_end().expect("an answer")
    }

    /// The next answer; none: the connection ends.
    pub(super) fn answer_or_end(&mut self) -> Option<Answer> {
        let head = loop {
            if let Some(end) = self.input.windows(4).position(|window| window == b"\r\n\r\n") {
                break self.input.drain(..end + 4).collect::<Vec<u8>>();
            }
            if !self.read() {
                return None;
            }
        };
        let head = String::from_utf8(head).expect("text").to_ascii_lowercase();
        let (line, head) = head.split_once("\r\n").expect("lines");
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut answer = Answer {
            status: status.expect("a status"),
            head: head.to_owned(),
            body: String::new(),
        };
        let length = answer
            .header("content-length")
            .map_or(0, |length| length.parse().expect("a length"));
        while self.input.len() < length && self.read() {}
        let body = self.input.drain(..length).collect();
        answer.body = String::from_utf8(body).expect("text");
        Some(answer)
    }

    /// Whether something has come that was not read yet.
    pub(super) fn has_input(&self) -> bool {
        self.stream.set_nonblocking(true).expect("a socket");
        let seen = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).expect("a socket");
        seen.is_ok()
    }

    /// Reads once; whether something came.
    fn read(&mut self) -> bool {
        let mut buffer = [0; 64 << 10];
        match self.stream.read(&mut buffer) {
            Ok(0) => false,
            Ok(n) => {
                self.input.extend_from_slice(&buffer[..n]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error}"),
        }
    }
}

/// One request on a connection of its own.
pub(super) fn ask(server: &Server, request: &str, headers: &[&str], body: Option<&str>) -> Answer {
    Connection::open(server.address()).ask(request, headers, body)
}

/// A session, each of whose requests has a connection of its own.
pub(super) struct Session {
    address: SocketAddr,
    mount: &'static str,
    pub(super) token: String,
}

/// The path of the mount whose windows are long.
pub(super) const SLOW: &str = "/socket/longpoll?vsn=2.0.0";
/// The path of the mount whose windows are a second long.
pub(super) const FAST: &str = "/fast_socket/longpoll?vsn=2.0.0";

pub(super) const JOIN: &str = r#"["1","1","lab:room","phx_join",{}]"#;
pub(super) const JOINED: &str =
    r#"["1","1","lab:room","phx_reply",{"response":{"params":{}},"status":"ok"}]"#;

/// A push that is answered by the push [`pushed`].
pub(super) fn push(n: u32) -> String {
    format!(r#"["1","{n}","lab:room","push",{{"n":{n}}}]"#)
}

pub(super) fn pushed(n: u32) -> String {
    format!(r#"["1",null,"lab:room","pushed",{{"n":{n}}}]"#)
}

impl Session {
    pub(super) fn open(server: &Server, mount: &'static str) -> Self {
        Self::open_with(server, mount, "")
    }

    /// The same with more of a query.
    pub(super) fn open_with(server: &Server, mount: &'static str, query: &str) -> Self {
        Self {
            address: server.address(),
            mount,
            token: ask(server, &format!("GET {mount}{query}"), &[], None).token(),
        }
    }

    /// A session that has joined `lab:room`, and polled the reply.
    pub(super) fn joined(server: &Server, mount: &'static str) -> Self {
        let session = Self::open(server, mount);
        assert_eq!(session.post(&[JOIN]).told(), 200);
        assert_eq!(session.poll().brought(), (200, vec![JOINED.to_owned()]));
        session
    }

    /// What a request to the session begins with.
    pub(super) fn request(&self, method: &str) -> String {
        format!("{method} {}&token={}", self.mount, self.token)
    }

    /// The header that carries the token.
    pub(super) fn header(&self) -> String {
        format!("x-phoenix-longpoll-token: {}", self.token)
    }

    /// A poll that was sent, and has no answer yet.
    pub(super) fn polling(&self) -> Connection {
        let mut connection = Connection::open(self.address);
        connection.send(&self.request("GET"), &[], None);
        connection
    }

    pub(super) fn poll(&self) -> Answer {
        self.polling().answer()
    }

    /// A request whose head was sent, and whose body is not.
    pub(super) fn sending(&self, method: &str, headers: &[&str]) -> Connection {
        let mut connection = Connection::open(self.address);
        connection.send(&self.request(method), headers, None);
        connection
    }

    /// A batch that was sent, and has no answer yet.
    pub(super) fn posting(&self, lines: &[&str]) -> Connection {
        let mut connection = Connection::open(self.address);
        connection.send(&self.request("POST"), &[NDJSON], Some(&lines.join("\n")));
        connection
    }

    pub(super) fn post(&self, lines: &[&str]) -> Answer {
        self.posting(lines).answer()
    }
}
