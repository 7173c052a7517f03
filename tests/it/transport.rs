//! The transport floor against small scripted servers, honest and hostile.

#![expect(clippy::unwrap_used, reason = "all of it is test code, the helpers too")]

mod closing;
mod compressed;
mod http;
mod longpoll;
mod messages;
mod opening;
mod refusing;
mod replayed;
mod sending;
mod switching;

use std::future::Future;
use std::time::Duration;

use phxproof::internal::transport::{Connection, Ending, Incoming, Limits, Opened, Outgoing, Upgrade, open};
use phxproof::{Target, Vsn};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Turns a hang into a failure; no test takes this long.
const HUNG: Duration = Duration::from_secs(30);

async fn soon<T>(event: impl Future<Output = T>) -> T {
    tokio::time::timeout(HUNG, event).await.expect("it hangs")
}

/// A server for one connection, which does what the script says.
async fn serve<S, F>(script: S) -> (Target, JoinHandle<F::Output>)
where
    S: FnOnce(TcpStream) -> F + Send + 'static,
    F: Future<Output: Send + 'static> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/socket", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        tcp.set_nodelay(true).unwrap();
        script(tcp).await
    });
    (Target::parse(&url).unwrap(), server)
}

/// The head of a request, up to the empty line.
async fn read_head(tcp: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// The right answer to the head of an upgrade.
fn switching(head: &str) -> String {
    let accept = derive_accept_key(header(head, "sec-websocket-key").unwrap().as_bytes());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

pub(crate) async fn accept(tcp: &mut TcpStream) {
    let head = read_head(tcp).await;
    tcp.write_all(switching(&head).as_bytes()).await.unwrap();
}

/// A server that accepts the upgrade, and then sends these bytes and does what the script says.
async fn upgraded<S, F>(bytes: impl Into<Vec<u8>>, script: S) -> (Connection, JoinHandle<F::Output>)
where
    S: FnOnce(TcpStream) -> F + Send + 'static,
    F: Future<Output: Send + 'static> + Send,
{
    let bytes = bytes.into();
    let (target, server) = serve(async move |mut tcp: TcpStream| {
        accept(&mut tcp).await;
        tcp.write_all(&bytes).await.unwrap();
        script(tcp).await
    })
    .await;
    (opened(&target, Limits::default()).await, server)
}

fn upgrade(target: &Target) -> Upgrade {
    Upgrade {
        vsn: Vsn::V2,
        early: Vec::new(),
        path_and_query: format!("{}/{}?vsn=2.0.0", target.mount(), target.transport()),
        headers: Vec::new(),
        limits: Limits::default(),
        deadline: HUNG,
    }
}

async fn opened(target: &Target, limits: Limits) -> Connection {
    let upgrade = Upgrade {
        limits,
        ..upgrade(target)
    };
    match soon(open(target, &upgrade)).await.unwrap() {
        Opened::Open(connection, _) => connection,
        Opened::Refused(response) => panic!("refused: {response:?}"),
    }
}

/// All that comes, up to the ending that is the last.
async fn rest(connection: &mut Connection) -> Vec<Incoming> {
    let mut seen = Vec::new();
    loop {
        let incoming = soon(connection.next()).await;
        let last = matches!(
            incoming,
            Incoming::Closed(Ending::Eof | Ending::Reset | Ending::Violation(_) | Ending::Cut)
        );
        seen.push(incoming);
        if last {
            return seen;
        }
    }
}

/// All that the client still sends.
async fn drain(mut tcp: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    tcp.read_to_end(&mut bytes).await.unwrap();
    bytes
}

/// Closes the way that the other side sees a RST.
fn reset(tcp: TcpStream) {
    let tcp = tcp.into_std().unwrap();
    socket2::SockRef::from(&tcp)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
}

/// A server's frame: unmasked, and at most 65,535 bytes long.
fn frame(first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut bytes = vec![first];
    match u8::try_from(payload.len()) {
        Ok(short @ 0..=125) => bytes.push(short),
        _ => {
            bytes.push(126);
            bytes.extend(u16::try_from(payload.len()).unwrap().to_be_bytes());
        }
    }
    bytes.extend(payload);
    bytes
}

fn close_frame(code: u16, reason: &str) -> Vec<u8> {
    frame(0x88, [&code.to_be_bytes(), reason.as_bytes()].concat())
}

fn closed(code: u16, reason: &str) -> Incoming {
    Incoming::Closed(Ending::CloseFrame {
        code: Some(code),
        reason: reason.to_owned(),
    })
}

const EOF: Incoming = Incoming::Closed(Ending::Eof);
const RESET: Incoming = Incoming::Closed(Ending::Reset);

fn text(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

/// Splits what a client sent into first byte, key and unmasked payload of each frame.
fn client_frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert!(second & 0x80 != 0, "a client masks");
        let (length, rest) = match second & 0x7f {
            126 => (usize::from(u16::from_be_bytes([rest[0], rest[1]])), &rest[2..]),
            127 => panic!("longer than any test sends"),
            length => (usize::from(length), rest),
        };
        let (key, rest) = rest.split_at(4);
        let (payload, rest) = rest.split_at(length);
        frames.push((
            *first,
            payload
                .iter()
                .zip(key.iter().cycle())
                .map(|(b, k)| b ^ k)
                .collect(),
        ));
        bytes = rest;
    }
    frames
}

async fn send(connection: &mut Connection, outgoing: Outgoing) {
    connection.send(outgoing).await.unwrap();
}
