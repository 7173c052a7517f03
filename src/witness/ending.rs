//! The reasons why phoenix.js does not play a scenario to its end.

/// Why a replay ended before its last step.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReplayEnd {
    /// A step does not go as written: what the user of phoenix.js sees.
    Breaks(String),
    /// phoenix.js has no way to play a step.
    NotPlayable(String),
    /// Nothing is known, as what is needed beside phoenix.js does not work.
    Undecided(String),
}

impl ReplayEnd {
    /// The Node process failed.
    #[expect(clippy::needless_pass_by_value, reason = "it is called with errors only")]
    pub(super) fn node(error: std::io::Error) -> Self {
        Self::Undecided(format!("the Node process failed: {error}"))
    }
}
