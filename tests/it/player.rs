//! A small server that plays one recorded transcript to a client: it holds each frame of the client against the
//! recorded one, and answers as the recorded server did. Numbers of the run in topics and users are learned.

mod names;
mod stage;
mod transcript;
mod wire;

use std::net::SocketAddr;
use std::path::Path;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use stage::{News, Stage};
use wire::Request;

/// A recording that is being played.
pub(crate) struct Player {
    /// Where it listens: its socket is at `ws://ADDRESS/socket`.
    pub(crate) address: SocketAddr,
    doors: JoinHandle<()>,
    stage: JoinHandle<Vec<String>>,
    desk: UnboundedSender<News>,
}

impl Player {
    /// Plays the transcript at `path` (`tests/transcripts/<server>/<case>.jsonl`) on a free port.
    pub(crate) async fn start(path: &Path) -> Self {
        let lines = transcript::read(path);
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port on loopback");
        let address = listener.local_addr().expect("a bound listener has an address");
        let (desk, news) = unbounded_channel();
        let stage = tokio::spawn(Stage::new(lines, news, desk.clone()).run());
        let doors = tokio::spawn(open_doors(listener, desk.clone()));
        Self {
            address,
            doors,
            stage,
            desk,
        }
    }

    /// Plays the recorded end of the server and its new start, as lifetime/restart has it; returns when it runs again.
    pub(crate) async fn restart(&self) {
        let (done, back) = oneshot::channel();
        let _ = self.desk.send(News::Restart(done));
        let _ = back.await;
    }

    /// Ends the play; the client should have gone. Tells what it said otherwise than recorded, what it left out and
    /// what it added.
    pub(crate) async fn finish(self) -> Result<(), Vec<String>> {
        let _ = self.desk.send(News::Finish);
        let complaints = self.stage.await.expect("the stage does not panic");
        self.doors.abort();
        if complaints.is_empty() {
            Ok(())
        } else {
            Err(complaints)
        }
    }
}

async fn open_doors(listener: TcpListener, desk: UnboundedSender<News>) {
    while let Ok((tcp, _)) = listener.accept().await {
        tokio::spawn(read_request(tcp, desk.clone()));
    }
}

async fn read_request(mut tcp: TcpStream, desk: UnboundedSender<News>) {
    let _ = tcp.set_nodelay(true);
    if let Some(request) = Request::read(&mut tcp).await {
        let _ = desk.send(News::Request(request, tcp));
    }
}

#[cfg(test)]
mod tests;
