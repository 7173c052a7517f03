//! Provides the values that a scenario takes from its target, such as a topic that clients may join.

use serde_json::{Value, json};

use super::context::RunContext;
use super::settings::{CheckSettings, Room};
use crate::scenario::{Offer, Purpose, Setting};

/// The replies to three equal pushes after a join.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Baseline {
    /// The status of all three.
    pub(super) status: String,
    /// The state of the channel that their responses show.
    pub(super) state: State,
}

/// The state of a channel, as the responses to three equal pushes show it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    /// They differ, and are the same again after another join. These are the three.
    Told([Value; 3]),
    /// They do not all differ, so they show nothing.
    Untold,
    /// They are different after another join, so they depend on more than this channel, rightly or not.
    Elsewhere,
}

/// The values of the offered names in one play.
pub(crate) fn offered(
    settings: &CheckSettings,
    baseline: Option<&Baseline>,
    number: u64,
) -> Vec<(Offer, Value)> {
    let invented = format!("phxproof-unknown-{number}");
    let lab = Room {
        topic: format!("lab:{number}"),
        join_params: json!({}),
        other_topic: Some(format!("lab:{}", number + 1)),
        other_join_params: None,
        push: Some(("count".to_owned(), json!({}))),
        unknown_topic: None,
    };
    let room = settings.room.as_ref().unwrap_or(&lab);
    let other_params = room.other_join_params.as_ref().unwrap_or(&room.join_params);
    let push = room.push.as_ref();
    let status = baseline.map_or("ok", |baseline| baseline.status.as_str());
    let [first, second, third] = match baseline.map(|baseline| &baseline.state) {
        Some(State::Told(answers)) => answers.clone(),
        _ => [Value::Null, Value::Null, Value::Null],
    };
    vec![
        (Offer::Mount, Value::from(settings.target.mount())),
        (Offer::Topic, Value::from(room.topic.as_str())),
        (Offer::JoinParams, room.join_params.clone()),
        (
            Offer::OtherTopic,
            Value::from(room.other_topic.as_deref().unwrap_or_default()),
        ),
        (Offer::OtherJoinParams, other_params.clone()),
        (
            Offer::UnknownTopic,
            Value::from(room.unknown_topic.as_deref().unwrap_or(&invented)),
        ),
        (Offer::InventedTopic, Value::from(invented.as_str())),
        (
            Offer::PushEvent,
            push.map_or(Value::Null, |(event, _)| Value::from(event.as_str())),
        ),
        (
            Offer::PushPayload,
            push.map_or(Value::Null, |(_, payload)| payload.clone()),
        ),
        (Offer::PushStatus, Value::from(status)),
        (Offer::FirstAnswer, first),
        (Offer::SecondAnswer, second),
        (Offer::ThirdAnswer, third),
        // Names for swarms; in a case there is one sender and one message.
        (Offer::Sender, Value::from(0)),
        (Offer::Seq, Value::from(0)),
        (Offer::Mark, Value::from(format!("mark-{number}"))),
    ]
}

/// The settings of a play in this run.
pub(super) fn setting(context: &RunContext, offers: Vec<(Offer, Value)>, first_fresh: u64) -> Setting {
    Setting {
        timeout: context.timeout,
        round_trip: context.line.round_trip(),
        vsn: context.settings.vsn,
        offers,
        first_fresh,
        first_user: 0,
        purpose: Purpose::Case,
    }
}
