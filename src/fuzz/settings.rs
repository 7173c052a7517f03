//! The settings of a run, and the reasons why it cannot be made.

use std::time::Duration;

use super::generate::Focus;
use crate::profile::Profile;
use crate::scenario::ScenarioError;
use crate::transport::Endpoint;

/// The settings of a run.
#[derive(Clone, Debug)]
pub(crate) struct FuzzSettings {
    pub(crate) endpoint: Endpoint,
    /// The second server, if two are compared with each other.
    pub(crate) other: Option<Endpoint>,
    /// The version that the server is held to; found out if left open.
    pub(crate) profile: Option<Profile>,
    pub(crate) seed: u64,
    /// The command line that generates the same conversations.
    pub(crate) command_line: String,
    pub(crate) bound: Bound,
    /// End at the first failure, after it was shrunk.
    pub(crate) fail_fast: bool,
    pub(crate) focus: Focus,
    /// How long each answer may take.
    pub(crate) timeout: Duration,
    /// How many threads play.
    pub(crate) threads: usize,
}

/// The amount of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// After so many.
    Cases(u64),
    /// After this time.
    Time(Duration),
}

/// The reason why a run could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FuzzError {
    #[error("{target} lets no client in: {why}")]
    NoEntrance { target: String, why: String },
    #[error("a scenario that this tool wrote cannot be read: {0}")]
    Scenario(#[from] ScenarioError),
    #[error("cannot start a thread: {0}")]
    Thread(std::io::Error),
}
