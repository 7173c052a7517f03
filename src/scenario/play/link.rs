//! One connection of one actor: its client and the messages that came. The client is the state machine that a swarm
//! uses too, but it does nothing by itself, because a script decides every frame.

use std::sync::Arc;
use std::time::Duration;

use super::choice::FallbackStatus;
use super::command::{LinkId, Reached};
use super::inbox::Arrived;
use super::refs::{Refs, json_of};
use crate::client::{ClientContext, Config, Event, Outbox, Ref, Socket};
use crate::clock::Time;
use crate::protocol::{
    EncodeError, Field, FrameKind, HEARTBEAT, JOIN, LEAVE, Message, PHOENIX_TOPIC, Payload, REPLY, Vsn,
};
use crate::transport::{Ending, Outgoing};
use crate::wire::websocket::Coding;

pub(super) struct Link {
    pub(super) id: LinkId,
    pub(super) vsn: Vsn,
    pub(super) state: State,
    /// Whether the upgrade agreed on compression.
    pub(super) coding: Coding,
    pub(super) fallback: FallbackStatus,
    pub(super) arrived: Vec<Arrived>,
    pub(super) pongs: Vec<String>,
    /// When part of a message was last transferred.
    pub(super) moved: Time,
    /// In a swarm: the events that steps wait for, if no other messages have to be kept.
    awaited: Option<Arc<[String]>>,
    /// In a swarm: when the heartbeat was sent that has no reply yet.
    beat_at: Option<Time>,
    client: Socket,
    config: Config,
}

/// The state of a connection.
#[derive(Clone, Debug)]
pub(super) enum State {
    Opening,
    Open,
    Refused(u16),
    /// No response to the upgrade, and whether a server was reached at all.
    Unanswered(String, Reached),
    Ended(Ending),
}

/// A message to send, before the client has assigned its refs.
pub(super) struct Draft<'a> {
    pub(super) event: Saying<'a>,
    pub(super) topic: &'a str,
    pub(super) payload: Payload<'a>,
    /// The ref that the script sets.
    pub(super) reference: Option<&'a str>,
    pub(super) join_ref: Stamp<'a>,
}

/// The kind of a draft.
#[derive(Clone, Copy)]
pub(super) enum Saying<'a> {
    Join,
    Leave,
    Heartbeat,
    Push(&'a str),
}

/// The join_ref that the script sets.
#[derive(Clone, Copy)]
pub(super) enum Stamp<'a> {
    Current,
    Null,
    This(&'a str),
}

impl Link {
    pub(super) fn new(id: LinkId, vsn: Vsn, awaited: Option<Arc<[String]>>) -> Self {
        Self {
            id,
            vsn,
            state: State::Opening,
            coding: Coding::Plain,
            fallback: FallbackStatus::None,
            arrived: Vec::new(),
            pongs: Vec::new(),
            moved: Time::ZERO,
            awaited,
            beat_at: None,
            client: Socket::new(),
            config: Config::scripted(),
        }
    }

    pub(super) fn opened(&mut self, now: Time) {
        self.state = State::Open;
        let mut out = Wire::new(self.vsn);
        self.client.handle_open(&mut ClientContext {
            config: &self.config,
            now,
            out: &mut out,
        });
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Passes a message to the client and puts it into the inbox. Returns how long a heartbeat of a swarm
    /// took, if the message is its reply.
    pub(super) fn arrive(&mut self, arrived: Arrived, now: Time) -> Option<Duration> {
        let mut out = Wire::new(self.vsn);
        if let Some(message) = arrived.message(self.vsn) {
            let mut context = ClientContext {
                config: &self.config,
                now,
                out: &mut out,
            };
            self.client.handle_message(&mut context, &message);
        }
        let head = arrived.head.as_ref();
        if head.is_some_and(|head| head.reference.trim_matches('"') == BEAT_REF) {
            return self.beat_at.take().map(|sent| now.since(sent));
        }
        let is_kept = |awaited: &Arc<[String]>| {
            let event = head.and_then(|head| head.event.as_deref());
            event.is_none_or(|event| event == REPLY || awaited.iter().any(|it| it == event))
        };
        if self.awaited.as_ref().is_none_or(is_kept) {
            self.arrived.push(arrived);
        }
        None
    }

    /// Whether the client has not chosen its transport yet.
    pub(super) fn is_choosing(&self) -> bool {
        matches!(self.state, State::Opening) && self.fallback.is_chosen_by_client()
    }

    /// The joined topics, in the order of the joins.
    pub(super) fn joined(&self) -> Vec<Arc<str>> {
        self.client.joined_topics().cloned().collect()
    }

    /// Sends a heartbeat of a swarm; returns nothing if the previous one has no reply.
    pub(super) fn beat(&mut self, now: Time) -> Option<Result<Outgoing, EncodeError>> {
        if self.beat_at.is_some() {
            return None;
        }
        self.beat_at = Some(now);
        Some(self.heartbeat(BEAT_REF).map(|(outgoing, _)| outgoing))
    }

    /// Drops messages that steps have taken, and replies that no step waits for any more.
    pub(super) fn forget_what_is_over(&mut self) {
        let awaits_replies = self
            .awaited
            .as_ref()
            .is_none_or(|awaited| awaited.iter().any(|it| it == REPLY));
        self.arrived.retain(|it| {
            let is_reply = it
                .head
                .as_ref()
                .is_some_and(|head| head.event.as_deref() == Some(REPLY));
            !it.taken && (awaits_replies || !is_reply)
        });
    }

    /// Sends a message: through the client if a client would send it, otherwise directly, because the script
    /// set refs that no client would.
    pub(super) fn send(&mut self, draft: &Draft<'_>, now: Time) -> Result<(Outgoing, Refs), EncodeError> {
        let mut by_hand = draft.reference;
        if let Some(number) = draft.reference.and_then(Ref::parse) {
            self.client.skip_refs_to(number);
            by_hand = None;
        }
        let mut out = Wire::new(self.vsn);
        if by_hand.is_none() && matches!(draft.join_ref, Stamp::Current) {
            let mut context = ClientContext {
                config: &self.config,
                now,
                out: &mut out,
            };
            speak(&mut self.client, draft, &mut context);
        }
        if out.sent.is_none() {
            let current = self
                .client
                .channel(draft.topic)
                .and_then(|channel| self.client.join_ref(channel));
            let reference = by_hand.map_or_else(|| self.client.make_ref().to_string(), str::to_owned);
            let join_ref = match draft.join_ref {
                Stamp::Null => None,
                Stamp::This(text) => Some(text.to_owned()),
                Stamp::Current if matches!(draft.event, Saying::Join) => Some(reference.clone()),
                Stamp::Current => current.map(|join_ref| join_ref.to_string()),
            };
            out.transmit(&Message {
                join_ref: join_ref.as_deref().into(),
                reference: Field::from(reference.as_str()),
                topic: draft.topic.into(),
                event: draft.event.name().into(),
                payload: draft.payload,
            });
        }
        out.finish()
    }

    /// A heartbeat with a ref that no step uses.
    pub(super) fn settle(&self) -> Result<(Outgoing, Refs), EncodeError> {
        self.heartbeat(SETTLE_REF)
    }

    fn heartbeat(&self, reference: &str) -> Result<(Outgoing, Refs), EncodeError> {
        let mut out = Wire::new(self.vsn);
        out.transmit(&Message {
            join_ref: Field::Null,
            reference: reference.into(),
            topic: PHOENIX_TOPIC.into(),
            event: HEARTBEAT.into(),
            payload: Payload::Json("{}"),
        });
        out.finish()
    }
}

/// The ref of the heartbeats at the end of a play; they do not appear in fixtures.
pub(crate) const SETTLE_REF: &str = "settle";

/// The ref of the heartbeats that a swarm sends by itself; no step uses it.
const BEAT_REF: &str = "swarm";

impl Saying<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Join => JOIN,
            Self::Leave => LEAVE,
            Self::Heartbeat => HEARTBEAT,
            Self::Push(event) => event,
        }
    }
}

/// Sends the draft through the client, if the client has a channel for it.
fn speak(client: &mut Socket, draft: &Draft<'_>, context: &mut ClientContext<'_>) {
    match (draft.event, draft.payload) {
        (Saying::Join, Payload::Json(params)) => {
            client.join(context, draft.topic.into(), params.into());
        }
        (Saying::Push(event), payload) => {
            if let Some(channel) = client.channel(draft.topic) {
                client.push(context, channel, event, payload);
            }
        }
        (Saying::Leave, Payload::Json("{}")) => {
            if let Some(channel) = client.channel(draft.topic) {
                client.leave(context, channel);
            }
        }
        (Saying::Heartbeat | Saying::Join | Saying::Leave, _) => {}
    }
}

/// Collects what a client sends, encoded, with its refs. Events of the client are ignored, because the
/// messages themselves show them.
struct Wire {
    vsn: Vsn,
    sent: Option<Result<(Outgoing, Refs), EncodeError>>,
}

impl Wire {
    fn new(vsn: Vsn) -> Self {
        Self { vsn, sent: None }
    }

    fn finish(self) -> Result<(Outgoing, Refs), EncodeError> {
        self.sent.unwrap_or(Err(EncodeError::ReplyFromClient))
    }
}

impl Outbox for Wire {
    fn connect(&mut self) {}

    fn close(&mut self, _code: Option<u16>, _reason: &str) {}

    fn transmit(&mut self, message: &Message<'_>) {
        let mut bytes = Vec::new();
        let refs = Refs {
            join_ref: json_of(&message.join_ref),
            reference: json_of(&message.reference),
        };
        self.sent = Some(self.vsn.encode_from_client(message, &mut bytes).map(|kind| {
            let outgoing = match kind {
                FrameKind::Text => Outgoing::Text(String::from_utf8_lossy(&bytes).into_owned()),
                FrameKind::Binary => Outgoing::Binary(bytes),
            };
            (outgoing, refs)
        }));
    }

    fn event(&mut self, _event: Event<'_>) {}
}
