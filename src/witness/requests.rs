//! The requests to phoenix.js that it answers, and the answers.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::ending::ReplayEnd;
use super::node::Handed;
use super::playable::survives;
use crate::scenario::{Actor, Given, OutgoingPayload, Send, SendKind, Values};

/// The requests to phoenix.js that it answers, and the answers.
#[derive(Debug, Default)]
pub(super) struct PlayRequests {
    last: usize,
    answers: HashMap<usize, PlayedAnswer>,
}

/// How a request ended.
#[derive(Clone, Debug)]
pub(super) struct PlayedAnswer {
    /// `ok`, `error` or `timeout`; of a heartbeat any JSON value.
    pub(super) status: Value,
    pub(super) response: Given,
}

impl PlayRequests {
    /// The number of the next request.
    pub(super) fn next(&mut self) -> usize {
        self.last += 1;
        self.last
    }

    /// Notes an answer; the first one counts.
    pub(super) fn answered(&mut self, id: usize, status: Value, response: &Handed) {
        let response = response.given();
        self.answers
            .entry(id)
            .or_insert(PlayedAnswer { status, response });
    }

    /// The answer to a request.
    pub(super) fn answer(&self, id: usize) -> Option<&PlayedAnswer> {
        self.answers.get(&id)
    }
}

/// The order to join, leave, push or send a heartbeat.
///
/// # Errors
/// If JavaScript would send another payload.
pub(super) fn order(id: usize, actor: Actor, send: &Send, values: &Values) -> Result<Value, ReplayEnd> {
    let payload = match &send.payload {
        OutgoingPayload::Json(data) => {
            let payload = data.fill(values);
            if !survives(&payload) {
                let why = "JavaScript sends this payload as another one";
                return Err(ReplayEnd::NotPlayable(why.to_owned()));
            }
            json!({ "json": payload })
        }
        OutgoingPayload::Binary(bytes) => json!({ "bytes": STANDARD.encode(bytes) }),
    };
    let (what, event) = match &send.kind {
        SendKind::Join => ("join", None),
        SendKind::Leave => ("leave", None),
        SendKind::Heartbeat => ("heartbeat", None),
        SendKind::Push(event) => ("push", Some(event.fill(values))),
    };
    let topic = send.topic.fill(values);
    let order = json!({
        "do": what, "id": id, "actor": actor.0, "topic": topic, "event": event, "payload": payload,
    });
    Ok(order)
}
