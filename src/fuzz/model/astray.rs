//! The answers to messages under another join_ref than the one of the channel. Phoenix changed them several times.

use serde_json::{Value, json};

use super::super::conversation::{AstrayMessage, Client, OtherJoinRef, Topic};
use super::super::step::ScenarioStep;
use super::{Model, UNMATCHED, reply};
use crate::profile::Gate;

/// A join_ref that no join of a conversation has.
const UNUSED: &str = "999";

impl Model {
    pub(super) fn astray(
        &mut self,
        client: Client,
        topic: &Topic,
        (message, other): (AstrayMessage, OtherJoinRef),
    ) {
        let own = self.channel(client, topic).map(|it| it.join_ref.clone());
        let given = match other {
            OtherJoinRef::Null => None,
            OtherJoinRef::Unused => Some(UNUSED.to_owned()),
            OtherJoinRef::Earlier => match self.earlier(client, topic) {
                Some(earlier) => Some(earlier),
                None => return,
            },
        };
        if given.is_some() && given == own {
            return;
        }
        let state = if own.is_some() { "joined" } else { "unjoined" };
        self.reach(message.kind(other), state);
        let reference = self.next_ref(client);
        let written = topic.written();
        let line = match message {
            AstrayMessage::Count => ScenarioStep::new(client, "push", "count").with("on", &written),
            AstrayMessage::Leave => ScenarioStep::new(client, "leave", &written),
        };
        self.line(
            line.bare("join_ref", &Value::from(given.clone()).to_string())
                .expecting("none"),
        );
        let answer = |join_ref: Option<&str>, status, response| {
            reply(join_ref, &reference, &written, status, response)
        };
        let Some(own) = own else {
            return match message {
                AstrayMessage::Count => {
                    self.answered(client, answer(None, "error", json!({ "reason": UNMATCHED })))
                }
                AstrayMessage::Leave => self.answered(client, answer(given.as_deref(), "ok", json!({}))),
            };
        };
        let gate = match (message, other) {
            (AstrayMessage::Count, OtherJoinRef::Null) => Gate::NullJoinRef.holds_in(self.version),
            (AstrayMessage::Count, _) => !Gate::StaleJoinRef.holds_in(self.version),
            (AstrayMessage::Leave, OtherJoinRef::Null) => Gate::LeaveNullJoinRef.holds_in(self.version),
            (AstrayMessage::Leave, _) => false,
        };
        if !gate {
            return;
        }
        match message {
            AstrayMessage::Count => {
                let count = self.count(client, topic);
                self.answered(client, answer(Some(&own), "ok", json!({ "count": count })));
            }
            AstrayMessage::Leave => {
                self.answered(client, answer(Some(&own), "ok", json!({})));
                self.close(client, topic, &own);
            }
        }
    }
}
