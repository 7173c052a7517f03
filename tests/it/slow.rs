//! `check` over slow lines: before a correct server all holds, and a hostile server is not waited for without end.

use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use phxproof::conformance::{Check, CheckConclusion, Verdict};
use phxproof::server::{Server, ServerSettings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

use crate::transport::accept;

/// What happens to bytes on the way.
#[derive(Clone, Copy)]
enum Line {
    /// Each piece arrives so much later, in both directions.
    Delay(Duration),
    /// What the server says arrives in pieces of so many bytes, with a pause after each.
    Trickle(usize, Duration),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    ToServer,
    ToClient,
}

impl Line {
    async fn carry(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf, direction: Direction) {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut buffer).await {
            let (piece, before, after) = match self {
                Self::Delay(delay) => (count, delay, Duration::ZERO),
                Self::Trickle(piece, pause) if direction == Direction::ToClient => {
                    (piece, Duration::ZERO, pause)
                }
                Self::Trickle(..) => (count, Duration::ZERO, Duration::ZERO),
            };
            sleep(before).await;
            for bytes in buffer[..count].chunks(piece) {
                if to.write_all(bytes).await.is_err() {
                    return;
                }
                sleep(after).await;
            }
        }
    }

    /// A proxy before the server at `upstream`.
    fn before(self, upstream: SocketAddr) -> SocketAddr {
        listen(move |client| async move {
            let Ok(server) = TcpStream::connect(upstream).await else {
                return;
            };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            tokio::join!(
                self.carry(from_client, to_server, Direction::ToServer),
                self.carry(from_server, to_client, Direction::ToClient),
            );
        })
    }
}

/// Does this with each connection, on a thread of its own that lives as long as the process.
fn listen<F: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            while let Ok((client, _)) = listener.accept().await {
                client.set_nodelay(true).unwrap();
                tokio::spawn(serve(client));
            }
        });
    });
    address
}

fn check(address: SocketAddr, cases: &[&str]) -> Check {
    Check::target(&format!("ws://{address}/socket"))
        .unwrap()
        .cases(cases.iter().copied())
        .timeout(Duration::from_secs(1))
}

#[test]
fn a_correct_server_behind_a_line_that_delays_holds() {
    let server = Server::start(&ServerSettings::default()).unwrap();
    let address = Line::Delay(Duration::from_millis(100)).before(server.address());
    let cases = [
        "broadcast/whisper",
        "events/reply-later-after-leave",
        "events/sleep",
        "frames/ping-while-busy",
        "heartbeat/keeps-open",
        "isolation/slow-channel",
        "isolation/two-sleepers",
        "join/slow",
        "leave/null-join-ref",
        "lifetime/idle-with-channels",
        "malformed/text-1mib",
        "presence/join",
        "room/push-replies-in-order",
        "videos/catch-up-from-start",
    ];
    check(address, &cases).run().unwrap().assert_held();
}

#[test]
fn a_correct_server_behind_a_line_that_trickles_holds() {
    let server = Server::start(&ServerSettings::default()).unwrap();
    let address = Line::Trickle(4000, Duration::from_millis(10)).before(server.address());
    let cases = ["events/large-payload", "malformed/text-1mib"];
    check(address, &cases).run().unwrap().assert_held();
}

#[test]
fn a_server_that_drips_one_message_for_ever_is_left_when_the_run_is_over() {
    let address = listen(|mut client| async move {
        accept(&mut client).await;
        // A text of a hundred thousand bytes, one byte after the other.
        let mut bytes = vec![0x81, 127, 0, 0, 0, 0, 0, 1, 0x86, 0xa0];
        bytes.extend([b'x'; 100_000]);
        for byte in bytes {
            if client.write_u8(byte).await.is_err() {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    });
    let run = check(address, &["heartbeat/ok", "join/unmatched"])
        .max_time(Duration::from_secs(8))
        .run()
        .unwrap();
    assert_eq!(run.conclusion(), CheckConclusion::Undecided);
    assert_eq!(run.count(Verdict::Undecided) + run.count(Verdict::NotRun), 2);
}

#[test]
fn a_server_that_never_answers_fails_each_case_in_time() {
    let address = listen(|mut client| async move {
        accept(&mut client).await;
        // Until the client goes.
        let mut rest = Vec::new();
        drop(client.read_to_end(&mut rest).await);
    });
    let run = check(address, &["heartbeat/ok", "join/unmatched"]).run().unwrap();
    assert_eq!(run.conclusion(), CheckConclusion::FellShort);
    assert_eq!(run.count(Verdict::Fail), 2);
}
