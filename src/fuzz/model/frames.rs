//! The answers of a server to frames and messages that no client library sends.

use serde_json::json;

use super::super::conversation::{Client, OddFrame};
use super::super::prediction::Telling;
use super::super::step::ScenarioStep;
use super::{Model, UNMATCHED, reply};
use crate::protocol::PHOENIX_TOPIC;

impl Model {
    pub(super) fn frame(&mut self, client: Client, frame: &OddFrame) {
        let raw = |parts: String| ScenarioStep::new(client, "raw", "").bare_value(&format!("{{ {parts} }}"));
        self.reach(frame.kind(), "open");
        match frame {
            OddFrame::Fatal(parts, code) => {
                self.catch_up(client);
                self.line(raw((*parts).to_owned()));
                self.line(ScenarioStep::new(client, "closed", ""));
                self.end(client, Telling::Closed(*code));
            }
            OddFrame::Ping(text) => {
                self.line(raw(format!("opcode: 9, text: {text}")));
                self.line(ScenarioStep::new(client, "pong", text));
                self.note(client, Telling::Pong(text.clone()));
            }
            OddFrame::Pong(text) => self.line(raw(format!("opcode: 10, text: {text}"))),
            OddFrame::Fragments(count) => {
                let text = "[null,\"f\",\"phoenix\",\"heartbeat\",{}]";
                let pieces = super::super::step::pieces(text, *count);
                let last = pieces.len() - 1;
                for (index, piece) in pieces.iter().enumerate() {
                    let opcode = if index == 0 { "opcode: 1" } else { "opcode: 0" };
                    self.line(raw(format!("{opcode}, text: '{piece}', last: {}", index == last)));
                }
                self.answered(client, reply(None, "f", PHOENIX_TOPIC, "ok", json!({})));
            }
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
}
