//! The answers of a server in one play, in a form that can be compared and stored: by connection and
//! conversation, without what differs from run to run. Its text is the body of a fixture.
//!
//! ```text
//! ana
//!   + open
//!   on "lab:{{room}}"
//!     ["1","1","lab:{{room}}","phx_reply",{"response":{"params":{}},"status":"ok"}]
//!   - closed 1011
//! ```

use std::fmt;

/// All answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) links: Vec<LinkLog>,
}

/// The answers on one connection, or (with the name `http`) the responses to HTTP requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LinkLog {
    /// The actor, with a number from its second connection on: `bea #2`.
    pub(crate) name: String,
    /// How the upgrade was answered: `open`, or `refused 403`.
    pub(crate) opening: Option<String>,
    /// The messages by topic, each in the order of arrival.
    pub(crate) conversations: Vec<Conversation>,
    /// How the server ended it: `closed 1011`, or `open` if it did not.
    pub(crate) ending: Option<String>,
}

/// The messages of one topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Conversation {
    /// The topic as JSON text, or a word for messages without one.
    pub(crate) topic: String,
    /// The messages.
    pub(crate) lines: Vec<String>,
}

impl LinkLog {
    pub(crate) fn conversation(&mut self, topic: &str) -> &mut Conversation {
        let index = self
            .conversations
            .iter()
            .position(|it| it.topic == topic)
            .unwrap_or_else(|| {
                self.conversations.push(Conversation {
                    topic: topic.to_owned(),
                    lines: Vec::new(),
                });
                self.conversations.len() - 1
            });
        &mut self.conversations[index]
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for link in &self.links {
            writeln!(f, "{}", link.name)?;
            if let Some(opening) = &link.opening {
                writeln!(f, "  + {opening}")?;
            }
            for conversation in &link.conversations {
                writeln!(f, "  on {}", conversation.topic)?;
                for line in &conversation.lines {
                    writeln!(f, "    {line}")?;
                }
            }
            if let Some(ending) = &link.ending {
                writeln!(f, "  - {ending}")?;
            }
        }
        Ok(())
    }
}

/// A text that is not the body of a fixture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the body is not {expected}: {text}")]
pub(crate) struct LogError {
    line: usize,
    expected: &'static str,
    text: String,
}

impl Log {
    /// Reads the text that [`fmt::Display`] writes.
    pub(crate) fn parse(text: &str) -> Result<Self, LogError> {
        let mut log = Self::default();
        for (index, line) in text.lines().enumerate() {
            let wrong = |expected| LogError {
                line: index + 1,
                expected,
                text: line.to_owned(),
            };
            if line.trim().is_empty() {
                continue;
            }
            let Some(rest) = line.strip_prefix("  ") else {
                log.links.push(LinkLog {
                    name: line.to_owned(),
                    ..LinkLog::default()
                });
                continue;
            };
            let link = log
                .links
                .last_mut()
                .ok_or_else(|| wrong("the name of an actor"))?;
            if let Some(message) = rest.strip_prefix("  ") {
                let conversation = link.conversations.last_mut();
                conversation
                    .ok_or_else(|| wrong("`on` and a topic"))?
                    .lines
                    .push(message.to_owned());
            } else if let Some(opening) = rest.strip_prefix("+ ") {
                link.opening = Some(opening.to_owned());
            } else if let Some(topic) = rest.strip_prefix("on ") {
                link.conversations.push(Conversation {
                    topic: topic.to_owned(),
                    lines: Vec::new(),
                });
            } else if let Some(ending) = rest.strip_prefix("- ") {
                link.ending = Some(ending.to_owned());
            } else {
                return Err(wrong("`+`, `on`, a message or `-`"));
            }
        }
        Ok(log)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let text = "ana\n  + open\n  on \"lab:{{room}}\"\n    [1]\n    [2]\n  on \"phoenix\"\n    [3]\n  - closed 1011\n\
                    bea #2\n  + refused 403\nhttp\n  on \"http\"\n    204\n";
        let log = Log::parse(text).unwrap();
        assert_eq!(log.to_string(), text);
        assert_eq!(log.links[0].conversations[0].lines, ["[1]", "[2]"]);
    }

    #[test]
    fn a_message_without_a_topic_is_no_body() {
        let error = Log::parse("ana\n    [1]\n").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 2 of the body is not `on` and a topic:     [1]"
        );
    }
}
