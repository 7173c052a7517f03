//! A client and a scripted server for tests, without a connection. Time is a field, and the frames from the
//! server are a queue, so that a test can lose or delay them.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::wire;
use crate::client::{ChannelId, ClientContext, CloseCause, Config, ErrorCause, Event, Outbox, Ref, Socket};
use crate::clock::Time;
use crate::protocol::{CLOSE, Message, Payload};

/// How the server replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    /// It replies ok.
    Kind,
    /// It replies error, and refuses connections.
    Harsh,
    /// It does not reply.
    Mute,
}

/// What reaches the client.
#[derive(Clone, Debug)]
pub(super) enum Arrival {
    Open,
    Closed,
    Message(String),
}

/// A log of a client's actions: one line for each, with the milliseconds since the log was last read.
#[derive(Default)]
struct Record {
    now: Time,
    since: Time,
    lines: Vec<String>,
    frames: Vec<String>,
    connects: usize,
}

/// The client, the server, and the frames between them.
pub(super) struct Pair {
    pub(super) client: Socket,
    pub(super) config: Config,
    pub(super) now: Time,
    /// How the server replies to each event; `connect` counts as an event.
    pub(super) moods: BTreeMap<&'static str, Mood>,
    pub(super) under_way: VecDeque<(Time, Arrival)>,
    record: Record,
}

impl Pair {
    /// A client that has done nothing yet.
    pub(super) fn new(config: Config) -> Self {
        Self {
            client: Socket::new(),
            config,
            now: Time::ZERO,
            moods: BTreeMap::new(),
            under_way: VecDeque::new(),
            record: Record::default(),
        }
    }

    /// A connected client with the settings of phoenix.js.
    pub(super) fn connected() -> Self {
        let mut pair = Self::new(Config::phoenix_js());
        pair.call(Socket::connect);
        pair.millis(1);
        pair.told();
        pair
    }

    /// A client with the settings of phoenix.js that joined room:1 with ref 3.
    pub(super) fn joined() -> (Self, ChannelId) {
        let mut pair = Self::connected();
        let channel = pair.join("room:1");
        pair.millis(1);
        pair.told();
        (pair, channel)
    }

    pub(super) fn call<R>(&mut self, verb: impl FnOnce(&mut Socket, &mut ClientContext<'_>) -> R) -> R {
        self.record.now = self.now;
        let mut context = ClientContext {
            config: &self.config,
            now: self.now,
            out: &mut self.record,
        };
        let result = verb(&mut self.client, &mut context);
        self.serve();
        result
    }

    pub(super) fn join(&mut self, topic: &str) -> ChannelId {
        self.call(|client, context| client.join(context, topic.into(), "{}".into()))
    }

    pub(super) fn push(&mut self, channel: ChannelId, event: &str) -> Option<Ref> {
        self.call(|client, context| client.push(context, channel, event, Payload::EMPTY))
    }

    pub(super) fn leave(&mut self, channel: ChannelId) -> Option<Ref> {
        self.call(|client, context| client.leave(context, channel))
    }

    pub(super) fn disconnect(&mut self) {
        self.under_way.clear();
        self.call(|client, context| client.disconnect(context, Some(1000), ""));
    }

    /// Delivers this frame from the server now.
    pub(super) fn hear(&mut self, text: &str) {
        let text = text.to_owned();
        self.call(|client, context| client.handle_message(context, &wire::decode(&text)));
    }

    /// Ends the connection and drops the frames under way.
    pub(super) fn lose_connection(&mut self) {
        self.under_way.clear();
        self.call(Socket::handle_closed);
    }

    /// Lets time pass and runs every timer when it is due.
    pub(super) fn advance(&mut self, by: Duration) {
        let until = self.now + by;
        loop {
            let arrival = self.under_way.front().map(|&(at, _)| at);
            let deadline = self.client.next_deadline(&self.config);
            let next = arrival
                .into_iter()
                .chain(deadline)
                .min()
                .filter(|&at| at <= until);
            let Some(at) = next else { break };
            self.now = self.now.max(at);
            if arrival == next
                && let Some((_, arrival)) = self.under_way.pop_front()
            {
                self.arrive(arrival);
            } else {
                self.call(Socket::handle_timeout);
            }
        }
        self.now = until;
    }

    pub(super) fn millis(&mut self, millis: u64) {
        self.advance(Duration::from_millis(millis));
    }

    /// Returns the actions of the client since the log was last read.
    pub(super) fn told(&mut self) -> Vec<String> {
        self.record.since = self.now;
        std::mem::take(&mut self.record.lines)
    }

    fn arrive(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Open => self.call(Socket::handle_open),
            Arrival::Closed => self.call(Socket::handle_closed),
            Arrival::Message(text) => self.hear(&text),
        }
    }

    fn mood(&self, event: &str) -> Mood {
        self.moods.get(event).copied().unwrap_or(Mood::Kind)
    }

    /// Lets the server reply to what it got; each reply takes a millisecond.
    fn serve(&mut self) {
        for _ in 0..std::mem::take(&mut self.record.connects) {
            self.under_way.clear();
            match self.mood("connect") {
                Mood::Kind => self.send(Arrival::Open),
                Mood::Harsh => self.send(Arrival::Closed),
                Mood::Mute => {}
            }
        }
        for frame in std::mem::take(&mut self.record.frames) {
            self.answer(&wire::decode(&frame));
        }
    }

    fn answer(&mut self, message: &Message<'_>) {
        let event = message.event.as_str().unwrap_or_default();
        let status = match self.mood(event) {
            Mood::Kind => "ok",
            Mood::Harsh => "error",
            Mood::Mute => return,
        };
        let payload = format!(
            r#"{{"status":"{status}","response":{}}}"#,
            wire::json(message.payload)
        );
        let reply = Message {
            event: "phx_reply".into(),
            payload: Payload::Json(&payload),
            ..message.clone()
        };
        self.send(Arrival::Message(wire::encode(&reply)));
        if event == "phx_leave" && status == "ok" {
            let close = Message {
                event: CLOSE.into(),
                payload: Payload::EMPTY,
                reference: message.join_ref.clone(),
                ..message.clone()
            };
            self.send(Arrival::Message(wire::encode(&close)));
        }
    }

    fn send(&mut self, arrival: Arrival) {
        self.under_way
            .push_back((self.now + Duration::from_millis(1), arrival));
    }
}

impl Record {
    fn note(&mut self, what: impl AsRef<str>) {
        let millis = self.now.since(self.since).as_millis();
        self.lines.push(format!("{millis} {}", what.as_ref()));
    }

    fn took(&self, sent_at: Time) -> String {
        format!("after {}ms", self.now.since(sent_at).as_millis())
    }
}

impl Outbox for Record {
    fn connect(&mut self) {
        self.connects += 1;
        self.note("connect");
    }

    fn close(&mut self, code: Option<u16>, reason: &str) {
        let code = code.map_or(String::new(), |code| code.to_string());
        self.note(format!("close {code} {reason}").trim());
    }

    fn transmit(&mut self, message: &Message<'_>) {
        let frame = wire::encode(message);
        self.note(format!("> {frame}"));
        self.frames.push(frame);
    }

    fn event(&mut self, event: Event<'_>) {
        let line = match event {
            Event::Opened => "opened".to_owned(),
            Event::Disconnected { reconnect_at: None } => "disconnected".to_owned(),
            Event::Disconnected {
                reconnect_at: Some(at),
            } => {
                format!("disconnected for {}ms", at.since(self.now).as_millis())
            }
            Event::HeartbeatAnswered { sent_at } => format!("heartbeat answered {}", self.took(sent_at)),
            Event::HeartbeatTimedOut { sent_at } => format!("heartbeat timed out {}", self.took(sent_at)),
            Event::Joined { channel, sent_at, .. } => format!("joined {} {}", channel.0, self.took(sent_at)),
            Event::JoinRefused { channel, sent_at, .. } => {
                format!("refused {} {}", channel.0, self.took(sent_at))
            }
            Event::JoinTimedOut { channel, .. } => format!("join timed out {}", channel.0),
            Event::Errored {
                channel,
                cause: ErrorCause::Server(_),
            } => format!("crashed {}", channel.0),
            Event::Errored {
                channel,
                cause: ErrorCause::Connection,
            } => format!("cut off {}", channel.0),
            Event::Closed { channel, cause } => format!("closed {} {}", channel.0, self.cause(cause)),
            Event::Reply {
                channel,
                push,
                status,
                sent_at,
                ..
            } => {
                format!("{status} {} #{push} {}", channel.0, self.took(sent_at))
            }
            Event::PushTimedOut { channel, push, .. } => format!("push timed out {} #{push}", channel.0),
            Event::Message { channel, message } => format!("message {} {}", channel.0, wire::encode(message)),
            Event::Dropped { reason, message } => format!("dropped {reason:?} {}", wire::encode(message)),
        };
        self.note(line);
    }
}

impl Record {
    fn cause(&self, cause: CloseCause) -> String {
        match cause {
            CloseCause::Server => "by the server".to_owned(),
            CloseCause::Left { sent_at } => format!("left {}", self.took(sent_at)),
            CloseCause::LeaveTimedOut { sent_at } => format!("leave timed out {}", self.took(sent_at)),
            CloseCause::LeftUnheard => "left unheard".to_owned(),
        }
    }
}
