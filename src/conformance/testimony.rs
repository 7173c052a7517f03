//! What the official client makes of a case that failed.

/// What the official client makes of a case that failed, when it plays the same steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    /// The client with its version: `phoenix.js 1.8.12`.
    pub client: String,
    /// Whether something breaks in it.
    pub kind: TestimonyKind,
    /// What happens in it, or why that is not known, in a sentence whose subject is the client.
    pub told: String,
}

/// Whether something breaks in the official client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TestimonyKind {
    /// A step does not go as written.
    Breaks,
    /// All steps go as written.
    Unnoticed,
    /// The client has no way to play the case.
    NotPlayable,
    /// It was not played to its end.
    Undecided,
}

impl Testimony {
    /// The client and what happens in it, in one line.
    pub fn sentence(&self) -> String {
        format!("{}: {}", self.client, self.told)
    }
}

impl TestimonyKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Breaks, Self::Unnoticed, Self::NotPlayable, Self::Undecided];

    /// The word in `result.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Breaks => "breaks",
            Self::Unnoticed => "unnoticed",
            Self::NotPlayable => "not-playable",
            Self::Undecided => "undecided",
        }
    }
}
