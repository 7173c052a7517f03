//! Which names of this run stand for which of the recording: topics with their numbers, users. Learned at first
//! sight, so that a client with numbers of its own can be held to the very texts of the recording.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use regex::Regex;
use serde_json::Value;

/// Pairs of a name in the recording and the one that stands for it.
#[derive(Debug, Default)]
pub(crate) struct Names(Vec<(String, String)>);

impl Names {
    /// Learns a pair, unless either of the two is taken.
    pub(crate) fn learn(&mut self, recorded: &str, actual: &str) {
        let free = self
            .0
            .iter()
            .all(|(known, used)| known != recorded && used != actual);
        if free && recorded != actual {
            self.0.push((recorded.to_owned(), actual.to_owned()));
        }
    }

    /// Learns the topic of a message, if it is one that may bear a number of the run.
    pub(crate) fn learn_topic(&mut self, recorded: &str, actual: &str) {
        if let (Some(recorded), Some(actual)) = (topic_in(recorded), topic_in(actual)) {
            self.learn_name(recorded, actual);
        }
    }

    /// Learns one name for another of the same kind, such as `lab:room` and `lab:5021`.
    fn learn_name(&mut self, recorded: &str, actual: &str) {
        if let (Some((kind, _)), Some((same, _))) = (recorded.split_once(':'), actual.split_once(':'))
            && kind == same
        {
            self.learn(recorded, actual);
        }
    }

    /// What stands for a recorded name.
    fn name<'n>(&'n self, recorded: &'n str) -> &'n str {
        let found = self.0.iter().find(|(known, _)| known == recorded);
        found.map_or(recorded, |(_, actual)| actual)
    }

    /// A recorded path with the names of this run.
    pub(crate) fn path(&self, recorded: &str) -> String {
        recorded
            .split('/')
            .map(|segment| self.name(segment))
            .collect::<Vec<_>>()
            .join("/")
    }

    /// A recorded text with the names of this run, where they stand in quotes.
    pub(crate) fn text(&self, recorded: &str) -> String {
        let mut out = String::with_capacity(recorded.len());
        let mut rest = recorded;
        while let Some(at) = rest.find('"') {
            out.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            let quoted = |name: &str| {
                rest.strip_prefix(name)
                    .is_some_and(|after| after.starts_with('"'))
            };
            if let Some((known, actual)) = self.0.iter().find(|(known, _)| quoted(known)) {
                out.push_str(actual);
                rest = &rest[known.len()..];
            }
        }
        out + rest
    }

    /// A recorded binary message from the client with the names of this run; its topic is learned from `actual`.
    pub(crate) fn binary_from_client(&mut self, recorded: &[u8], actual: &[u8]) -> Vec<u8> {
        const SIZES: usize = 4;
        const TOPIC: usize = 2;
        if recorded.first() != Some(&0) {
            return recorded.to_vec();
        }
        let (Some(before), Some(now)) = (fields(recorded, SIZES), fields(actual, SIZES)) else {
            return recorded.to_vec();
        };
        if let (Ok(before), Ok(now)) = (str::from_utf8(before.0[TOPIC]), str::from_utf8(now.0[TOPIC])) {
            self.learn_name(before, now);
        }
        self.binary(recorded, SIZES, TOPIC)
    }

    /// A recorded binary message from the server with the names of this run.
    pub(crate) fn binary_from_server(&self, recorded: &[u8]) -> Vec<u8> {
        match recorded.first() {
            Some(0) => self.binary(recorded, 3, 1),
            Some(1) => self.binary(recorded, 4, 2),
            Some(2) => self.binary(recorded, 2, 0),
            _ => recorded.to_vec(),
        }
    }

    fn binary(&self, recorded: &[u8], sizes: usize, topic: usize) -> Vec<u8> {
        let Some((mut parts, payload)) = fields(recorded, sizes) else {
            return recorded.to_vec();
        };
        let name = str::from_utf8(parts[topic]).map_or("", |recorded| self.name(recorded));
        parts[topic] = name.as_bytes();
        let sizes = parts
            .iter()
            .map(|part| u8::try_from(part.len()).expect("topics of these cases are short"));
        let mut out = vec![recorded[0]];
        out.extend(sizes);
        out.extend(parts.concat());
        out.extend(payload);
        out
    }
}

/// The fields of a binary message, and its payload.
fn fields(bytes: &[u8], sizes: usize) -> Option<(Vec<&[u8]>, &[u8])> {
    let (lengths, mut rest) = bytes.get(1..)?.split_at_checked(sizes)?;
    let mut parts = Vec::new();
    for length in lengths {
        let (part, after) = rest.split_at_checked(usize::from(*length))?;
        parts.push(part);
        rest = after;
    }
    Some((parts, rest))
}

/// The topic of a message, which may be cut short or malformed elsewhere.
fn topic_in(text: &str) -> Option<&str> {
    static TOPIC: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^\[[^,]*,[^,]*,\s*"([^"]*)"|^\{"topic":\s*"([^"]*)""#).expect("a regular expression")
    });
    let found = TOPIC.captures(text)?;
    found.get(1).or_else(|| found.get(2)).map(|topic| topic.as_str())
}

/// Whether a message says what the recorded one says: the same text, or the same value where neither was made by
/// hand (then only escapes and the order of keys can differ).
pub(crate) fn same_message(recorded: &str, actual: &str) -> bool {
    if recorded == actual {
        return true;
    }
    let parse = |text| serde_json::from_str::<Value>(text).ok();
    !is_spaced(recorded) && !is_spaced(actual) && parse(recorded).is_some_and(|it| Some(it) == parse(actual))
}

/// Whether there is white space outside of strings, as no client's encoder makes it.
fn is_spaced(text: &str) -> bool {
    let (mut inside, mut escaped) = (false, false);
    text.chars().any(|c| {
        let spaced = !inside && c.is_whitespace();
        inside ^= c == '"' && !escaped;
        escaped = inside && c == '\\' && !escaped;
        spaced
    })
}

/// The name that a recorded token was signed for.
pub(crate) fn signed_for(token: &str) -> Option<String> {
    let term = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    // {Name, …} in the external term format: 131, 104 (a tuple of three), 109 (a binary), four bytes of length.
    let (head, rest) = term.split_at_checked(8)?;
    let length = u32::from_be_bytes(head[4..].try_into().ok()?);
    let name = rest.get(..usize::try_from(length).ok()?)?;
    String::from_utf8(name.to_vec())
        .ok()
        .filter(|_| head[..4] == [131, 104, 3, 109])
}
