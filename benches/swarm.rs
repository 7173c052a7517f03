//! Echo round trips through a joined channel per CPU-second of the client, beside the floor of the machine: a bare
//! epoll loop that writes and reads the same bytes and parses nothing. `cargo bench --bench swarm -- [SECONDS]`.
//! With `-- run SCENARIO URL SOCKETS SECONDS [RATE] [PID]` it runs one swarm against a server and prints its result.
#![expect(clippy::print_stdout, reason = "a benchmark prints its table")]

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use phxproof::clock::Clock;
use phxproof::load::{self, Event, Pacing, Schedule, Settings, Stage, built_in};
use phxproof::protocol::Message;
use phxproof::protocol::Vsn;
use phxproof::protocol::websocket::{Opcode, write_frame};
use phxproof::server::{self, Server};
use phxproof::transport::Target;

/// Round trips and the CPU seconds of the client that they took.
struct Score {
    round_trips: u64,
    cpu_s: f64,
}

impl Score {
    fn per_cpu_second(&self) -> f64 {
        self.round_trips as f64 / self.cpu_s
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip_while(|it| it != "run").skip(1).collect();
    if !words.is_empty() {
        return one_run(&words);
    }
    let seconds = std::env::args()
        .skip(1)
        .find_map(|it| it.parse().ok())
        .unwrap_or(3);
    let lasts = Duration::from_secs(seconds);
    println!(
        "{:>8} {:>14} {:>14} {:>7}",
        "sockets", "bare loop", "phxproof", "ratio"
    );
    for sockets in [200, 1000] {
        let server = Server::start(&server::Settings::default()).expect("a free port");
        let bare = bare(server.address(), sockets, lasts);
        let swarm = swarm(server.address(), sockets, lasts);
        let (floor, ours) = (bare.per_cpu_second(), swarm.per_cpu_second());
        println!("{sockets:>8} {floor:>14.0} {ours:>14.0} {:>7.2}", ours / floor);
        server.drain();
    }
    println!("\na broadcast, from its send to the last receiver, in ms");
    println!(
        "{:>8} {:>14} {:>14} {:>7}",
        "sockets", "bare loop", "phxproof", "ratio"
    );
    for sockets in [1000, 5000] {
        let (floor, ours) = (
            bare_fanout(sockets).as_secs_f64() * 1e3,
            fanout(sockets, lasts).as_secs_f64() * 1e3,
        );
        println!("{sockets:>8} {floor:>14.2} {ours:>14.2} {:>7.2}", ours / floor);
    }
}

/// How long a broadcast of the reference server takes to its last receiver: the median of one a second.
fn fanout(sockets: u32, lasts: Duration) -> Duration {
    let server = Server::start(&server::Settings::default()).expect("a free port");
    let target = Target::parse(&format!("ws://{}/socket", server.address())).expect("an address");
    let it = built_in()
        .iter()
        .find(|it| it.name == "fanout")
        .expect("it is built in");
    let settings = Settings {
        sockets,
        shards: Some(1),
        schedule: Schedule::Open(
            vec![Stage {
                rate: 1.0,
                duration: lasts,
            }],
            Pacing::Even,
        ),
        ..Settings::new(target, Arc::clone(&it.program))
    };
    let mut slowest = Vec::new();
    let mut on_event = |event: Event<'_>| {
        if let Event::Second(point) = event {
            slowest.extend((point.broadcasts > 0).then_some(point.broadcast_max_us));
        }
    };
    let result = load::run(&settings, &mut on_event, &AtomicBool::new(false)).expect("a run");
    assert!(result.messages.all_right(), "{:?}", result.messages);
    server.drain();
    Duration::from_micros(median(slowest))
}

/// Writes a frame to each connection in one thread, and reads them in another: the median of some rounds.
fn bare_fanout(sockets: u32) -> Duration {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    let (mut readers, mut writers) = (Vec::new(), Vec::new());
    for _ in 0..sockets {
        let reader = std::net::TcpStream::connect(address).expect("room");
        reader.set_nonblocking(true).expect("a socket");
        readers.push(TcpStream::from_std(reader));
        writers.push(listener.accept().expect("a connection").0);
    }
    let mark = r#"{"mark":"~1.0.100.0.100.1000000~"}"#;
    let payload = phxproof::protocol::Payload::Json(mark);
    let bytes = frame(&Message::broadcast("lab:1000000001", "broadcasted", payload));
    let mut poll = Poll::new().expect("an epoll");
    for (number, reader) in readers.iter_mut().enumerate() {
        poll.registry()
            .register(reader, Token(number), Interest::READABLE)
            .expect("room in the epoll");
    }
    let (clock, mut events, mut buffer) = (Clock::start(), Events::with_capacity(1024), vec![0; 64 << 10]);
    let mut took = Vec::new();
    for _ in 0..9 {
        let start = clock.now();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                writers
                    .iter_mut()
                    .for_each(|writer| writer.write_all(&bytes).expect("room"))
            });
            let mut left = sockets;
            while left > 0 {
                poll.poll(&mut events, None).expect("events");
                for event in &events {
                    left -= u32::from(readers[event.token().0].read(&mut buffer).is_ok());
                }
            }
        });
        took.push(u64::try_from(clock.now().since(start).as_micros()).unwrap_or(u64::MAX));
    }
    Duration::from_micros(median(took))
}

fn median(mut all: Vec<u64>) -> u64 {
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// A swarm as the words say, and its result as JSON.
fn one_run(words: &[String]) {
    let [scenario, url, sockets, seconds, rest @ ..] = words else {
        panic!("expected SCENARIO URL SOCKETS SECONDS [RATE] [PID]");
    };
    let it = built_in()
        .iter()
        .find(|it| it.name == scenario)
        .expect("a built-in scenario");
    let duration = Duration::from_secs(seconds.parse().expect("seconds"));
    let mut settings = Settings {
        sockets: sockets.parse().expect("how many sockets"),
        duration,
        schedule: Schedule::Closed,
        ..Settings::new(Target::parse(url).expect("a URL"), Arc::clone(&it.program))
    };
    if let Some(rate) = rest.first().and_then(|rate| rate.parse().ok()) {
        settings.schedule = Schedule::Open(vec![Stage { rate, duration }], Pacing::Even);
    }
    settings.server_pid = rest.get(1).and_then(|pid| pid.parse().ok());
    let mut on_event = |event: Event<'_>| match event {
        Event::Planned(plan) => println!("{plan}"),
        Event::Second(point) => println!("{point:?}"),
        Event::Began(_) | Event::Progress(_) | Event::SoFar(_) => {}
    };
    match load::run(&settings, &mut on_event, &AtomicBool::new(false)) {
        Ok(result) => println!(
            "{}",
            serde_json::to_string_pretty(&result).expect("plain figures")
        ),
        Err(error) => println!("{error}"),
    }
}

/// The swarm, on one thread as the bare loop is.
fn swarm(address: SocketAddr, sockets: u32, lasts: Duration) -> Score {
    let target = Target::parse(&format!("ws://{address}/socket")).expect("an address");
    let echo = built_in()
        .iter()
        .find(|it| it.name == "echo")
        .expect("it is built in");
    let settings = Settings {
        sockets,
        shards: Some(1),
        schedule: Schedule::Closed,
        duration: lasts,
        ..Settings::new(target, Arc::clone(&echo.program))
    };
    let result = load::run(&settings, &mut |_| {}, &AtomicBool::new(false)).expect("a run");
    assert!(result.messages.all_right(), "{:?}", result.messages);
    Score {
        round_trips: result.messages.received,
        cpu_s: result.generator.cpu_s_steady,
    }
}

/// Writes, reads and writes again.
fn bare(address: SocketAddr, sockets: u32, lasts: Duration) -> Score {
    let mut connections: Vec<(TcpStream, Vec<u8>)> =
        (0..sockets).map(|number| joined(address, number)).collect();
    let mut poll = Poll::new().expect("an epoll");
    for (number, (stream, _)) in connections.iter_mut().enumerate() {
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry()
            .register(stream, Token(number), both)
            .expect("room in the epoll");
    }
    let (clock, mut events, mut buffer) = (Clock::start(), Events::with_capacity(1024), vec![0; 64 << 10]);
    let before = cpu();
    for (stream, push) in &mut connections {
        stream.write_all(push).expect("room in the kernel");
    }
    let mut round_trips = 0;
    while clock.now() < phxproof::clock::Time::ZERO + lasts {
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
fn joined(address: SocketAddr, number: u32) -> (TcpStream, Vec<u8>) {
    let mut stream = std::net::TcpStream::connect(address).expect("the server listens");
    stream.set_nodelay(true).expect("a socket");
    let head = "GET /socket/websocket?vsn=2.0.0 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(head.as_bytes()).expect("a server");
    let mut buffer = [0; 4096];
    let _ = stream.read(&mut buffer).expect("an answer");
    let topic = format!("lab:1000000000{number:04}");
    let params = phxproof::protocol::Payload::EMPTY;
    stream
        .write_all(&frame(&Message::join("3", &topic, params)))
        .expect("a server");
    let _ = stream.read(&mut buffer).expect("an answer");
    let payload = format!(r#"{{"sender":{number},"seq":1000}}"#);
    let payload = phxproof::protocol::Payload::Json(&payload);
    let push = frame(&Message::push("3", "1000", &topic, "echo", payload));
    stream.set_nonblocking(true).expect("a socket");
    (TcpStream::from_std(stream), push)
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
