//! The answers of a channel of `lab:*`.

use serde_json::{Value, json};

use super::super::conversation::{Client, Params, PushKind, Topic};
use super::super::prediction::{PredictedMessage, PredictedPayload};
use super::super::step::ScenarioStep;
use super::{Model, news, object, pushing, reply, user};
use crate::protocol::CLOSE;

/// The params of a join that the lab lets in, as it repeats them.
pub(super) fn params(params: &Params) -> Value {
    match params {
        Params::Plain(members) => object(members),
        Params::Status(status) => json!({ "status": status }),
        Params::Since(_) | Params::Deny(_) | Params::Crash => json!({}),
    }
}

impl Model {
    /// The count of a channel after one more push of `count`.
    pub(super) fn count(&mut self, client: Client, topic: &Topic) -> u64 {
        self.channel(client, topic).map_or(0, |channel| {
            channel.count += 1;
            channel.count
        })
    }

    pub(super) fn push_to_lab(&mut self, client: Client, topic: &Topic, push: &PushKind) {
        match push {
            PushKind::Echo(it) => self.answers(client, topic, push, ("ok", object(it))),
            PushKind::EchoError(it) => self.answers(client, topic, push, ("error", object(it))),
            PushKind::EchoBytes(bytes) => self.echo_bytes(client, topic, push, bytes),
            PushKind::Ack => self.answers(client, topic, push, ("ok", json!({}))),
            PushKind::Ignore => self.sent(client, topic, push),
            PushKind::Count => {
                let count = self.count(client, topic);
                self.answers(client, topic, push, ("ok", json!({ "count": count })));
            }
            PushKind::Put(key, value) => {
                if let Some(channel) = self.channel(client, topic) {
                    channel.kept.insert(key.clone(), value.clone());
                }
                self.answers(client, topic, push, ("ok", json!({})));
            }
            PushKind::Get(key) => {
                let kept = self
                    .channel(client, topic)
                    .and_then(|it| it.kept.get(key).cloned());
                self.answers(client, topic, push, ("ok", json!({ "value": kept })));
            }
            PushKind::Push(it) => self.pushed(client, topic, push, PredictedPayload::Json(object(it))),
            PushKind::PushBytes(bytes) => {
                self.pushed(client, topic, push, PredictedPayload::Bytes(bytes.clone()))
            }
            PushKind::Broadcast(it) => {
                self.broadcast(client, topic, push, &PredictedPayload::Json(object(it)))
            }
            PushKind::BroadcastFrom(it) => {
                self.broadcast(client, topic, push, &PredictedPayload::Json(object(it)))
            }
            PushKind::BroadcastBytes(bytes) => {
                self.broadcast(client, topic, push, &PredictedPayload::Bytes(bytes.clone()));
            }
            PushKind::Whisper(to, body) => self.whisper(client, topic, push, (*to, body)),
            PushKind::ReplyLater(body) => {
                self.answers(client, topic, push, ("ok", json!({ "body": object(body) })));
            }
            PushKind::Sleep => self.answers(client, topic, push, ("ok", json!({ "slept": 1 }))),
            PushKind::StopNormally => {
                self.sent(client, topic, push);
                self.over(client, topic, CLOSE, json!({}));
            }
            PushKind::StopReply(it) => {
                self.answers(client, topic, push, ("ok", object(it)));
                self.over(client, topic, CLOSE, json!({}));
            }
            PushKind::StopOddly(_)
            | PushKind::Crash
            | PushKind::Unknown(_)
            | PushKind::Update(_)
            | PushKind::Annotate(..)
            | PushKind::AnnotateBadly(_) => self.crash(client, topic, push),
        }
    }

    /// A push that is answered with this status and response.
    pub(super) fn answers(
        &mut self,
        client: Client,
        topic: &Topic,
        push: &PushKind,
        (status, response): (&'static str, Value),
    ) {
        let join_ref = self.channel(client, topic).map(|it| it.join_ref.clone());
        let reference = self.next_ref(client);
        self.line(pushing(client, topic, push).expecting(status));
        let answer = reply(
            join_ref.as_deref(),
            &reference,
            &topic.written(),
            status,
            response,
        );
        self.tell(client, answer);
    }

    /// A push that is not answered.
    fn sent(&mut self, client: Client, topic: &Topic, push: &PushKind) {
        self.next_ref(client);
        self.line(pushing(client, topic, push).expecting("none"));
    }

    fn echo_bytes(&mut self, client: Client, topic: &Topic, push: &PushKind, bytes: &[u8]) {
        let join_ref = self.channel(client, topic).map(|it| it.join_ref.clone());
        let reference = self.next_ref(client);
        self.line(pushing(client, topic, push).expecting("any"));
        let answer = PredictedMessage {
            payload: PredictedPayload::ByteReply(bytes.to_vec()),
            ..reply(join_ref.as_deref(), &reference, &topic.written(), "ok", json!({}))
        };
        self.tell(client, answer);
    }

    /// A push that the server answers with a push of its own.
    fn pushed(&mut self, client: Client, topic: &Topic, push: &PushKind, payload: PredictedPayload) {
        self.sent(client, topic, push);
        let join_ref = self.channel(client, topic).map(|it| it.join_ref.clone());
        self.line(ScenarioStep::new(client, "receive", "pushed"));
        self.tell(client, news(join_ref, topic, "pushed", payload));
    }

    fn broadcast(&mut self, client: Client, topic: &Topic, push: &PushKind, payload: &PredictedPayload) {
        self.forget(topic);
        self.out.broadcasters.insert(client);
        for member in self.members(topic) {
            if member != client || !matches!(push, PushKind::BroadcastFrom(_)) {
                self.tell(member, news(None, topic, "broadcasted", payload.clone()));
            }
        }
        self.answers(client, topic, push, ("ok", json!({})));
    }

    fn whisper(&mut self, client: Client, topic: &Topic, push: &PushKind, (to, body): (Client, &str)) {
        self.forget(topic);
        let heard = json!({ "body": body, "for": user(to) });
        let to_itself = to == client;
        let hears = self.channel(to, topic).map(|it| it.join_ref.clone());
        let answer =
            hears.map(|join_ref| news(Some(join_ref), topic, "whispered", PredictedPayload::Json(heard)));
        // A whisper goes through the channel of its receiver, which first answers its own push.
        if to_itself {
            self.answers(client, topic, push, ("ok", json!({})));
        }
        let is_heard = answer.is_some();
        if let Some(answer) = answer {
            self.tell(to, answer);
        }
        if !to_itself {
            self.answers(client, topic, push, ("ok", json!({})));
        }
        if is_heard {
            self.line(ScenarioStep::new(to, "receive", "whispered"));
        }
    }
}
