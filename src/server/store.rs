//! The annotations, which outlive the process.

/// What a channel asks the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Keep an annotation, durably, before the answer.
    Add(NewAnnotation),
    /// The annotations of a video with an id above `last_seen`, by `at` and then by id.
    After {
        /// The video, as the decimal text of an integer of any size.
        video: String,
        /// Only ids above it.
        last_seen: i64,
    },
}

/// An annotation that has no id yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAnnotation {
    /// The video, as the decimal text of an integer of any size.
    pub video: String,
    /// Who wrote it.
    pub user: String,
    /// What it says.
    pub body: String,
    /// The place in the video in milliseconds, as the decimal text of an integer of any size, not negative.
    pub at: String,
}

/// An annotation that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// Grows, and is never used twice.
    pub id: i64,
    /// See [`NewAnnotation::at`].
    pub at: String,
    /// What it says.
    pub body: String,
    /// Who wrote it.
    pub user: String,
}

/// What the store says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// To [`Request::Add`].
    Added(Annotation),
    /// To [`Request::After`].
    Annotations(Vec<Annotation>),
    /// It could not; the text is for the log.
    Failed(String),
}
