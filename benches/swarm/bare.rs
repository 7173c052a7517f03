//! The baseline: epoll loops that write and read the same bytes over as many sockets and parse nothing.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use phxproof::Vsn;
use phxproof::internal::protocol::{Message, Payload};
use phxproof::internal::wire::websocket::{Opcode, write_frame};
use phxproof::internal::{Clock, Time};
use socket2::{Domain, Socket, Type};

use super::{Score, Size, median};

const ROUNDS: usize = 7;

/// Writes, reads, and writes again.
pub(crate) fn echo(server: SocketAddr, size: Size, lasts: Duration) -> Score {
    let ready = Barrier::new(size.threads as usize);
    let scores: Vec<Score> = thread::scope(|scope| {
        let threads: Vec<_> = parts(size)
            .into_iter()
            .map(|part| {
                let ready = &ready;
                scope.spawn(move || echo_of(server, &part, ready, lasts))
            })
            .collect();
        threads
            .into_iter()
            .map(|it| it.join().expect("a loop that ends"))
            .collect()
    });
    scores.into_iter().fold(Score::default(), |sum, it| Score {
        round_trips: sum.round_trips + it.round_trips,
        cpu_s: sum.cpu_s + it.cpu_s,
    })
}

/// Writes a frame to each connection in threads, and reads them in others: the median of some rounds.
pub(crate) fn fanout(size: Size) -> Duration {
    let threads = size.threads as usize;
    let (ready, begin, end) = (
        Barrier::new(2 * threads + 1),
        Barrier::new(2 * threads + 1),
        Barrier::new(2 * threads + 1),
    );
    let (clock, mut took) = (Clock::start(), Vec::new());
    thread::scope(|scope| {
        for part in parts(size) {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
            let address = listener.local_addr().expect("it is bound");
            let (ready, begin, end) = (&ready, &begin, &end);
            let sockets = part.sockets;
            scope.spawn(move || {
                part.prepare();
                let mut writers: Vec<_> = (0..sockets)
                    .map(|_| listener.accept().expect("a connection").0)
                    .collect();
                let frame = broadcast();
                ready.wait();
                for _ in 0..ROUNDS {
                    begin.wait();
                    let all = writers.iter_mut();
                    all.for_each(|it| it.write_all(&frame).expect("room in the kernel"));
                    end.wait();
                }
            });
            scope.spawn(move || {
                part.prepare();
                let mut reader = Reader::new((0..sockets).map(|_| part.connect(address)).collect());
                ready.wait();
                for _ in 0..ROUNDS {
                    begin.wait();
                    reader.read_all();
                    end.wait();
                }
            });
        }
        ready.wait();
        for _ in 0..ROUNDS {
            begin.wait();
            let start = clock.now();
            end.wait();
            took.push(clock.now().since(start));
        }
    });
    median(took)
}

/// The sockets of a thread.
#[derive(Clone, Copy)]
struct Part {
    number: u32,
    sockets: u32,
    /// Whether the thread needs descriptors of its own.
    is_one_of_many: bool,
}

fn parts(size: Size) -> Vec<Part> {
    let (each, more) = (size.sockets / size.threads, size.sockets % size.threads);
    let part = |number| Part {
        number,
        sockets: each + u32::from(number < more),
        is_one_of_many: size.threads > 1,
    };
    (0..size.threads).map(part).collect()
}

impl Part {
    /// Takes descriptors of its own, in the thread that asks.
    fn prepare(&self) {
        if self.is_one_of_many {
            phxproof::internal::own_table()
                .expect("a descriptor table; name fewer sockets where there is none");
        }
    }

    /// Connects from an address of its own, as ports run out otherwise.
    fn connect(&self, to: SocketAddr) -> std::net::TcpStream {
        if !self.is_one_of_many {
            return std::net::TcpStream::connect(to).expect("a server");
        }
        let last = u8::try_from(self.number % 250 + 2).unwrap_or(2);
        let from = SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, last), 0);
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.bind(&from.into()).expect("a free port");
        socket.connect(&to.into()).expect("a server");
        socket.into()
    }
}

fn echo_of(server: SocketAddr, part: &Part, ready: &Barrier, lasts: Duration) -> Score {
    part.prepare();
    let mut connections: Vec<(TcpStream, Vec<u8>)> = (0..part.sockets)
        .map(|number| joined(part.connect(server), part.number, number))
        .collect();
    let mut poll = Poll::new().expect("an epoll");
    for (number, (stream, _)) in connections.iter_mut().enumerate() {
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry()
            .register(stream, Token(number), both)
            .expect("room in the epoll");
    }
    let (mut events, mut buffer) = (Events::with_capacity(1024), vec![0; 64 << 10]);
    ready.wait();
    let (clock, before) = (Clock::start(), cpu());
    for (stream, push) in &mut connections {
        stream.write_all(push).expect("room in the kernel");
    }
    let mut round_trips = 0;
    while clock.now() < Time::ZERO + lasts {
        poll.poll(&mut events, Some(Duration::from_millis(100)))
            .expect("events");
        for event in &events {
            let (stream, push) = &mut connections[event.token().0];
            match stream.read(&mut buffer) {
                Ok(0) => panic!("the server closed"),
                Ok(_) => {
                    round_trips += 1;
                    stream.write_all(push).expect("room in the kernel");
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    Score {
        round_trips,
        cpu_s: (cpu() - before).as_secs_f64(),
    }
}

/// A connection that has joined, and the frame of a push.
fn joined(mut stream: std::net::TcpStream, part: u32, number: u32) -> (TcpStream, Vec<u8>) {
    stream.set_nodelay(true).expect("a socket");
    let head = "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("a server");
    let mut buffer = [0; 4096];
    let _ = stream.read(&mut buffer).expect("an answer");
    let topic = format!("lab:1{part:03}00000{number:05}");
    stream
        .write_all(&frame(&Message::join("3", &topic, Payload::EMPTY)))
        .expect("a server");
    let _ = stream.read(&mut buffer).expect("an answer");
    let payload = format!(r#"{{"sender":{number},"seq":1000}}"#);
    let push = frame(&Message::push(
        "3",
        "1000",
        &topic,
        "echo",
        Payload::Json(&payload),
    ));
    stream.set_nonblocking(true).expect("a socket");
    (TcpStream::from_std(stream), push)
}

/// Reads from many.
struct Reader {
    streams: Vec<TcpStream>,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
}

impl Reader {
    fn new(streams: Vec<std::net::TcpStream>) -> Self {
        let poll = Poll::new().expect("an epoll");
        let watched = streams.into_iter().enumerate().map(|(number, stream)| {
            stream.set_nonblocking(true).expect("a socket");
            let mut stream = TcpStream::from_std(stream);
            poll.registry()
                .register(&mut stream, Token(number), Interest::READABLE)
                .expect("room in the epoll");
            stream
        });
        Self {
            streams: watched.collect(),
            poll,
            events: Events::with_capacity(1024),
            buffer: vec![0; 64 << 10],
        }
    }

    /// Reads once from each.
    fn read_all(&mut self) {
        let mut left = self.streams.len();
        while left > 0 {
            self.poll.poll(&mut self.events, None).expect("events");
            for event in &self.events {
                let read = self.streams[event.token().0].read(&mut self.buffer);
                left -= usize::from(read.is_ok());
            }
        }
    }
}

/// A broadcast as the server writes it.
fn broadcast() -> Vec<u8> {
    let payload = Payload::Json(r#"{"mark":"~1.0.100.0.100.1000000~"}"#);
    let message = Message::broadcast("lab:1000000001", "broadcasted", payload);
    let (mut text, mut frame) = (Vec::new(), Vec::new());
    Vsn::V2
        .encode_from_server(&message, &mut text)
        .expect("short enough");
    write_frame(Opcode::Text, &text, None, &mut frame);
    frame
}

fn frame(message: &Message<'_>) -> Vec<u8> {
    let (mut text, mut frame) = (Vec::new(), Vec::new());
    Vsn::V2
        .encode_from_client(message, &mut text)
        .expect("short enough");
    write_frame(Opcode::Text, &text, Some([1, 2, 3, 4]), &mut frame);
    frame
}

/// CPU time of this thread.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(
        time.tv_sec.try_into().unwrap_or(0),
        time.tv_nsec.try_into().unwrap_or(0),
    )
}
