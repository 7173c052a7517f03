//! The step `http`: a request outside of any connection, and what its answer must look like.

use super::{Pattern, Save};
use crate::scenario::template::{Name, Template};

/// `http`
#[derive(Clone, Debug)]
pub(crate) struct Http {
    pub(crate) method: String,
    pub(crate) path: Template,
    pub(crate) headers: Vec<(String, Template)>,
    pub(crate) body: Option<Template>,
    pub(crate) answer: Option<u16>,
    /// Headers that the answer must have.
    pub(crate) answer_headers: Vec<(String, Template)>,
    /// The pattern that the JSON in the body of the answer must match.
    pub(crate) with: Option<Pattern>,
    /// The note about the application if the JSON in the body matches the pattern.
    pub(crate) note: Option<(Pattern, Template)>,
    pub(crate) save: HttpSave,
}

/// The part of an answer that a step saves.
#[derive(Clone, Debug)]
pub(crate) enum HttpSave {
    Nothing,
    /// The whole body as a text.
    Body(Name),
    /// Parts of the JSON in the body.
    Parts(Vec<Save>),
}
