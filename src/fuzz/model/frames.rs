//! The answers of a server to frames and messages that no client library sends.

use serde_json::json;

use super::super::conversation::{Client, OddFrame};
use super::super::prediction::Telling;
use super::super::step::ScenarioStep;
use super::{Model, UNMATCHED, reply};
use crate::protocol::PHOENIX_TOPIC;

impl Model {
    pub(super) fn frame(&mut self, client: Client, frame: &OddFrame) {
        let raw = |parts: String| raw(client, &parts);
        self.reach(frame.kind(), "open");
        match frame {
            OddFrame::Fatal(parts, code) => {
                self.catch_up(client);
                self.line(raw((*parts).to_owned()));
                self.line(ScenarioStep::new(client, "closed", ""));
                self.end(client, Telling::Closed(*code));
            }
            OddFrame::Interrupted => {
                self.catch_up(client);
                self.line(raw("text: '[null,\"1\",', last: false".to_owned()));
                self.line(raw("text: '[null,\"2\",\"phoenix\",\"heartbeat\",{}]'".to_owned()));
                self.line(ScenarioStep::new(client, "closed", ""));
                self.end(client, Telling::Closed(1002));
            }
            OddFrame::NumberAsEvent(number) => {
                self.line(raw(format!("text: '[\"1\",\"t\",\"nowhere\",{number},{{}}]'")));
                let response = json!({ "reason": UNMATCHED });
                self.answered(client, reply(None, "t", "nowhere", "error", response));
            }
            OddFrame::Ping(text) => {
                self.line(raw(format!("opcode: 9, text: {text}")));
                self.line(ScenarioStep::new(client, "pong", text));
                self.note(client, Telling::Pong(text.clone()));
            }
            OddFrame::Pong(text) => self.line(raw(format!("opcode: 10, text: {text}"))),
            OddFrame::PingBetween(text) => self.ping_between(client, text),
            OddFrame::Fragments(count) => self.fragments(client, *count),
            OddFrame::EmptyBinary => {
                self.line(raw("binary: \"00 00 00 00 00\"".to_owned()));
                self.answered(
                    client,
                    reply(None, "", "", "error", json!({ "reason": UNMATCHED })),
                );
            }
            OddFrame::SixValues => {
                self.line(raw(
                    "text: '[null,\"s\",\"phoenix\",\"heartbeat\",{},\"surplus\"]'".to_owned(),
                ));
                self.answered(client, reply(None, "s", PHOENIX_TOPIC, "ok", json!({})));
            }
            OddFrame::NumberAsTopic(number) => {
                self.line(raw(format!("text: '[\"1\",\"t\",{number},\"echo\",{{}}]'")));
                let mut answer = reply(None, "t", "", "error", json!({ "reason": UNMATCHED }));
                answer.topic = json!(number);
                self.answered(client, answer);
            }
        }
    }

    /// A heartbeat in so many fragments.
    fn fragments(&mut self, client: Client, count: usize) {
        let raw = |parts: String| raw(client, &parts);
        let text = "[null,\"f\",\"phoenix\",\"heartbeat\",{}]";
        let pieces = super::super::step::pieces(text, count);
        let last = pieces.len() - 1;
        for (index, piece) in pieces.iter().enumerate() {
            let opcode = if index == 0 { "opcode: 1" } else { "opcode: 0" };
            self.line(raw(format!("{opcode}, text: '{piece}', last: {}", index == last)));
        }
        self.answered(client, reply(None, "f", PHOENIX_TOPIC, "ok", json!({})));
    }

    /// A heartbeat in two fragments, with a ping between them.
    fn ping_between(&mut self, client: Client, text: &str) {
        let raw = |parts: String| raw(client, &parts);
        self.line(raw("text: '[null,\"f\",\"phoenix\",', last: false".to_owned()));
        self.line(raw(format!("opcode: 9, text: {text}")));
        self.line(ScenarioStep::new(client, "pong", text));
        self.note(client, Telling::Pong(text.to_owned()));
        self.line(raw("opcode: 0, text: '\"heartbeat\",{}]'".to_owned()));
        self.answered(client, reply(None, "f", PHOENIX_TOPIC, "ok", json!({})));
    }
}

/// A step that sends a frame of these parts.
fn raw(client: Client, parts: &str) -> ScenarioStep {
    ScenarioStep::new(client, "raw", "").bare_value(&format!("{{ {parts} }}"))
}
