//! Reads the `load:` section of a scenario file.

use super::super::load::{LoadRate, LoadRole, LoadSection, LoadStage};
use super::super::problem::Problem;
use super::super::yaml::{Node, Yaml, YamlKey};
use super::{Reader, entry};

/// The keys of `load:` with their descriptions; the JSON Schema uses them, too.
pub(crate) const KEYS: [(&str, &str); 9] = [
    ("sockets", "how many connections, over all roles"),
    (
        "ramp",
        "the time over which the connections are opened; as fast as possible if left out",
    ),
    (
        "duration",
        "how long the load lasts once all connections are open",
    ),
    (
        "heartbeat",
        "the heartbeat interval of each client; 30s if left out",
    ),
    (
        "weight",
        "its weight, where several scenarios share the sockets; 1 if left out",
    ),
    (
        "rate",
        "sends a second over all sockets; max: each socket sends again as soon as it has its reply",
    ),
    (
        "stages",
        "rates that follow each other: a list of { rate: N, for: DURATION }",
    ),
    (
        "roles",
        "for each actor, how many sockets of an instance play it: a number, or a map",
    ),
    ("objectives", "what must hold, such as \"reply.p99<50ms\""),
];

/// The keys of a role that is a map.
pub(crate) const ROLE: [(&str, &str); 2] = [
    (
        "share",
        "how many sockets of an instance play this actor; 1 if left out",
    ),
    (
        "reads-every",
        "makes a slow reader: it reads one buffer, then nothing for this time",
    ),
];

impl Reader {
    pub(super) fn load(&mut self, entries: &[(YamlKey, Node)]) -> Option<LoadSection> {
        let node = entry(entries, "load")?;
        let entries = self.map(node, "load", "a map, such as { sockets: 1000, rate: 500 }")?;
        self.only(entries, "load", &KEYS.map(|(name, _)| name));
        Some(LoadSection {
            sockets: entry(entries, "sockets")
                .and_then(|node| self.number(node, "sockets", "a number from 1 on")),
            ramp: entry(entries, "ramp").and_then(|node| self.duration(node, "ramp")),
            duration: entry(entries, "duration").and_then(|node| self.duration(node, "duration")),
            heartbeat: entry(entries, "heartbeat").and_then(|node| self.duration(node, "heartbeat")),
            weight: entry(entries, "weight")
                .and_then(|node| self.number(node, "weight", "a number from 1 on")),
            rate: entry(entries, "rate").and_then(|node| self.rate(node)),
            stages: entry(entries, "stages").map_or_else(Vec::new, |node| self.stages(node)),
            roles: entry(entries, "roles").map_or_else(Vec::new, |node| self.roles(node)),
            objectives: self.words(entries, "objectives"),
        })
    }

    fn rate(&mut self, node: &Node) -> Option<LoadRate> {
        match &node.value {
            Yaml::Text(word) if word == "max" => Some(LoadRate::Max),
            _ => Some(LoadRate::PerSecond(self.per_second(node)?)),
        }
    }

    fn per_second(&mut self, node: &Node) -> Option<f64> {
        let rate = match &node.value {
            Yaml::Number(number) => number.as_f64().filter(|rate| *rate > 0.0),
            _ => None,
        };
        if rate.is_none() {
            let problem = Problem::at(node.place.clone(), "this is no rate");
            self.problem(problem.expected("sends a second, more than 0, or max"));
        }
        rate
    }

    fn stages(&mut self, node: &Node) -> Vec<LoadStage> {
        let items = self
            .list(node, "stages", "a list of { rate: N, for: DURATION }")
            .unwrap_or_default();
        items.iter().filter_map(|item| self.stage(item)).collect()
    }

    fn stage(&mut self, item: &Node) -> Option<LoadStage> {
        const EXPECTED: &str = "a rate and how long, such as { rate: 500, for: 30s }";
        let entries = self.map(item, "a stage", EXPECTED)?;
        self.only(entries, "a stage", &["rate", "for"]);
        match (entry(entries, "rate"), entry(entries, "for")) {
            (Some(rate), Some(duration)) => Some(LoadStage {
                rate: self.per_second(rate)?,
                duration: self.duration(duration, "for")?,
            }),
            _ => self.wrong(item, "a stage", EXPECTED),
        }
    }

    fn roles(&mut self, node: &Node) -> Vec<(String, LoadRole)> {
        let entries = self
            .map(node, "roles", "a map from actors to shares")
            .unwrap_or_default();
        entries
            .iter()
            .filter_map(|(key, value)| self.role(key, value))
            .collect()
    }

    fn role(&mut self, key: &YamlKey, value: &Node) -> Option<(String, LoadRole)> {
        const SHARE: &str = "how many sockets of an instance, from 1 on";
        self.actor_of_file(&key.name, &key.place)?;
        let role = match &value.value {
            Yaml::Map(entries) => {
                self.only(entries, "a role", &ROLE.map(|(name, _)| name));
                LoadRole {
                    share: entry(entries, "share")
                        .map_or(Some(1), |node| self.number(node, "share", SHARE))?,
                    reads_every: entry(entries, "reads-every")
                        .and_then(|node| self.duration(node, "reads-every")),
                }
            }
            _ => LoadRole {
                share: self.number(value, &key.name, SHARE)?,
                reads_every: None,
            },
        };
        if role.share == 0 {
            self.problem(Problem::at(value.place.clone(), "a role that nobody plays").expected(SHARE));
            return None;
        }
        Some((key.name.clone(), role))
    }
}
