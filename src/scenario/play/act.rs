//! Starts the steps of a group: decides what to send and what to wait for.

use std::sync::Arc;
use std::time::Duration;

use super::command::{Attempt, Command, ConnectOptions, LinkId, Purpose};
use super::elsewhere::connect_request;
use super::failure::{FailureKind, Wrong};
use super::link::{Draft, Link, Saying, Stamp, State};
use super::recording::{Noted, Who};
use super::segment::in_one_segment;
use super::wait::{Wait, WaitKind};
use super::{Play, PlayStage};
use crate::clock::Time;
use crate::protocol::Payload;
use crate::scenario::program::{
    Actor, Connect, ExpectedReply, JoinRef, Last, Mask, OutgoingPayload as Content, Raw, RawContent, Restart,
    Send, SendKind, Sent, What,
};
use crate::transport::{Masking, Outgoing, RawFrame};

/// The idle timeout of the quick mount plus a margin, for steps that wait for that timeout.
const IDLE: Duration = Duration::from_millis(2_500);

/// How long to wait for the reply to the last heartbeat of a play.
const SETTLES_WITHIN: Duration = Duration::from_secs(2);

/// How much longer than a reply a restart may take: the old process drains, and the new one starts.
const RESTART: Duration = Duration::from_secs(20);

impl Play {
    /// Starts all acts of the next group.
    pub(super) fn enter_group(&mut self, now: Time) {
        let program = Arc::clone(&self.program);
        let Some(group) = program.groups.get(self.group) else {
            match self.setting.purpose {
                Purpose::Case => self.settle(now),
                Purpose::Swarm { .. } => self.stage = PlayStage::Over,
            }
            return;
        };
        let before = self.commands.len();
        for (index, act) in group.acts.iter().enumerate() {
            if let Err(wrong) = self.enter(index, &act.what, now) {
                self.fail(index, wrong);
                return;
            }
            if let Some(rounds) = &mut self.rounds {
                rounds.sent(&act.what);
            }
        }
        if group.sent == Sent::InOneSegment {
            let apart: Vec<Command> = self.commands.drain(before..).collect();
            self.commands.extend(in_one_segment(apart));
        }
    }

    fn enter(&mut self, act: usize, what: &What, now: Time) -> Result<(), Wrong> {
        let timeout = self.setting.timeout;
        let (kind, within) = match what {
            What::Connect(actor, connect) => {
                self.connect(*actor, connect, now);
                let fallback = connect.fallback.map_or(Duration::ZERO, |it| it.after * 2);
                (WaitKind::Opening, timeout * 2 + fallback)
            }
            What::Send(actor, send) => match self.send(*actor, send, now)? {
                Some(kind) => (kind, timeout),
                None => return Ok(()),
            },
            What::Receive(_, receive) => {
                let said = receive.within.map(|within| within + self.setting.round_trip);
                (WaitKind::Message, said.unwrap_or(timeout))
            }
            What::ReceiveNothing(_, time) => (WaitKind::Silence, *time),
            What::Pong(_, payload) => (WaitKind::Pong(payload.fill(&self.values)), timeout),
            What::Close(actor, code) => {
                self.open_link(*actor)?;
                let code = *code;
                let close = Outgoing::Close {
                    code: Some(code),
                    reason: String::new(),
                };
                self.transmit(*actor, close, Noted::SentClose(code), now);
                (WaitKind::Closed(None), timeout)
            }
            What::Cut(actor) => return self.cut(*actor, now),
            What::Closed(_, code) => (WaitKind::Closed(*code), timeout + IDLE),
            What::ClosedOrAlive(actor) => (self.ask_alive(*actor, now), timeout),
            What::Raw(actor, raw) => return self.raw(*actor, raw, now),
            What::Sleep(time) => (WaitKind::Pause, *time),
            What::Http(http) => (WaitKind::Http(self.http(http, now)), timeout + timeout),
            What::Restart(how) => {
                self.restart(*how, now);
                (WaitKind::Restarted, timeout + RESTART)
            }
        };
        let begun = match kind {
            WaitKind::Silence => now.max(self.asked.settled(self.setting.round_trip)),
            _ => now,
        };
        self.waits.push(Wait {
            act,
            actor: what.actor().map(|actor| actor.0),
            kind,
            begun,
            sent: now,
            within,
            over: None,
        });
        Ok(())
    }

    fn cut(&mut self, actor: Actor, now: Time) -> Result<(), Wrong> {
        self.open_link(actor)?;
        self.transmit(actor, Outgoing::Cut, Noted::Cut, now);
        if let Some(link) = &mut self.links[actor.0] {
            link.state = State::Ended(crate::transport::Ending::Cut);
        }
        Ok(())
    }

    fn connect(&mut self, actor: Actor, connect: &Connect, now: Time) {
        self.connections[actor.0] += 1;
        let id = LinkId {
            actor: actor.0,
            number: self.connections[actor.0],
            attempt: Attempt::First,
        };
        let vsn = connect.vsn().unwrap_or(self.vsn);
        let awaited = self.rounds.as_ref().and_then(|rounds| rounds.awaited(actor.0));
        self.links[actor.0] = Some(Link::new(id, vsn, awaited));
        let mut request = connect_request(connect, &self.values);
        self.add_cookies(actor, &mut request, now);
        let options = ConnectOptions {
            request,
            vsn,
            message_bytes: self.program.largest_message(),
            early: Vec::new(),
        };
        self.dial(id, connect.fallback, options, now);
    }

    fn send(&mut self, actor: Actor, send: &Send, now: Time) -> Result<Option<WaitKind>, Wrong> {
        let values = &self.values;
        let topic = send.topic.fill(values);
        let json;
        let payload = match &send.payload {
            Content::Json(data) => {
                let data = data.fill(values);
                self.asked.send(&data, now);
                json = data.to_string();
                Payload::Json(&json)
            }
            Content::Binary(bytes) => Payload::Binary(bytes),
        };
        let event = if let SendKind::Push(event) = &send.kind {
            event.fill(values)
        } else {
            String::new()
        };
        let reference = send.reference.as_ref().map(|it| it.fill(values));
        let stamp = if let JoinRef::This(it) = &send.join_ref {
            it.fill(values)
        } else {
            String::new()
        };
        let draft = Draft {
            event: match &send.kind {
                SendKind::Join => Saying::Join,
                SendKind::Leave => Saying::Leave,
                SendKind::Heartbeat => Saying::Heartbeat,
                SendKind::Push(_) => Saying::Push(&event),
            },
            topic: &topic,
            payload,
            reference: reference.as_deref(),
            join_ref: match &send.join_ref {
                JoinRef::Current => Stamp::Current,
                JoinRef::Null => Stamp::Null,
                JoinRef::This(_) => Stamp::This(&stamp),
            },
        };
        if !matches!(send.kind, SendKind::Join) && self.is_choosing(actor) {
            let what = "only joins can be sent before a client with `fallback` has chosen its transport";
            return Err(Wrong::server(what, "a later step", "").nobody());
        }
        let link = self.open_link(actor)?;
        let (outgoing, refs) = link.send(&draft, now).map_err(|error| {
            Wrong::server(
                format!("this cannot be sent: {error}"),
                "a message that has a frame",
                "",
            )
            .nobody()
        })?;
        if let SendKind::Join = send.kind {
            link.fallback.keep(&outgoing);
        }
        self.say(actor, outgoing, now);
        Ok(match send.reply {
            ExpectedReply::None => None,
            ExpectedReply::Any | ExpectedReply::Status(..) => Some(WaitKind::Reply { topic, refs }),
        })
    }

    fn raw(&mut self, actor: Actor, raw: &Raw, now: Time) -> Result<(), Wrong> {
        self.open_link(actor)?;
        let content = match &raw.content {
            RawContent::Message(data) => Outgoing::Text(data.fill(&self.values).to_string()),
            RawContent::Text(text) => Outgoing::Text(text.fill(&self.values)),
            RawContent::Binary(bytes) => Outgoing::Binary(bytes.clone()),
        };
        let Some(shape) = raw.frame else {
            self.say(actor, content, now);
            return Ok(());
        };
        let payload = match content {
            Outgoing::Text(text) => text.into_bytes(),
            Outgoing::Binary(bytes) => bytes,
            _ => Vec::new(),
        };
        let mut frame = RawFrame::new(shape.opcode, payload.clone());
        frame.rsv = shape.reserved;
        frame.fin = shape.last == Last::Yes;
        frame.masking = match shape.mask {
            Mask::Masked => Masking::Usual,
            Mask::Bare => Masking::Unmasked,
        };
        let words = format!(
            "opcode {}{}{}",
            shape.opcode,
            if shape.last == Last::Yes {
                ""
            } else {
                ", more follows"
            },
            if shape.mask == Mask::Masked {
                ""
            } else {
                ", unmasked"
            },
        );
        self.transmit(
            actor,
            Outgoing::Frame(frame),
            Noted::SentFrame(words, payload),
            now,
        );
        Ok(())
    }

    fn restart(&mut self, how: Restart, now: Time) {
        let signal = match how {
            Restart::Term => "SIGTERM",
            Restart::Kill => "SIGKILL",
        };
        let _ = self.recording.push(now, Who::Server, Noted::Server(signal));
        self.commands.push_back(Command::Restart(how));
    }

    /// Sends a heartbeat if the connection is open.
    fn ask_alive(&mut self, actor: Actor, now: Time) -> WaitKind {
        let asked = self.links[actor.0]
            .as_ref()
            .filter(|link| matches!(link.state, State::Open));
        match asked.map(|link| link.settle()) {
            Some(Ok((outgoing, refs))) => {
                self.say(actor, outgoing, now);
                WaitKind::ClosedOrAlive(refs)
            }
            _ => WaitKind::Closed(None),
        }
    }

    /// Sends a last heartbeat over each open connection, after all steps held.
    fn settle(&mut self, now: Time) {
        self.stage = PlayStage::Settling;
        for index in 0..self.links.len() {
            let kind = self.ask_alive(Actor(index), now);
            if let WaitKind::ClosedOrAlive(_) = kind {
                let within = SETTLES_WITHIN + self.setting.round_trip * 4;
                self.waits.push(Wait {
                    act: 0,
                    actor: Some(index),
                    kind,
                    begun: now,
                    sent: now,
                    within: self.setting.timeout.min(within),
                    over: None,
                });
            }
        }
    }

    /// Sends a whole message.
    fn say(&mut self, actor: Actor, outgoing: Outgoing, now: Time) {
        let noted = match &outgoing {
            Outgoing::Text(text) => Noted::SentText(text.as_str().into()),
            Outgoing::Binary(bytes) => Noted::SentBinary(bytes.as_slice().into()),
            _ => return,
        };
        self.transmit(actor, outgoing, noted, now);
    }

    fn transmit(&mut self, actor: Actor, outgoing: Outgoing, noted: Noted, now: Time) {
        let Some(id) = self.links[actor.0].as_ref().map(|link| link.id) else {
            return;
        };
        self.asked
            .transfer(outgoing.payload_len(), self.setting.round_trip, now);
        // The scenario bounds what the client sends, so this always fits.
        let _ = self.note(now, id, noted);
        self.commands.push_back(Command::Send(id, outgoing));
    }

    /// Whether the actor's client has not chosen its transport yet.
    fn is_choosing(&self, actor: Actor) -> bool {
        self.links[actor.0].as_ref().is_some_and(Link::is_choosing)
    }

    /// The actor's connection, if it is open.
    pub(super) fn open_link(&mut self, actor: Actor) -> Result<&mut Link, Wrong> {
        const EXPECTED: &str = "an open connection to send over";
        let group = self.program.groups.get(self.group);
        let is_early = group.is_some_and(|group| group.sent == Sent::InOneSegment);
        let Some(link) = &mut self.links[actor.0] else {
            let wrong = Wrong::server("there is no connection", EXPECTED, "none was made");
            return Err(wrong.kind(FailureKind::NoConnection));
        };
        // Until a connection with a fallback is open, its driver keeps the joins.
        let goes_with_upgrade = is_early && matches!(link.state, State::Opening);
        if matches!(link.state, State::Open) || link.is_choosing() || goes_with_upgrade {
            return Ok(link);
        }
        let wrong = Wrong::server(
            "the connection is not open any more",
            EXPECTED,
            link.state.describe(),
        );
        Err(wrong.kind(FailureKind::EndedEarly))
    }
}
