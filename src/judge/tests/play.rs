//! Plays this project's own client machine, with or without a mistake, before a walk. No time passes.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::JudgeLimits;
use super::super::situations::ConnectionEnd;
use super::super::verdict::{ClientVerdict, PromiseOutcome};
use super::super::walk::{JudgedLink, Walk, WalkAdmission, WalkOutput};
use super::mistake::Mistake;
use crate::client::{ChannelId, ClientContext, Config, Event, Outbox, Socket};
use crate::clock::Time;
use crate::protocol::{Frame, FrameKind, Message, Payload, Vsn};

const LATENCY: Duration = Duration::from_millis(1);
/// How often the client pushes.
const PUSHES: Duration = Duration::from_secs(3);
/// No walk takes longer.
const LONGEST: Time = Time::from_micros(3_600_000_000);

/// A frame on its way.
type Sent = (FrameKind, Vec<u8>);

/// A request, a frame or an end on its way.
enum Arrival {
    Asks,
    ToServer(JudgedLink, Sent),
    ClosedByClient(JudgedLink, Option<u16>),
    Opened(JudgedLink),
    Refused,
    ToClient(JudgedLink, Sent),
    Ended(JudgedLink, ConnectionEnd),
}

/// The wishes of the client.
#[derive(Default)]
struct Wishes {
    connects: usize,
    close: Option<Option<u16>>,
    sends: Vec<Sent>,
    vsn: Vsn,
}

impl Outbox for Wishes {
    fn connect(&mut self) {
        self.connects += 1;
    }

    fn close(&mut self, code: Option<u16>, _reason: &str) {
        self.close = Some(code);
    }

    fn transmit(&mut self, message: &Message<'_>) {
        let mut bytes = Vec::new();
        let kind = self.vsn.encode_from_client(message, &mut bytes).unwrap();
        self.sends.push((kind, bytes));
    }

    fn event(&mut self, _event: Event<'_>) {}
}

/// A client before its walk.
pub(super) struct ClientPlay {
    walk: Walk,
    client: Socket,
    config: Config,
    mistake: Mistake,
    vsn: Vsn,
    now: Time,
    under_way: VecDeque<(Time, Arrival)>,
    link: Option<JudgedLink>,
    links: u64,
    channel: Option<ChannelId>,
    next_push: Time,
    /// The connection on which the client hears nothing more.
    deaf: Option<JudgedLink>,
    /// Whether it takes its first channel for joined, whatever the client machine knows.
    feels_joined: bool,
    pub(super) verdicts: Vec<ClientVerdict>,
}

impl ClientPlay {
    /// A client that joins these topics, leaves the last of them, and pushes to the first now and then.
    pub(super) fn new(vsn: Vsn, topics: &[&str], mistake: Mistake) -> Self {
        let mut play = Self {
            walk: Walk::new(JudgeLimits::default()),
            client: Socket::new(),
            config: mistake.config(),
            mistake,
            vsn,
            now: Time::ZERO + LATENCY,
            under_way: VecDeque::new(),
            link: None,
            links: 0,
            channel: None,
            next_push: Time::ZERO + PUSHES,
            deaf: None,
            feels_joined: false,
            verdicts: Vec::new(),
        };
        play.call(Socket::connect);
        play.until(Time::ZERO + 5 * LATENCY);
        let mut channels = topics
            .iter()
            .map(|topic| play.call(|client, context| client.join(context, (*topic).into(), "{}".into())))
            .collect::<Vec<_>>();
        play.channel = channels.first().copied();
        play.until(Time::ZERO + 10 * LATENCY);
        if let (Some(last), true) = (channels.pop(), topics.len() > 1) {
            play.call(|client, context| client.leave(context, last));
        }
        play
    }

    /// Plays to the end of the walk.
    pub(super) fn played(mut self) -> Self {
        self.until(LONGEST);
        assert!(self.walk.is_over(), "{:?}: the walk has no end", self.mistake);
        self
    }

    /// Rule and situation of what was broken.
    pub(super) fn broken(&self) -> Vec<(&'static str, &'static str)> {
        let broken = |it: &&ClientVerdict| matches!(it.outcome, PromiseOutcome::Broken { .. });
        let broken = self.verdicts.iter().filter(broken);
        broken.map(|it| (it.rule, it.situation)).collect()
    }

    /// All verdicts, a line each.
    pub(super) fn told(&self) -> String {
        self.verdicts
            .iter()
            .map(|verdict| format!("{verdict}\n"))
            .collect()
    }

    fn until(&mut self, end: Time) {
        while !self.walk.is_over() {
            let arrival = self.under_way.front().map(|(at, _)| *at);
            let wakes = [
                arrival,
                self.walk.deadline(),
                self.client.next_deadline(&self.config),
                self.channel.map(|_| self.next_push),
            ];
            let next = wakes.into_iter().flatten().min().unwrap_or(end);
            if next > end {
                self.now = end;
                return;
            }
            self.now = self.now.max(next);
            if arrival == Some(next) {
                let (_, arrival) = self.under_way.pop_front().unwrap();
                self.arrives(arrival);
            } else if self.walk.deadline() == Some(next) {
                self.walk.woken(self.now);
                self.serve();
            } else if self.client.next_deadline(&self.config) == Some(next) {
                self.call(Socket::handle_timeout);
            } else {
                self.next_push = self.now + PUSHES;
                if let Some(channel) = self.channel {
                    self.call(|client, context| client.push(context, channel, "news", Payload::EMPTY));
                }
            }
        }
    }

    fn call<R>(&mut self, verb: impl FnOnce(&mut Socket, &mut ClientContext<'_>) -> R) -> R {
        let mut wishes = Wishes {
            vsn: self.vsn,
            ..Wishes::default()
        };
        let mut context = ClientContext {
            config: &self.config,
            now: self.now,
            out: &mut wishes,
        };
        let result = verb(&mut self.client, &mut context);
        if let (Some(code), Some(link)) = (wishes.close, self.link)
            && !self.mistake.keeps_old_connections()
        {
            self.link = None;
            self.goes(Arrival::ClosedByClient(link, code));
        }
        for sent in wishes.sends {
            self.sends(sent);
        }
        if wishes.connects > 0 {
            self.goes(Arrival::Asks);
        }
        result
    }

    /// Sends a frame, and what a client with the mistake sends beside it or instead.
    fn sends(&mut self, (kind, bytes): Sent) {
        let Some(link) = self.link else {
            return;
        };
        let frames = match serde_json::from_slice(&bytes) {
            Ok(Value::Array(message)) if self.feels_joined && message[3] != "heartbeat" => return,
            Ok(message) if self.vsn == Vsn::V2 => self.mistake.sends(message, self.links),
            _ => return self.goes(Arrival::ToServer(link, (kind, bytes))),
        };
        for frame in frames {
            self.goes(Arrival::ToServer(link, (kind, frame.to_string().into_bytes())));
        }
        if let Some(answer) = self.mistake.answers_itself(&bytes) {
            self.goes(Arrival::ToClient(link, (kind, answer)));
        }
    }

    fn goes(&mut self, arrival: Arrival) {
        self.under_way.push_back((self.now + LATENCY, arrival));
    }

    fn arrives(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Asks => {
                if self.walk.asks(self.now) == WalkAdmission::Granted {
                    self.links += 1;
                    let link = JudgedLink(self.links);
                    self.goes(Arrival::Opened(link));
                    self.walk.opened(link, self.vsn, self.now);
                } else {
                    self.goes(Arrival::Refused);
                }
                self.serve();
            }
            Arrival::ToServer(link, (kind, bytes)) => {
                self.walk.received(link, frame(kind, &bytes), self.now);
                self.serve();
            }
            Arrival::ClosedByClient(link, code) => {
                self.walk.closed(link, code, self.now);
                self.serve();
            }
            Arrival::Opened(link) => {
                self.link = Some(link);
                self.call(Socket::handle_open);
                if let Some(join) = self.mistake.sends_at_open(self.links) {
                    self.goes(Arrival::ToServer(
                        link,
                        (FrameKind::Text, join.to_string().into_bytes()),
                    ));
                }
            }
            Arrival::Refused => self.call(Socket::handle_closed),
            Arrival::Ended(link, how) if self.link == Some(link) => {
                self.link = None;
                if !self.mistake.stays_away(how) {
                    self.call(Socket::handle_closed);
                }
            }
            Arrival::ToClient(link, (kind, bytes)) if self.link == Some(link) && self.deaf != Some(link) => {
                self.hears(link, kind, &bytes);
            }
            Arrival::Ended(..) | Arrival::ToClient(..) => {}
        }
    }

    /// A frame reaches the client.
    fn hears(&mut self, link: JudgedLink, kind: FrameKind, bytes: &[u8]) {
        if self.mistake.closes_on(kind, bytes) {
            self.link = None;
            self.goes(Arrival::ClosedByClient(link, None));
            return self.call(Socket::handle_closed);
        }
        if self.mistake.is_deaf_after(kind, bytes) {
            self.deaf = Some(link);
            return;
        }
        let present = self
            .channel
            .and_then(|channel| self.client.join_ref(channel))
            .map_or(Value::Null, |join_ref| json!(join_ref.to_string()));
        let bytes = match serde_json::from_slice(bytes) {
            Ok(message) if self.vsn == Vsn::V2 => {
                self.feels_joined |= self.mistake.is_joined_by(&message, &present);
                match self.mistake.hears(message) {
                    Some(message) => message.to_string().into_bytes(),
                    None => return,
                }
            }
            _ => bytes.to_vec(),
        };
        let vsn = self.vsn;
        let message = vsn.decode_from_server(frame(kind, &bytes)).unwrap();
        self.call(|client, context| client.handle_message(context, &message));
    }

    /// Does what the walk wants.
    fn serve(&mut self) {
        for output in self.walk.take() {
            match output {
                WalkOutput::Send(link, frame) => {
                    self.goes(Arrival::ToClient(link, (frame.kind, frame.bytes)));
                }
                WalkOutput::End(link, how) => self.goes(Arrival::Ended(link, how)),
                WalkOutput::Verdict(verdict) => self.verdicts.push(verdict),
                WalkOutput::Beside | WalkOutput::Over => {}
            }
        }
    }
}

fn frame(kind: FrameKind, bytes: &[u8]) -> Frame<'_> {
    match kind {
        FrameKind::Text => Frame::Text(std::str::from_utf8(bytes).unwrap()),
        FrameKind::Binary => Frame::Binary(bytes),
    }
}
