//! Reads the parts of a file beside its steps.

use std::collections::HashSet;

use super::super::needs::Level;
use super::super::problem::Problem;
use super::super::program::{ChanceRule, Group, Pointer, Program};
use super::super::template::Name;
use super::super::yaml::{Node, Yaml, YamlKey};
use super::{Reader, entry};
use crate::profile::Difference;
use crate::protocol::Vsn;
use crate::transport::Transport;

/// The keys of a scenario file with their descriptions; the JSON Schema uses them, too.
pub(crate) const KEYS: [(&str, &str); 18] = [
    ("about", "what this scenario shows, in one sentence"),
    ("rules", "the ids of the rules that it checks"),
    (
        "level",
        "what the server must offer: wire, room, lab, presence or rumbl; nothing if left out",
    ),
    (
        "vsn",
        "the serializer, 1.0.0 or 2.0.0; that of the command line if left out",
    ),
    (
        "risky",
        "why it could hurt a server that others use; --safe skips it then",
    ),
    (
        "phoenix-only",
        "why it judges only servers that are held to a Phoenix version; others skip it",
    ),
    (
        "only-over",
        "the one transport over which it makes sense, with the reason: { websocket: WHY }; over the other it is skipped",
    ),
    (
        "differs-by",
        "why Phoenix versions answer it differently: ids of rules that not every version keeps, or adapter",
    ),
    (
        "fresh",
        "names, each of which is a new number in each run, for topics and users",
    ),
    (
        "shared",
        "names, each of which is one number for the whole run; in a load all instances share it",
    ),
    (
        "variables",
        "names whose values come from the command line, by `--var NAME=VALUE`: tokens, passwords and the like",
    ),
    (
        "users",
        "a file of users, one for each actor, whose columns are used as {{user.COLUMN}}: { from: users.csv, order: sequential }",
    ),
    (
        "generated",
        "names, each of which is made up anew for each play and each round of a load: name, sentence, uuid or { number: [FROM, TO] }",
    ),
    (
        "given",
        "the steps that must work before anything is judged; if one fails, the case is undecided",
    ),
    ("steps", "the steps that are judged"),
    ("chance", "what a correct server may do in more than one way"),
    (
        "hide",
        "JSON pointers (with * for any) at what differs in each run, hidden in fixtures",
    ),
    (
        "load",
        "how `load` runs it: sockets, rate, duration and so on; flags win",
    ),
];

/// The keys of an item of `chance`.
pub(crate) const CHANCE: [(&str, &str); 5] = [
    ("any-order", "events that may come in any order among themselves"),
    (
        "any-order-in",
        "JSON pointers to lists in payloads whose items may stand in any order, as /*/metas",
    ),
    (
        "more",
        "an event that repeats: any number of them may come at the end",
    ),
    (
        "maybe",
        "an event that may come or not; narrowed by on, with, ref and join_ref, as for receive",
    ),
    (
        "cut-off",
        "an actor whose connection the server may end before the last messages of the fixture, and then in any way",
    ),
];

impl Reader {
    pub(super) fn file(&mut self, path: &str, source: &str, root: &Node) -> Option<Program> {
        let entries = self.map(root, "a scenario", "a map that begins with `about:`")?;
        self.only(entries, "a scenario", &KEYS.map(|(name, _)| name));
        let about = self.about(root, entries);
        let rules = self.words(entries, "rules");
        self.rules.clone_from(&rules);
        let level = self.choice(entries, "level", &Level::ALL.map(|level| (level.name(), level)));
        let vsn = self.choice(entries, "vsn", &[("1.0.0", Vsn::V1), ("2.0.0", Vsn::V2)]);
        let risky = entry(entries, "risky").and_then(|node| self.word(node, "risky", "the reason, in words"));
        let phoenix_only = entry(entries, "phoenix-only")
            .and_then(|node| self.word(node, "phoenix-only", "the reason, in words"));
        let only_over = self.only_over(entries);
        let differs_by = self.differences(entries);
        self.read_variables(entries);
        let own = self.numbered(entries, "fresh");
        let shared = self.numbered(entries, "shared");
        self.read_users(path, entries);
        let generated = self.read_generated(entries);
        let (groups, given) = self.groups(root, entries)?;
        let users = self.take_users();
        let chance = self.chance(entries);
        let hide = self.pointers(entries, "hide");
        let load = self.load(entries);
        Some(Program {
            path: path.into(),
            source: source.into(),
            about: about?,
            rules,
            level,
            vsn,
            risky: risky.map(str::to_owned),
            phoenix_only: phoenix_only.map(str::to_owned),
            only_over,
            differs_by,
            fresh: own.into_iter().chain(shared.iter().copied()).collect(),
            shared,
            offered: self.offered.clone(),
            variables: self.variables.clone(),
            secrets: self.secrets.clone(),
            users,
            generated,
            names: self.names.clone(),
            actors: self.actors.iter().map(|actor| actor.name.clone()).collect(),
            groups,
            given,
            chance,
            hide,
            load: load.unwrap_or_default(),
        })
    }

    /// The groups of `given` and `steps`, and how many of them are those of `given`.
    fn groups(&mut self, root: &Node, entries: &[(YamlKey, Node)]) -> Option<(Vec<Group>, usize)> {
        let given = entry(entries, "given").map_or_else(Vec::new, |node| self.steps(node, "given"));
        let Some(steps) = entry(entries, "steps") else {
            self.problem(Problem::at(
                root.place.start..root.place.start,
                "a scenario needs `steps:`",
            ));
            return None;
        };
        let mut groups = given;
        let given = groups.len();
        groups.extend(self.steps(steps, "steps"));
        if groups.len() == given && self.problems.is_empty() {
            self.problem(Problem::at(
                steps.place.clone(),
                "there is no step, so nothing would be judged",
            ));
        }
        Some((groups, given))
    }

    /// `variables`: each needs a value from outside of the file.
    fn read_variables(&mut self, entries: &[(YamlKey, Node)]) {
        let Some(node) = entry(entries, "variables") else {
            return;
        };
        for name in self.words(entries, "variables") {
            match self.values.iter().find(|(known, _)| *known == name) {
                Some(value) => self.variables.push(value.clone()),
                None => {
                    let problem =
                        Problem::at(node.place.clone(), format!("the variable `{name}` has no value"));
                    let help =
                        format!("`--var {name}` alone takes it from the environment variable `{name}`");
                    // So that its uses are no mistakes.
                    self.variables.push((name.clone(), String::new()));
                    self.problem(problem.expected(format!("--var {name}=VALUE")).help(help));
                }
            }
        }
    }

    fn about(&mut self, root: &Node, entries: &[(YamlKey, Node)]) -> Option<String> {
        match entry(entries, "about") {
            Some(node) => self
                .word(node, "about", "a sentence")
                .map(|text| text.trim().to_owned()),
            None => {
                let problem = Problem::at(root.place.start..root.place.start, "a scenario needs `about:`");
                self.problem(problem.help("write what it shows, in one sentence".to_owned()));
                None
            }
        }
    }

    pub(super) fn words(&mut self, entries: &[(YamlKey, Node)], name: &str) -> Vec<String> {
        let Some(node) = entry(entries, name) else {
            return Vec::new();
        };
        let items = self.list(node, name, "a list of words").unwrap_or_default();
        items
            .iter()
            .filter_map(|item| self.word(item, name, "a word").map(str::to_owned))
            .collect()
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        entries: &[(YamlKey, Node)],
        name: &str,
        known: &[(&str, T)],
    ) -> Option<T> {
        let node = entry(entries, name)?;
        let word = self.word(node, name, "a word")?;
        let found = known.iter().find(|(known, _)| *known == word).map(|(_, it)| *it);
        if found.is_none() {
            let words: Vec<&str> = known.iter().map(|it| it.0).collect();
            self.unknown(&node.place, &format!("`{word}` is no {name}"), word, &words);
        }
        found
    }

    fn only_over(&mut self, entries: &[(YamlKey, Node)]) -> Option<(Transport, String)> {
        const FORM: &str = "one transport and the reason, as { websocket: it sends frames by hand }";
        let node = entry(entries, "only-over")?;
        let [(key, reason)] = self.map(node, "only-over", FORM)? else {
            self.problem(Problem::at(node.place.clone(), "`only-over` names one transport").expected(FORM));
            return None;
        };
        let transport = self.named_transport(&key.name, &key.place)?;
        let reason = self.word(reason, "only-over", "the reason, in words")?;
        Some((transport, reason.to_owned()))
    }

    fn differences(&mut self, entries: &[(YamlKey, Node)]) -> Vec<Difference> {
        let Some(node) = entry(entries, "differs-by") else {
            return Vec::new();
        };
        let items = self
            .list(node, "differs-by", "a list of words")
            .unwrap_or_default();
        let mut found = Vec::new();
        for item in items {
            let Some(word) = self.word(item, "differs-by", "a word") else {
                continue;
            };
            match Difference::all().find(|difference| difference.name() == word) {
                Some(difference) => found.push(difference),
                None => {
                    let known: Vec<&str> = Difference::all().map(Difference::name).collect();
                    let title = format!("Phoenix versions do not differ by `{word}`");
                    self.unknown(&item.place, &title, word, &known);
                }
            }
        }
        found
    }

    /// Reads a list of names that are replaced by numbers.
    fn numbered(&mut self, entries: &[(YamlKey, Node)], key: &str) -> Vec<Name> {
        let mut seen = HashSet::new();
        let words = self.words(entries, key);
        words
            .into_iter()
            .filter(|word| seen.insert(word.clone()))
            .map(|word| self.define(&word))
            .collect()
    }

    fn chance(&mut self, entries: &[(YamlKey, Node)]) -> Vec<ChanceRule> {
        let Some(node) = entry(entries, "chance") else {
            return Vec::new();
        };
        let items = self.list(node, "chance", "a list").unwrap_or_default();
        items.iter().filter_map(|item| self.one_chance(item)).collect()
    }

    fn one_chance(&mut self, item: &Node) -> Option<ChanceRule> {
        let entries = self.map(item, "chance", "any-order, any-order-in, more, maybe or cut-off")?;
        let (key, value) = entries.first()?;
        match key.name.as_str() {
            "any-order" => Some(ChanceRule::AnyOrder(self.words(entries, "any-order"))),
            "any-order-in" => Some(ChanceRule::AnyOrderIn(self.pointers(entries, "any-order-in"))),
            "cut-off" => {
                let name = self.word(value, "cut-off", "an actor")?;
                Some(ChanceRule::CutOff(self.actor_of_file(name, &value.place)?))
            }
            "more" => Some(ChanceRule::More(self.word(value, "more", "an event")?.to_owned())),
            "maybe" => {
                let event = self.template(value, "maybe")?;
                self.only(
                    entries,
                    "maybe",
                    &["maybe", "on", "with", "binary", "ref", "join_ref"],
                );
                Some(ChanceRule::Maybe(self.receiving(event, entries)?))
            }
            other => {
                let title = format!("`{other}` is no kind of chance");
                self.unknown(&key.place, &title, other, &CHANCE.map(|(name, _)| name));
                None
            }
        }
    }

    fn pointers(&mut self, entries: &[(YamlKey, Node)], key: &str) -> Vec<Pointer> {
        let Some(node) = entry(entries, key) else {
            return Vec::new();
        };
        let items = self
            .list(node, key, "a list of JSON pointers")
            .unwrap_or_default();
        let mut pointers = Vec::new();
        for item in items {
            match &item.value {
                Yaml::Text(text) if text.starts_with('/') => {
                    let segments = text.split('/').skip(1);
                    pointers.push(Pointer(
                        segments
                            .map(|it| it.replace("~1", "/").replace("~0", "~"))
                            .collect(),
                    ));
                }
                _ => {
                    let problem = Problem::at(item.place.clone(), "this is no JSON pointer");
                    self.problem(
                        problem.expected("a text that begins with /, such as /response/annotations/*/id"),
                    );
                }
            }
        }
        pointers
    }
}
