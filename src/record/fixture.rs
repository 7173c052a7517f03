//! The fixture of a recorded scenario: what the server said, as `check` compares it.

use super::draft::Draft;
use super::heard::{HeardWhat, Said};
use super::messages::Heeded;
use super::text::RecordedScenario;
use crate::conformance::{FixtureOrigin, LinkLog, Log, RunNames, fixture_text, log_of};
use crate::protocol::{Field, FrameKind, Message, Payload, Vsn};
use crate::scenario::{Noted, Program, RecordedEntry, Recording, ScenarioError, Who, read_with};
use crate::session::PollRequest;
use crate::transport::Ending;

/// The text of the fixture of a scenario that will stand at `path`.
///
/// # Errors
/// If the scenario cannot be read, which is a mistake of this tool.
pub(crate) fn fixture(
    draft: &Draft<'_>,
    scenario: &RecordedScenario,
    path: &str,
) -> Result<String, ScenarioError> {
    let program = read_with(path, &scenario.text, &scenario.variables)?;
    let hidden: Vec<String> = program.hide.iter().map(ToString::to_string).collect();
    let origin = FixtureOrigin {
        source: path,
        description: &program.about,
        said_by: draft.target(),
        hidden: &hidden,
    };
    Ok(fixture_text(&origin, &log(draft, &program)))
}

/// The messages of the server in the recording, without the values that the scenario hides.
pub(super) fn log(draft: &Draft<'_>, program: &Program) -> Log {
    let variables = program.variables.iter();
    let named: Vec<(&str, &str)> = variables
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let names = RunNames {
        program,
        fresh: &named,
        vsn: draft.vsn(),
    };
    let mut log = log_of(&recording(draft, program), &names);
    let mut statuses = Vec::new();
    for event in draft.plan.events_of_requests() {
        if let HeardWhat::Fetched(fetch) = &draft.heard.events[event].what {
            statuses.push(fetch.status.to_string());
        }
    }
    if !statuses.is_empty() {
        let mut requests = LinkLog {
            name: "http".to_owned(),
            ..LinkLog::default()
        };
        requests.conversation("http").lines = statuses;
        log.links.push(requests);
    }
    log
}

/// The events of the recording as those of a play.
fn recording(draft: &Draft<'_>, program: &Program) -> Recording {
    let mut recording = Recording::default();
    for (event, it) in draft.heard.events.iter().enumerate() {
        let Some(link) = it.what.link() else { continue };
        let link = &draft.heard.links[link];
        let name = super::heard::actor_name(link.actor);
        let Some(actor) = program.actors.iter().position(|known| *known == name) else {
            continue;
        };
        let what = match &it.what {
            HeardWhat::Opened(_) => Noted::Opened,
            HeardWhat::Refused(_, status) => Noted::Refused(crate::transport::Response {
                status: *status,
                headers: Vec::new(),
                body: Vec::new(),
                truncated: None,
            }),
            HeardWhat::Came(..) if draft.plan.racing.came.contains(&event) => continue,
            HeardWhat::Came(_, said) => match &draft.plan.heeded[event] {
                Heeded::Heartbeat => continue,
                Heeded::Came(_) => renumbered(draft, event, said, link.opening.vsn),
                _ => noted(said),
            },
            HeardWhat::ServerClosed(_, code) => Noted::Ended(Ending::CloseFrame {
                code: *code,
                reason: String::new(),
            }),
            HeardWhat::Dropped(_) => Noted::Ended(Ending::Eof),
            HeardWhat::SessionOver(_, status) => Noted::Ended(Ending::Status {
                of: PollRequest::Poll,
                status: *status,
            }),
            HeardWhat::Cut(_) => Noted::Cut,
            HeardWhat::ClientClosed(..) if draft.plan.cuts(event) => Noted::Cut,
            HeardWhat::ClientClosed(..) | HeardWhat::Sent(..) | HeardWhat::Fetched(_) => continue,
        };
        recording.entries.push(RecordedEntry {
            at: it.at,
            who: Who::Actor(actor, link.number),
            what,
        });
    }
    recording
}

fn noted(said: &Said) -> Noted {
    match said {
        Said::Text(text) => Noted::Text(text.as_str().into()),
        Said::Binary(bytes) => Noted::Binary(bytes.as_slice().into()),
    }
}

/// A message of the server with the refs that a play has.
fn renumbered(draft: &Draft<'_>, event: usize, said: &Said, vsn: Vsn) -> Noted {
    let (Ok(message), Some(planned)) = (
        vsn.decode_from_server(super::messages::frame(said)),
        draft.plan.message(event),
    ) else {
        return noted(said);
    };
    let field = |new: &Option<String>| new.clone().map_or(Field::Null, Field::from);
    let (join_ref, reference) = (field(&planned.join_ref), field(&planned.reference));
    let is_binary = !matches!(message.payload, Payload::Json(_));
    if (join_ref == message.join_ref && reference == message.reference)
        || (is_binary && message.join_ref == Field::Null)
    {
        return noted(said);
    }
    let message = Message {
        join_ref,
        reference,
        ..message
    };
    let mut bytes = Vec::new();
    match vsn.encode_from_server(&message, &mut bytes) {
        Ok(FrameKind::Text) => Noted::Text(String::from_utf8_lossy(&bytes).into()),
        Ok(FrameKind::Binary) => Noted::Binary(bytes.into()),
        Err(_) => noted(said),
    }
}
