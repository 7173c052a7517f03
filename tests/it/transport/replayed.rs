//! Every recorded long poll conversation, against the client: a server that answers with the recorded bytes holds each request
//! against the recorded one. What the client cannot say, because its session is over or never began or the body is no
//! message, is sent as a plain request.

use std::collections::VecDeque;

use phxproof::Target;
use phxproof::Vsn;
use phxproof::internal::transport::{
    Connection, Ending, Incoming, Limits, Opened, Outgoing, Request, Upgrade, open, request,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use super::{HUNG, header, read_head, soon};
use crate::server::transcript::lines_of;

/// A request, and where its answer is written.
struct Asked {
    head: String,
    body: String,
    answer: UnboundedSender<Vec<u8>>,
}

impl Asked {
    /// Method and path.
    fn line(&self) -> &str {
        self.head
            .lines()
            .next()
            .and_then(|line| line.strip_suffix(" HTTP/1.1"))
            .unwrap_or_default()
    }

    fn method(&self) -> &str {
        self.line().split(' ').next().unwrap_or_default()
    }

    /// Answers as it was recorded.
    fn answer(&self, recorded: &Value) {
        let (status, body) = (&recorded["status"], recorded["body"].as_str().unwrap_or_default());
        let content_type = recorded["type"]
            .as_str()
            .map(|it| format!("content-type: {it}\r\n"));
        let length = if status == 204 {
            String::new()
        } else {
            format!("content-length: {}\r\n", body.len())
        };
        let answer = format!(
            "HTTP/1.1 {status} Recorded\r\n{}{length}\r\n{body}",
            content_type.unwrap_or_default()
        );
        self.answer
            .send(answer.into_bytes())
            .expect("the connection waits for its answer");
    }
}

/// Reads the requests of a connection, and writes an answer to each.
async fn converse(mut tcp: TcpStream, asked: UnboundedSender<Asked>) {
    let mut first = [0];
    while tcp.peek(&mut first).await.is_ok_and(|count| count > 0) {
        let head = read_head(&mut tcp).await;
        let length = header(&head, "content-length").map_or(0, |it| it.parse().unwrap());
        let mut body = vec![0; length];
        tcp.read_exact(&mut body).await.unwrap();
        let (answer, mut answers) = unbounded_channel();
        let body = String::from_utf8(body).unwrap();
        let _ = asked.send(Asked { head, body, answer });
        let Some(answer) = answers.recv().await else {
            return;
        };
        if tcp.write_all(&answer).await.is_err() {
            return;
        }
    }
}

/// A recording that is being played.
struct Replay {
    target: Target,
    asked: UnboundedReceiver<Asked>,
    /// Requests that came before the recording gets to them: a poll is always open.
    early: VecDeque<Asked>,
    server: JoinHandle<()>,
    vsn: Vsn,
    /// The session of the client, its first request and its token.
    session: Option<Session>,
    /// The requests that wait for their recorded answers, with their actors.
    waiting: Vec<(String, Waiting)>,
    /// How many requests the client made by itself.
    own: usize,
}

struct Session {
    connection: Connection,
    first: String,
    token: String,
}

/// Who made a request that waits.
enum Waiting {
    Opening(
        JoinHandle<Result<Opened, phxproof::internal::transport::OpenError>>,
        Asked,
    ),
    Session(Asked),
    Plain(JoinHandle<u16>, Asked),
}

impl Replay {
    async fn start(header: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, asked) = unbounded_channel();
        let server = tokio::task::spawn_local(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::task::spawn_local(converse(tcp, tell.clone()));
            }
        });
        Self {
            target: Target::parse(&format!("http://{address}/socket")).unwrap(),
            asked,
            early: VecDeque::new(),
            server,
            vsn: if header["vsn"] == "1.0.0" {
                Vsn::V1
            } else {
                Vsn::V2
            },
            session: None,
            waiting: Vec::new(),
            own: 0,
        }
    }

    async fn run(mut self, lines: &[Value]) -> usize {
        for line in lines {
            let actor = text(line, "actor");
            if line["dir"] == ">" {
                let waiting = self.ask(line).await;
                self.waiting.push((actor, waiting));
            } else {
                let at = self
                    .waiting
                    .iter()
                    .position(|(it, _)| *it == actor)
                    .expect("a request");
                let (_, waiting) = self.waiting.remove(at);
                self.answer(waiting, line).await;
            }
        }
        self.server.abort();
        self.own
    }

    /// Has a recorded request made, and compares it.
    async fn ask(&mut self, line: &Value) -> Waiting {
        let recorded = text(line, "http");
        let (method, path) = recorded.split_once(' ').expect("a method and a path");
        let of_session = self
            .session
            .as_ref()
            .is_some_and(|it| recorded.contains(&it.token));
        if of_session && method == "GET" {
            return Waiting::Session(self.own(line).await);
        }
        if of_session && let Some(messages) = messages(line) {
            let session = self.session.as_mut().expect("it is open");
            for message in messages {
                session.connection.send(Outgoing::Text(message)).await.unwrap();
            }
            return Waiting::Session(self.own(line).await);
        }
        if method == "GET" && self.session.is_none() && path.contains("/longpoll?") && !self.waiting_to_open()
        {
            let upgrade = Upgrade {
                vsn: self.vsn,
                path_and_query: path.to_owned(),
                headers: Vec::new(),
                limits: Limits::default(),
                deadline: HUNG,
                early: Vec::new(),
            };
            let target = self.target.clone();
            let opening = tokio::task::spawn_local(async move { open(&target, &upgrade).await });
            let asked = self.take(method).await;
            assert_eq!(asked.line(), recorded);
            self.own += 1;
            return Waiting::Opening(opening, asked);
        }
        let plain = plain(line, method, path);
        let target = self.target.clone();
        let status = tokio::task::spawn_local(async move { request(&target, &plain).await.unwrap().status });
        Waiting::Plain(status, self.take(method).await)
    }

    fn waiting_to_open(&self) -> bool {
        self.waiting
            .iter()
            .any(|(_, it)| matches!(it, Waiting::Opening(..)))
    }

    /// A request of the session, which is driven meanwhile.
    async fn own(&mut self, line: &Value) -> Asked {
        let mut session = self.session.take().expect("it is open");
        let recorded = text(line, "http");
        let method = recorded.split(' ').next().expect("a method").to_owned();
        let asked = tokio::select! {
            asked = self.take(&method) => asked,
            incoming = session.connection.next() => panic!("{recorded}: {incoming:?}"),
        };
        // The recorded client left out its connect params in later requests; phoenix.js does not, and neither does ours.
        let path = format!("{}&token={}", session.first, session.token);
        assert_eq!(asked.line(), format!("{method} {path}"));
        assert_eq!(
            header(&asked.head, "x-phoenix-longpoll-token"),
            Some(&*session.token)
        );
        assert_eq!(asked.body, text(line, "body"));
        for recorded in line["headers"].as_array().into_iter().flatten() {
            let (name, value) = recorded
                .as_str()
                .and_then(|it| it.split_once(": "))
                .expect("a header");
            assert_eq!(header(&asked.head, name), Some(value));
        }
        self.own += 1;
        self.session = Some(session);
        asked
    }

    /// The next request of this method.
    async fn take(&mut self, method: &str) -> Asked {
        if let Some(at) = self.early.iter().position(|it| it.method() == method) {
            return self.early.remove(at).expect("it is there");
        }
        loop {
            let asked = soon(self.asked.recv()).await.expect("the server runs");
            if asked.method() == method {
                return asked;
            }
            self.early.push_back(asked);
        }
    }

    /// Answers as recorded, and compares what the client makes of it.
    async fn answer(&mut self, waiting: Waiting, line: &Value) {
        let body: Value = serde_json::from_str(&text(line, "body")).unwrap_or_default();
        match waiting {
            Waiting::Plain(status, asked) => {
                asked.answer(line);
                assert_eq!(soon(status).await.unwrap(), line["status"]);
            }
            Waiting::Opening(opening, asked) => {
                asked.answer(line);
                match soon(opening).await.unwrap().unwrap() {
                    Opened::Refused(response) => assert_eq!(response.status, body["status"]),
                    Opened::Open(connection, _) => {
                        assert_eq!(body["status"], 410);
                        let first = asked.line().trim_start_matches("GET ").to_owned();
                        let token = text(&body, "token");
                        self.session = Some(Session {
                            connection,
                            first,
                            token,
                        });
                    }
                }
            }
            Waiting::Session(asked) => {
                asked.answer(line);
                self.hear(asked.method(), &body, line).await;
            }
        }
    }

    /// What the session makes of an answer.
    async fn hear(&mut self, method: &str, body: &Value, line: &Value) {
        let session = self.session.as_mut().expect("it is open");
        if line["status"] == 200 && (body["status"] == 200 || body["status"] == 204) {
            for message in body["messages"].as_array().into_iter().flatten() {
                let recorded = message.as_str().expect("a text").to_owned();
                let incoming = soon(session.connection.next()).await;
                assert_eq!(incoming, Incoming::Text(recorded));
            }
            return;
        }
        let status = if line["status"] == 200 {
            &body["status"]
        } else {
            &line["status"]
        };
        match soon(session.connection.next()).await {
            Incoming::Closed(Ending::Status { of, status: told }) => {
                assert_eq!(
                    (of.method(), told),
                    (method, u16::try_from(status.as_u64().unwrap()).unwrap())
                );
            }
            other => panic!("{status} was taken as {other:?}"),
        }
        self.session = None;
    }
}

/// The messages of a recorded body, if the client can send them.
fn messages(line: &Value) -> Option<Vec<String>> {
    let body = text(line, "body");
    let lines: Vec<String> = body.split('\n').map(str::to_owned).collect();
    let is_message = |text: &String| serde_json::from_str::<Value>(text).is_ok();
    lines.iter().all(is_message).then_some(lines)
}

/// A recorded request as it is.
fn plain(line: &Value, method: &str, path: &str) -> Request {
    let headers = line["headers"].as_array().into_iter().flatten();
    let headers = headers.filter_map(|it| it.as_str()?.split_once(": "));
    Request {
        method: method.to_owned(),
        path_and_query: path.to_owned(),
        headers: headers
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        body: text(line, "body").into_bytes(),
        limits: Limits::default(),
        deadline: HUNG,
    }
}

fn text(line: &Value, key: &str) -> String {
    line[key].as_str().unwrap_or_default().to_owned()
}

/// Plays the conversations of a recorded server. The client itself makes most of the requests.
fn replay(recorded: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let conversations = lines_of(recorded, "longpoll");
    assert_eq!(conversations.len(), 7);
    let mut own = 0;
    for lines in conversations {
        let local = tokio::task::LocalSet::new();
        own += local.block_on(&runtime, async {
            Replay::start(&lines[0]).await.run(&lines[1..]).await
        });
    }
    assert_eq!(own, REQUESTS_OF_THE_CLIENT, "{recorded}");
}

const REQUESTS_OF_THE_CLIENT: usize = 32;

#[test]
fn phoenix_1_8_12_on_bandit() {
    replay("1.8.12-bandit");
}

#[test]
fn phoenix_1_8_12_on_cowboy() {
    replay("1.8.12-cowboy");
}

#[test]
fn phoenix_1_8_9_on_bandit() {
    replay("1.8.9-bandit");
}

#[test]
fn phoenix_1_7_21_on_cowboy() {
    replay("1.7.21-cowboy");
}
