//! A recording that becomes a scenario: the order of its steps, its secrets, and the values that are carried on.

use serde_json::Value;

use super::carried::Carried;
use super::differ::Loosened;
use super::heard::{Heard, HeardWhat, Pauses};
use super::secrets::{Secrets, is_secret};
use super::steps::Plan;
use crate::protocol::Vsn;
use crate::scenario::write as yaml;

/// A recording that is to be written.
pub(crate) struct Draft<'h> {
    pub(super) heard: &'h Heard,
    pub(super) plan: Plan,
    pub(super) secrets: Secrets,
    pub(super) carried: Carried,
    /// The server that was recorded, for the head of the file.
    target: String,
}

impl<'h> Draft<'h> {
    /// Orders what was heard, and finds secrets and values that are carried on.
    pub(crate) fn new(heard: &'h Heard, pauses: Pauses, target: &str) -> Self {
        let needed = |heeded: &[_]| Carried::find(heard, heeded).sources();
        let plan = Plan::of(heard, pauses, &needed);
        let carried = Carried::find(heard, &plan.heeded);
        let secrets = secrets_of(heard, &plan, &carried);
        Self {
            heard,
            plan,
            secrets,
            carried,
            target: target.to_owned(),
        }
    }

    /// The server that was recorded.
    pub(super) fn target(&self) -> &str {
        &self.target
    }

    /// The values that differ from run to run, as far as one run tells.
    pub(crate) fn loosened(&self) -> Loosened {
        Loosened::of_one_run(&self.plan.heeded, &self.secrets, &self.carried)
    }

    /// A text as YAML, with names in place of secrets.
    pub(super) fn words(&self, text: &str) -> String {
        yaml::pieces(&self.secrets.split(text))
    }

    /// The serializer of the first connection, which is that of the file.
    pub(super) fn vsn(&self) -> Vsn {
        self.heard.links.first().map_or(Vsn::V2, |link| link.opening.vsn)
    }
}

/// The secrets in what clients sent, unless the server gave them.
fn secrets_of(heard: &Heard, plan: &Plan, carried: &Carried) -> Secrets {
    let mut secrets = Secrets::default();
    for (event, it) in heard.events.iter().enumerate() {
        let Some(link) = it.what.link() else { continue };
        let actor = heard.name_of(link);
        if let HeardWhat::Opened(_) | HeardWhat::Refused(..) = it.what {
            let opening = &heard.links[link].opening;
            for (kind, about, pairs) in [
                ("params", "connect param", &opening.params),
                ("headers", "header", &opening.headers),
            ] {
                for (name, value) in pairs.iter().filter(|(name, value)| is_secret(name, value)) {
                    if carried.name(event, &[kind.to_owned(), name.clone()]).is_none() {
                        secrets.keep(name, value, &actor, format!("the {about} `{name}` of {actor}"));
                    }
                }
            }
        }
        let (HeardWhat::Sent(..), Some(message)) = (&it.what, plan.message(event)) else {
            continue;
        };
        if let Some(payload) = message.json() {
            let mut unknown = payload.clone();
            forget_carried(&mut unknown, event, &mut Vec::new(), carried);
            let of = match message.is_join() {
                true => format!("the join of {}", message.topic),
                false => format!("{} on {}", message.event, message.topic),
            };
            let found = |name: &str| format!("`{name}` of {of}, sent by {actor}");
            secrets.keep_in("", &unknown, &actor, &found);
        }
    }
    secrets
}

/// Leaves out the values that the server gave.
fn forget_carried(value: &mut Value, event: usize, path: &mut Vec<String>, carried: &Carried) {
    let parts: Vec<(String, &mut Value)> = match value {
        Value::Object(members) => members.iter_mut().map(|(name, it)| (name.clone(), it)).collect(),
        Value::Array(items) => items
            .iter_mut()
            .enumerate()
            .map(|(at, it)| (at.to_string(), it))
            .collect(),
        leaf => {
            if carried.name(event, path).is_some() {
                *leaf = Value::Null;
            }
            return;
        }
    };
    for (segment, part) in parts {
        path.push(segment);
        forget_carried(part, event, path, carried);
        path.pop();
    }
}
