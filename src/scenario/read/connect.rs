//! Reads the options of `connect`.

use std::time::Duration;

use super::super::problem::Problem;
use super::super::program::{Connect, ConnectFallback, MountPath, Opening};
use super::super::template::Template;
use super::super::yaml::{Node, Yaml};
use super::action::Written;
use super::{Reader, Span, entry};
use crate::transport::Transport;
use crate::wire::websocket::Coding;

impl Reader {
    /// `connect`
    pub(super) fn connect(&mut self, it: &Written<'_>) -> Option<Connect> {
        let mount = match &it.value.value {
            Yaml::Null => MountPath::Target,
            Yaml::Text(name) if name == "socket" => MountPath::Target,
            Yaml::Text(name) => MountPath::Instead(name.trim_matches('/').to_owned()),
            _ => {
                return self.wrong(
                    it.value,
                    "connect",
                    "the name of a mount, such as socket or fast_socket",
                );
            }
        };
        let user = self.optional(it, "as")?;
        let token_age = self.token_age(it)?;
        let params = self.pairs(it, "params", "a map of connect params")?;
        let headers = self.pairs(it, "headers", "a map of headers")?;
        let answer = self.opening(entry(it.entries, "answer"))?;
        let fallback = self.fallback(it)?;
        Some(Connect {
            transport: self.transport(it)?,
            mount,
            user,
            token_age,
            params,
            headers,
            answer,
            fallback,
        })
    }

    /// `params` and `headers`: names with texts, or with nothing.
    fn pairs(
        &mut self,
        it: &Written<'_>,
        key: &str,
        expected: &str,
    ) -> Option<Vec<(String, Option<Template>)>> {
        let Some(node) = entry(it.entries, key) else {
            return Some(Vec::new());
        };
        let pairs = self.map(node, key, expected)?.iter();
        let read = pairs.map(|(key, value)| {
            let value = match value.value {
                Yaml::Null => None,
                _ => Some(self.template(value, &key.name)?),
            };
            Some((key.name.clone(), value))
        });
        read.collect()
    }

    /// `transport`
    fn transport(&mut self, it: &Written<'_>) -> Option<Option<Transport>> {
        match entry(it.entries, "transport") {
            None => Some(None),
            Some(node) => Some(Some(self.transport_of(node, "transport")?)),
        }
    }

    fn transport_of(&mut self, node: &Node, key: &str) -> Option<Transport> {
        let name = self.word(node, key, "websocket or longpoll")?;
        self.named_transport(name, &node.place)
    }

    /// The transport of this name, or a problem.
    pub(super) fn named_transport(&mut self, name: &str, place: &Span) -> Option<Transport> {
        let named = Transport::named(name);
        if named.is_none() {
            let title = format!("`{name}` is no transport");
            self.unknown(place, &title, name, &Transport::ALL.map(Transport::name));
        }
        named
    }

    /// `fallback` and `settles-on`
    fn fallback(&mut self, it: &Written<'_>) -> Option<Option<ConnectFallback>> {
        let settles_on = entry(it.entries, "settles-on");
        let Some(node) = entry(it.entries, "fallback") else {
            let Some(settles_on) = settles_on else {
                return Some(None);
            };
            let title = "`settles-on` needs `fallback`";
            let problem = Problem::at(settles_on.place.clone(), title);
            self.problem(problem.expected("`fallback` and a duration such as 500ms beside it"));
            return None;
        };
        for (key, why) in [
            (
                "transport",
                "a connection with `fallback` always begins with WebSocket",
            ),
            (
                "answer",
                "a connection with `fallback` must open, over one transport or the other",
            ),
        ] {
            if let Some(other) = entry(it.entries, key) {
                let problem = Problem::at(
                    other.place.clone(),
                    format!("`{key}` does not go with `fallback`"),
                );
                self.problem(problem.expected(why));
                return None;
            }
        }
        Some(Some(ConnectFallback {
            after: self.duration(node, "fallback")?,
            settles_on: match settles_on {
                None => None,
                Some(node) => Some(self.transport_of(node, "settles-on")?),
            },
        }))
    }

    /// `token-age`, which applies to the token that `as` fetches.
    fn token_age(&mut self, it: &Written<'_>) -> Option<Option<Duration>> {
        let Some(node) = entry(it.entries, "token-age") else {
            return Some(None);
        };
        if entry(it.entries, "as").is_none() {
            let problem = Problem::at(
                node.place.clone(),
                "`token-age` says whose token is meant by `as`",
            );
            self.problem(problem.expected("`as` and the name of a user beside it"));
            return None;
        }
        let seconds = self.number(node, "token-age", "a whole number of seconds")?;
        Some(Some(Duration::from_secs(seconds)))
    }

    fn opening(&mut self, node: Option<&Node>) -> Option<Opening> {
        let Some(node) = node else {
            return Some(Opening::Open);
        };
        match &node.value {
            Yaml::Number(_) => Some(Opening::Refused(Some(self.number(
                node,
                "answer",
                "a status from 400 to 599",
            )?))),
            Yaml::Text(word) => match word.as_str() {
                "open" => Some(Opening::Open),
                "compressed" => Some(Opening::OpenWith(Coding::Deflate)),
                "uncompressed" => Some(Opening::OpenWith(Coding::Plain)),
                "refused" => Some(Opening::Refused(None)),
                "any" => Some(Opening::OpenOrRefused),
                other => {
                    let title = format!("`{other}` is no answer to connect");
                    let known = ["open", "compressed", "uncompressed", "refused", "any"];
                    self.unknown(&node.place, &title, other, &known);
                    None
                }
            },
            _ => self.wrong(
                node,
                "answer",
                "open, compressed, uncompressed, refused, any, or a status such as 403",
            ),
        }
    }
}
