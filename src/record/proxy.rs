//! The proxy: listens, opens a connection to the target for each of a client, and passes the bytes on in both directions.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::heard::Heard;
use super::session::Book;
use super::tap::{Tap, TapSettings};
use crate::clock::Clock;
use crate::transport::{RequestError, Target, dial};

/// At most so much is read at once.
const PIECE: usize = 16 << 10;
/// The most connections at the same time; more wait.
const MOST_CONNECTIONS: usize = 1_000;
/// How long it may take to connect to the target.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);
/// How long a connection goes on after one side has ended its direction.
const HALF_OPEN: Duration = Duration::from_secs(30);
/// How long what is under way may take once the recording is to end.
const LAST_MESSAGES: Duration = Duration::from_millis(300);

/// The answer to a client where the target cannot be reached.
const BAD_GATEWAY: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// A proxy that listens.
pub(crate) struct Recorder {
    listener: TcpListener,
    address: SocketAddr,
    settings: TapSettings,
}

/// The proxy cannot start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RecorderError {
    /// It cannot listen.
    #[error("cannot listen on {at}: {why}")]
    Listen {
        /// The address.
        at: String,
        /// The error of the system.
        why: io::Error,
    },
    /// The target cannot be reached.
    #[error(transparent)]
    Target(#[from] RequestError),
    /// The target did not accept in time.
    #[error("{0} did not accept a connection within {CONNECTS_WITHIN:?}")]
    TargetTimeout(String),
}

impl Recorder {
    /// Listens, once the target accepts a connection.
    ///
    /// # Errors
    /// If the port is taken, or if the target is absent.
    pub(crate) async fn start(
        host: &str,
        port: u16,
        target: Target,
        clock: Clock,
    ) -> Result<Self, RecorderError> {
        let unheard = |why| RecorderError::Listen {
            at: format!("{host}:{port}"),
            why,
        };
        let listener = TcpListener::bind((host, port)).await.map_err(unheard)?;
        let address = listener.local_addr().map_err(unheard)?;
        match timeout(CONNECTS_WITHIN, dial(&target)).await {
            Ok(connected) => drop(connected?),
            Err(_) => return Err(RecorderError::TargetTimeout(target.authority())),
        }
        let book = Arc::new(Mutex::new(Book::default()));
        let settings = TapSettings { target, clock, book };
        Ok(Self {
            listener,
            address,
            settings,
        })
    }

    /// The address on which it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Passes on and records until `end`. What is under way then still passes for a moment.
    pub(crate) async fn record(self, end: impl Future<Output = ()>) -> Heard {
        let mut connections = JoinSet::new();
        tokio::select! {
            () = end => {}
            () = accept(&self.listener, &self.settings, &mut connections) => {}
        }
        tokio::select! {
            () = sleep(LAST_MESSAGES) => {}
            () = async { while connections.join_next().await.is_some() {} } => {}
        }
        // The connections end with this function, which is not what their clients did.
        let mut book = self.settings.book();
        std::mem::take(&mut book.heard)
    }
}

/// Accepts connections for ever.
async fn accept(listener: &TcpListener, settings: &TapSettings, connections: &mut JoinSet<()>) {
    loop {
        while connections.len() >= MOST_CONNECTIONS {
            connections.join_next().await;
        }
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(carry(client, settings.clone()));
                }
                // Out of descriptors, or a client that was gone at once: others may come.
                Err(_) => sleep(Duration::from_millis(20)).await,
            },
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
        }
    }
}

/// Carries one connection to its end.
async fn carry(mut client: TcpStream, settings: TapSettings) {
    // Without it only the small messages are slower.
    let _ = client.set_nodelay(true);
    let server = match timeout(CONNECTS_WITHIN, dial(&settings.target)).await {
        Ok(Ok(server)) => server,
        Ok(Err(why)) => return unreachable(&mut client, &settings, &why.to_string()).await,
        Err(_) => return unreachable(&mut client, &settings, "the target did not accept in time").await,
    };
    let tap = Mutex::new(Tap::new(settings));
    let (client_in, client_out) = split(client);
    let (server_in, server_out) = split(server);
    let up = upward(&tap, client_in, server_out);
    let down = downward(&tap, server_in, client_out);
    tokio::pin!(up, down);
    // How a direction ended is known by its tap; the other one may have something to say yet.
    tokio::select! {
        () = &mut up => { let _ = timeout(HALF_OPEN, &mut down).await; }
        () = &mut down => { let _ = timeout(HALF_OPEN, &mut up).await; }
    }
}

async fn unreachable(client: &mut TcpStream, settings: &TapSettings, why: &str) {
    settings
        .book()
        .heard
        .note(format!("a connection was not passed on: {why}"));
    // A client that does not take the answer is gone already.
    let _ = client.write_all(BAD_GATEWAY).await;
}

fn locked(tap: &Mutex<Tap>) -> std::sync::MutexGuard<'_, Tap> {
    tap.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// From the client to the server.
async fn upward(tap: &Mutex<Tap>, mut client: impl AsyncRead + Unpin, mut server: impl AsyncWrite + Unpin) {
    let mut piece = vec![0; PIECE];
    let mut out = Vec::new();
    loop {
        let count = client.read(&mut piece).await.unwrap_or(0);
        if count == 0 {
            locked(tap).client_ended();
            break;
        }
        out.clear();
        let read = locked(tap).take_of_client(&piece[..count], &mut out);
        let sent = server.write_all(&out).await.is_ok() && server.flush().await.is_ok();
        if read.is_err() || !sent {
            break;
        }
    }
    // The server learns that nothing more comes; if it is gone, it need not.
    let _ = server.shutdown().await;
}

/// From the server to the client.
async fn downward(tap: &Mutex<Tap>, mut server: impl AsyncRead + Unpin, mut client: impl AsyncWrite + Unpin) {
    let mut piece = vec![0; PIECE];
    loop {
        let count = server.read(&mut piece).await.unwrap_or(0);
        if count == 0 {
            locked(tap).server_ended();
            break;
        }
        locked(tap).take_of_server(&piece[..count]);
        if client.write_all(&piece[..count]).await.is_err() {
            break;
        }
    }
    let _ = client.shutdown().await;
}
