//! The connections and requests of one play: each has a task that does what the play asks for and tells it what came.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::ConnectionSettings;
use super::dial::{Dial, send_request, send_request_on};
use crate::scenario::{Command, Happening, LinkId, RequestSender};
use crate::transport::{KeptConnection, Outgoing};

/// Messages that wait for the play. A server that floods is read no faster than it is judged.
const WAITING: usize = 4;

/// The connections and requests of one play; all of them end when this is dropped.
pub(crate) struct Links {
    settings: Rc<ConnectionSettings>,
    told: mpsc::Sender<Happening>,
    links: HashMap<LinkId, mpsc::UnboundedSender<Outgoing>>,
    kept: Rc<KeptConnections>,
    tasks: JoinSet<()>,
}

/// The connections on which the next requests of users may go, by actor.
#[derive(Default)]
struct KeptConnections(RefCell<HashMap<usize, KeptConnection>>);

impl KeptConnections {
    fn take(&self, user: usize) -> Option<KeptConnection> {
        self.0.borrow_mut().remove(&user)
    }

    fn put(&self, user: usize, kept: Option<KeptConnection>) {
        if let Some(kept) = kept {
            self.0.borrow_mut().insert(user, kept);
        }
    }
}

impl Links {
    /// No connections yet, and where it is told what happens to them. Must be used inside of a `LocalSet`.
    pub(crate) fn new(settings: Rc<ConnectionSettings>) -> (Self, mpsc::Receiver<Happening>) {
        let (told, news) = mpsc::channel(WAITING);
        let links = Self {
            settings,
            told,
            links: HashMap::new(),
            kept: Rc::default(),
            tasks: JoinSet::new(),
        };
        (links, news)
    }

    /// Begins what a command asks for, but a restart: that concerns the server as a whole.
    pub(crate) fn carry_out(&mut self, command: Command) {
        let (settings, told) = (Rc::clone(&self.settings), self.told.clone());
        match command {
            Command::Connect(id, options) => {
                let (orders, taken) = mpsc::unbounded_channel();
                self.links.insert(id, orders);
                // A user who goes on to the socket has loaded its pages.
                self.kept.take(id.actor);
                let dial = Dial { settings, id, told };
                self.tasks
                    .spawn_local(async move { dial.connect(&options, taken).await });
            }
            Command::Send(id, outgoing) => {
                // A connection that is gone has told so itself.
                if let Some(orders) = self.links.get(&id) {
                    let _ = orders.send(outgoing);
                }
            }
            Command::Http(id, request) => {
                let user = match request.sender {
                    RequestSender::User(actor) => Some(actor),
                    RequestSender::Nobody => None,
                };
                let (all, kept) = (Rc::clone(&self.kept), user.and_then(|user| self.kept.take(user)));
                self.tasks.spawn_local(async move {
                    let answer = match user {
                        None => send_request(&settings, &request).await,
                        Some(user) => {
                            let answer = send_request_on(kept, &settings, &request).await;
                            answer.map(|(response, kept)| {
                                all.put(user, kept);
                                response
                            })
                        }
                    };
                    let _ = told.send(Happening::Http(id, answer)).await;
                });
            }
            Command::Restart(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::task::{LocalSet, spawn_local};

    use super::*;
    use crate::clock::Clock;
    use crate::scenario::HttpRequest;
    use crate::transport::{Endpoint, Target};

    /// Answers each request with the number of its connection.
    async fn serve(mut stream: TcpStream, number: usize) {
        let mut head = Vec::new();
        while let Ok(byte) = stream.read_u8().await {
            head.push(byte);
            if head.ends_with(b"\r\n\r\n") {
                head.clear();
                let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{number}");
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        }
    }

    #[tokio::test]
    async fn the_requests_of_a_user_follow_each_other_on_one_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = Target::parse(&format!("ws://{}/socket", listener.local_addr().unwrap())).unwrap();
        let settings = ConnectionSettings {
            endpoint: Endpoint {
                target,
                params: Vec::new(),
                headers: Vec::new(),
            },
            timeout: Duration::from_secs(20),
            clock: Clock::start(),
        };
        let asked = async {
            spawn_local(async move {
                for number in 1.. {
                    let (stream, _) = listener.accept().await.unwrap();
                    spawn_local(serve(stream, number));
                }
            });
            let (mut links, mut news) = Links::new(Rc::new(settings));
            let mut numbers = Vec::new();
            for sender in [
                RequestSender::User(0),
                RequestSender::User(0),
                RequestSender::User(1),
                RequestSender::Nobody,
                RequestSender::Nobody,
                RequestSender::User(0),
            ] {
                let request = HttpRequest {
                    method: "POST".to_owned(),
                    path: "/".to_owned(),
                    headers: Vec::new(),
                    body: None,
                    sender,
                };
                links.carry_out(Command::Http(Default::default(), request));
                match news.recv().await {
                    Some(Happening::Http(_, Ok(response))) => {
                        numbers.push(String::from_utf8(response.body).unwrap());
                    }
                    other => panic!("{other:?}"),
                }
            }
            numbers
        };
        assert_eq!(
            LocalSet::new().run_until(asked).await,
            ["1", "1", "2", "3", "4", "1"]
        );
    }
}
