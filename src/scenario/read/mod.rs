//! Reads YAML into a program: resolves every name and reports all mistakes of the file at once.

mod action;
mod connect;
mod data;
mod file;
mod http;
mod load;
mod payload;
mod raw;
mod step;
mod text;

#[cfg(test)]
pub(crate) use data::GENERATED;
pub(crate) use data::USERS;
pub(crate) use file::{CHANCE, KEYS};
pub(crate) use load::{KEYS as LOAD, ROLE};
#[cfg(test)]
pub(crate) use payload::OPERATORS;

use data::ReadUsers;

use super::needs::Offer;
use super::problem::{Problem, ScenarioError, Span, nearest};
use super::program::{Actor, Program};
use super::template::Name;
use super::verbs::{EVERY_STEP, Opt, Verb};
use super::yaml::{LARGEST_FILE, Node, Yaml, YamlKey};

/// Reads a scenario without variables; `path` is only used in messages.
///
/// # Errors
/// All problems of the file, each with its place.
pub fn read(path: &str, source: &str) -> Result<Program, ScenarioError> {
    read_with(path, source, &[])
}

/// Reads a scenario, with the values of its `variables`; values that it does not ask for are ignored.
///
/// # Errors
/// All problems of the file, each with its place; a variable without a value is one of them.
pub fn read_with(path: &str, source: &str, values: &Variables) -> Result<Program, ScenarioError> {
    let fail = |problems| Err(ScenarioError::new(path, source, problems));
    if source.len() > LARGEST_FILE {
        let title = format!(
            "the file has {} bytes; a scenario has at most {LARGEST_FILE}",
            source.len()
        );
        return fail(vec![Problem::at(0..0, title)]);
    }
    let root = match super::yaml::parse(source) {
        Ok(root) => root,
        Err(problem) => return fail(vec![problem]),
    };
    let mut reader = Reader {
        values: values.to_vec(),
        ..Reader::default()
    };
    let program = reader.file(path, source, &root);
    match program {
        Some(program) if reader.problems.is_empty() => Ok(program),
        _ => fail(reader.problems),
    }
}

/// The values of variables, by their names.
pub type Variables = [(String, String)];

/// The most problems that are collected.
const MOST_PROBLEMS: usize = 100;

/// The most steps that a scenario may have after all repetitions are written out.
const MOST_ACTS: usize = 100_000;

/// The state of the reader.
#[derive(Default)]
struct Reader {
    problems: Vec<Problem>,
    names: Vec<String>,
    offered: Vec<(Offer, Name)>,
    actors: Vec<ActorFacts>,
    counters: Vec<(String, u64)>,
    /// The values from the command line.
    values: Vec<(String, String)>,
    /// The variables of the file, with their values.
    variables: Vec<(String, String)>,
    /// The rules that the file cites.
    rules: Vec<String>,
    /// The values from the environment that the file uses, by `env.NAME`.
    secrets: Vec<(String, String)>,
    users: ReadUsers,
    /// Whether the file of users cannot be read, which was reported.
    users_are_broken: bool,
    /// The actor whose step is being read.
    acting: Option<String>,
    acts: usize,
    reading: Reading,
}

/// What is being read, because not every name is allowed everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    /// The payload of a push.
    Pushed,
    /// The expectation of a reply or a message.
    Expected,
    #[default]
    Other,
}

/// What is known about an actor at a step.
struct ActorFacts {
    name: String,
    connected: Connected,
    /// The topics that it has joined, as written in the file.
    topics: Vec<super::template::Template>,
}

/// Whether an actor has connected before a step. A user may send requests before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Connected {
    Yes,
    NotYet,
}

impl Reader {
    fn problem(&mut self, problem: Problem) {
        if self.problems.len() < MOST_PROBLEMS && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn wrong<T>(&mut self, node: &Node, what: &str, expected: &str) -> Option<T> {
        let what = if what.contains(' ') {
            what.to_owned()
        } else {
            format!("`{what}`")
        };
        let title = format!("{what} cannot be {}", node.value.kind());
        self.problem(Problem::at(node.place.clone(), title).expected(expected));
        None
    }

    /// The entries of a map, or a problem if it is not a map.
    fn map<'n>(&mut self, node: &'n Node, what: &str, expected: &str) -> Option<&'n [(YamlKey, Node)]> {
        match &node.value {
            Yaml::Map(entries) => Some(entries),
            _ => self.wrong(node, what, expected),
        }
    }

    /// The items of a list, or a problem if it is not a list.
    fn list<'n>(&mut self, node: &'n Node, what: &str, expected: &str) -> Option<&'n [Node]> {
        match &node.value {
            Yaml::List(items) => Some(items),
            _ => self.wrong(node, what, expected),
        }
    }

    /// Reports unknown keys.
    fn only(&mut self, entries: &[(YamlKey, Node)], owner: &str, known: &[&str]) {
        for (key, _) in entries {
            if !known.contains(&key.name.as_str()) {
                let shown = if owner.contains(' ') {
                    owner.to_owned()
                } else {
                    format!("`{owner}`")
                };
                let options: Vec<&str> = known.iter().copied().filter(|known| *known != owner).collect();
                self.unknown(
                    &key.place,
                    &format!("{shown} has no `{}`", key.name),
                    &key.name,
                    &options,
                );
            }
        }
    }

    fn unknown(&mut self, place: &Span, title: &str, written: &str, known: &[&str]) {
        let meant = nearest(written, known.iter().copied());
        let problem = Problem::at(place.clone(), title)
            .expected(known.join(", "))
            .help(meant.map(|name| format!("did you mean `{name}`?")));
        self.problem(problem);
    }

    /// Defines a name that a step fills; later steps can use it.
    fn define(&mut self, name: &str) -> Name {
        match self.names.iter().position(|known| known == name) {
            Some(index) => Name(index),
            None => {
                self.names.push(name.to_owned());
                Name(self.names.len() - 1)
            }
        }
    }

    /// Reads a part of the file in which other names are allowed.
    fn reading<T>(&mut self, what: Reading, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.reading, what);
        let read = read(self);
        self.reading = before;
        read
    }

    /// Refuses names that a swarm fills anew for each push, outside of pushes.
    fn check_of_each_push(&mut self, name: Name, place: &Span) -> Option<Name> {
        let offer = self.offered.iter().find(|(_, known)| *known == name);
        let (title, expected) = match (offer.map(|(offer, _)| *offer), self.reading) {
            (Some(Offer::Mark), Reading::Expected | Reading::Other) => (
                "a mark stands only in what is pushed",
                "`{{mark}}` in the `with` of a push: a swarm finds it in what comes by itself",
            ),
            (Some(Offer::Seq | Offer::Sender), Reading::Expected) => (
                "who sends, and how many were sent before, cannot be expected",
                "`{{seq}}` and `{{sender}}` in what is sent; where they come back, { is: any }",
            ),
            _ => return Some(name),
        };
        self.problem(Problem::at(place.clone(), title).expected(expected));
        None
    }

    /// Looks up a name that is used: a value saved before, or one that the target offers.
    fn lookup(&mut self, name: &str, place: &Span) -> Option<Name> {
        if let Some((owner, column)) = name.split_once('.') {
            return self.column(owner, column, place);
        }
        if let Some(index) = self.names.iter().position(|known| known == name) {
            return self.check_of_each_push(Name(index), place);
        }
        if let Some((_, offer)) = Offer::NAMED.iter().find(|(known, _)| *known == name) {
            let defined = self.define(name);
            self.offered.push((*offer, defined));
            return self.check_of_each_push(defined, place);
        }
        let names: Vec<String> = self
            .names
            .iter()
            .cloned()
            .chain(self.counters.iter().map(|c| c.0.clone()))
            .chain(self.variables.iter().map(|it| it.0.clone()))
            .collect();
        let known: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .chain(Offer::NAMED.iter().map(|it| it.0))
            .collect();
        let title = format!("nothing before this step is called `{name}`");
        let meant = nearest(name, known.iter().copied());
        let meant = meant.map_or_else(String::new, |meant| format!("did you mean `{meant}`? else "));
        let help =
            format!("{meant}write `fresh: [{name}]` at the top of the file for a new number in each run");
        let problem = Problem::at(place.clone(), title).expected(known.join(", "));
        self.problem(problem.help(help));
        None
    }

    /// The rule of a step, which must be one of those that the file cites.
    fn rule(&mut self, entries: &[(YamlKey, Node)]) -> Option<Option<String>> {
        let Some(node) = entry(entries, "rule") else {
            return Some(None);
        };
        let id = self.word(node, "rule", "the id of a rule")?.to_owned();
        if self.rules.contains(&id) {
            return Some(Some(id));
        }
        let rules = self.rules.clone();
        let known: Vec<&str> = rules.iter().map(String::as_str).collect();
        let title = format!("`{id}` is not among the rules of this scenario");
        if known.is_empty() {
            let help = format!("write `rules: [{id}]` at the top of the file");
            self.problem(Problem::at(node.place.clone(), title).help(help));
        } else {
            self.unknown(&node.place, &title, &id, &known);
        }
        None
    }

    /// An actor that connected in an earlier step, or a problem.
    fn actor(&mut self, name: &str, place: &Span) -> Option<Actor> {
        let actor = self.actor_or(name, place, "has not connected before this step")?;
        if self.actors[actor.0].connected == Connected::NotYet {
            let title = format!("actor `{name}` has not connected before this step");
            let expected = format!("a step such as `{name}: connect` first");
            self.problem(Problem::at(place.clone(), title).expected(expected));
            return None;
        }
        Some(actor)
    }

    /// An actor that connects anywhere in the file, or a problem.
    fn actor_of_file(&mut self, name: &str, place: &Span) -> Option<Actor> {
        self.actor_or(name, place, "never connects")
    }

    fn actor_or(&mut self, name: &str, place: &Span, missing: &str) -> Option<Actor> {
        if let Some(index) = self.actors.iter().position(|actor| actor.name == name) {
            return Some(Actor(index));
        }
        let names: Vec<String> = self.actors.iter().map(|actor| actor.name.clone()).collect();
        let known: Vec<&str> = names.iter().map(String::as_str).collect();
        let meant = nearest(name, known.iter().copied());
        let problem = Problem::at(place.clone(), format!("actor `{name}` {missing}"))
            .expected(if known.is_empty() {
                "a step such as `ana: connect` first".into()
            } else {
                known.join(", ")
            })
            .help(meant.map(|name| format!("did you mean `{name}`?")));
        self.problem(problem);
        None
    }
}

/// Finds an entry of a map.
fn entry<'n>(entries: &'n [(YamlKey, Node)], name: &str) -> Option<&'n Node> {
    entries
        .iter()
        .find(|(key, _)| key.name == name)
        .map(|(_, node)| node)
}

fn option_names(options: &[Opt]) -> Vec<&'static str> {
    options.iter().map(|option| option.name).collect()
}

/// All keys that a step with this verb may have.
fn keys_of(verb: &Verb) -> Vec<&'static str> {
    let mut known = option_names(verb.options);
    known.extend(option_names(EVERY_STEP));
    known.push(verb.name);
    known
}

#[cfg(test)]
mod tests;
