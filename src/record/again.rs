//! Plays a recorded scenario once more, right away, and finds what differs in what the server says.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::LocalSet;

use super::differ::Loosened;
use super::draft::Draft;
use super::fixture;
use super::messages::Heeded;
use super::text::outline;
use crate::clock::Clock;
use crate::conformance::{Log, RunNames, compare, log_of};
use crate::driver::{Afterwards, ConnectionSettings, drive};
use crate::protocol::{Frame, Vsn};
use crate::scenario::{
    Noted, Play, PlayStatus, Program, Purpose, RecordedEntry, SETTLE_REF, ScenarioError, Setting, Who,
    read_with,
};
use crate::transport::Endpoint;

/// How long each wait of the second run may take, and how long it listens for more at its end.
const TIMEOUT: Duration = Duration::from_secs(5);
const LISTEN_ON: Duration = Duration::from_millis(500);

/// How the second run went.
#[derive(Debug)]
pub(crate) enum Replayed {
    /// It came to its end; what differs is loosened. What is left then cannot be loosened.
    Compared(Loosened, Vec<String>),
    /// A step did not hold, for this reason.
    Failed(String),
}

/// Plays the scenario of a recording again, and compares both runs.
///
/// # Errors
/// If the scenario cannot be read, which is a mistake of this tool.
pub(crate) async fn play_again(
    draft: &Draft<'_>,
    endpoint: Endpoint,
    clock: Clock,
) -> Result<Replayed, ScenarioError> {
    let mut loosened = draft.loosened();
    let outline = outline(draft, &loosened);
    let program = Arc::new(read_with("the recording", &outline.text, &outline.variables)?);
    let mut play = Play::new(
        Arc::clone(&program),
        Setting {
            timeout: TIMEOUT,
            round_trip: Duration::ZERO,
            vsn: draft.vsn(),
            offers: Vec::new(),
            first_fresh: 1,
            first_user: 0,
            purpose: Purpose::Case,
        },
    );
    let settings = ConnectionSettings {
        endpoint,
        timeout: TIMEOUT,
        clock,
    };
    let afterwards = Afterwards {
        patience: Duration::ZERO,
        listen_on: LISTEN_ON,
    };
    LocalSet::new()
        .run_until(drive(&mut play, Rc::new(settings), None, |_| true, afterwards))
        .await;
    if let PlayStatus::Failed(failure) = play.progress() {
        return Ok(Replayed::Failed(format!(
            "{}; expected {}, actual {}; step {}",
            failure.what, failure.expected, failure.actual, failure.line
        )));
    }
    let second = conversations(&play, &program, draft.vsn());
    for (key, first) in first_run(draft) {
        let again = second.get(&key).map_or(&[][..], Vec::as_slice);
        for (first, again) in aligned(&first, again) {
            loosened.compare(first, again, &mut Vec::new());
        }
    }
    let differences = differences(draft, &mut loosened, &play)?;
    Ok(Replayed::Compared(loosened, differences))
}

/// The differences that remain once everything that can be loosened is loosened.
fn differences(
    draft: &Draft<'_>,
    loosened: &mut Loosened,
    play: &Play,
) -> Result<Vec<String>, ScenarioError> {
    let compared = |loosened: &Loosened| -> Result<Vec<crate::conformance::Deviation>, ScenarioError> {
        let scenario = outline(draft, loosened);
        let program = read_with("the recording", &scenario.text, &scenario.variables)?;
        let second: Log = log_of(
            play.recording(),
            &RunNames {
                program: &program,
                fresh: &play.named_values().collect::<Vec<_>>(),
                vsn: draft.vsn(),
            },
        );
        Ok(compare(&fixture::log(draft, &program), &second, &program))
    };
    let found = compared(loosened)?;
    loosened
        .any_order
        .extend(found.iter().flat_map(|it| it.events_out_of_order()));
    let left = compared(loosened)?;
    Ok(left
        .iter()
        .map(|it| format!("{}: {}", it.at(), it.in_a_word()))
        .collect())
}

/// A connection and a topic.
type Key = (String, u32, String);

/// The messages of one conversation: event and payload.
type Messages = Vec<(String, Value)>;

/// Those of both runs that belong together: the same number of the same event.
fn aligned<'m>(first: &'m [(String, Value)], second: &'m [(String, Value)]) -> Vec<(&'m Value, &'m Value)> {
    let mut pairs = Vec::new();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (event, payload) in first {
        let number = seen.entry(event).or_default();
        let mut same = second.iter().filter(|(other, _)| other == event);
        if let Some((_, other)) = same.nth(*number) {
            pairs.push((payload, other));
        }
        *number += 1;
    }
    pairs
}

fn first_run(draft: &Draft<'_>) -> Vec<(Key, Messages)> {
    let mut all: Vec<(Key, Messages)> = Vec::new();
    for what in &draft.plan.heeded {
        let Heeded::Came(message) = what else { continue };
        let Some(payload) = message.json() else { continue };
        let link = &draft.heard.links[message.link];
        let key = (
            super::heard::actor_name(link.actor),
            link.number,
            message.topic.clone(),
        );
        let message = (message.event.clone(), payload.clone());
        match all.iter_mut().find(|(known, _)| *known == key) {
            Some((_, messages)) => messages.push(message),
            None => all.push((key, vec![message])),
        }
    }
    all
}

fn conversations(play: &Play, program: &Program, vsn: Vsn) -> HashMap<Key, Messages> {
    let mut all: HashMap<Key, Messages> = HashMap::new();
    for RecordedEntry { who, what, .. } in &play.recording().entries {
        let (Who::Actor(actor, number), Noted::Text(text)) = (*who, what) else {
            continue;
        };
        let vsn = program.vsn_of(crate::scenario::Actor(actor), number, vsn);
        let Ok(message) = vsn.decode_from_server(Frame::Text(text)) else {
            continue;
        };
        let payload = match message.payload {
            crate::protocol::Payload::Json(payload) => serde_json::from_str(payload),
            _ => continue,
        };
        let (Some(topic), Some(event), Ok(payload)) =
            (message.topic.as_str(), message.event.as_str(), payload)
        else {
            continue;
        };
        if message.reference.as_str() != Some(SETTLE_REF) {
            let key = (program.actors[actor].clone(), number, topic.to_owned());
            all.entry(key).or_default().push((event.to_owned(), payload));
        }
    }
    all
}
