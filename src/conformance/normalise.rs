//! Turns a recording into a [`Log`]: hides what differs from run to run, cuts what is long, and writes the rest in one
//! way. This is a file format: fixtures that were accepted must stay equal.

use std::cmp::Reverse;

use serde_json::Value;

use super::log::{LinkLog, Log};
use crate::protocol::{Field, Frame, Message, Payload, Vsn, json};
use crate::scenario::{
    Actor, ChanceRule, Noted, Pointer, Program, Recording, SETTLE_REF, What, Who, json_of, shorten,
    show_bytes,
};
use crate::transport::Ending;

/// The names to insert into a log, and what to hide.
pub(crate) struct RunNames<'a> {
    pub(crate) program: &'a Program,
    /// Variables and fresh names, with their values in this run.
    pub(crate) fresh: &'a [(&'a str, &'a str)],
    /// The serializer of the connections whose params name none.
    pub(crate) vsn: Vsn,
}

/// Replaces hidden values.
const HIDDEN: &str = "(hidden)";

/// Longer lines are cut after this many characters, and their length is appended.
const LONGEST_LINE: usize = 600;
const SHOWN_OF_LONG: usize = 150;

/// Converts what the server said to a log.
pub(crate) fn log_of(recording: &Recording, names: &RunNames<'_>) -> Log {
    let mut log = Log::default();
    for entry in &recording.entries {
        if entry.who == Who::Server {
            continue;
        }
        let (name, vsn) = names.speaker(entry.who);
        let index = log
            .links
            .iter()
            .position(|link| link.name == name)
            .unwrap_or_else(|| {
                log.links.push(LinkLog {
                    name,
                    ..LinkLog::default()
                });
                log.links.len() - 1
            });
        names.note(&mut log.links[index], &entry.what, vsn);
    }
    for link in &mut log.links {
        if link.ending.is_none() && link.opening.as_deref() == Some("open") {
            link.ending = Some("open".to_owned());
        }
        link.conversations.sort_by(|a, b| a.topic.cmp(&b.topic));
    }
    log
}

fn link_name(actor: &str, number: u32) -> String {
    if number == 1 {
        actor.to_owned()
    } else {
        format!("{actor} #{number}")
    }
}

/// The name under which the answers to the requests of an actor stand.
fn user_name(actor: &str) -> String {
    format!("{actor} http")
}

/// The names of all connections of a scenario.
pub(crate) fn link_names(program: &Program) -> Vec<String> {
    let steps = || program.groups.iter().flat_map(|group| &group.acts);
    let mut names = Vec::new();
    for (index, actor) in program.actors.iter().enumerate() {
        let connects = steps()
            .filter(|act| matches!(act.what, What::Connect(Actor(it), _) if it == index))
            .count();
        let numbers = 1..=u32::try_from(connects).unwrap_or(u32::MAX);
        names.extend(numbers.map(|number| link_name(actor, number)));
    }
    let requests = || steps().filter(|act| matches!(act.what, What::Http(_)));
    for (index, actor) in program.actors.iter().enumerate() {
        if requests().any(|act| act.what.actor() == Some(Actor(index))) {
            names.push(user_name(actor));
        }
    }
    if requests().any(|act| act.what.actor().is_none()) {
        names.push("http".to_owned());
    }
    names
}

impl RunNames<'_> {
    fn note(&self, link: &mut LinkLog, what: &Noted, vsn: Vsn) {
        match what {
            Noted::Opened => link.opening = Some("open".to_owned()),
            Noted::Refused(response) => link.opening = Some(format!("refused {}", response.status)),
            Noted::Failed(_) => link.opening = Some("no answer".to_owned()),
            Noted::Answered(response) => {
                link.conversation("http").lines.push(response.status.to_string());
            }
            Noted::Text(text) => self.message(link, Frame::Text(text), vsn),
            Noted::Binary(bytes) => self.message(link, Frame::Binary(bytes), vsn),
            Noted::Pong(payload) => {
                let payload = String::from_utf8_lossy(payload).into_owned();
                link.conversation("pongs").lines.push(self.finish(payload));
            }
            // Only the first ending counts, because how TCP ended after a close frame may vary.
            Noted::Ended(ending) => {
                link.ending.get_or_insert_with(|| end_line(ending));
            }
            // If the client cut the connection, the server did not end it.
            Noted::Cut => {
                link.ending.get_or_insert_with(|| "cut".to_owned());
            }
            Noted::Connecting(_)
            | Noted::Settled(_)
            | Noted::SentText(_)
            | Noted::SentBinary(_)
            | Noted::SentFrame(..)
            | Noted::SentClose(_)
            | Noted::Requested(_)
            | Noted::Server(_) => {}
        }
    }

    fn message(&self, link: &mut LinkLog, frame: Frame<'_>, vsn: Vsn) {
        let Ok(message) = vsn.decode_from_server(frame) else {
            let line = match frame {
                Frame::Text(text) => self.finish(text.escape_debug().to_string()),
                Frame::Binary(bytes) => show_bytes(bytes),
            };
            link.conversation("no topic").lines.push(line);
            return;
        };
        if message.reference.as_str() == Some(SETTLE_REF) {
            return;
        }
        let topic = self.finish(json_of(&message.topic));
        let line = match frame {
            Frame::Text(text) if vsn == Vsn::V1 && !has_the_four_keys(text) => self.finish(as_it_is(text)),
            _ => self.finish(self.line(&message, vsn)),
        };
        link.conversation(&topic).lines.push(line);
    }

    /// A message in the format of its version, with a normalised payload.
    pub(super) fn line(&self, message: &Message<'_>, vsn: Vsn) -> String {
        let fields = |list: &[&Field<'_>]| {
            let texts: Vec<String> = list.iter().map(|field| json_of(field)).collect();
            texts.join(",")
        };
        let (join_ref, reference) = (&message.join_ref, &message.reference);
        let (topic, event) = (&message.topic, &message.event);
        match message.payload {
            Payload::Json(payload) => {
                let payload = self.payload(payload);
                match vsn {
                    Vsn::V2 => format!("[{},{payload}]", fields(&[join_ref, reference, topic, event])),
                    Vsn::V1 => format!(
                        "{{\"event\":{},\"payload\":{payload},\"ref\":{},\"topic\":{}}}",
                        json_of(event),
                        json_of(reference),
                        json_of(topic)
                    ),
                }
            }
            Payload::Binary(bytes) => {
                let kind = if matches!(join_ref, Field::Null) {
                    "broadcast"
                } else {
                    "push"
                };
                format!(
                    "binary {kind} [{}] {}",
                    fields(&[join_ref, reference, topic, event]),
                    digest(bytes)
                )
            }
            Payload::BinaryReply { status, data } => {
                let fields = fields(&[join_ref, reference, topic]);
                format!("binary reply [{fields},{}] {}", Value::from(status), digest(data))
            }
        }
    }

    fn payload(&self, payload: &str) -> String {
        let mut text = String::new();
        if json::normalise(payload, &mut text).is_err() {
            return format!("no JSON: {}", payload.escape_debug());
        }
        let hide_at = &self.program.hide;
        let mut sort_at: Vec<&Pointer> = self.free_lists().collect();
        // Inner lists are sorted first, because the order of the items depends on them.
        sort_at.sort_by_key(|pointer| Reverse(pointer.segments().len()));
        if hide_at.is_empty() && sort_at.is_empty() {
            return text;
        }
        // It is nested too deeply for hiding or sorting, so it stays unchanged.
        let Ok(mut value) = serde_json::from_str::<Value>(&text) else {
            return text;
        };
        let hidden = hide_at
            .iter()
            .map(|pointer| hide(&mut value, pointer.segments()))
            .sum::<usize>();
        let sorted = sort_at
            .iter()
            .map(|pointer| sort(&mut value, pointer.segments(), &|item| self.named(item)))
            .sum::<usize>();
        if hidden + sorted == 0 {
            text
        } else {
            value.to_string()
        }
    }

    /// The lists whose items may be in any order.
    fn free_lists(&self) -> impl Iterator<Item = &Pointer> {
        self.program.chance.iter().flat_map(|chance| match chance {
            ChanceRule::AnyOrderIn(pointers) => pointers.as_slice(),
            ChanceRule::AnyOrder(_) | ChanceRule::More(_) | ChanceRule::Maybe(_) | ChanceRule::CutOff(_) => {
                &[]
            }
        })
    }

    /// The name of the connection of an entry, and its serializer.
    pub(super) fn speaker(&self, who: Who) -> (String, Vsn) {
        match who {
            Who::Actor(actor, number) => (
                link_name(&self.program.actors[actor], number),
                self.program.vsn_of(Actor(actor), number, self.vsn),
            ),
            Who::Http => ("http".to_owned(), self.vsn),
            Who::User(actor) => (user_name(&self.program.actors[actor]), self.vsn),
            Who::Server => ("server".to_owned(), self.vsn),
        }
    }

    /// Replaces the numbers of this run by names.
    pub(super) fn named(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (name, number) in self.fresh {
            text = text.replace(number, &format!("{{{{{name}}}}}"));
        }
        text
    }

    /// Replaces the numbers of this run by names, and cuts long lines.
    fn finish(&self, line: String) -> String {
        let line = self.named(&line);
        if line.chars().nth(LONGEST_LINE).is_some() {
            let head: String = line.chars().take(SHOWN_OF_LONG).collect();
            return format!("{head}… {} bytes in all", line.len());
        }
        line
    }
}

/// Whether an object has exactly the keys of a message in 1.0.0, each once.
fn has_the_four_keys(object: &str) -> bool {
    let mut keys: Vec<_> = json::members(object)
        .map_while(Result::ok)
        .map(|(key, _)| key)
        .collect();
    keys.sort_unstable();
    keys == ["event", "payload", "ref", "topic"]
}

/// A whole message with normalised JSON.
fn as_it_is(text: &str) -> String {
    let mut line = String::new();
    match json::normalise(text, &mut line) {
        Ok(()) => line,
        Err(_) => text.escape_debug().to_string(),
    }
}

/// A message as it arrived, for display.
pub(super) fn show(what: &Noted) -> String {
    match what {
        Noted::Text(text) => shorten(text),
        Noted::Binary(bytes) => show_bytes(bytes),
        _ => String::new(),
    }
}

/// Hides the values at a pointer; returns how many there are.
fn hide(value: &mut Value, segments: &[String]) -> usize {
    at(value, segments, &mut |found| *found = Value::from(HIDDEN))
}

/// Sorts the lists at a pointer by the fixture text of their items; returns how many there are.
fn sort(value: &mut Value, segments: &[String], named: &dyn Fn(&str) -> String) -> usize {
    at(value, segments, &mut |found| {
        if let Value::Array(items) = found {
            items.sort_by_cached_key(|item| named(&item.to_string()));
        }
    })
}

/// Changes the values at a pointer; returns how many there are.
fn at(value: &mut Value, segments: &[String], change: &mut dyn FnMut(&mut Value)) -> usize {
    let Some((first, rest)) = segments.split_first() else {
        change(value);
        return 1;
    };
    match value {
        Value::Object(members) if first == "*" => members.values_mut().map(|it| at(it, rest, change)).sum(),
        Value::Array(items) if first == "*" => items.iter_mut().map(|it| at(it, rest, change)).sum(),
        Value::Object(members) => members.get_mut(first).map_or(0, |it| at(it, rest, change)),
        Value::Array(items) => {
            let item = first.parse::<usize>().ok().and_then(|index| items.get_mut(index));
            item.map_or(0, |it| at(it, rest, change))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn end_line(ending: &Ending) -> String {
    match ending {
        Ending::CloseFrame { code: Some(code), .. } => format!("closed {code}"),
        Ending::CloseFrame { code: None, .. } => "closed without a code".to_owned(),
        Ending::Eof | Ending::Reset => "ended without a close frame".to_owned(),
        Ending::Violation(_) => "ended by a violation of RFC 6455".to_owned(),
        Ending::Status { status, .. } => format!("session ended by {status}"),
        Ending::NoAnswer(_) => "ended without an answer".to_owned(),
        Ending::Cut => "cut".to_owned(),
    }
}

/// Bytes in full if they are few, otherwise their number and a checksum.
fn digest(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    if bytes.len() <= 48 {
        return show_bytes(bytes);
    }
    let sum: String = Sha256::digest(bytes)
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("{} bytes, sha256 {sum}…", bytes.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_in_1_0_0_has_four_keys_each_once() {
        for (object, expected) in [
            (r#"{"topic":"a","event":"e","payload":{},"ref":null}"#, true),
            (r#"{"topic":"a","event":"e","payload":{}}"#, false),
            (
                r#"{"topic":"a","event":"e","payload":{},"ref":null,"join_ref":"1"}"#,
                false,
            ),
            (
                r#"{"topic":"a","event":"e","payload":{},"ref":null,"ref":"1"}"#,
                false,
            ),
        ] {
            assert_eq!(has_the_four_keys(object), expected, "{object}");
        }
    }

    #[test]
    fn a_star_hides_every_member() {
        let mut value = json!({"joins": {"a": {"metas": [{"phx_ref": "x", "s": 1}]}, "b": {"metas": []}}});
        let pointer: Vec<String> = ["joins", "*", "metas", "*", "phx_ref"].map(str::to_owned).into();
        assert_eq!(hide(&mut value, &pointer), 1);
        assert_eq!(
            value,
            json!({"joins": {"a": {"metas": [{"phx_ref": HIDDEN, "s": 1}]}, "b": {"metas": []}}})
        );
    }
    #[test]
    fn lists_in_any_order_are_sorted_by_what_is_shown_of_their_items() {
        let mut value = json!({"ann": {"metas": ["12 here", "b", "a"]}, "bob": {"metas": "none"}, "cid": {}});
        let pointer: Vec<String> = ["*", "metas"].map(str::to_owned).into();
        let named = |item: &str| item.replace("12", "{{room}}");
        assert_eq!(sort(&mut value, &pointer, &named), 2);
        assert_eq!(
            value,
            json!({"ann": {"metas": ["a", "b", "12 here"]}, "bob": {"metas": "none"}, "cid": {}})
        );
    }
}
