//! The mistakes that a client can have, each known from a real client or one step away from it.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::situations::ConnectionEnd;
use crate::client::{Backoff, Config};
use crate::protocol::FrameKind;

/// The topic that the clients leave.
pub(super) const LEFT: &str = "room:left";

/// A mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    None,
    OwnsLateClose,
    OwnsLateError,
    DropsErrors,
    StaysAway(ConnectionEnd),
    ForgetsTopics,
    Storms,
    WaitsAlike,
    ReusesRefs,
    RefsAreNumbers,
    RejoinsLeft,
    RejoinsClosed,
    IgnoresSilence,
    KeepsOldConnections,
    UsesLateReply,
    NeverGivesUp,
    NoHeartbeat,
    RareHeartbeat,
    OddHeartbeat,
    JoinsTwice,
    PushesEarly,
    OldJoinRef,
    NoJoinRef,
    DeafAfterUnknownTopic,
    DeafAfterBinary,
    DeafAfterPresence,
    ClosesOnBinary,
    Garbles,
}

impl Mistake {
    pub(super) fn config(self) -> Config {
        let mut config = Config::phoenix_js();
        match self {
            Self::Storms => config.reconnect = Backoff::new([], Duration::ZERO),
            Self::WaitsAlike => config.reconnect = Backoff::new([], Duration::from_millis(100)),
            Self::NeverGivesUp => config.timeout = Duration::MAX,
            Self::NoHeartbeat => config.heartbeat = Duration::MAX,
            Self::RareHeartbeat => config.heartbeat = Duration::from_secs(70),
            _ => {}
        }
        config
    }

    pub(super) fn keeps_old_connections(self) -> bool {
        self == Self::KeepsOldConnections
    }

    pub(super) fn stays_away(self, how: ConnectionEnd) -> bool {
        self == Self::StaysAway(how)
    }

    /// The messages that it sends instead of a message, on its nth connection.
    pub(super) fn sends(self, mut message: Value, connection: u64) -> Vec<Value> {
        let event = message[3].as_str().unwrap_or_default().to_owned();
        match (self, event.as_str()) {
            (Self::ForgetsTopics, "phx_join" | "phx_leave") if connection > 1 => return Vec::new(),
            (Self::ReusesRefs, "heartbeat") => message[1] = json!("1"),
            (Self::RefsAreNumbers, "heartbeat") => {
                message[1] = json!(message[1].as_str().unwrap().parse::<u64>().unwrap());
            }
            (Self::OddHeartbeat, "heartbeat") => message[4] = json!({"alive": true}),
            (Self::OldJoinRef, "news") => message[0] = json!("0"),
            (Self::NoJoinRef, "news") => message[0] = Value::Null,
            (Self::JoinsTwice, "phx_join") if connection == 1 && message[2] == "room:2" => {
                return vec![message.clone(), message];
            }
            (Self::PushesEarly, "phx_join") => {
                let push = json!([message[0], null, message[2], "news", {}]);
                return vec![message, push];
            }
            (Self::Garbles, "news") => return vec![json!({"event": "news"})],
            _ => {}
        }
        vec![message]
    }

    /// The message that it sends by itself when its nth connection opens.
    pub(super) fn sends_at_open(self, connection: u64) -> Option<Value> {
        let join_ref = (connection * 1_000_000).to_string();
        (self == Self::RejoinsLeft && connection > 1).then(|| json!([join_ref, null, LEFT, "phx_join", {}]))
    }

    /// The answer that it gives itself.
    pub(super) fn answers_itself(self, sent: &[u8]) -> Option<Vec<u8>> {
        let message: Value = serde_json::from_slice(sent).ok()?;
        let is_silent = self == Self::IgnoresSilence && message[3] == "heartbeat";
        is_silent.then(|| {
            let ok = json!({"response": {}, "status": "ok"});
            json!([null, message[1], "phoenix", "phx_reply", ok])
                .to_string()
                .into_bytes()
        })
    }

    /// The message that it takes a message for; nothing if it misses it.
    pub(super) fn hears(self, mut message: Value) -> Option<Value> {
        let event = message[3].as_str().unwrap_or_default().to_owned();
        match (self, event.as_str()) {
            (Self::OwnsLateClose, "phx_close") | (Self::OwnsLateError, "phx_error") => {
                message[0] = Value::Null;
            }
            (Self::DropsErrors, "phx_error") => return None,
            (Self::RejoinsClosed, "phx_close") => message[3] = json!("phx_error"),
            _ => {}
        }
        Some(message)
    }

    /// Whether it takes this for the answer to its present join, although it answers an older one.
    pub(super) fn is_joined_by(self, message: &Value, present: &Value) -> bool {
        let is_late = message[3] == "phx_reply" && message[0] == message[1] && message[0] != *present;
        self == Self::UsesLateReply && is_late && message[2] == "room:1"
    }

    pub(super) fn closes_on(self, kind: FrameKind, _bytes: &[u8]) -> bool {
        self == Self::ClosesOnBinary && kind == FrameKind::Binary
    }

    pub(super) fn is_deaf_after(self, kind: FrameKind, bytes: &[u8]) -> bool {
        let says = |word: &str| String::from_utf8_lossy(bytes).contains(word);
        match self {
            Self::DeafAfterUnknownTopic => says("phxproof:nobody"),
            Self::DeafAfterBinary => kind == FrameKind::Binary,
            Self::DeafAfterPresence => says("presence_diff"),
            _ => false,
        }
    }
}
