//! A blocking socket for the probe before a run, with short read timeouts.

use std::net::TcpStream;
use std::time::Duration;

use super::Scout;
use super::connect::{look, write_all};
use crate::clock::{Clock, Time};
use crate::load::LARGEST_MESSAGE;
use crate::load::handshake::{Answer, Request, TokenAnswer, key_of, read_token};
use crate::load::ledger::Mark;
use crate::load::role::{CompiledScenarios, Content, Push};
use crate::load::text::{Filling, Line};
use crate::protocol::{Field, Frame, FrameKind, JOIN, Message, Payload, REPLY, Vsn};
use crate::session::{Key, Outgoing, Output, WebSocket};
use crate::stream::SocketStream;
use crate::wire::websocket::{Opcode, Received};

/// The timeout for connecting and joining.
const ENTRY: Duration = Duration::from_secs(5);
/// The masking key of all its frames.
const MASK: [u8; 4] = [7, 5, 3, 1];

/// A socket that has joined all topics of its role.
pub(super) struct Talker<'a> {
    /// An index into [`CompiledScenarios::roles`].
    pub(super) role: usize,
    /// The time that the joins took.
    pub(super) round_trip: Duration,
    clock: Clock,
    cast: &'a CompiledScenarios,
    vsn: Vsn,
    stream: SocketStream<TcpStream>,
    session: WebSocket,
    input: Vec<u8>,
    output: Out,
    filling: Filling,
    topics: Vec<String>,
    next_ref: u64,
    is_over: bool,
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
    pub(super) fn enter(scout: &Scout<'a>, play: usize, role: usize, number: usize) -> Option<Self> {
        let (settings, cast) = (scout.settings, scout.cast);
        let stream = scout.connect(ENTRY.min(settings.timeout))?;
        let plays = cast.plays.len() as u64;
        let instance = (u64::from(settings.sockets) + 1) * plays + play as u64;
        let mut talker = Self {
            role,
            round_trip: Duration::ZERO,
            clock: scout.clock,
            cast,
            vsn: settings.vsn,
            stream,
            session: WebSocket::default(),
            input: Vec::new(),
            output: Out::default(),
            filling: Filling {
                first_own: scout.first_name + (plays + instance) * cast.own_names,
                sender: settings.sockets.saturating_add(u32::try_from(number).ok()?),
                seq: 0,
                mark: Mark::default(),
            },
            topics: Vec::new(),
            next_ref: 1,
            is_over: false,
        };
        let key = key_of(settings.seed, u64::MAX - number as u64);
        talker.upgrade(&Request::of(settings, &cast.roles[role]), key)?;
        (0..cast.roles[role].joins.len()).try_for_each(|channel| talker.join(channel))?;
        Some(talker)
    }

    /// Whether the connection has ended.
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    fn filled(&self, line: &Line) -> String {
        let mut text = String::new();
        line.fill(&self.filling, &mut text);
        text
    }

    fn upgrade(&mut self, request: &Request, key: Key) -> Option<()> {
        let begin = self.clock.now();
        let mut token = None;
        if let Some(ask) = request.ask() {
            let ask = self.filled(ask);
            write_all(&mut self.stream, ask.as_bytes()).ok()?;
            token = loop {
                match read_token(&self.input) {
                    TokenAnswer::Token(token, length) => {
                        let token = token.into_owned();
                        self.input.drain(..length);
                        break Some(token);
                    }
                    TokenAnswer::Refused(_) => return None,
                    TokenAnswer::Partial => self.read(begin)?,
                }
            };
        }
        let mut text = String::new();
        request.write(key, token.as_deref(), &self.filling, &mut text);
        write_all(&mut self.stream, text.as_bytes()).ok()?;
        loop {
            match request.answer(&self.input, key) {
                Answer::Open(length, agreed) => {
                    self.input.drain(..length);
                    self.session = WebSocket::new(agreed);
                    return Some(());
                }
                Answer::Refused(_) => return None,
                Answer::Partial => self.read(begin)?,
            }
        }
    }

    /// Reads what has arrived; `None` if the connection ended or the time is up.
    fn read(&mut self, begin: Time) -> Option<()> {
        self.look()?;
        (self.clock.now().since(begin) < ENTRY).then_some(())
    }

    fn look(&mut self) -> Option<()> {
        look(&mut self.stream, &mut [0; 16 << 10], &mut self.input)
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
            if self.is_over || self.clock.now().since(begin) > ENTRY {
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
        let opcode = match self.vsn.encode_from_client(&message, &mut bytes).ok()? {
            FrameKind::Text => Opcode::Text,
            FrameKind::Binary => Opcode::Binary,
        };
        self.session.write_message(opcode, &bytes, &mut self.output);
        self.flush()?;
        Some(reference)
    }

    /// Waits for a moment and returns what has arrived.
    pub(super) fn listen(&mut self, run: u64) -> Vec<Heard> {
        if self.is_over {
            return Vec::new();
        }
        self.is_over = self.look().is_none();
        let mut heard = Vec::new();
        let input = std::mem::take(&mut self.input);
        let mut rest = &input[..];
        while !self.is_over {
            let received = self.session.next(&mut rest, LARGEST_MESSAGE, &mut self.output);
            let frame = match &received {
                Ok(Some(Received::Text(text))) => Frame::Text(text),
                Ok(Some(Received::Binary(bytes))) => Frame::Binary(bytes),
                Ok(Some(Received::Ping(_) | Received::Pong(_))) => continue,
                Ok(None) => break,
                Ok(Some(Received::Close(_))) | Err(_) => {
                    self.is_over = true;
                    break;
                }
            };
            if let Ok(message) = self.vsn.decode_from_server(frame) {
                heard.extend(self.heard(&message, run));
            }
        }
        self.input = rest.to_vec();
        self.is_over |= self.flush().is_none();
        heard
    }

    /// Sends the output buffer; `None` if the connection ended.
    fn flush(&mut self) -> Option<()> {
        let sent = write_all(&mut self.stream, &self.output.0);
        self.output.0.clear();
        sent.ok()
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
        // A connection that is already closed needs no close frame.
        if self.session.send(&close, &mut self.output).is_ok() {
            self.flush();
        }
    }
}

/// The bytes to be sent.
#[derive(Default)]
struct Out(Vec<u8>);

impl Output for Out {
    fn key(&mut self) -> [u8; 4] {
        MASK
    }

    fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}
