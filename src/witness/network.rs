//! How phoenix.js reaches the server: what Node can be told of the settings of a run.

use std::path::PathBuf;

/// How the server is reached.
#[derive(Clone, Debug, Default)]
pub struct WitnessNetwork {
    /// Whether any certificate is accepted.
    pub insecure: bool,
    /// The authority that is trusted beside those of Node.
    pub cacert: Option<PathBuf>,
}
