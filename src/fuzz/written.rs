//! A conversation as a scenario that a person can read, and as the fixture that `check` holds a server to.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::Value;

use super::conversation::Client;
use super::prediction::{PredictedMessage, PredictedPayload, Prediction, Telling, Told};
use super::step::{NamedIds, ScenarioStep};
use crate::clock::Time;
use crate::conformance::{Log, RunNames, log_of};
use crate::protocol::{Field, FrameKind, Message, Payload, Vsn};
use crate::scenario::write;
use crate::scenario::{Noted, Program, RecordedEntry, Recording, Who};
use crate::transport::Ending;

/// The parts of payloads that fixtures hide: ids, authors and refs of presences.
const HIDDEN: [&str; 10] = [
    "/id",
    "/user/username",
    "/response/annotations/*/id",
    "/response/annotations/*/user/username",
    "/*/metas/*/phx_ref",
    "/*/metas/*/phx_ref_prev",
    "/joins/*/metas/*/phx_ref",
    "/joins/*/metas/*/phx_ref_prev",
    "/leaves/*/metas/*/phx_ref",
    "/leaves/*/metas/*/phx_ref_prev",
];

/// The scenario of a conversation, without a comment.
pub(crate) fn scenario(about: &str, prediction: &Prediction) -> String {
    let ids = match prediction.lines.iter().any(ScenarioStep::names_a_note) {
        true => NamedIds::Named,
        false => NamedIds::Unnamed,
    };
    let lines = prediction.lines.iter().filter_map(|line| line.among(ids));
    let steps: Vec<String> = lines.map(|line| line.text()).collect();
    let mut text = format!("about: {}\nvsn: 2.0.0\n", write::text(about));
    let names = ["room", "video", "ana", "bea", "cid", "dan", "eve", "fay"];
    let fresh: Vec<&str> = names
        .into_iter()
        .filter(|name| steps.iter().any(|step| step.contains(&format!("{{{{{name}}}}}"))))
        .collect();
    if !fresh.is_empty() {
        let _ = writeln!(text, "fresh: [{}]", fresh.join(", "));
    }
    text.push_str("steps:\n");
    for step in &steps {
        let _ = writeln!(text, "  - {step}");
    }
    let is_about = |topic: &str| steps.iter().any(|step| step.contains(topic));
    let (presence, video) = (is_about("presence:"), is_about("videos:"));
    if presence {
        text.push_str("chance:\n  - any-order: [presence_diff, presence_state, phx_reply]\n");
        for user in last_diffs(&prediction.last_diffs) {
            let _ = writeln!(
                text,
                "  - maybe: presence_diff\n    with: {{ joins: {{ exactly: {{}} }}, leaves: {{ \"{user}\": {{ is: map }} }} }}"
            );
        }
    }
    if presence || video {
        text.push_str("hide:\n");
        for pointer in HIDDEN {
            let _ = writeln!(text, "  - {pointer}");
        }
    }
    text
}

fn last_diffs(clients: &BTreeSet<Client>) -> impl Iterator<Item = &'static str> {
    clients.iter().map(|client| client.user())
}

/// How many steps a scenario has.
pub(crate) fn steps_of(text: &str) -> usize {
    text.lines()
        .skip_while(|line| *line != "steps:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter(|line| line.starts_with("  - "))
        .count()
}

/// The predicted messages, in the form of fixtures.
pub(crate) fn log(prediction: &Prediction, program: &Program) -> Log {
    let mut recording = Recording::default();
    for told in &prediction.told {
        let actor = program.actors.iter().position(|name| name == told.client.name());
        let Some(actor) = actor else { continue };
        recording.entries.push(RecordedEntry {
            at: Time::ZERO,
            who: Who::Actor(actor, told.link),
            what: noted(told),
        });
    }
    let names = RunNames {
        program,
        fresh: &[],
        vsn: Vsn::V2,
    };
    log_of(&recording, &names)
}

fn noted(told: &Told) -> Noted {
    match &told.what {
        Telling::Opened => Noted::Opened,
        Telling::Message(answer) => message(answer),
        Telling::Pong(text) => Noted::Pong(text.clone().into_bytes()),
        Telling::Cut => Noted::Cut,
        Telling::Closed(code) => Noted::Ended(Ending::CloseFrame {
            code: Some(*code),
            reason: String::new(),
        }),
    }
}

fn message(answer: &PredictedMessage) -> Noted {
    let field = |text: &Option<String>| text.clone().map_or(Field::Null, Field::from);
    let (topic_text, payload_text);
    let payload = match &answer.payload {
        PredictedPayload::Json(payload) => {
            payload_text = payload.to_string();
            Payload::Json(&payload_text)
        }
        PredictedPayload::Bytes(bytes) => Payload::Binary(bytes),
        PredictedPayload::ByteReply(bytes) => Payload::BinaryReply {
            status: "ok",
            data: bytes,
        },
    };
    let topic = match &answer.topic {
        Value::String(topic) => Field::from(topic.as_str()),
        other => {
            topic_text = other.to_string();
            Field::Other(&topic_text)
        }
    };
    let message = Message {
        join_ref: field(&answer.join_ref),
        reference: field(&answer.reference),
        topic,
        event: answer.event.into(),
        payload,
    };
    let mut bytes = Vec::new();
    match Vsn::V2.encode_from_server(&message, &mut bytes) {
        Ok(FrameKind::Binary) => Noted::Binary(bytes.into()),
        Ok(FrameKind::Text) | Err(_) => Noted::Text(String::from_utf8_lossy(&bytes).into()),
    }
}
