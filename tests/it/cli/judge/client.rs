//! A small Phoenix client, correct or with one mistake, as the clients that made these mistakes were.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, client_async};

/// The topic that the client joins first, and leaves.
const LEFT: &str = "room:left";
const HEARTBEAT: Duration = Duration::from_secs(1);
const JOIN_TIMEOUT: Duration = Duration::from_millis(1500);
const REJOIN: Duration = Duration::from_millis(20);

/// What a client does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    Nothing,
    /// Takes `phx_close` of an older join for its own (supabase-py, supabase-swift).
    OwnsOlderCloses,
    NeverRejoinsAfterAnError,
    StaysAwayOn1000,
    ReconnectsInAStorm,
    ReusesRefs,
    RejoinsLeftTopics,
    IgnoresSilence,
}

/// A topic of the client.
#[derive(Clone, Debug)]
struct Channel {
    topic: &'static str,
    join_ref: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Until the client has left the other topic.
    Waiting,
    Joining(Instant),
    Joined,
    Errored(Instant),
    Left,
}

/// How a connection ended for the client.
enum Ending {
    Reconnect,
    Stay,
}

pub(super) struct Client {
    address: SocketAddr,
    mistake: Mistake,
    channels: Vec<Channel>,
    next_ref: u64,
}

impl Client {
    pub(super) fn new(address: SocketAddr, mistake: Mistake) -> Self {
        let channel = |(topic, state)| Channel {
            topic,
            join_ref: String::new(),
            state,
        };
        let now = State::Errored(Instant::now());
        Self {
            address,
            mistake,
            channels: [(LEFT, now), ("room:1", State::Waiting)].map(channel).to_vec(),
            next_ref: 0,
        }
    }

    /// Lives until it is aborted.
    pub(super) async fn live(mut self) {
        let mut attempt = 0_u32;
        loop {
            if let Some(socket) = self.connect().await {
                attempt = 0;
                if let Ending::Stay = self.talk(socket).await {
                    return;
                }
            }
            if self.mistake != Mistake::ReconnectsInAStorm {
                attempt += 1;
                sleep_until(Instant::now() + Duration::from_millis(10) * 2_u32.pow(attempt.min(8))).await;
            }
        }
    }

    async fn connect(&self) -> Option<WebSocketStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await.ok()?;
        let url = format!(
            "ws://{}/socket/websocket?vsn=2.0.0&client={:?}",
            self.address, self.mistake
        );
        Some(client_async(url, stream).await.ok()?.0)
    }

    fn make_ref(&mut self) -> String {
        self.next_ref += 1;
        self.next_ref.to_string()
    }

    async fn talk(&mut self, mut socket: WebSocketStream<TcpStream>) -> Ending {
        let now = Instant::now();
        for channel in &mut self.channels {
            let again = !matches!(channel.state, State::Left | State::Waiting)
                || self.mistake == Mistake::RejoinsLeftTopics;
            if again {
                channel.state = State::Errored(now);
            }
        }
        let mut next_heartbeat = now + HEARTBEAT;
        let mut awaited: Option<String> = None;
        loop {
            for said in self.due(Instant::now()) {
                if socket.send(Message::text(said.to_string())).await.is_err() {
                    return Ending::Reconnect;
                }
            }
            let wake = self.deadline().min(next_heartbeat);
            tokio::select! {
                () = sleep_until(wake) => {
                    if Instant::now() >= next_heartbeat {
                        if awaited.is_some() && self.mistake != Mistake::IgnoresSilence {
                            return Ending::Reconnect;
                        }
                        let reference = match self.mistake {
                            Mistake::ReusesRefs => "1".to_owned(),
                            _ => self.make_ref(),
                        };
                        let beat = json!([null, reference, "phoenix", "heartbeat", {}]);
                        awaited = Some(reference);
                        next_heartbeat = Instant::now() + HEARTBEAT;
                        if socket.send(Message::text(beat.to_string())).await.is_err() {
                            return Ending::Reconnect;
                        }
                    }
                }
                message = socket.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        let message: Value = serde_json::from_str(&text).unwrap();
                        if message[1].as_str().is_some() && message[1].as_str() == awaited.as_deref() {
                            awaited = None;
                        }
                        if let Some(leave) = self.hears(&message) {
                            let _ = socket.send(Message::text(leave.to_string())).await;
                        }
                    }
                    Some(Ok(Message::Close(Some(frame)))) => {
                        let is_normal = frame.code == CloseCode::Normal;
                        while let Some(Ok(_)) = socket.next().await {}
                        if is_normal && self.mistake == Mistake::StaysAwayOn1000 {
                            return Ending::Stay;
                        }
                        return Ending::Reconnect;
                    }
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return Ending::Reconnect,
                },
            }
        }
    }

    /// What the client says by itself now.
    fn due(&mut self, now: Instant) -> Vec<Value> {
        let mut said = Vec::new();
        for at in 0..self.channels.len() {
            let channel = self.channels[at].clone();
            match channel.state {
                State::Errored(due) if due <= now => {
                    let join_ref = self.make_ref();
                    said.push(json!([join_ref, join_ref, channel.topic, "phx_join", {}]));
                    self.channels[at].join_ref = join_ref;
                    self.channels[at].state = State::Joining(now + JOIN_TIMEOUT);
                }
                State::Joining(due) if due <= now => {
                    let reference = self.make_ref();
                    said.push(json!([
                        channel.join_ref,
                        reference,
                        channel.topic,
                        "phx_leave",
                        {}
                    ]));
                    // What comes for that join later is not its own.
                    self.channels[at].join_ref.clear();
                    self.channels[at].state = State::Errored(now + REJOIN);
                }
                _ => {}
            }
        }
        said
    }

    fn deadline(&self) -> Instant {
        let due = self.channels.iter().filter_map(|channel| match channel.state {
            State::Joining(due) | State::Errored(due) => Some(due),
            State::Waiting | State::Joined | State::Left => None,
        });
        due.min().unwrap_or_else(|| Instant::now() + HEARTBEAT)
    }

    /// A message came; the leave that the client says to it.
    fn hears(&mut self, message: &Value) -> Option<Value> {
        let mistake = self.mistake;
        let channel = self
            .channels
            .iter_mut()
            .find(|channel| message[2] == channel.topic)?;
        let is_own = message[0] == channel.join_ref.as_str() || message[0].is_null();
        match message[3].as_str()? {
            "phx_reply" if is_own && matches!(channel.state, State::Joining(_)) => {
                channel.state = State::Joined;
                if channel.topic == LEFT {
                    channel.state = State::Left;
                    let join_ref = channel.join_ref.clone();
                    if self.channels[1].state == State::Waiting {
                        self.channels[1].state = State::Errored(Instant::now());
                    }
                    return Some(json!([join_ref, self.make_ref(), LEFT, "phx_leave", {}]));
                }
            }
            "phx_error" if is_own && mistake != Mistake::NeverRejoinsAfterAnError => {
                channel.state = State::Errored(Instant::now() + REJOIN);
            }
            "phx_close" if is_own || mistake == Mistake::OwnsOlderCloses => {
                channel.state = State::Left;
            }
            _ => {}
        }
        None
    }
}
