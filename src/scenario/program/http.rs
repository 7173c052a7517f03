//! The step `http`: a request, the answer that it must get, and the parts of the answer that later steps use.

use regex::Regex;
use scraper::Selector;

use super::{Actor, Pattern};
use crate::scenario::template::{Data, Name, Template};

/// `http`
#[derive(Clone, Debug)]
pub(crate) struct Http {
    /// The user whose cookies go with it. A request without a user carries no cookies.
    pub(crate) by: Option<Actor>,
    pub(crate) method: String,
    pub(crate) path: Template,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) body: HttpBody,
    pub(crate) answer: Option<u16>,
    /// How many redirects are followed at most.
    pub(crate) follow: u8,
    /// Headers that the answer must have.
    pub(crate) answer_headers: Vec<(String, Template)>,
    /// The pattern that the JSON in the body of the answer must match.
    pub(crate) with: Option<Pattern>,
    /// The note about the application if the JSON in the body matches the pattern.
    pub(crate) note: Option<(Pattern, Template)>,
    pub(crate) save: Vec<HttpSave>,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub(crate) enum HttpBody {
    None,
    /// `body`
    Text(Template),
    /// `form`
    Form(Vec<(String, Template)>),
    /// `json`
    Json(Data),
}

/// A part of an answer that a step saves under a name.
#[derive(Clone, Debug)]
pub(crate) struct HttpSave {
    pub(crate) name: Name,
    pub(crate) part: HttpPart,
}

/// A part of an answer.
#[derive(Clone, Debug)]
pub(crate) enum HttpPart {
    /// The whole body as a text.
    Body,
    /// The value at a JSON pointer.
    Pointer(Template),
    /// The first element that a CSS selector matches: an attribute of it, or its text.
    Element {
        selector: Selector,
        /// The selector as written.
        written: String,
        attribute: Option<String>,
    },
    /// The text in the body that the first group of a regular expression matches, or the whole match if it has no group.
    Regex(Regex),
    /// A header, by its name in lower case.
    Header(String),
}

impl Http {
    /// Whether redirects are followed. A step that expects a status from 300 to 399 gets the redirect itself.
    pub(crate) fn follows(&self) -> bool {
        self.follow > 0 && !matches!(self.answer, Some(300..=399))
    }

    /// Its method and its path up to the first placeholder, by which the request is counted.
    pub(crate) fn title(&self) -> String {
        let (path, rest) = self.path.fixed_start();
        format!("{} {path}{}", self.method, if rest { "…" } else { "" })
    }
}
