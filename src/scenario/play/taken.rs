//! Takes parts out of the answer to a request, and shows pages in errors.

use scraper::{Html, Selector};
use serde_json::Value;

use super::failure::{FailureKind, Wrong};
use crate::scenario::pattern::brief;
use crate::scenario::program::HttpPart;
use crate::scenario::shorten;
use crate::scenario::template::Values;
use crate::transport::Response;

/// An answer whose body is read once for all parts.
pub(super) struct AnswerBody<'a> {
    response: &'a Response,
    text: &'a str,
    json: Option<&'a Value>,
    page: Option<Html>,
}

impl<'a> AnswerBody<'a> {
    pub(super) fn new(response: &'a Response, text: &'a str, json: Option<&'a Value>) -> Self {
        Self {
            response,
            text,
            json,
            page: None,
        }
    }

    /// A part of the answer.
    ///
    /// # Errors
    /// If it is not there.
    pub(super) fn take(&mut self, part: &HttpPart, values: &Values) -> Result<Value, Wrong> {
        match part {
            HttpPart::Body => Ok(self.text.into()),
            HttpPart::Pointer(pointer) => {
                let pointer = pointer.fill(values);
                let found = self.json.and_then(|json| json.pointer(&pointer));
                found.cloned().ok_or_else(|| {
                    let actual = self.json.map_or_else(|| self.shown(), brief);
                    let expected = format!("a value at {pointer}");
                    missing(format!("there is nothing at {pointer} to save"), expected, actual)
                })
            }
            HttpPart::Element {
                selector,
                written,
                attribute,
            } => self.element(selector, written, attribute.as_deref()),
            HttpPart::Regex(regex) => {
                let found = regex.captures(self.text);
                let found = found.and_then(|found| found.get(1).or_else(|| found.get(0)));
                found.map(|found| found.as_str().into()).ok_or_else(|| {
                    let expected = format!("a body with {regex}");
                    missing(
                        format!("{regex} matches nothing in the body"),
                        expected,
                        self.shown(),
                    )
                })
            }
            HttpPart::Header(name) => self.response.header(name).map(Value::from).ok_or_else(|| {
                let names: Vec<&str> = self.response.headers.iter().map(|it| it.0.as_str()).collect();
                let actual = format!("{}, with the headers {}", self.response.status, names.join(", "));
                missing(
                    format!("the answer has no header {name}"),
                    format!("a header {name}"),
                    actual,
                )
            }),
        }
    }

    fn element(
        &mut self,
        selector: &Selector,
        written: &str,
        attribute: Option<&str>,
    ) -> Result<Value, Wrong> {
        let page = self.page.get_or_insert_with(|| Html::parse_document(self.text));
        let Some(element) = page.select(selector).next() else {
            let what = format!("the selector {written} matches nothing");
            let actual = show(self.response, self.text);
            return Err(missing(what, format!("an element {written}"), actual));
        };
        let Some(name) = attribute else {
            let text: String = element.text().collect();
            return Ok(text.trim().into());
        };
        element.attr(name).map(Value::from).ok_or_else(|| {
            let has: Vec<&str> = element.value().attrs().map(|(name, _)| name).collect();
            let what = format!("the element {written} has no attribute {name}");
            missing(
                what,
                format!("an attribute {name}"),
                format!("the attributes {}", has.join(", ")),
            )
        })
    }

    /// The status and the body as errors show them.
    fn shown(&self) -> String {
        show(self.response, self.text)
    }
}

fn missing(what: String, expected: String, actual: String) -> Wrong {
    Wrong::server(what, expected, actual).kind(FailureKind::WrongContent)
}

/// An answer in one line: its status, where it leads, and its body; of a page only the text that a browser shows.
pub(super) fn show(response: &Response, body: &str) -> String {
    let mut shown = response.status.to_string();
    if let Some(location) = response.header("location") {
        shown.push_str(" to ");
        shown.push_str(location);
    }
    let kind = response.header("content-type").unwrap_or_default();
    let is_page = kind.starts_with("text/html") || body.trim_start().starts_with('<');
    let body = if is_page {
        text_of_page(body)
    } else {
        body.to_owned()
    };
    if !body.is_empty() {
        shown.push(' ');
        shown.push_str(&body);
    }
    shorten(&shown)
}

/// The title and the text of a page, without scripts and styles, in one line.
fn text_of_page(page: &str) -> String {
    let page = Html::parse_document(page);
    let mut words: Vec<String> = Vec::new();
    for node in page.tree.nodes() {
        let Some(text) = node.value().as_text() else {
            continue;
        };
        let is_hidden = |name: &str| matches!(name, "script" | "style" | "template" | "noscript");
        let mut around = node.ancestors().filter_map(|it| it.value().as_element());
        if !around.any(|element| is_hidden(element.name())) {
            words.extend(text.split_whitespace().map(str::to_owned));
        }
    }
    words.join(" ")
}
