//! Gives a play its sockets: does what it asks for, tells it what happened, and when its deadlines have come.

use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::host::Lent;
use super::settings::{Settings, Update};
use crate::clock::{Clock, Time};
use crate::protocol::Vsn;
use crate::scenario::{Command, Door, Happening, LinkId, Play, Progress, Reach, Request, Restart};
use crate::transport::{
    Connection, Ending, Incoming, Limits, OpenError, Opened, Outgoing, RequestError, Response, Target, Upgrade, open,
    request,
};

/// Where a play is played.
pub(super) struct Place {
    pub(super) target: Target,
    pub(super) settings: Rc<Settings>,
    pub(super) timeout: Duration,
    pub(super) clock: Clock,
}

/// After all has come that is awaited, this long is listened for what should not come; longer for a fixture that is
/// being written, as nothing says yet what is awaited.
const LISTEN_ON: Duration = Duration::from_millis(40);
const LISTEN_FOR_FIXTURE: Duration = Duration::from_millis(500);

/// Messages that wait for the play. A server that floods is read no faster than it is judged.
const WAITING: usize = 4;

/// Plays until all steps held and `complete` says that all has come, or a step did not hold, or `patience` is over.
pub(super) async fn drive(
    play: &mut Play,
    place: &Rc<Place>,
    lent: Option<&mut Box<dyn Lent>>,
    mut complete: impl FnMut(&Play) -> bool,
    patience: Duration,
) {
    let (told, mut news) = mpsc::channel(WAITING);
    let mut hands = Hands { place: Rc::clone(place), told, links: HashMap::new(), tasks: JoinSet::new(), lent };
    let listen_on = if place.settings.update == Update::No { LISTEN_ON } else { LISTEN_FOR_FIXTURE };
    let clock = place.clock;
    play.begin(clock.now());
    let mut end: Option<Time> = None;
    let mut satisfied = false;
    loop {
        while let Some(command) = play.next_command() {
            if let Command::Restart(how) = command {
                let result = hands.restart(how).await;
                play.handle(Happening::Restarted(result), clock.now());
            } else {
                hands.carry_out(command, play.vsn());
            }
        }
        let now = clock.now();
        match play.progress() {
            Progress::Failed(_) => return,
            Progress::Over if !satisfied && complete(play) => {
                satisfied = true;
                end = Some(now + listen_on);
            }
            Progress::Over if end.is_none() => end = Some(now + patience),
            Progress::Over | Progress::Playing | Progress::Settling => {}
        }
        if end.is_some_and(|end| end <= now) {
            return;
        }
        let deadline = [play.deadline(), end].into_iter().flatten().min();
        tokio::select! {
            biased;
            Some(happening) = news.recv() => play.handle(happening, clock.now()),
            () = until(clock, deadline) => play.handle_timeout(clock.now()),
        }
    }
}

async fn until(clock: Clock, deadline: Option<Time>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(clock.instant(deadline).into()).await,
        None => std::future::pending().await,
    }
}

/// What has been begun for a play; all of it ends when this is dropped.
struct Hands<'a> {
    place: Rc<Place>,
    told: mpsc::Sender<Happening>,
    links: HashMap<LinkId, mpsc::UnboundedSender<Outgoing>>,
    tasks: JoinSet<()>,
    lent: Option<&'a mut Box<dyn Lent>>,
}

impl Hands<'_> {
    fn carry_out(&mut self, command: Command, vsn: Vsn) {
        let (place, told) = (Rc::clone(&self.place), self.told.clone());
        match command {
            Command::Connect(id, door) => {
                let (orders, taken) = mpsc::unbounded_channel();
                self.links.insert(id, orders);
                self.tasks.spawn_local(async move { connect(&place, id, door, vsn, told, taken).await });
            }
            Command::Send(id, outgoing) => {
                // A connection that is gone has told so itself.
                if let Some(orders) = self.links.get(&id) {
                    let _ = orders.send(outgoing);
                }
            }
            Command::Http(request) => {
                self.tasks.spawn_local(async move {
                    let answer = send_request(&place, &request).await;
                    let _ = told.send(Happening::Http(answer)).await;
                });
            }
            Command::Restart(_) => {}
        }
    }

    async fn restart(&mut self, how: Restart) -> Result<(), String> {
        match &mut self.lent {
            Some(lent) => lent.restart(how).await,
            None => Err("nobody here can restart it".to_owned()),
        }
    }
}

async fn send_request(place: &Place, asked: &Request) -> Result<Response, RequestError> {
    let body = asked.body.clone().unwrap_or_default();
    let to_send = crate::transport::Request {
        method: asked.method.clone(),
        path_and_query: asked.path.clone(),
        headers: asked.headers.clone(),
        body: body.into_bytes(),
        limits: Limits::default(),
        deadline: place.timeout,
    };
    request(&place.target, &to_send).await
}

/// Opens a connection and carries messages both ways until it ends.
async fn connect(
    place: &Place,
    id: LinkId,
    door: Door,
    vsn: Vsn,
    told: mpsc::Sender<Happening>,
    orders: mpsc::UnboundedReceiver<Outgoing>,
) {
    let happening = match opened(place, &door, vsn).await {
        Ok(Opened::Open(connection, ..)) => {
            if told.send(Happening::Opened(id)).await.is_ok() {
                carry(connection, id, &told, orders).await;
            }
            return;
        }
        Ok(Opened::Refused(response)) => Happening::Refused(id, response),
        Err(NotOpened::NoToken(why)) => Happening::Unanswered(id, why, Reach::Somebody),
        Err(NotOpened::Open(error)) => Happening::Unanswered(id, error.to_string(), reach(&error)),
    };
    let _ = told.send(happening).await;
}

/// Whether anybody was there who could have answered.
pub(super) fn reach(error: &OpenError) -> Reach {
    match error {
        OpenError::Request(
            RequestError::Unsendable { .. }
            | RequestError::Lookup { .. }
            | RequestError::ConnectionRefused { .. }
            | RequestError::Connect { .. }
            | RequestError::ConnectTimeout { .. },
        ) => Reach::Nobody,
        _ => Reach::Somebody,
    }
}

enum NotOpened {
    NoToken(String),
    Open(OpenError),
}

async fn opened(place: &Place, door: &Door, vsn: Vsn) -> Result<Opened, NotOpened> {
    let target = match &door.mount {
        None => place.target.clone(),
        Some(name) => place.target.with_mount(name),
    };
    let token = match &door.user {
        None => None,
        Some(user) => Some(token(place, user).await.map_err(NotOpened::NoToken)?),
    };
    let upgrade = Upgrade {
        path_and_query: format!("{}/websocket{}", target.mount(), query(place, door, vsn, token)),
        headers: place.settings.headers.iter().chain(&door.headers).cloned().collect(),
        limits: Limits { message_bytes: door.message_bytes, ..Limits::default() },
        deadline: place.timeout,
    };
    open(&target, &upgrade).await.map_err(NotOpened::Open)
}

async fn token(place: &Place, user: &str) -> Result<String, String> {
    let path = format!("/token/{}", encode(user));
    let asked = Request { method: "GET".to_owned(), path: path.clone(), headers: Vec::new(), body: None };
    match send_request(place, &asked).await {
        Ok(response) if response.status == 200 => Ok(String::from_utf8_lossy(&response.body).trim().to_owned()),
        Ok(response) => Err(format!("GET {path} was answered with {}, so there is no token", response.status)),
        Err(error) => Err(error.to_string()),
    }
}

/// The query of the upgrade: `vsn`, the user's params, the step's params, the token.
fn query(place: &Place, door: &Door, vsn: Vsn, token: Option<String>) -> String {
    let mut params = vec![("vsn".to_owned(), vsn.as_str().to_owned())];
    params.extend(place.settings.params.iter().cloned());
    for (key, value) in &door.params {
        params.retain(|(known, _)| known != key && Some(known.as_str()) != key.strip_suffix("[]"));
        if let Some(value) = value {
            params.push((key.clone(), value.clone()));
        }
    }
    if let Some(token) = token {
        params.retain(|(known, _)| known != "token");
        params.push(("token".to_owned(), token));
    }
    let pairs: Vec<String> =
        params.iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

/// Percent-encodes what has a meaning of its own in a query; brackets stay, as Phoenix reads them as lists.
fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'[' | b']' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Carries messages both ways.
async fn carry(
    mut connection: Connection,
    id: LinkId,
    told: &mpsc::Sender<Happening>,
    mut orders: mpsc::UnboundedReceiver<Outgoing>,
) {
    loop {
        tokio::select! {
            biased;
            order = orders.recv() => match order {
                // That it cannot be sent is seen in how the connection ends.
                Some(order) => { let _ = connection.send(order).await; }
                None => return,
            },
            incoming = connection.next() => {
                let more_follows = match &incoming {
                    Incoming::Closed(Ending::CloseFrame { .. }) => true,
                    Incoming::Closed(_) => false,
                    _ => true,
                };
                if told.send(Happening::Incoming(id, incoming)).await.is_err() || !more_follows {
                    return;
                }
            }
        }
    }
}
