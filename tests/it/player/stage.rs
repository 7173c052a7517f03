//! Plays the lines of a recording in their order: waits for what its client said, compares, and says what its server
//! said. One task owns it all; the connections only bring news.

mod client;
mod server;

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

use super::names::Names;
use super::transcript::{Line, What};
use super::wire::{self, CLOSE, Frame, Request, TEXT, brief};

/// After this long without any news a client that still holds a connection counts as gone.
const HUNG: Duration = Duration::from_secs(5);

/// What the connections, and the test, bring.
#[derive(Debug)]
pub(super) enum News {
    Request(Request, TcpStream),
    Frame(usize, Frame),
    Gone(usize),
    Restart(oneshot::Sender<()>),
    Finish,
}

pub(super) struct Stage {
    lines: VecDeque<Line>,
    names: Names,
    complaints: Vec<String>,
    waiting: VecDeque<(Request, TcpStream)>,
    /// Requests that were compared and are not answered yet, with the actor that made them.
    asked: Vec<(String, Request, TcpStream)>,
    conversations: Vec<Conversation>,
    restart: Option<oneshot::Sender<()>>,
    news: UnboundedReceiver<News>,
    desk: UnboundedSender<News>,
}

/// One WebSocket connection.
struct Conversation {
    actor: String,
    write: OwnedWriteHalf,
    said: VecDeque<Frame>,
    line: Open,
    /// The last text that the recording only keeps the begin of.
    long: String,
}

/// Whether a conversation is open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Yes,
    /// The recorded server has closed it; frames that the client sends after that are ignored.
    Closed,
    ClientGone,
}

/// Whether the line at the top has been played.
#[derive(PartialEq, Eq)]
enum Played {
    Yes,
    NotYet,
}

impl Stage {
    pub(super) fn new(lines: Vec<Line>, news: UnboundedReceiver<News>, desk: UnboundedSender<News>) -> Self {
        Self {
            lines: lines.into(),
            names: Names::default(),
            complaints: Vec::new(),
            waiting: VecDeque::new(),
            asked: Vec::new(),
            conversations: Vec::new(),
            restart: None,
            news,
            desk,
        }
    }

    /// Plays until the test says that it is over and the client has gone; tells all that was not as recorded.
    pub(super) async fn run(mut self) -> Vec<String> {
        let mut finishing = false;
        while !finishing || self.conversations.iter().any(|it| it.line != Open::ClientGone) {
            let limit = if finishing { HUNG } else { Duration::MAX };
            match tokio::time::timeout(limit, self.news.recv()).await {
                Ok(Some(News::Request(request, tcp))) => self.knock(request, tcp).await,
                Ok(Some(News::Frame(index, frame))) => self.conversations[index].said.push_back(frame),
                Ok(Some(News::Gone(index))) => self.conversations[index].line = Open::ClientGone,
                Ok(Some(News::Restart(done))) => self.restart = Some(done),
                Ok(Some(News::Finish)) => finishing = true,
                Ok(None) | Err(_) => break,
            }
            self.play().await;
        }
        self.complain_of_the_rest();
        self.complaints
    }

    /// Gives a token to every client that requests one: the recordings do not contain these requests.
    async fn knock(&mut self, request: Request, mut tcp: TcpStream) {
        match request.path.strip_prefix("/token/") {
            Some(name) => {
                send(
                    &mut tcp,
                    wire::answer(200, None, &format!("{TOKEN}{name}")).as_bytes(),
                )
                .await
            }
            None => self.waiting.push_back((request, tcp)),
        }
    }

    async fn play(&mut self) {
        loop {
            self.settle().await;
            let Some(line) = self.lines.pop_front() else { break };
            if self.play_line(&line).await == Played::NotYet {
                self.lines.push_front(line);
                break;
            }
        }
        self.settle().await;
    }

    async fn play_line(&mut self, line: &Line) -> Played {
        match &line.what {
            What::Upgrade { path, headers } => return self.take_upgrade(line, path, headers),
            What::Request { method, path, body } => return self.take_request(line, method, path, body),
            What::Says(said) => return self.take_frame(line, said),
            What::ClosesWith(code) => return self.take_close(line, *code),
            What::Cuts => return self.take_cut(&line.actor),
            What::Sigterm if self.restart.is_none() => return Played::NotYet,
            What::Sigterm | What::Stopped => {}
            What::StartedAgain => {
                if let Some(done) = self.restart.take() {
                    let _ = done.send(());
                }
            }
            What::Opened => self.open(&line.actor).await,
            What::Refused { status, body } => self.reply(&line.actor, *status, None, body).await,
            What::Answered {
                status,
                content_type,
                body,
            } => {
                self.reply(&line.actor, *status, content_type.as_deref(), body)
                    .await;
            }
            What::Hears(said) => self.say(line, said).await,
            What::IsClosedWith(code) => self.close(&line.actor, *code).await,
            // Eof or reset after a close frame is free; a reset could overtake what was sent before it.
            What::Ends => self.end(&line.actor).await,
        }
        Played::Yes
    }

    /// Answers the heartbeats with which a play makes sure that nothing is under way any more, and the close frames
    /// with which it goes; neither is in any recording.
    async fn settle(&mut self) {
        let lines = &self.lines;
        for conversation in &mut self.conversations {
            if conversation.line == Open::Closed {
                conversation.said.clear();
            }
            while let Some(answer) = conversation.said.front().and_then(settling) {
                conversation.said.pop_front();
                send(&mut conversation.write, &wire::frame(TEXT, answer.as_bytes())).await;
            }
            let closes =
                |line: &Line| line.actor == conversation.actor && matches!(line.what, What::ClosesWith(_));
            if !lines.iter().any(closes)
                && let Some(at) = conversation.said.iter().position(|frame| frame.opcode == CLOSE)
                && let Some(close) = conversation.said.remove(at)
            {
                send(&mut conversation.write, &wire::frame(CLOSE, &close.payload)).await;
                let _ = conversation.write.shutdown().await;
            }
        }
    }

    /// The latest conversation of an actor.
    fn conversation(&self, actor: &str) -> Option<usize> {
        self.conversations.iter().rposition(|it| it.actor == actor)
    }

    fn complain(&mut self, line: &Line, recorded: &str, actual: &str) {
        let (number, actor) = (line.number, &line.actor);
        let (recorded, actual) = (brief(recorded), brief(actual));
        self.complaints.push(format!(
            "line {number}, {actor}\n  recorded  {recorded}\n  said      {actual}"
        ));
    }

    fn complain_of_the_rest(&mut self) {
        if let Some(line) = self.lines.front() {
            let (number, actor, what) = (line.number, &line.actor, brief(&format!("{:?}", line.what)));
            self.complaints
                .push(format!("the recording goes on in line {number}, {actor}: {what}"));
        }
        for conversation in &self.conversations {
            for frame in conversation.said.iter().filter(|it| it.opcode != CLOSE) {
                self.complaints
                    .push(format!("{} also said {}", conversation.actor, frame.show()));
            }
        }
        for (request, _) in &self.waiting {
            self.complaints.push(format!(
                "the client also asked {} {}",
                request.method, request.path
            ));
        }
    }
}

/// The answer to the heartbeat that a play ends with, if this is one.
fn settling(frame: &Frame) -> Option<String> {
    let text = frame
        .text()
        .filter(|text| text.contains(r#""settle""#) && text.contains(r#""heartbeat""#))?;
    let answer = if text.starts_with('{') {
        r#"{"event":"phx_reply","payload":{"response":{},"status":"ok"},"ref":"settle","topic":"phoenix"}"#
    } else {
        r#"[null,"settle","phoenix","phx_reply",{"response":{},"status":"ok"}]"#
    };
    Some(answer.to_owned())
}

/// The tokens that this server hands out begin so; the name follows.
const TOKEN: &str = "token.of.";

/// Sends; a client that has gone meanwhile is noticed by its reader.
async fn send(to: &mut (impl AsyncWriteExt + Unpin), bytes: &[u8]) {
    let _ = to.write_all(bytes).await;
    let _ = to.flush().await;
}
