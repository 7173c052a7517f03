//! What is to happen in a conversation: the steps of its scenario, and what each client is told.

use std::collections::BTreeSet;

use serde_json::Value;

use super::conversation::Client;
use super::step::ScenarioStep;

/// What is to happen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Prediction {
    /// The steps of a scenario, in order.
    pub(crate) lines: Vec<ScenarioStep>,
    /// What each client is told, in order.
    pub(crate) told: Vec<Told>,
    /// Whose presence a client may hear leave after its own channel has ended.
    pub(crate) last_diffs: BTreeSet<Client>,
    /// Who broadcasts.
    pub(crate) broadcasters: BTreeSet<Client>,
    /// What the steps reached in the model.
    pub(crate) reached: Vec<StepInState>,
}

/// Something that a client is told, on one of its connections.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) client: Client,
    /// The number of the connection, from 1.
    pub(crate) link: u32,
    pub(crate) what: Telling,
}

/// What a client is told.
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
