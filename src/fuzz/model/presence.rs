//! The answers of a channel of `presence:*`, and its diffs.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::conversation::{Client, Params, PushKind, Topic};
use super::super::prediction::PredictedPayload;
use super::super::step::ScenarioStep;
use super::{Model, news, user};

/// The presences of the topic.
#[derive(Debug, Default)]
pub(super) struct Presence {
    metas: BTreeMap<Client, Meta>,
}

/// The meta of a client.
#[derive(Clone, Debug)]
struct Meta {
    status: String,
    was_updated: bool,
}

impl Model {
    pub(super) fn push_to_presence(&mut self, client: Client, push: &PushKind) {
        let PushKind::Update(status) = push else {
            self.crash(client, &Topic::Presence, push);
            return;
        };
        self.answers(client, &Topic::Presence, push, ("ok", json!({})));
        let new = Meta {
            status: status.clone(),
            was_updated: true,
        };
        let old = self.presence.metas.insert(client, new.clone());
        let leaves = old.map_or_else(Map::new, |old| entry(client, &old));
        self.diff(entry(client, &new), leaves, None);
    }

    /// A client has joined.
    pub(super) fn comes(&mut self, client: Client, params: &Params) {
        let meta = Meta {
            status: match params {
                Params::Status(status) => status.clone(),
                _ => "online".to_owned(),
            },
            was_updated: false,
        };
        self.presence.metas.insert(client, meta.clone());
        let state_comes = ScenarioStep::new(client, "receive", "presence_state");
        self.diff(entry(client, &meta), Map::new(), Some(state_comes));
        let state: Map<String, Value> = self
            .presence
            .metas
            .iter()
            .flat_map(|(client, meta)| entry(*client, meta))
            .collect();
        let join_ref = self
            .channel(client, &Topic::Presence)
            .map(|it| it.join_ref.clone());
        let state = PredictedPayload::Json(Value::Object(state));
        self.tell(client, news(join_ref, &Topic::Presence, "presence_state", state));
        self.took_presences(&[client]);
    }

    /// A client is gone from the topic.
    pub(super) fn goes(&mut self, client: Client) {
        if let Some(meta) = self.presence.metas.remove(&client) {
            self.diff(Map::new(), entry(client, &meta), None);
        }
    }

    /// Everybody who is there is told of a change, and waits for it, beside another step.
    fn diff(&mut self, joins: Map<String, Value>, leaves: Map<String, Value>, beside: Option<ScenarioStep>) {
        let members = self.members(&Topic::Presence);
        if members.is_empty() {
            return;
        }
        let line = ScenarioStep::all(&members, "receive", "presence_diff");
        self.line(match beside {
            Some(beside) => ScenarioStep::together(vec![line, beside]),
            None => line,
        });
        let payload = json!({ "joins": joins, "leaves": leaves });
        for &member in &members {
            let payload = PredictedPayload::Json(payload.clone());
            self.tell(member, news(None, &Topic::Presence, "presence_diff", payload));
        }
        self.took_presences(&members);
    }
}

/// The entry of a client in a list.
fn entry(client: Client, meta: &Meta) -> Map<String, Value> {
    let mut written = json!({ "phx_ref": "", "status": meta.status });
    if meta.was_updated {
        written["phx_ref_prev"] = json!("");
    }
    Map::from_iter([(user(client).to_owned(), json!({ "metas": [written] }))])
}
