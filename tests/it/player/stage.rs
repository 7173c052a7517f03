//! Plays the lines of a recording in their order: waits for what its client said, compares, and says what its server
//! said. One task owns it all; the connections only bring news.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::oneshot;

use super::names::{Names, same_message, signed_for};
use super::transcript::{Line, Said, What};
use super::wire::{self, BINARY, CLOSE, Frame, PONG, Request, TEXT, brief};

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

/// How a conversation stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Yes,
    /// The recorded server has closed it; what the client says from here on concerns nobody.
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

    /// Tokens are handed out to whoever asks: the recordings do not show the asking.
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

    fn take_upgrade(&mut self, line: &Line, path: &str, headers: &[String]) -> Played {
        let Some(at) = self
            .waiting
            .iter()
            .position(|(request, _)| request.asks_for_upgrade())
        else {
            return Played::NotYet;
        };
        let Some((request, tcp)) = self.waiting.remove(at) else {
            return Played::NotYet;
        };
        let (recorded, actual) = (Query::of(path), Query::of(&request.path));
        if let (Some(recorded), Some(actual)) = (&recorded.token, &actual.token)
            && let (Some(name), Some(fresh)) = (signed_for(recorded), actual.strip_prefix(TOKEN))
        {
            self.names.learn(&name, fresh);
        }
        if recorded.shown != actual.shown || recorded.token.is_some() != actual.token.is_some() {
            self.complain(line, path, &request.path);
        }
        for header in ["origin", "sec-websocket-protocol"] {
            let recorded = headers.iter().filter_map(|it| it.split_once(": "));
            let recorded = recorded
                .filter(|(name, _)| name.eq_ignore_ascii_case(header))
                .map(|it| it.1)
                .next();
            let actual = request.header(header);
            if recorded != actual {
                self.complain(
                    line,
                    &format!("{header}: {recorded:?}"),
                    &format!("{header}: {actual:?}"),
                );
            }
        }
        self.asked.push((line.actor.clone(), request, tcp));
        Played::Yes
    }

    fn take_request(&mut self, line: &Line, method: &str, path: &str, body: &str) -> Played {
        let Some(at) = self
            .waiting
            .iter()
            .position(|(request, _)| !request.asks_for_upgrade())
        else {
            return Played::NotYet;
        };
        let Some((request, tcp)) = self.waiting.remove(at) else {
            return Played::NotYet;
        };
        let recorded = format!("{method} {} {body}", self.names.path(path));
        let actual = format!("{} {} {}", request.method, request.path, request.body);
        if recorded != actual {
            self.complain(line, &recorded, &actual);
        }
        self.asked.push((line.actor.clone(), request, tcp));
        Played::Yes
    }

    fn take_frame(&mut self, line: &Line, said: &Said) -> Played {
        let Some(index) = self.conversation(&line.actor) else {
            return Played::NotYet;
        };
        let Some(frame) = self.conversations[index].said.pop_front() else {
            return Played::NotYet;
        };
        let (recorded, held) = match said {
            Said::Text(text) => {
                self.names
                    .learn_topic(text, &String::from_utf8_lossy(&frame.payload));
                let text = self.names.text(text);
                let held = frame.text().is_some_and(|actual| same_message(&text, actual));
                (text, held)
            }
            Said::LongText { head, bytes } => {
                let actual = String::from_utf8_lossy(&frame.payload).into_owned();
                self.names.learn_topic(head, &actual);
                let text = self.names.text(head);
                let length = bytes + text.len() - head.len();
                let held = frame.is_whole(TEXT) && actual.starts_with(&text) && actual.len() == length;
                self.conversations[index].long = actual;
                (format!("{text}… ({length} bytes)"), held)
            }
            Said::Binary(bytes) => {
                let bytes = self.names.binary_from_client(bytes, &frame.payload);
                let held = frame.is_whole(BINARY) && bytes == frame.payload;
                (format!("binary {}", String::from_utf8_lossy(&bytes)), held)
            }
            Said::Frame {
                opcode,
                fin,
                masked,
                payload,
            } => {
                let payload = match str::from_utf8(payload) {
                    Ok(text) => self.names.text(text).into_bytes(),
                    Err(_) => payload.clone(),
                };
                let held = (frame.opcode, frame.fin, frame.masked) == (*opcode, *fin, *masked)
                    && frame.reserved == 0
                    && frame.payload == payload;
                let text = String::from_utf8_lossy(&payload).into_owned();
                (
                    format!("a frame with opcode {opcode}, fin {fin}, masked {masked}: {text}"),
                    held,
                )
            }
            Said::Pong(_) => ("a pong".to_owned(), frame.opcode == PONG),
        };
        if !held {
            self.complain(line, &recorded, &frame.show());
        }
        Played::Yes
    }

    fn take_close(&mut self, line: &Line, code: u16) -> Played {
        let Some(index) = self.conversation(&line.actor) else {
            return Played::NotYet;
        };
        let Some(frame) = self.conversations[index].said.pop_front() else {
            return Played::NotYet;
        };
        if frame.opcode != CLOSE || frame.payload != code.to_be_bytes() {
            self.complain(line, &format!("a close frame with {code}"), &frame.show());
        }
        Played::Yes
    }

    fn take_cut(&mut self, actor: &str) -> Played {
        let Some(index) = self.conversation(actor) else {
            return Played::NotYet;
        };
        let gone = self.conversations[index].line == Open::ClientGone;
        if gone && self.conversations[index].said.is_empty() {
            Played::Yes
        } else {
            Played::NotYet
        }
    }

    async fn open(&mut self, actor: &str) {
        let Some(at) = self.asked.iter().position(|it| it.0 == actor) else {
            return;
        };
        let (actor, request, mut tcp) = self.asked.remove(at);
        send(&mut tcp, request.switching().as_bytes()).await;
        let (mut read, write) = tcp.into_split();
        let index = self.conversations.len();
        let desk = self.desk.clone();
        tokio::spawn(async move {
            while let Some(frame) = Frame::read(&mut read).await {
                let _ = desk.send(News::Frame(index, frame));
            }
            let _ = desk.send(News::Gone(index));
        });
        let said = VecDeque::new();
        self.conversations.push(Conversation {
            actor,
            write,
            said,
            line: Open::Yes,
            long: String::new(),
        });
    }

    async fn reply(&mut self, actor: &str, status: u16, content_type: Option<&str>, body: &str) {
        if let Some(at) = self.asked.iter().position(|it| it.0 == actor) {
            let (.., mut tcp) = self.asked.remove(at);
            send(&mut tcp, wire::answer(status, content_type, body).as_bytes()).await;
        }
    }

    async fn say(&mut self, line: &Line, said: &Said) {
        let Some(index) = self.conversation(&line.actor) else {
            return;
        };
        let bytes = match said {
            Said::Text(text) => wire::frame(TEXT, self.names.text(text).as_bytes()),
            Said::LongText { head, bytes } => {
                let begin = self.names.text(head);
                let answer = echo(&self.conversations[index].long, &begin);
                if !answer.starts_with(&begin) || answer.len() != bytes + begin.len() - head.len() {
                    self.complain(line, &format!("{begin}… ({bytes} bytes)"), &answer);
                }
                wire::frame(TEXT, answer.as_bytes())
            }
            Said::Binary(bytes) => wire::frame(BINARY, &self.names.binary_from_server(bytes)),
            Said::Pong(payload) => wire::frame(PONG, payload),
            Said::Frame { opcode, payload, .. } => wire::frame(*opcode, payload),
        };
        send(&mut self.conversations[index].write, &bytes).await;
    }

    async fn close(&mut self, actor: &str, code: u16) {
        if let Some(index) = self.conversation(actor) {
            let frame = wire::frame(CLOSE, &code.to_be_bytes());
            send(&mut self.conversations[index].write, &frame).await;
            self.end(actor).await;
        }
    }

    async fn end(&mut self, actor: &str) {
        if let Some(index) = self.conversation(actor) {
            let conversation = &mut self.conversations[index];
            let _ = conversation.write.shutdown().await;
            if conversation.line == Open::Yes {
                conversation.line = Open::Closed;
            }
        }
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

/// A path with its query, the token apart.
struct Query {
    shown: String,
    token: Option<String>,
}

impl Query {
    fn of(path: &str) -> Self {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let decoded = query.replace("%5B", "[").replace("%5D", "]");
        let (tokens, mut params): (Vec<&str>, Vec<&str>) = decoded
            .split('&')
            .filter(|it| !it.is_empty())
            .partition(|it| it.starts_with("token="));
        params.sort_unstable();
        Self {
            shown: format!("{path}?{}", params.join("&")),
            token: tokens.first().map(|token| token["token=".len()..].to_owned()),
        }
    }
}

/// The answer to a long text: its payload comes back, as these cases ask for it.
fn echo(asked: &str, begin: &str) -> String {
    let Some((head, _)) = begin.split_once(r#"{"response":"#) else {
        return String::new();
    };
    // What stands before the payload is as long in the question, but for the event's name.
    let payload = asked
        .match_indices(",{")
        .next()
        .map_or("", |(at, _)| &asked[at + 1..]);
    let payload = payload.strip_suffix(']').unwrap_or(payload);
    if begin.contains(r#"{"response":{"params":"#) {
        return format!(r#"{head}{{"response":{{"params":{payload}}},"status":"ok"}}]"#);
    }
    format!(r#"{head}{{"response":{payload},"status":"ok"}}]"#)
}

/// Sends; a client that has gone meanwhile is noticed by its reader.
async fn send(to: &mut (impl AsyncWriteExt + Unpin), bytes: &[u8]) {
    let _ = to.write_all(bytes).await;
    let _ = to.flush().await;
}
