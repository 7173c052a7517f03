//! Small servers for tests of `load`: correct servers that stall for a while, and servers that misbehave in a chosen way.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use phxproof::Vsn;
use phxproof::internal::protocol::{Field, Frame, HEARTBEAT, JOIN, Message, Payload, REPLY, Reply};
use phxproof::internal::wire::websocket::{Header, Opcode, mask, write_frame};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// What a server does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// Answers every message ok, but at the given one stops for a while, as a whole.
    Stalls(usize, Duration),
    /// Accepts, and says nothing.
    Silent,
    /// The same to the first so many connections; it takes its time for the others.
    SilentAtFirst(usize, Duration),
    /// Answers every request with 503.
    Unavailable,
    /// Resets every second connection.
    ResetsHalf,
    /// After the upgrade it sends bytes that the protocol forbids.
    Babbles(&'static [u8]),
    /// Answers joins, then ends with the given push.
    Dies(usize),
    /// Sends the same broadcast with each answer, to a topic that the client has not joined.
    Crosses,
    /// Answers joins only.
    Ignores,
    /// Answers joins, and this one of all pushes.
    AnswersOnly(usize),
    /// Answers the requests of these connections with 503.
    UnavailableTo(usize, usize),
    /// Answers everything but heartbeats.
    Heartless,
    /// Refuses all joins but the first so many.
    LetsIn(usize),
    /// Refuses the first so many joins, as Phoenix does where a join crashes.
    CrashesFirst(usize),
    /// Ends a connection without a word after so long without a message.
    CutsIdle(Duration),
    /// Broadcasts every push to all connections, but of so many one is lost to some.
    Loses(usize, Whom),
    /// Answers everything until it gets a close frame, and from then on nothing.
    Stays,
}

/// Whom a broadcast is lost to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whom {
    Sender,
    Everybody,
}

/// A server. It ends with the last of its connections; nothing is accepted once it is dropped.
pub(super) struct Fake {
    pub(super) address: SocketAddr,
    /// The payloads of broadcasts that were lost.
    pub(super) lost: Arc<Mutex<Vec<String>>>,
    _open: Sender<()>,
}

/// What its threads share.
struct Shared {
    manner: Manner,
    connections: AtomicUsize,
    joins: AtomicUsize,
    pushes: AtomicUsize,
    lost: Arc<Mutex<Vec<String>>>,
    /// Held by the thread that answers, so that a stall stops all connections.
    turn: Mutex<()>,
    /// All connections, to end them together.
    streams: Mutex<Vec<TcpStream>>,
    /// Nothing is ever sent here: waiting for it is how to wait.
    never: Mutex<Receiver<()>>,
}

impl Fake {
    pub(super) fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (open, never) = channel();
        let lost = Arc::default();
        let shared = Arc::new(Shared {
            manner,
            lost: Arc::clone(&lost),
            connections: AtomicUsize::new(0),
            joins: AtomicUsize::new(0),
            pushes: AtomicUsize::new(0),
            turn: Mutex::new(()),
            streams: Mutex::new(Vec::new()),
            never: Mutex::new(never),
        });
        thread::spawn(move || {
            for stream in listener.incoming().take(10_000) {
                let Ok(stream) = stream else { break };
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.serve(stream));
            }
        });
        Self {
            address,
            lost,
            _open: open,
        }
    }
}

impl Shared {
    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let number = self.connections.fetch_add(1, Ordering::SeqCst);
        let key = read_head(&mut stream)?;
        match self.manner {
            Manner::SilentAtFirst(some, pause) if number >= some => {
                let _ = self.never.lock().ok()?.recv_timeout(pause);
            }
            Manner::Silent | Manner::SilentAtFirst(..) => {
                // Until the client gives up.
                return stream.read_exact(&mut [0; 1]).ok();
            }
            Manner::UnavailableTo(first, last) if number < first || number > last => {}
            Manner::Unavailable | Manner::UnavailableTo(..) => {
                return stream
                    .write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
                    .ok();
            }
            Manner::ResetsHalf if number % 2 == 1 => return stream.shutdown(Shutdown::Both).ok(),
            _ => {}
        }
        let accept = derive_accept_key(key.as_bytes());
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: {accept}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).ok()?;
        if let Manner::Babbles(bytes) = self.manner {
            stream.write_all(bytes).ok()?;
        }
        if let Manner::CutsIdle(after) = self.manner {
            stream.set_read_timeout(Some(after)).ok()?;
        }
        self.streams.lock().ok()?.push(stream.try_clone().ok()?);
        loop {
            let Some((opcode, payload)) = read_frame(&mut stream) else {
                // The list of all connections has another handle of it.
                return stream.shutdown(Shutdown::Both).ok();
            };
            match opcode {
                Opcode::Text => self.answer(&mut stream, std::str::from_utf8(&payload).ok()?)?,
                Opcode::Close if self.manner == Manner::Stays => {
                    return std::io::copy(&mut stream, &mut std::io::sink()).ok().map(drop);
                }
                Opcode::Close => {
                    let mut frame = Vec::new();
                    write_frame(Opcode::Close, &payload, None, &mut frame);
                    return stream.write_all(&frame).ok();
                }
                _ => {}
            }
        }
    }

    /// Sends a push to all connections but those that it is lost to.
    fn broadcast(&self, sender: &TcpStream, message: &Message<'_>, lost_to: Option<Whom>) -> Option<()> {
        let broadcast = Message {
            join_ref: Field::Null,
            reference: Field::Null,
            event: "broadcasted".into(),
            ..message.clone()
        };
        if let (Some(_), Payload::Json(json)) = (lost_to, message.payload) {
            self.lost.lock().ok()?.push(json.to_owned());
        }
        for stream in self.streams.lock().ok()?.iter_mut() {
            let is_sender = stream.peer_addr().ok() == sender.peer_addr().ok();
            match lost_to {
                Some(Whom::Everybody) => {}
                Some(Whom::Sender) if is_sender => {}
                // Those that have gone hear nothing.
                _ => drop(say(stream, &broadcast)),
            }
        }
        Some(())
    }

    fn answer(&self, stream: &mut TcpStream, text: &str) -> Option<()> {
        let message = Vsn::V2.decode_from_client(Frame::Text(text)).ok()?;
        let event = message.event.as_str().unwrap_or_default();
        let of_user = ![JOIN, HEARTBEAT].contains(&event);
        if event == HEARTBEAT && self.manner == Manner::Heartless {
            return Some(());
        }
        let is_refused = match self.manner {
            Manner::LetsIn(some) if event == JOIN => self.joins.fetch_add(1, Ordering::SeqCst) >= some,
            Manner::CrashesFirst(some) if event == JOIN => self.joins.fetch_add(1, Ordering::SeqCst) < some,
            _ => false,
        };
        let _turn = self.turn.lock().ok()?;
        if of_user {
            let number = self.pushes.fetch_add(1, Ordering::SeqCst);
            match self.manner {
                Manner::Stalls(at, pause) if at == number => {
                    let _ = self.never.lock().ok()?.recv_timeout(pause);
                }
                Manner::Dies(at) if at <= number => {
                    for stream in self.streams.lock().ok()?.iter() {
                        let _ = stream.shutdown(Shutdown::Both);
                    }
                    return None;
                }
                Manner::Ignores => return Some(()),
                Manner::AnswersOnly(which) if which != number => return Some(()),
                Manner::Crosses => cross(stream, &message)?,
                Manner::Loses(one_in, whom) => {
                    let lost_to = (number % one_in == one_in - 1).then_some(whom);
                    self.broadcast(stream, &message, lost_to)?;
                }
                _ => {}
            }
        }
        let reply = Reply {
            status: if is_refused { "error" } else { "ok" }.into(),
            response: match is_refused {
                true => Payload::Json("{\"reason\":\"join crashed\"}"),
                false => Payload::EMPTY,
            },
        };
        let mut scratch = String::new();
        let payload = reply.payload(&mut scratch);
        say(
            stream,
            &Message {
                event: REPLY.into(),
                payload,
                ..message
            },
        )
    }
}

/// Sends a broadcast to a topic that the client has not joined.
fn cross(stream: &mut TcpStream, message: &Message<'_>) -> Option<()> {
    let foreign = Message {
        join_ref: Field::Null,
        reference: Field::Null,
        topic: "lab:elsewhere".into(),
        event: "broadcasted".into(),
        ..message.clone()
    };
    say(stream, &foreign)
}

fn say(stream: &mut TcpStream, message: &Message<'_>) -> Option<()> {
    let (mut text, mut frame) = (Vec::new(), Vec::new());
    Vsn::V2.encode_from_server(message, &mut text).ok()?;
    write_frame(Opcode::Text, &text, None, &mut frame);
    stream.write_all(&frame).ok()
}

/// Reads a request; its WebSocket key, empty where there is none.
fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") && head.len() < 4096 {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    Some(key.unwrap_or_default().to_owned())
}

fn read_frame(stream: &mut TcpStream) -> Option<(Opcode, Vec<u8>)> {
    let mut bytes = vec![0; 2];
    stream.read_exact(&mut bytes).ok()?;
    let header = loop {
        if let Some(header) = Header::parse(&bytes) {
            break header;
        }
        let mut byte = [0; 1];
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    };
    let mut payload = vec![0; usize::try_from(header.length).ok()?];
    stream.read_exact(&mut payload).ok()?;
    mask(&mut payload, header.mask?, 0);
    Some((header.opcode, payload))
}
