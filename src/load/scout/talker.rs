//! A socket of the probe before a run. It waits for short times only, so that several can be listened to in turn.

use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::timeout;

use super::Scout;
use crate::clock::Clock;
use crate::driver::{ConnectionSettings, token};
use crate::load::LARGEST_MESSAGE;
use crate::load::ledger::Mark;
use crate::load::role::{CompiledScenarios, Content, Push};
use crate::load::text::{Filling, Line};
use crate::protocol::{Field, Frame, FrameKind, JOIN, Message, Payload, REPLY, Vsn};
use crate::transport::{Connection, Incoming, Limits, Opened, Outgoing, TOKEN, Upgrade, UpgradeParts, open};

/// The timeout for connecting and joining.
const ENTRY: Duration = Duration::from_secs(5);
/// How long the socket listens at a time.
const LOOK: Duration = Duration::from_millis(5);

/// A socket that has joined all topics of its role.
pub(super) struct Talker<'a> {
    /// An index into [`CompiledScenarios::roles`].
    pub(super) role: usize,
    /// The time that the joins took.
    pub(super) round_trip: Duration,
    clock: Clock,
    runtime: &'a Runtime,
    cast: &'a CompiledScenarios,
    vsn: Vsn,
    /// None before it is open, and once it has ended.
    connection: Option<Connection>,
    filling: Filling,
    topics: Vec<String>,
    next_ref: u64,
}

/// What the socket received.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A reply: the ref of the push, and the status.
    Answer(u64, String),
    /// An event that its role waits for, and whether it had a mark.
    Broadcast(Box<str>, bool),
}

impl<'a> Talker<'a> {
    /// Connects and joins as the `number`th socket of an instance that the run does not have; `None` if it cannot
    /// join.
    pub(super) fn enter(
        scout: &Scout<'a>,
        runtime: &'a Runtime,
        (play, role): (usize, usize),
        number: usize,
    ) -> Option<Self> {
        let (settings, cast) = (scout.settings, scout.cast);
        let plays = cast.plays.len() as u64;
        let instance = (u64::from(settings.sockets) + 1) * plays + play as u64;
        let mut talker = Self {
            role,
            round_trip: Duration::ZERO,
            clock: scout.clock,
            runtime,
            cast,
            vsn: settings.vsn,
            connection: None,
            filling: Filling {
                first_own: scout.first_name + (plays + instance) * cast.own_names,
                sender: settings.sockets.saturating_add(u32::try_from(number).ok()?),
                seq: 0,
                mark: Mark::default(),
            },
            topics: Vec::new(),
            next_ref: 1,
        };
        let settings = ConnectionSettings {
            endpoint: settings.endpoint(),
            timeout: ENTRY.min(settings.timeout),
            clock: scout.clock,
        };
        talker.connection = Some(runtime.block_on(talker.connected(&settings))?);
        (0..cast.roles[role].joins.len()).try_for_each(|channel| talker.join(channel))?;
        Some(talker)
    }

    async fn connected(&self, settings: &ConnectionSettings) -> Option<Connection> {
        let connect = &self.cast.roles[self.role].connect;
        let parts = connect.at(&settings.endpoint, self.vsn);
        let filled = |lines: &[(String, Line)]| {
            let filled = lines.iter().map(|(name, line)| (name.clone(), self.filled(line)));
            filled.collect::<Vec<_>>()
        };
        let mut parts = UpgradeParts {
            params: filled(&parts.params),
            headers: filled(&parts.headers),
            target: parts.target,
            vsn: parts.vsn,
        };
        if let Some(user) = &connect.user {
            let token = token(settings, &self.filled(user), None).await.ok()?;
            parts.params.push((TOKEN.to_owned(), token));
        }
        let upgrade = Upgrade {
            limits: Limits {
                message_bytes: LARGEST_MESSAGE,
                ..Limits::default()
            },
            ..Upgrade::new(&parts, settings.timeout)
        };
        match open(&parts.target, &upgrade).await {
            Ok(Opened::Open(connection, _)) => Some(connection),
            Ok(Opened::Refused(_)) | Err(_) => None,
        }
    }

    /// Whether the connection has ended.
    pub(super) const fn is_over(&self) -> bool {
        self.connection.is_none()
    }

    fn filled(&self, line: &Line) -> String {
        let mut text = String::new();
        line.fill(&self.filling, &mut text);
        text
    }

    fn join(&mut self, channel: usize) -> Option<()> {
        let role = &self.cast.roles[self.role];
        let topic = self.filled(&role.joins[channel].topic);
        let params = self.filled(&role.entries[channel].params);
        let begin = self.clock.now();
        let reference = self.say(&topic, JOIN, Payload::Json(&params), None)?;
        self.topics.push(topic);
        loop {
            for heard in self.listen(0) {
                match heard {
                    Heard::Answer(of, status) if of == reference => {
                        self.round_trip = self.clock.now().since(begin);
                        return (status == "ok").then_some(());
                    }
                    Heard::Answer(..) | Heard::Broadcast(..) => {}
                }
            }
            if self.is_over() || self.clock.now().since(begin) > ENTRY {
                return None;
            }
        }
    }

    /// Sends a push; returns its ref.
    pub(super) fn push(&mut self, push: &Push, payload: &Content, mark: Mark) -> Option<u64> {
        self.filling.mark = mark;
        let channel = usize::from(push.channel);
        let topic = self.topics.get(channel)?.clone();
        // The joins have the first refs, in their order.
        let join_ref = channel as u64 + 1;
        let said = match payload {
            Content::Json(line) => {
                let text = self.filled(line);
                self.say(&topic, &push.event, Payload::Json(&text), Some(join_ref))
            }
            Content::Binary(bytes) => self.say(&topic, &push.event, Payload::Binary(bytes), Some(join_ref)),
        };
        self.filling.seq += 1;
        said
    }

    fn say(&mut self, topic: &str, event: &str, payload: Payload<'_>, join_ref: Option<u64>) -> Option<u64> {
        let reference = self.next_ref;
        self.next_ref += 1;
        let (own, join) = (reference.to_string(), join_ref.unwrap_or(reference).to_string());
        let message = Message {
            join_ref: Field::from(&*join),
            reference: Field::from(&*own),
            topic: topic.into(),
            event: event.into(),
            payload,
        };
        let mut bytes = Vec::new();
        let outgoing = match self.vsn.encode_from_client(&message, &mut bytes).ok()? {
            FrameKind::Text => Outgoing::Text(String::from_utf8(bytes).ok()?),
            FrameKind::Binary => Outgoing::Binary(bytes),
        };
        let connection = self.connection.as_mut()?;
        self.runtime.block_on(connection.send(outgoing)).ok()?;
        Some(reference)
    }

    /// Waits for a moment and returns what has arrived.
    pub(super) fn listen(&mut self, run: u64) -> Vec<Heard> {
        let mut heard = Vec::new();
        let mut wait = LOOK;
        while let Some(connection) = &mut self.connection {
            let next = async { timeout(wait, connection.next()).await };
            match self.runtime.block_on(next) {
                Err(_) => break,
                Ok(Incoming::Text(text)) => heard.extend(self.read(Frame::Text(&text), run)),
                Ok(Incoming::Binary(bytes)) => heard.extend(self.read(Frame::Binary(&bytes), run)),
                Ok(Incoming::Ping(_) | Incoming::Pong(_)) => {}
                Ok(Incoming::Closed(_)) => self.connection = None,
            }
            wait = Duration::ZERO;
        }
        heard
    }

    fn read(&self, frame: Frame<'_>, run: u64) -> Option<Heard> {
        let message = self.vsn.decode_from_server(frame).ok()?;
        self.heard(&message, run)
    }

    fn heard(&self, message: &Message<'_>, run: u64) -> Option<Heard> {
        let event = message.event.as_str()?;
        if event == REPLY {
            let reference = message.reference.as_str()?.parse().ok()?;
            let status = message
                .reply()
                .map_or_else(String::new, |it| it.status.to_string());
            return Some(Heard::Answer(reference, status));
        }
        let topic = message.topic.as_str()?;
        let channel = self.topics.iter().position(|it| it == topic)?;
        let bytes = match message.payload {
            Payload::Json(json) => json.as_bytes(),
            Payload::Binary(bytes) | Payload::BinaryReply { data: bytes, .. } => bytes,
        };
        let mark = Mark::find(bytes, run);
        let awaited = &self.cast.roles[self.role].awaited;
        let is_awaited = awaited
            .iter()
            .any(|it| it.is_broadcast_on(channel) && it.is(event, mark.as_ref(), channel));
        is_awaited.then(|| Heard::Broadcast(event.into(), mark.is_some()))
    }
}

impl Drop for Talker<'_> {
    fn drop(&mut self) {
        let close = Outgoing::Close {
            code: Some(1000),
            reason: String::new(),
        };
        // A connection that has just ended needs no close frame.
        if let Some(connection) = &mut self.connection {
            let _ = self.runtime.block_on(connection.send(close));
        }
    }
}
