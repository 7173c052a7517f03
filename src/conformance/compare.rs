//! Compares what a server said with the fixture: conversation by conversation, in order within each. What the scenario
//! leaves to chance is not compared.

use serde_json::Value;

use super::log::{Conversation, LinkLog, Log};
use crate::protocol::REPLY;
use crate::scenario::{ChanceRule, Content, Program, Receive, Values, shorten};

/// A difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deviation {
    /// The fixture contains this line, and the server did not send it (yet).
    Missing { at: String, line: String, hope: Hope },
    /// The server sent this line, and the fixture does not contain it.
    Extra {
        at: String,
        line: String,
        doubled: Doubled,
    },
    /// All messages arrived, but in another order.
    Order {
        at: String,
        expected: Vec<String>,
        actual: Vec<String>,
        replies: Replies,
    },
    /// A connection was opened or refused differently.
    Opening {
        at: String,
        expected: String,
        actual: String,
    },
    /// A connection ended differently; this is judged separately.
    Ending {
        at: String,
        expected: String,
        actual: String,
    },
}

/// Whether a missing message may still arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hope {
    /// Fewer messages arrived than expected, so it may.
    MayCome,
    /// As many messages arrived as expected, so others replaced it.
    TooLate,
}

/// Whether exactly the same message was sent before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doubled {
    Yes,
    No,
}

/// Whether the replies among the messages are in the order of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replies {
    InOrder,
    Swapped,
}

/// All differences.
pub(crate) fn compare(expected: &Log, actual: &Log, program: &Program) -> Vec<Deviation> {
    let mut found = Vec::new();
    let empty = LinkLog::default();
    let names = expected
        .links
        .iter()
        .chain(&actual.links)
        .map(|link| link.name.as_str());
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        compare_links(
            link_of(expected, name).unwrap_or(&empty),
            link_of(actual, name).unwrap_or(&empty),
            name,
            program,
            &mut found,
        );
    }
    found
}

fn compare_links(
    expected: &LinkLog,
    actual: &LinkLog,
    name: &str,
    program: &Program,
    found: &mut Vec<Deviation>,
) {
    let text = |it: &Option<String>| it.clone().unwrap_or_else(|| "nothing".to_owned());
    if expected.opening != actual.opening {
        let (expected, actual) = (text(&expected.opening), text(&actual.opening));
        found.push(Deviation::Opening {
            at: name.to_owned(),
            expected,
            actual,
        });
    }
    let may_end = may_be_cut_off(name, program);
    let mut is_cut_off = false;
    let none = Conversation::default();
    let topics = expected
        .conversations
        .iter()
        .chain(&actual.conversations)
        .map(|it| it.topic.as_str());
    let mut seen: Vec<&str> = Vec::new();
    for topic in topics {
        if seen.contains(&topic) {
            continue;
        }
        seen.push(topic);
        let lines = |link: &LinkLog| leave_chance(conversation_of(link, topic).unwrap_or(&none), program);
        let (expected, actual) = (lines(expected), lines(actual));
        let at = format!("{name}, {topic}");
        let lacks_its_end = expected.len() > actual.len() && expected.starts_with(&actual);
        if may_end && lacks_its_end {
            is_cut_off = true;
        } else {
            compare_lines(&expected, &actual, &at, program, found);
        }
    }
    if expected.ending != actual.ending && !is_cut_off {
        let (expected, actual) = (text(&expected.ending), text(&actual.ending));
        found.push(Deviation::Ending {
            at: name.to_owned(),
            expected,
            actual,
        });
    }
}

/// Whether the server may end the first connection of this name early.
fn may_be_cut_off(name: &str, program: &Program) -> bool {
    program
        .chance
        .iter()
        .any(|it| matches!(it, ChanceRule::CutOff(actor) if program.actors[actor.0] == *name))
}

fn link_of<'l>(log: &'l Log, name: &str) -> Option<&'l LinkLog> {
    log.links.iter().find(|link| link.name == name)
}

fn conversation_of<'l>(link: &'l LinkLog, topic: &str) -> Option<&'l Conversation> {
    link.conversations.iter().find(|it| it.topic == topic)
}

/// Finds the missing and the extra lines by the longest common subsequence.
fn compare_lines(
    expected: &[String],
    actual: &[String],
    at: &str,
    program: &Program,
    found: &mut Vec<Deviation>,
) {
    let (expected, actual) = trim_more(expected, actual, program);
    if let Some(order) = another_order(expected, actual, at) {
        found.push(order);
        return;
    }
    let hope = if actual.len() < expected.len() {
        Hope::MayCome
    } else {
        Hope::TooLate
    };
    let diff = similar::capture_diff_slices(similar::Algorithm::Lcs, expected, actual);
    for op in diff {
        let (_, old, new) = op.as_tag_tuple();
        if matches!(op, similar::DiffOp::Equal { .. }) {
            continue;
        }
        found.extend(expected[old].iter().map(|line| Deviation::Missing {
            at: at.to_owned(),
            line: line.clone(),
            hope,
        }));
        let from = new.start;
        for (index, line) in actual[new].iter().enumerate() {
            let doubled = if actual[..from + index].contains(line) {
                Doubled::Yes
            } else {
                Doubled::No
            };
            found.push(Deviation::Extra {
                at: at.to_owned(),
                line: line.clone(),
                doubled,
            });
        }
    }
}

/// The difference, if only the order differs.
fn another_order(expected: &[String], actual: &[String], at: &str) -> Option<Deviation> {
    let sorted = |lines: &[String]| {
        let mut lines = lines.to_vec();
        lines.sort();
        lines
    };
    if expected == actual || sorted(expected) != sorted(actual) {
        return None;
    }
    let replies = |lines: &[String]| {
        lines
            .iter()
            .filter(|line| has_event(line, REPLY))
            .cloned()
            .collect::<Vec<_>>()
    };
    let in_order = replies(expected) == replies(actual);
    Some(Deviation::Order {
        at: at.to_owned(),
        expected: expected.to_vec(),
        actual: actual.to_vec(),
        replies: if in_order {
            Replies::InOrder
        } else {
            Replies::Swapped
        },
    })
}

/// Removes surplus messages at the end, for events of which there may be more.
fn trim_more<'l>(
    expected: &'l [String],
    actual: &'l [String],
    program: &Program,
) -> (&'l [String], &'l [String]) {
    let goes_on = |line: &String| {
        program
            .chance
            .iter()
            .any(|it| matches!(it, ChanceRule::More(event) if has_event(line, event)))
    };
    let trim = |lines: &'l [String], length: usize| {
        let kept = lines.len()
            - lines
                .iter()
                .skip(length)
                .rev()
                .take_while(|line| goes_on(line))
                .count();
        &lines[..kept]
    };
    (trim(expected, actual.len()), trim(actual, expected.len()))
}

/// The lines of a conversation without optional messages, and sorted where any order is allowed.
fn leave_chance(conversation: &Conversation, program: &Program) -> Vec<String> {
    let mut lines = conversation.lines.clone();
    let values = program.names_as_values();
    for chance in &program.chance {
        match chance {
            ChanceRule::AnyOrder(events) => sort_runs(&mut lines, events),
            ChanceRule::Maybe(receive) => lines.retain(|line| !is_maybe(line, receive, &values)),
            // The lines have been adapted to this already.
            ChanceRule::AnyOrderIn(_) | ChanceRule::More(_) | ChanceRule::CutOff(_) => {}
        }
    }
    lines
}

/// Sorts each run of adjacent lines that have one of these events.
fn sort_runs(lines: &mut [String], events: &[String]) {
    let free = |line: &String| events.iter().any(|event| has_event(line, event));
    for run in lines.chunk_by_mut(|a, b| free(a) && free(b)) {
        if run.len() > 1 {
            run.sort();
        }
    }
}

/// The fields of a line: join_ref, ref, topic, event and payload.
fn fields(line: &str) -> Option<[Value; 5]> {
    match serde_json::from_str(line).ok()? {
        Value::Array(items) => items.try_into().ok(),
        Value::Object(mut members) => {
            let mut take = |key: &str| members.remove(key).unwrap_or_default();
            Some([
                Value::Null,
                take("ref"),
                take("topic"),
                take("event"),
                take("payload"),
            ])
        }
        _ => None,
    }
}

fn has_event(line: &str, event: &str) -> bool {
    fields(line).is_some_and(|fields| fields[3] == event)
}

/// Whether a line is an optional message. Placeholders are filled with their names, as in the lines.
fn is_maybe(line: &str, receive: &Receive, values: &Values) -> bool {
    let Some([join_ref, reference, topic, event, payload]) = fields(line) else {
        return false;
    };
    event == receive.event.fill(values)
        && receive.topic.as_ref().is_none_or(|it| topic == it.fill(values))
        && receive
            .reference
            .as_ref()
            .is_none_or(|it| reference == it.fill(values))
        && receive
            .join_ref
            .as_ref()
            .is_none_or(|it| join_ref == it.fill(values))
        && match &receive.content {
            Content::Json(pattern) => pattern.check(&payload, values).is_ok(),
            Content::Unjudged => true,
            Content::Binary(_) => false,
        }
}

impl Deviation {
    /// Whether no client can handle it, with any server: a message that arrives twice, or replies that are
    /// swapped.
    pub(crate) fn crosses_the_line(&self) -> bool {
        matches!(
            self,
            Self::Extra {
                doubled: Doubled::Yes,
                ..
            } | Self::Order {
                replies: Replies::Swapped,
                ..
            }
        )
    }

    /// The events of the messages that came in another order.
    pub(crate) fn events_out_of_order(&self) -> Vec<String> {
        let Self::Order { expected, actual, .. } = self else {
            return Vec::new();
        };
        let moved = expected
            .iter()
            .zip(actual)
            .filter(|(expected, actual)| expected != actual);
        let event = |line: &String| fields(line).and_then(|fields| fields[3].as_str().map(str::to_owned));
        moved.filter_map(|(expected, _)| event(expected)).collect()
    }

    /// The difference in a few words.
    pub(crate) fn in_a_word(&self) -> String {
        match self {
            Self::Missing { line, .. } => format!("this did not come again: {}", shorten(line)),
            Self::Extra { line, .. } => format!("this came in addition: {}", shorten(line)),
            Self::Order { .. } => "the messages came in another order".to_owned(),
            Self::Opening { expected, actual, .. } | Self::Ending { expected, actual, .. } => {
                format!("{actual}, not {expected}")
            }
        }
    }

    /// The connection or conversation that it belongs to.
    pub(crate) fn at(&self) -> &str {
        match self {
            Self::Missing { at, .. }
            | Self::Extra { at, .. }
            | Self::Order { at, .. }
            | Self::Opening { at, .. }
            | Self::Ending { at, .. } => at,
        }
    }

    /// Whether it is about how a connection was closed.
    pub(crate) fn is_ending(&self) -> bool {
        matches!(self, Self::Ending { .. })
    }

    /// Whether further messages could resolve it.
    pub(crate) fn may_mend(&self) -> bool {
        match self {
            Self::Missing { hope, .. } => *hope == Hope::MayCome,
            Self::Ending { actual, .. } => actual == "open",
            Self::Extra { .. } | Self::Order { .. } | Self::Opening { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests;
