//! A model of a Phoenix server with the channels of the target contract.
//!
//! The model walks through the steps of a conversation. For each it writes the steps of a scenario and predicts the messages to each
//! client. It leaves out a step that is not possible in its state, such as a push without a connection.

mod astray;
mod frames;
mod lab;
mod presence;
mod video;
mod waits;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::conversation::{Client, ClientStep, Deed, MadeConversation, Params, PushKind, PushPayload, Topic};
use super::prediction::{PredictedMessage, PredictedPayload, Prediction, StepInState, Telling, Told};
use super::step::ScenarioStep;
use crate::profile::{Gate, Profile, Version};
use crate::protocol::{CLOSE, ERROR, PHOENIX_TOPIC, REPLY};
use presence::Presence;
use video::Video;

/// The code of a close frame that ends a connection as it should end.
const NORMAL: u16 = 1000;
/// The reason of the error that answers a push to a topic without a channel.
const UNMATCHED: &str = "unmatched topic";

/// Predicts a conversation at a server that behaves like this version.
pub(crate) fn predict(conversation: &MadeConversation, profile: Profile) -> Prediction {
    let mut model = Model {
        version: profile.phoenix(),
        crash: match Gate::CrashReason.holds_in(profile.phoenix()) {
            true => json!({ "reason": "channel_crash" }),
            false => json!({}),
        },
        has_users: conversation.has_users(),
        clients: BTreeMap::new(),
        presence: Presence::default(),
        video: Video::default(),
        ended: BTreeSet::new(),
        out: Prediction::default(),
    };
    conversation.steps.iter().for_each(|step| model.step(step));
    model.out
}

struct Model {
    version: Version,
    /// The payload of an error of a channel.
    crash: Value,
    /// Whether clients connect with a name.
    has_users: bool,
    clients: BTreeMap<Client, Connection>,
    presence: Presence,
    video: Video,
    /// Topics with a channel that ended lately. For about a millisecond Phoenix still delivers broadcasts to it.
    ended: BTreeSet<Topic>,
    out: Prediction,
}

/// The connection of a client.
#[derive(Debug, Default)]
struct Connection {
    number: u32,
    is_open: bool,
    sent: u32,
    channels: BTreeMap<Topic, Channel>,
    /// The join_ref of the last channel of a topic that ended.
    earlier: BTreeMap<Topic, String>,
    /// The event and the topic of each message that no step has waited for.
    untaken: Vec<(&'static str, String)>,
}

/// A channel, and what the lab keeps in it.
#[derive(Debug)]
struct Channel {
    join_ref: String,
    count: u64,
    kept: BTreeMap<String, Value>,
}

impl Model {
    fn step(&mut self, step: &ClientStep) {
        let client = step.client;
        let is_open = self.clients.get(&client).is_some_and(|it| it.is_open);
        if is_open && self.changes_presences(client, &step.deed) {
            self.forget(&Topic::Presence);
        }
        match &step.deed {
            Deed::Connect if !is_open => self.connect(client),
            Deed::Connect => {}
            _ if !is_open => {}
            Deed::Join(topic, params) => self.join(client, topic, params),
            Deed::Push(topic, push) => self.push(client, topic, push),
            Deed::Leave(topic) => self.leave(client, topic),
            Deed::Astray(topic, message, other) => self.astray(client, topic, (*message, *other)),
            Deed::Heartbeat => {
                self.reach("heartbeat", "open");
                self.heartbeat(client);
            }
            Deed::Frame(frame) => self.frame(client, frame),
            Deed::Close => {
                self.reach("close", "open");
                self.catch_up(client);
                self.line(ScenarioStep::new(client, "close", ""));
                self.end(client, Telling::Closed(NORMAL));
            }
            Deed::Cut => {
                self.reach("cut", "open");
                self.catch_up(client);
                self.line(ScenarioStep::new(client, "cut", ""));
                self.end(client, Telling::Cut);
            }
        }
    }

    fn connect(&mut self, client: Client) {
        self.reach("connect", "closed");
        let connection = self.clients.entry(client).or_default();
        connection.number += 1;
        connection.is_open = true;
        connection.sent = 0;
        connection.earlier.clear();
        let line = match self.has_users {
            true => ScenarioStep::new(client, "connect", "socket").with("as", user(client)),
            false => ScenarioStep::new(client, "connect", ""),
        };
        self.line(line);
        self.note(client, Telling::Opened);
    }

    fn heartbeat(&mut self, client: Client) {
        let reference = self.next_ref(client);
        self.line(ScenarioStep::new(client, "heartbeat", ""));
        self.tell(client, reply(None, &reference, PHOENIX_TOPIC, "ok", json!({})));
    }

    /// The connection of a client is over, and with it its channels.
    fn end(&mut self, client: Client, how: Telling) {
        self.note(client, how);
        let connection = self.clients.entry(client).or_default();
        connection.is_open = false;
        let was_present = connection.channels.contains_key(&Topic::Presence);
        connection.channels.clear();
        if was_present {
            self.goes(client);
            self.ended.insert(Topic::Presence);
        }
    }

    fn join(&mut self, client: Client, topic: &Topic, params: &Params) {
        let earlier = self.channel(client, topic).map(|it| it.join_ref.clone());
        // When a presence leaves and comes at once, diffs may be merged.
        if earlier.is_some() && *topic == Topic::Presence {
            return;
        }
        self.reach("join", if earlier.is_some() { "joined" } else { "open" });
        let reference = self.next_ref(client);
        let written = topic.written();
        let (status, response) = match (topic, params) {
            (Topic::Unknown(_), _) => ("error", json!({ "reason": UNMATCHED })),
            (Topic::Lab(_), Params::Deny(reason)) => ("error", json!({ "reason": reason })),
            (Topic::Lab(_), Params::Crash) => ("error", json!({ "reason": "join crashed" })),
            (Topic::Lab(_), _) => ("ok", json!({ "params": lab::params(params) })),
            (Topic::Presence, _) => ("ok", json!({})),
            (Topic::Video, _) => ("ok", json!({ "annotations": self.video.since(params) })),
        };
        let line = ScenarioStep::new(client, "join", &written);
        self.line(self.video.with_params(line, topic, params).expecting(status));
        let join_ref = (!matches!(topic, Topic::Unknown(_))).then(|| reference.clone());
        self.tell(
            client,
            reply(join_ref.as_deref(), &reference, &written, status, response),
        );
        if let Some(earlier) = earlier {
            self.close(client, topic, &earlier);
        }
        if status == "ok" {
            let channel = Channel {
                join_ref: reference,
                count: 0,
                kept: BTreeMap::new(),
            };
            let connection = self.clients.entry(client).or_default();
            connection.channels.insert(topic.clone(), channel);
            if *topic == Topic::Presence {
                self.comes(client, params);
            }
        }
    }

    fn leave(&mut self, client: Client, topic: &Topic) {
        let written = topic.written();
        let join_ref = self.channel(client, topic).map(|it| it.join_ref.clone());
        self.reach("leave", if join_ref.is_some() { "joined" } else { "open" });
        let reference = self.next_ref(client);
        let line = ScenarioStep::new(client, "leave", &written);
        self.line(match &join_ref {
            Some(_) => line,
            None => line.bare("join_ref", "null"),
        });
        self.tell(
            client,
            reply(join_ref.as_deref(), &reference, &written, "ok", json!({})),
        );
        if let Some(join_ref) = join_ref {
            self.close(client, topic, &join_ref);
        }
    }

    fn push(&mut self, client: Client, topic: &Topic, push: &PushKind) {
        if self.channel(client, topic).is_none() {
            self.reach(push.kind(), "unjoined");
            let reference = self.next_ref(client);
            self.line(pushing(client, topic, push).expecting("error"));
            let response = json!({ "reason": UNMATCHED });
            self.tell(
                client,
                reply(None, &reference, &topic.written(), "error", response),
            );
            return;
        }
        self.reach(push.kind(), topic.kind());
        match topic {
            Topic::Lab(_) => self.push_to_lab(client, topic, push),
            Topic::Presence => self.push_to_presence(client, push),
            Topic::Video => self.push_to_video(client, push),
            Topic::Unknown(_) => {}
        }
    }

    /// A push to which a channel has no answer but to crash.
    fn crash(&mut self, client: Client, topic: &Topic, push: &PushKind) {
        self.next_ref(client);
        self.line(pushing(client, topic, push).expecting("none"));
        self.over(client, topic, ERROR, self.crash.clone());
    }

    /// A channel ends with a close.
    fn close(&mut self, client: Client, topic: &Topic, join_ref: &str) {
        let is_current = self
            .channel(client, topic)
            .is_some_and(|it| it.join_ref == join_ref);
        if is_current {
            self.over(client, topic, CLOSE, json!({}));
        }
    }

    /// The end of a channel: its client is told, and waits for it.
    fn over(&mut self, client: Client, topic: &Topic, event: &'static str, payload: Value) {
        let connection = self.clients.entry(client).or_default();
        let Some(channel) = connection.channels.remove(topic) else {
            return;
        };
        connection.earlier.insert(topic.clone(), channel.join_ref.clone());
        self.line(ScenarioStep::new(client, "receive", event).with("on", &topic.written()));
        let answer = PredictedMessage {
            join_ref: Some(channel.join_ref.clone()),
            reference: Some(channel.join_ref),
            topic: Value::from(topic.written()),
            event,
            payload: PredictedPayload::Json(payload),
        };
        self.tell(client, answer);
        if *topic == Topic::Presence {
            self.out.last_diffs.insert(client);
            self.goes(client);
        }
        self.ended.insert(topic.clone());
    }

    /// The clients who have joined a topic.
    fn members(&self, topic: &Topic) -> Vec<Client> {
        let joined = self
            .clients
            .iter()
            .filter(|(_, it)| it.channels.contains_key(topic));
        joined.map(|(client, _)| *client).collect()
    }

    fn channel(&mut self, client: Client, topic: &Topic) -> Option<&mut Channel> {
        self.clients.get_mut(&client)?.channels.get_mut(topic)
    }

    /// The join_ref of the last channel of a topic that ended on this connection.
    fn earlier(&self, client: Client, topic: &Topic) -> Option<String> {
        self.clients.get(&client)?.earlier.get(topic).cloned()
    }

    fn next_ref(&mut self, client: Client) -> String {
        let connection = self.clients.entry(client).or_default();
        connection.sent += 1;
        connection.sent.to_string()
    }

    fn line(&mut self, line: ScenarioStep) {
        self.out.lines.push(line);
    }

    fn reach(&mut self, deed: &'static str, state: &'static str) {
        self.out.reached.push(StepInState { deed, state });
    }

    fn tell(&mut self, client: Client, answer: PredictedMessage) {
        // A reply is waited for by its step; so is the end of a channel, and what a channel pushes.
        if answer.join_ref.is_none() && answer.event != REPLY {
            let topic = answer.topic.as_str().unwrap_or_default().to_owned();
            let connection = self.clients.entry(client).or_default();
            connection.untaken.push((answer.event, topic));
        }
        self.note(client, Telling::Message(answer));
    }

    /// A reply, and the step that waits for it.
    fn answered(&mut self, client: Client, reply: PredictedMessage) {
        let reference = reply.reference.clone().unwrap_or_default();
        self.line(ScenarioStep::new(client, "receive", REPLY).with("ref", &reference));
        self.tell(client, reply);
    }

    fn note(&mut self, client: Client, what: Telling) {
        let link = self.clients.entry(client).or_default().number;
        self.out.told.push(Told { client, link, what });
    }
}

/// The user of a client, with its name to fill in.
fn user(client: Client) -> &'static str {
    client.user()
}

fn pushing(client: Client, topic: &Topic, push: &PushKind) -> ScenarioStep {
    let line = ScenarioStep::new(client, "push", push.event()).with("on", &topic.written());
    match (push.payload(), push) {
        (PushPayload::Bytes(bytes), _) => line.bytes(&bytes),
        (PushPayload::Json(Value::Object(members)), _) if members.is_empty() => line,
        (PushPayload::Json(Value::Object(mut members)), PushKind::Whisper(to, _)) => {
            members.insert("to".to_owned(), Value::from(user(*to)));
            line.data(&Value::Object(members))
        }
        (PushPayload::Json(payload), _) => line.data(&payload),
    }
}

fn reply(
    join_ref: Option<&str>,
    reference: &str,
    topic: &str,
    status: &str,
    response: Value,
) -> PredictedMessage {
    PredictedMessage {
        join_ref: join_ref.map(str::to_owned),
        reference: Some(reference.to_owned()),
        topic: Value::from(topic),
        event: REPLY,
        payload: PredictedPayload::Json(json!({ "response": response, "status": status })),
    }
}

/// A message of a topic that belongs to no request: a broadcast, unless it has a join_ref.
fn news(
    join_ref: Option<String>,
    topic: &Topic,
    event: &'static str,
    payload: PredictedPayload,
) -> PredictedMessage {
    PredictedMessage {
        join_ref,
        reference: None,
        topic: Value::from(topic.written()),
        event,
        payload,
    }
}

fn object(members: &Map<String, Value>) -> Value {
    Value::Object(members.clone())
}
