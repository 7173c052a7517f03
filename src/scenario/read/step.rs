//! Reads steps: of an actor, in sequence, together, repeated.

use super::super::problem::{Problem, nearest};
use super::super::program::{Act, Answers, Group, Restart, Sent, What};
use super::super::verbs::{self, STEPS, Verb};
use super::super::yaml::{Node, Yaml, YamlKey};
use super::{MOST_ACTS, MOST_PROBLEMS, Reader, entry, keys_of};

impl Reader {
    /// Reads a list of steps into groups.
    pub(super) fn steps(&mut self, node: &Node, what: &str) -> Vec<Group> {
        let Some(items) = self.list(node, what, "a list of steps, each beginning with `-`") else {
            return Vec::new();
        };
        let mut groups = Vec::new();
        for item in items {
            groups.extend(self.step(item));
            if self.problems.len() >= MOST_PROBLEMS {
                break;
            }
        }
        groups
    }

    fn step(&mut self, node: &Node) -> Vec<Group> {
        const EXPECTED: &str = "an actor and what it does, such as `ana: connect`";
        let entries = match &node.value {
            Yaml::Map(entries) => entries.as_slice(),
            _ => {
                let _: Option<()> = self.wrong(node, "a step", EXPECTED);
                return Vec::new();
            }
        };
        let verb = entries
            .iter()
            .find_map(|(key, value)| Some((verbs::find(STEPS, &key.name)?, value)));
        if let Some((verb, value)) = verb {
            self.only(entries, verb.name, &keys_of(verb));
            return self.common_step(verb, value, entries, node).unwrap_or_default();
        }
        match entries {
            [(key, action)] => self.actors_step(key, action).into_iter().collect(),
            [] => {
                let _: Option<()> = self.wrong(node, "a step", EXPECTED);
                Vec::new()
            }
            [_, (second, _), ..] => {
                let title = format!("a step has one actor, here is a second key `{}`", second.name);
                let help = "options belong beside their verb, in braces: `ana: { push: echo, with: { a: 1 } }`; \
                            two actors in one step are written `ana, bea: …`";
                self.problem(Problem::at(second.place.clone(), title).help(help.to_owned()));
                Vec::new()
            }
        }
    }

    /// `ana: …`, or `ana, bea: …` for both at once.
    fn actors_step(&mut self, key: &YamlKey, action: &Node) -> Option<Group> {
        let mut acts = Vec::new();
        for name in key.name.split(',').map(str::trim) {
            if !is_actor_name(name) {
                let meant = nearest(name, STEPS.iter().map(|verb| verb.name));
                let title = format!("`{name}` is neither an actor nor a step");
                let expected = "the name of an actor (lower-case letters, digits, _), together, repeat, sleep, http or restart";
                let problem = Problem::at(key.place.clone(), title).expected(expected);
                self.problem(problem.help(meant.map(|name| format!("did you mean `{name}`?"))));
                return None;
            }
            if let Some(meant) = self.step_verb_meant(name) {
                let problem = Problem::at(
                    key.place.clone(),
                    format!("`{name}` is neither an actor nor a step"),
                );
                self.problem(problem.help(format!("did you mean `{meant}`?")));
                return None;
            }
            acts.push(self.act(name, &key.place, action)?);
        }
        self.count(acts.len(), &key.place).then_some(Group {
            acts,
            answers: Answers::InAnyOrder,
            sent: Sent::OneByOne,
            rule: None,
        })
    }

    /// The verb that is probably meant by an unknown actor name.
    fn step_verb_meant(&self, name: &str) -> Option<&'static str> {
        let known = self.actors.iter().any(|actor| actor.name == name);
        nearest(name, STEPS.iter().map(|verb| verb.name)).filter(|_| !known)
    }

    fn common_step(
        &mut self,
        verb: &'static Verb,
        value: &Node,
        entries: &[(YamlKey, Node)],
        node: &Node,
    ) -> Option<Vec<Group>> {
        let what = match verb.name {
            "together" => {
                let answers = self.answers(entries)?;
                let sent = self.sent(entries)?;
                let rule = self.rule(entries)?;
                let group = merge(self.steps(value, "together"), answers, rule);
                return Some(vec![Group { sent, ..group }]);
            }
            "repeat" => return self.repeat(value, entries),
            "sleep" => What::Sleep(self.duration(value, "sleep")?),
            "http" => What::Http(self.http(None, value, entries)?),
            _ => What::Restart(match self.word(value, "restart", "term or kill")? {
                "term" => Restart::Term,
                "kill" => Restart::Kill,
                other => {
                    self.unknown(
                        &value.place,
                        &format!("`{other}` is no way to restart"),
                        other,
                        &["term", "kill"],
                    );
                    return None;
                }
            }),
        };
        let act = Act {
            place: node.place.clone(),
            what,
            rule: self.rule(entries)?,
        };
        self.count(1, &node.place).then(|| {
            vec![Group {
                acts: vec![act],
                answers: Answers::InAnyOrder,
                sent: Sent::OneByOne,
                rule: None,
            }]
        })
    }

    fn repeat(&mut self, value: &Node, entries: &[(YamlKey, Node)]) -> Option<Vec<Group>> {
        let times: u64 = self.number(value, "repeat", "how many times, from 1 on")?;
        let counting = match entry(entries, "counting") {
            Some(node) => Some(self.word(node, "counting", "a name")?.to_owned()),
            None => None,
        };
        let (body, at_once) = match (entry(entries, "steps"), entry(entries, "together")) {
            (Some(steps), None) => (steps, false),
            (None, Some(steps)) => (steps, true),
            _ => {
                let problem = Problem::at(value.place.clone(), "it is not said what is repeated");
                self.problem(problem.expected("either `steps:` or `together:` beside `repeat:`"));
                return None;
            }
        };
        let answers = self.answers(entries)?;
        let rule = self.rule(entries)?;
        let mut groups = Vec::new();
        for round in 0..times {
            let before = self.problems.len();
            if let Some(name) = &counting {
                self.counters.push((name.clone(), round));
            }
            groups.extend(self.steps(body, "steps"));
            if counting.is_some() {
                self.counters.pop();
            }
            // The other rounds would report the same problems.
            if self.problems.len() > before {
                return None;
            }
        }
        Some(if at_once {
            vec![merge(groups, answers, rule)]
        } else {
            groups
        })
    }

    fn answers(&mut self, entries: &[(YamlKey, Node)]) -> Option<Answers> {
        let Some(node) = entry(entries, "answers") else {
            return Some(Answers::InAnyOrder);
        };
        match self.word(node, "answers", "in order or in any order")? {
            "in order" => Some(Answers::InOrder),
            "in any order" => Some(Answers::InAnyOrder),
            other => {
                let title = format!("`{other}` is no order");
                self.unknown(&node.place, &title, other, &["in order", "in any order"]);
                None
            }
        }
    }

    fn sent(&mut self, entries: &[(YamlKey, Node)]) -> Option<Sent> {
        let Some(node) = entry(entries, "sent") else {
            return Some(Sent::OneByOne);
        };
        match self.word(node, "sent", "one by one or in one segment")? {
            "one by one" => Some(Sent::OneByOne),
            "in one segment" => Some(Sent::InOneSegment),
            other => {
                let title = format!("`{other}` is not a way to send");
                self.unknown(&node.place, &title, other, &["one by one", "in one segment"]);
                None
            }
        }
    }

    /// Counts acts; reports once when there are too many.
    fn count(&mut self, more: usize, place: &super::Span) -> bool {
        self.acts += more;
        if self.acts > MOST_ACTS {
            let title = format!("with all repetitions written out these are more than {MOST_ACTS} steps");
            self.problem(Problem::at(place.clone(), title));
        }
        self.acts <= MOST_ACTS
    }
}

/// Merges all these steps into one group; steps without a rule get the rule of the group.
fn merge(groups: Vec<Group>, answers: Answers, rule: Option<String>) -> Group {
    let mut acts: Vec<Act> = groups.into_iter().flat_map(|group| group.acts).collect();
    for act in acts.iter_mut().filter(|act| act.rule.is_none()) {
        act.rule.clone_from(&rule);
    }
    Group {
        acts,
        answers,
        sent: Sent::OneByOne,
        rule,
    }
}

fn is_actor_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        && verbs::find(STEPS, name).is_none()
}
