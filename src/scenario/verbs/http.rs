//! The options of `http`.

use super::{Kind, Opt, opt};

/// The options of `http`, with and without a user.
pub(super) const HTTP: &[Opt] = &[
    opt("headers", Kind::Texts, "request headers"),
    opt("body", Kind::Text, "the body"),
    opt(
        "form",
        Kind::Texts,
        "the fields of a form, sent as a browser sends them (application/x-www-form-urlencoded)",
    ),
    opt("json", Kind::Json, "a JSON value, sent as application/json"),
    opt(
        "answer",
        Kind::Number,
        "the status that must come; if left out, any below 400 in a request of a user, and any in one without an actor",
    ),
    opt(
        "follow",
        Kind::Number,
        "how many redirects are followed at most, up to 20; if left out, 5 in a request of a user, and 0 in one without an actor; none if `answer` is a status from 300 to 399",
    ),
    opt(
        "answer-headers",
        Kind::Texts,
        "headers that the response must have, compared as HTTP does: lists by members, media types without blanks",
    ),
    opt(
        "with",
        Kind::Pattern,
        "the pattern that the JSON in the body of the response must match",
    ),
    opt(
        "note-when",
        Kind::Pattern,
        "a pattern; if the JSON in the body matches it, `check` prints `note`, and the step passes either way",
    ),
    opt(
        "note",
        Kind::Text,
        "the text that `check` prints if the body matches `note-when`",
    ),
    opt(
        "save",
        Kind::HttpSave,
        "a name for the body of the response, or names for parts of the response, see below",
    ),
];

/// The keys of a part of a response that `save` of `http` takes.
pub(crate) const TAKEN: &[Opt] = &[
    opt(
        "css",
        Kind::Text,
        "the first element of the page that this CSS selector matches: its text, without the blanks around it",
    ),
    opt(
        "attribute",
        Kind::Text,
        "beside `css`: this attribute of the element, in the place of its text",
    ),
    opt(
        "regex",
        Kind::Text,
        "the text in the body that the first group of this regular expression matches, or the whole match if it has no group",
    ),
    opt("header", Kind::Text, "this header of the response"),
];
