//! Reads `http` steps.

use http::HeaderName;
use scraper::Selector;

use super::super::problem::Problem;
use super::super::program::{Actor, Http, HttpBody, HttpPart, HttpSave};
use super::super::verbs::TAKEN;
use super::super::yaml::{Node, Yaml, YamlKey};
use super::{Reader, entry, option_names};

/// How many redirects of a user are followed at most, unless a step says otherwise.
const FOLLOWED: u8 = 5;
/// The most that a step may say.
const MOST_FOLLOWED: u8 = 20;

impl Reader {
    /// `http`, of a user or of nobody.
    pub(super) fn http(
        &mut self,
        by: Option<Actor>,
        value: &Node,
        entries: &[(YamlKey, Node)],
    ) -> Option<Http> {
        const EXPECTED: &str = "a method and a path, such as POST /disconnect/dave";
        let line = self.word(value, "http", EXPECTED)?;
        let Some((method, path)) = line.split_once(' ').filter(|(method, path)| {
            method.chars().all(|c| c.is_ascii_uppercase())
                && (path.starts_with('/') || path.starts_with("{{"))
        }) else {
            self.problem(Problem::at(value.place.clone(), "this is no request").expected(EXPECTED));
            return None;
        };
        let path = self.holes(path, &value.place)?;
        let headers = self.headers(entry(entries, "headers"))?;
        let body = self.http_body(entries)?;
        let answer = match entry(entries, "answer") {
            Some(node) => Some(self.number(node, "answer", "a status from 100 to 599")?),
            None => None,
        };
        let answer_headers = self.headers(entry(entries, "answer-headers"))?;
        let with = match entry(entries, "with") {
            Some(node) => Some(self.pattern(node)?),
            None => None,
        };
        let note = match (entry(entries, "note-when"), entry(entries, "note")) {
            (None, None) => None,
            (Some(when), Some(note)) => Some((self.pattern(when)?, self.template(note, "note")?)),
            (Some(alone), None) | (None, Some(alone)) => {
                let problem = Problem::at(alone.place.clone(), "`note-when` and `note` belong together");
                self.problem(problem.expected("`note-when` with a pattern and `note` with a text"));
                return None;
            }
        };
        Some(Http {
            by,
            method: method.to_owned(),
            path,
            headers,
            body,
            answer,
            follow: match (entry(entries, "follow"), by) {
                (Some(node), _) => self.follow(node)?,
                (None, Some(_)) => FOLLOWED,
                (None, None) => 0,
            },
            answer_headers,
            with,
            note,
            save: self.http_save(entry(entries, "save"))?,
        })
    }

    /// `body`, `form` or `json`
    fn http_body(&mut self, entries: &[(YamlKey, Node)]) -> Option<HttpBody> {
        let said = ["body", "form", "json"].map(|name| entry(entries, name));
        match said {
            [None, None, None] => Some(HttpBody::None),
            [Some(node), None, None] => Some(HttpBody::Text(self.template(node, "body")?)),
            [None, Some(node), None] => {
                let fields = self.map(node, "form", "a map of the fields of a form")?;
                let read = fields
                    .iter()
                    .map(|(key, value)| Some((key.name.clone(), self.template(value, &key.name)?)));
                Some(HttpBody::Form(read.collect::<Option<_>>()?))
            }
            [None, None, Some(node)] => Some(HttpBody::Json(self.data(node)?)),
            [_, _, _] => {
                let second = said.iter().flatten().nth(1)?;
                let title = "a request has one body";
                let problem = Problem::at(second.place.clone(), title);
                self.problem(problem.expected("one of `body`, `form` and `json`"));
                None
            }
        }
    }

    fn follow(&mut self, node: &Node) -> Option<u8> {
        const EXPECTED: &str = "how many redirects are followed at most, from 0 to 20";
        let most = self.number(node, "follow", EXPECTED)?;
        if most > MOST_FOLLOWED {
            let title = format!("{most} redirects are more than {MOST_FOLLOWED}");
            self.problem(Problem::at(node.place.clone(), title).expected(EXPECTED));
            return None;
        }
        Some(most)
    }

    /// `save`: a name for the whole body, or names for parts of the response.
    fn http_save(&mut self, node: Option<&Node>) -> Option<Vec<HttpSave>> {
        const EXPECTED: &str = "a name, or names for parts of the response, such as { id: /id }";
        let Some(node) = node else { return Some(Vec::new()) };
        let Yaml::Map(entries) = &node.value else {
            let name = self.word(node, "save", EXPECTED)?.to_owned();
            return Some(vec![HttpSave {
                name: self.define(&name),
                part: HttpPart::Body,
            }]);
        };
        let parts = entries.iter().map(|(key, value)| {
            let part = self.http_part(value)?;
            let name = self.define(&key.name);
            Some(HttpSave { name, part })
        });
        parts.collect()
    }

    fn http_part(&mut self, node: &Node) -> Option<HttpPart> {
        const EXPECTED: &str = "a JSON pointer such as /id, { css: \"meta[name=csrf-token]\", attribute: content }, \
                                { regex: \"id=([0-9]+)\" } or { header: location }";
        let Yaml::Map(entries) = &node.value else {
            return Some(HttpPart::Pointer(self.pointer(node)?));
        };
        self.only(entries, "a part of a response", &option_names(TAKEN));
        let attribute = match entry(entries, "attribute") {
            Some(node) => Some(
                self.word(node, "attribute", "the name of an attribute")?
                    .to_owned(),
            ),
            None => None,
        };
        let taken = ["css", "regex", "header"].map(|name| entry(entries, name));
        match (taken, attribute) {
            ([Some(css), None, None], attribute) => self.element(css, attribute),
            ([None, Some(regex), None], None) => Some(HttpPart::Regex(self.regex(regex, "regex")?)),
            ([None, None, Some(header)], None) => self.header_name(header),
            _ => self.wrong(node, "a part of a response", EXPECTED),
        }
    }

    fn element(&mut self, node: &Node, attribute: Option<String>) -> Option<HttpPart> {
        let written = self.word(node, "css", "a CSS selector")?;
        match Selector::parse(written) {
            Ok(selector) => Some(HttpPart::Element {
                selector,
                written: written.to_owned(),
                attribute,
            }),
            Err(error) => {
                let problem = Problem::at(node.place.clone(), format!("this is no CSS selector: {error}"));
                self.problem(problem.expected("a selector such as meta[name=csrf-token] or #player"));
                None
            }
        }
    }

    fn header_name(&mut self, node: &Node) -> Option<HttpPart> {
        const EXPECTED: &str = "the name of a header, such as location";
        let name = self.word(node, "header", EXPECTED)?;
        match name.parse::<HeaderName>() {
            Ok(name) => Some(HttpPart::Header(name.as_str().to_owned())),
            Err(_) => self.wrong(node, "header", EXPECTED),
        }
    }
}
