//! The prediction of a conversation: the steps of its scenario, and the messages to each client.

use std::collections::BTreeSet;

use serde_json::Value;

use super::conversation::Client;
use super::step::ScenarioStep;

/// The prediction of a conversation.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prediction {
    /// The steps of a scenario, in order.
    pub(crate) lines: Vec<ScenarioStep>,
    /// The messages and events of all clients, in order.
    pub(crate) told: Vec<Told>,
    /// Clients whose channel ended and may still have received the diff of its own leave.
    pub(crate) last_diffs: BTreeSet<Client>,
    /// The clients that broadcast.
    pub(crate) broadcasters: BTreeSet<Client>,
    /// Each step with the state in which it was taken.
    pub(crate) reached: Vec<StepInState>,
}

/// A message or event on a connection of a client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) client: Client,
    /// The number of the connection, from 1.
    pub(crate) link: u32,
    pub(crate) what: Telling,
}

/// A message to a client, or an event of its connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Telling {
    Opened,
    Message(PredictedMessage),
    Pong(String),
    /// The client cut its connection.
    Cut,
    /// The server closed the connection with this code.
    Closed(u16),
}

/// A message of the server, with names to fill in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PredictedMessage {
    pub(crate) join_ref: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) topic: Value,
    pub(crate) event: &'static str,
    pub(crate) payload: PredictedPayload,
}

/// The payload of an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PredictedPayload {
    Json(Value),
    Bytes(Vec<u8>),
    /// A binary reply with the status `ok`.
    ByteReply(Vec<u8>),
}

/// A kind of step in a kind of state, for the count of what was covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct StepInState {
    pub(crate) deed: &'static str,
    pub(crate) state: &'static str,
}
