//! Writes the steps of a recording.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;

use super::differ::Loosened;
use super::draft::Draft;
use super::heard::{HeardWhat, OpeningRequest, Said};
use super::leaves::{CameLeaves, SentLeaves, depth};
use super::lines::{Merges, Parts, WrittenStep, action, merged, part, spaced};
use super::messages::{Response, WireMessage, WirePayload, WrittenJoinRef};
use super::steps::{PlannedSend, PlannedStep};
use crate::protocol::{JOIN, LEAVE};
use crate::scenario::write as yaml;
use crate::scenario::write::Piece;

/// Longer answers are left to the fixture.
const LONGEST_PATTERN: usize = 2_000;
/// Deeper values are sent as raw text, as YAML has a limit.
const DEEPEST: usize = 24;

/// How much the steps say about what is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// The content, too.
    Content,
    /// Only which message it is: a second run may say other things.
    Messages,
}

/// The text of all steps.
pub(super) fn steps_text(draft: &Draft<'_>, loosened: &Loosened, detail: Detail) -> String {
    let mut writer = Writer {
        draft,
        loosened,
        detail,
        joined: BTreeMap::new(),
        lines: Vec::new(),
    };
    for step in &draft.plan.steps {
        writer.step(step);
    }
    merged(writer.lines)
}

struct Writer<'d> {
    draft: &'d Draft<'d>,
    loosened: &'d Loosened,
    detail: Detail,
    /// The topics that each actor has joined on its present connection.
    joined: BTreeMap<usize, BTreeSet<String>>,
    lines: Vec<WrittenStep>,
}

impl Writer<'_> {
    fn step(&mut self, step: &PlannedStep) {
        match step {
            PlannedStep::Connect(event) => {
                self.forget_joins(*event);
                let parts = self.connect(*event);
                self.push(*event, &parts, Merges::No);
            }
            PlannedStep::Send(sends) => self.sends(sends),
            PlannedStep::Raw(event) => {
                let parts = self.raw(*event);
                self.push(*event, &parts, Merges::No);
            }
            PlannedStep::Receive(event, within) => {
                let mut parts = self.receive(*event);
                parts.extend(within.map(|it| part("within", format!("{}s", it.as_secs()))));
                self.push(*event, &parts, Merges::Yes);
            }
            PlannedStep::Close(event) => {
                let parts = match self.draft.heard.events[*event].what {
                    HeardWhat::ClientClosed(_, Some(code)) => vec![part("close", code.to_string())],
                    // A close frame without a code, which `close` does not send.
                    _ => vec![part("raw", "{ text: \"\", opcode: 8 }")],
                };
                self.push(*event, &parts, Merges::No);
                if let HeardWhat::ClientClosed(_, None) = self.draft.heard.events[*event].what {
                    self.push(*event, &[part("closed", "")], Merges::No);
                }
            }
            PlannedStep::Closed(event) => {
                let code = match self.draft.heard.events[*event].what {
                    HeardWhat::ServerClosed(_, Some(code)) if code >= 1000 => code.to_string(),
                    _ => String::new(),
                };
                self.push(*event, &[part("closed", code)], Merges::No);
            }
            PlannedStep::Cut(event) => self.push(*event, &[part("cut", "")], Merges::No),
            PlannedStep::Http(event) => self.http(*event),
            PlannedStep::Pause(time) => self.lines.push(WrittenStep {
                actors: Vec::new(),
                body: format!("sleep: {}ms", time.as_millis()),
                merges: Merges::No,
            }),
        }
    }

    fn push(&mut self, event: usize, parts: &[(String, String)], merges: Merges) {
        let Some(link) = self.draft.heard.events[event].what.link() else {
            return;
        };
        self.lines.push(WrittenStep {
            actors: vec![self.draft.heard.name_of(link)],
            body: action(parts, 6),
            merges,
        });
    }

    /// A connection begins without joins, for a reader of the scenario, too.
    fn forget_joins(&mut self, event: usize) {
        if let Some(link) = self.draft.heard.events[event].what.link() {
            self.joined.remove(&self.draft.heard.links[link].actor);
        }
    }

    fn connect(&self, event: usize) -> Parts {
        let heard = self.draft.heard;
        let what = &heard.events[event].what;
        let Some(link) = what.link() else {
            return Vec::new();
        };
        let opening = &heard.links[link].opening;
        let mut parts = vec![
            part("connect", "socket"),
            part("transport", opening.transport.name()),
        ];
        let pairs = |kind: &str, pairs: &[(String, String)]| -> Parts {
            let value = |name: &String, value: &String| {
                let path = [kind.to_owned(), name.clone()];
                match self.draft.carried.name(event, &path) {
                    Some(name) => yaml::pieces(&[Piece::Name(name.clone())]),
                    None => yaml::pieces(&self.draft.secrets.split(value)),
                }
            };
            pairs
                .iter()
                .map(|(name, it)| (yaml::text(name), value(name, it)))
                .collect()
        };
        let params = pairs("params", &self.params(opening));
        if !params.is_empty() {
            parts.push(part("params", yaml::map(&params)));
        }
        let headers = pairs("headers", &opening.headers);
        if !headers.is_empty() {
            parts.push(part("headers", yaml::map(&headers)));
        }
        if let HeardWhat::Refused(_, status) = what {
            parts.push(part("answer", status.to_string()));
        }
        parts
    }

    /// The connect params that the file does not say already.
    fn params(&self, opening: &OpeningRequest) -> Vec<(String, String)> {
        let usual = self.draft.vsn();
        let is_usual = |(name, value): &(String, String)| name == "vsn" && value == usual.as_str();
        opening
            .params
            .iter()
            .filter(|pair| !is_usual(pair))
            .cloned()
            .collect()
    }

    fn sends(&mut self, sends: &[PlannedSend]) {
        if let [send] = sends {
            let parts = self.send(*send);
            self.push(send.event, &parts, Merges::No);
            return;
        }
        let mut body = "together:".to_owned();
        for send in sends {
            let Some(link) = self.draft.heard.events[send.event].what.link() else {
                continue;
            };
            let parts = self.send(*send);
            let name = self.draft.heard.name_of(link);
            let _ = write!(body, "\n      - {name}:{}", spaced(&action(&parts, 10)));
        }
        self.lines.push(WrittenStep {
            actors: Vec::new(),
            body,
            merges: Merges::No,
        });
    }

    fn send(&mut self, send: PlannedSend) -> Parts {
        let Some(message) = self.draft.plan.message(send.event) else {
            return self.raw(send.event);
        };
        if message.json().is_some_and(|payload| depth(payload) > DEEPEST) {
            return self.raw(send.event);
        }
        let actor = self.draft.heard.links[message.link].actor;
        let topic = self.draft.words(&message.topic);
        let mut parts = match message.event.as_str() {
            JOIN => vec![part("join", topic)],
            LEAVE => vec![part("leave", topic)],
            event => {
                let mut parts = vec![part("push", self.draft.words(event))];
                parts.extend(self.on(actor, &message.topic));
                parts
            }
        };
        if message.is_join() {
            self.joined
                .entry(actor)
                .or_default()
                .insert(message.topic.clone());
        }
        parts.extend(self.payload(send.event, message));
        match &message.written {
            WrittenJoinRef::Current => {}
            WrittenJoinRef::Null => parts.push(part("join_ref", "null")),
            WrittenJoinRef::Earlier(join_ref) => parts.push(part("join_ref", yaml::text(join_ref))),
        }
        parts.extend(self.reply(send.reply));
        parts
    }

    /// `on`, unless the actor has joined one topic and this is it.
    fn on(&self, actor: usize, topic: &str) -> Option<(String, String)> {
        let joined = self.joined.get(&actor);
        let is_only = joined.is_some_and(|topics| topics.len() == 1 && topics.contains(topic));
        (!is_only).then(|| part("on", self.draft.words(topic)))
    }

    fn payload(&self, event: usize, message: &WireMessage) -> Option<(String, String)> {
        match &message.payload {
            WirePayload::Json(Value::Object(members)) if members.is_empty() => None,
            WirePayload::Json(payload) => {
                let leaves = SentLeaves {
                    draft: self.draft,
                    event,
                };
                Some(part("with", yaml::data(payload, &mut Vec::new(), &leaves)))
            }
            WirePayload::Binary(bytes) | WirePayload::BinaryReply(_, bytes) => {
                Some(part("binary", yaml::bytes(bytes)))
            }
        }
    }

    fn reply(&self, reply: Option<usize>) -> Parts {
        let Some((event, message)) = reply.and_then(|event| Some((event, self.draft.plan.message(event)?)))
        else {
            return vec![part("reply", "none")];
        };
        let mut parts = match message.reply() {
            Some(("ok", Response::Json(Value::Object(members)))) if members.is_empty() => Vec::new(),
            Some((status @ ("ok" | "error"), response)) => {
                let pattern = match response {
                    Response::Binary(bytes) => (self.detail == Detail::Content)
                        .then(|| format!("{{ binary: {} }}", yaml::bytes(bytes))),
                    Response::Json(response) => self.pattern(response, &["response".to_owned()]),
                };
                match (status, pattern) {
                    ("ok", None) => Vec::new(),
                    (status, None) => vec![part("reply", status)],
                    (status, Some(pattern)) => vec![part("reply", format!("{{ {status}: {pattern} }}"))],
                }
            }
            _ => vec![part("reply", "any")],
        };
        parts.extend(self.save(event, "/response"));
        parts
    }

    fn receive(&self, event: usize) -> Parts {
        let Some(message) = self.draft.plan.message(event) else {
            return Vec::new();
        };
        let actor = self.draft.heard.links[message.link].actor;
        let mut parts = vec![part("receive", self.draft.words(&message.event))];
        parts.extend(self.on(actor, &message.topic));
        if let Some(reference) = message.reply().and(message.reference.as_ref()) {
            parts.push(part("ref", yaml::text(reference)));
        }
        let content = match &message.payload {
            WirePayload::Json(Value::Object(members)) if members.is_empty() => None,
            WirePayload::Json(payload) => self.pattern(payload, &[]).map(|it| part("with", it)),
            WirePayload::Binary(bytes) if self.detail == Detail::Content => {
                Some(part("binary", yaml::bytes(bytes)))
            }
            WirePayload::Binary(_) | WirePayload::BinaryReply(..) => None,
        };
        parts.extend(content);
        parts.extend(self.save(event, ""));
        parts
    }

    /// A pattern for a payload or a response, unless it is too long.
    fn pattern(&self, value: &Value, at: &[String]) -> Option<String> {
        let fits = depth(value) <= DEEPEST && self.detail == Detail::Content;
        let leaves = CameLeaves {
            draft: self.draft,
            loosened: self.loosened,
        };
        let pattern = fits.then(|| yaml::pattern(value, &mut at.to_vec(), &leaves));
        pattern.filter(|pattern| pattern.len() <= LONGEST_PATTERN)
    }

    /// The value that is saved of a message; the pointers of a step begin below `at`.
    fn save(&self, event: usize, at: &str) -> Option<(String, String)> {
        let saves = self.draft.carried.saves.get(&event)?;
        let entry = |(name, pointer): &(String, String)| {
            (
                name.clone(),
                yaml::text(pointer.strip_prefix(at).unwrap_or(pointer)),
            )
        };
        Some(part(
            "save",
            yaml::map(&saves.iter().map(entry).collect::<Vec<_>>()),
        ))
    }

    fn http(&mut self, event: usize) {
        let HeardWhat::Fetched(fetch) = &self.draft.heard.events[event].what else {
            return;
        };
        let saves = self.draft.carried.saves.get(&event);
        let mut parts = vec![part(
            "http",
            yaml::pieces(&self.draft.secrets.split(&fetch.request)),
        )];
        match saves.map(Vec::as_slice) {
            Some([(name, pointer)]) if pointer.is_empty() => parts.push(part("save", name)),
            _ => parts.extend(self.save(event, "")),
        }
        parts.push(part("answer", fetch.status.to_string()));
        let entries: Vec<String> = parts
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        self.lines.push(WrittenStep {
            actors: Vec::new(),
            body: entries.join("\n    "),
            merges: Merges::No,
        });
    }

    /// A message that no other step sends.
    fn raw(&self, event: usize) -> Parts {
        let HeardWhat::Sent(_, said) = &self.draft.heard.events[event].what else {
            return Vec::new();
        };
        let content = match said {
            Said::Text(text) => part("text", yaml::pieces(&self.draft.secrets.split(text))),
            Said::Binary(bytes) => part("binary", yaml::bytes(bytes)),
        };
        vec![part("raw", yaml::map(&[content]))]
    }
}
