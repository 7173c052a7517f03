//! A middlebox for tests: a small proxy on loopback that passes bytes on, and hinders WebSockets or requests as some networks do.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

/// What a middlebox does to the connections through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hindrance {
    /// It passes everything on.
    None,
    /// It answers upgrades with 403 itself.
    RefusesUpgrades,
    /// It neither passes upgrades on nor answers them.
    SwallowsUpgrades,
    /// It passes on the upgrade and its answer, and nothing that comes afterwards from the server.
    MutesWebSockets,
    /// It lets the upgrade through and what follows, and cuts the connection this long after the upgrade.
    CutsWebSockets(Duration),
    /// It neither passes requests with a body on nor answers them.
    SwallowsPosts,
    /// It answers requests to the pages of tokens and disconnects with 404 itself, as a server without them.
    HidesTokens,
    /// It answers requests without the header `x-gate: open` with 403 itself.
    WantsHeader,
    /// It passes on this many bytes of the server in each millisecond.
    Slows(usize),
}

impl Hindrance {
    /// The answer to a request with this head that the server does not see.
    fn refusal(self, head: &str) -> Option<&'static str> {
        let is_to_page = || head.starts_with("GET /token/") || head.starts_with("POST /disconnect/");
        let has_header = || head.to_ascii_lowercase().contains("\r\nx-gate: open\r\n");
        match self {
            Self::HidesTokens if is_to_page() => Some("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n"),
            Self::WantsHeader if !has_header() => Some("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"),
            _ => None,
        }
    }
}

/// A middlebox in front of a server. Its threads end with their connections.
pub(crate) struct Middlebox {
    /// Where clients connect to.
    pub(crate) address: SocketAddr,
    counts: Arc<Counts>,
}

/// How many requests of each kind came.
#[derive(Default)]
struct Counts {
    connections: AtomicUsize,
    upgrades: AtomicUsize,
    posts: AtomicUsize,
}

impl Middlebox {
    pub(crate) fn before(server: SocketAddr, hindrance: Hindrance) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let counts = Arc::new(Counts::default());
        let counted = Arc::clone(&counts);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let counts = Arc::clone(&counted);
                counts.connections.fetch_add(1, Ordering::Relaxed);
                // A connection that ends is no failure of the middlebox.
                thread::spawn(move || drop(pass_on(client, server, hindrance, &counts)));
            }
        });
        Self { address, counts }
    }

    /// How many connections clients made.
    pub(crate) fn connections(&self) -> usize {
        self.counts.connections.load(Ordering::Relaxed)
    }

    /// How many upgrades were asked for.
    pub(crate) fn upgrades(&self) -> usize {
        self.counts.upgrades.load(Ordering::Relaxed)
    }

    /// How many requests with a body came.
    pub(crate) fn posts(&self) -> usize {
        self.counts.posts.load(Ordering::Relaxed)
    }
}

/// Passes on the requests of a connection one by one, and what the server sends as it comes.
fn pass_on(
    mut client: TcpStream,
    server: SocketAddr,
    hindrance: Hindrance,
    counts: &Counts,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut server = TcpStream::connect(server)?;
    server.set_nodelay(true)?;
    let mut answers = Some((server.try_clone()?, client.try_clone()?));
    while let Some((head, body)) = read_request(&mut client)? {
        if let Some(refusal) = hindrance.refusal(&head) {
            client.write_all(refusal.as_bytes())?;
            continue;
        }
        if is_upgrade(&head) {
            counts.upgrades.fetch_add(1, Ordering::Relaxed);
            match hindrance {
                Hindrance::RefusesUpgrades => {
                    client.write_all(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")?;
                    continue;
                }
                Hindrance::SwallowsUpgrades => return wait_for_end(client),
                _ => {}
            }
        }
        if head.starts_with("POST ") {
            counts.posts.fetch_add(1, Ordering::Relaxed);
            if hindrance == Hindrance::SwallowsPosts {
                return wait_for_end(client);
            }
        }
        server.write_all(head.as_bytes())?;
        server.write_all(&body)?;
        let Some((from, to)) = answers.take() else {
            continue;
        };
        if is_upgrade(&head) {
            thread::spawn(move || drop(pass_websocket(from, to, hindrance)));
            break;
        }
        thread::spawn(move || drop(pass_answers(from, to, hindrance)));
    }
    // After an upgrade no more requests come, only frames.
    let _ = io::copy(&mut client, &mut server);
    server.shutdown(Shutdown::Both)
}

/// Passes on what the server sends after an upgrade.
fn pass_websocket(mut server: TcpStream, mut client: TcpStream, hindrance: Hindrance) -> io::Result<()> {
    match hindrance {
        Hindrance::CutsWebSockets(after) => {
            let (server, client) = (server.try_clone()?, client.try_clone()?);
            thread::spawn(move || {
                pause(after);
                // One that has ended by itself needs no cut.
                let _ = server.shutdown(Shutdown::Both);
                let _ = client.shutdown(Shutdown::Both);
            });
        }
        Hindrance::MutesWebSockets => {
            client.write_all(read_head(&mut server)?.as_bytes())?;
            return wait_for_end(server);
        }
        _ => {}
    }
    pass_answers(server, client, hindrance)
}

/// Passes on what the server sends, as it comes or slowly.
fn pass_answers(mut server: TcpStream, mut client: TcpStream, hindrance: Hindrance) -> io::Result<()> {
    if let Hindrance::Slows(bytes) = hindrance {
        let mut piece = vec![0; bytes];
        loop {
            let count = server.read(&mut piece)?;
            if count == 0 {
                break;
            }
            client.write_all(&piece[..count])?;
            pause(Duration::from_millis(1));
        }
    } else {
        io::copy(&mut server, &mut client)?;
    }
    server.shutdown(Shutdown::Both)?;
    client.shutdown(Shutdown::Both)
}

/// The head of a request and its body; nothing once the client has gone.
pub(crate) fn read_request(client: &mut TcpStream) -> io::Result<Option<(String, Vec<u8>)>> {
    let head = read_head(client)?;
    if head.is_empty() {
        return Ok(None);
    }
    let length = head.lines().filter_map(|line| line.split_once(": "));
    let length = length
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .find_map(|(_, value)| value.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    client.read_exact(&mut body)?;
    Ok(Some((head, body)))
}

/// A head up to its empty line; empty if the connection ended before it.
fn read_head(from: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if from.read(&mut byte)? == 0 {
            return Ok(String::new());
        }
        head.push(byte[0]);
    }
    String::from_utf8(head).map_err(io::Error::other)
}

fn is_upgrade(head: &str) -> bool {
    head.to_ascii_lowercase().contains("\r\nupgrade: websocket\r\n")
}

/// Reads all that comes, and passes nothing on.
fn wait_for_end(mut from: TcpStream) -> io::Result<()> {
    io::copy(&mut from, &mut io::sink()).map(drop)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a middlebox that delays is what is tested"
)]
fn pause(time: Duration) {
    thread::sleep(time);
}
