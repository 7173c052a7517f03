//! Serves a board over HTTP/1.1 on a thread of its own, one request a connection.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::address::LiveAddress;
use super::answer::{Answer, Reaction};
use super::board::{Board, Offering, Progress};
use super::guard;
use super::request::{self, Unread};

/// The most connections at the same time; more wait.
const MOST_CONNECTIONS: usize = 64;
/// How long a client may take to send its request, or to take a part of the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// The shortest time between two events.
const BETWEEN_EVENTS: Duration = Duration::from_secs(1);
/// How long readers of the page have to take the report when the run is over.
const LAST_LOOK: Duration = Duration::from_secs(2);

/// The reason why a run cannot be watched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LiveError {
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {why}")]
    Listen {
        /// The address.
        address: LiveAddress,
        /// The error of the system.
        why: io::Error,
    },
    /// The system could not provide a thread or a runtime.
    #[error("cannot start a thread that serves the live page: {0}")]
    Thread(#[source] io::Error),
}

/// A board, and the parts of it that are offered.
type Offered = (Arc<Board>, Offering);

/// A server that runs until it is dropped.
pub(crate) struct LiveServer {
    address: SocketAddr,
    end: watch::Sender<bool>,
    thread: Option<JoinHandle<()>>,
}

impl LiveServer {
    /// Listens, and serves these parts of the board.
    pub(crate) fn start(address: LiveAddress, board: Arc<Board>, offer: Offering) -> Result<Self, LiveError> {
        let unheard = |why| LiveError::Listen { address, why };
        let listener = StdListener::bind(address.0).map_err(unheard)?;
        let local = listener.local_addr().map_err(unheard)?;
        listener.set_nonblocking(true).map_err(unheard)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(LiveError::Thread)?;
        let (end, ended) = watch::channel(false);
        let serve = move || {
            runtime.block_on(async {
                // The listener is a valid one: it has been bound above.
                if let Ok(listener) = TcpListener::from_std(listener) {
                    accept(listener, local, (board, offer), ended).await;
                }
            });
        };
        let thread = thread::Builder::new().name("live".to_owned());
        Ok(Self {
            address: local,
            end,
            thread: Some(thread.spawn(serve).map_err(LiveError::Thread)?),
        })
    }

    /// The address on which it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for LiveServer {
    /// Sends the report to the readers of the page, and ends.
    fn drop(&mut self) {
        self.end.send_replace(true);
        if let Some(thread) = self.thread.take() {
            // A panic of that thread has been printed.
            let _ = thread.join();
        }
    }
}

/// Accepts connections until the end.
async fn accept(listener: TcpListener, local: SocketAddr, board: Offered, ended: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    let mut end = ended.clone();
    loop {
        tokio::select! {
            _ = end.wait_for(|ended| *ended) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => {
                match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(serve(stream, local, board.clone(), ended.clone()));
                    }
                    // If the process has too many descriptors open, the connection waits.
                    Err(_) => sleep(BETWEEN_EVENTS).await,
                }
            }
        }
    }
    drop(listener);
    let last = async { while connections.join_next().await.is_some() {} };
    // A reader that does not take the report in time goes without it.
    let _ = timeout(LAST_LOOK, last).await;
}

/// Serves one connection. Its errors are those of a reader who has left.
async fn serve(
    mut stream: TcpStream,
    local: SocketAddr,
    board: Offered,
    mut end: watch::Receiver<bool>,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let request = tokio::select! {
        request = timeout(PATIENCE, request::read(&mut stream)) => request?,
        _ = end.wait_for(|ended| *ended) => return Ok(()),
    };
    let request = match request {
        Ok(request) => request,
        Err(Unread::Ended(why)) => return Err(why),
        Err(Unread::Refused(answer)) => return answered(&mut stream, &answer, (&board.0, true)).await,
    };
    let reaction = match guard::admit(&request, local) {
        Ok(()) => board.0.react(&request, board.1),
        Err(refusal) => Reaction::Answer(refusal),
    };
    match reaction {
        Reaction::Answer(answer) => {
            let with_body = request.method != "HEAD";
            answered(&mut stream, &answer, (&board.0, with_body)).await
        }
        Reaction::Events => events(&mut stream, &board.0).await,
    }
}

/// Sends an answer, and ends the connection.
async fn answered(
    stream: &mut TcpStream,
    answer: &Answer,
    (board, with_body): (&Board, bool),
) -> io::Result<()> {
    let status = http::StatusCode::from_u16(answer.status).map_err(io::Error::other)?;
    let allow = answer
        .allow
        .map_or(String::new(), |it| format!("allow: {it}\r\n"));
    let mut text = format!(
        "HTTP/1.1 {} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\ncache-control: no-store\r\n\
         content-security-policy: {}\r\nx-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n\
         {allow}connection: close\r\n\r\n",
        answer.status,
        status.canonical_reason().unwrap_or_default(),
        answer.kind,
        answer.body.len(),
        board.policy(),
    );
    if with_body {
        text.push_str(&answer.body);
    }
    write(stream, &text).await?;
    end(stream).await
}

/// Sends the page whenever it has changed, until the run is over.
async fn events(stream: &mut TcpStream, board: &Board) -> io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-store\r\n\
                connection: close\r\n\r\nretry: 1000\n\n";
    write(stream, head).await?;
    let mut progress = board.progress();
    loop {
        progress.mark_unchanged();
        let (now, data) = board.event();
        let name = match now {
            Progress::GoesOn => "page",
            Progress::Over => "over",
        };
        write(stream, &format!("event: {name}\ndata: {data}\n\n")).await?;
        if now == Progress::Over {
            return end(stream).await;
        }
        tokio::select! {
            () = sleep(BETWEEN_EVENTS) => {}
            over = progress.wait_for(|it| *it == Progress::Over) => {
                over.map(drop).map_err(io::Error::other)?;
                continue;
            }
        }
        tokio::select! {
            changed = progress.changed() => changed.map_err(io::Error::other)?,
            left = gone(stream) => return left,
        }
    }
}

/// Waits until the reader has left.
async fn gone(stream: &mut TcpStream) -> io::Result<()> {
    let mut rest = [0; 64];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

async fn write(stream: &mut TcpStream, text: &str) -> io::Result<()> {
    timeout(PATIENCE, stream.write_all(text.as_bytes())).await?
}

/// Ends the connection. Threads of the swarm may hold copies of the descriptor, so closing it would not be enough. The
/// input is read to its end first, as the reader would lose the answer to a reset else.
async fn end(stream: &mut TcpStream) -> io::Result<()> {
    stream.shutdown().await?;
    timeout(PATIENCE, gone(stream)).await?
}
