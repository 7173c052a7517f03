//! The network settings of a run that Node has as well.

use std::path::PathBuf;

/// How the server is reached.
#[derive(Clone, Debug, Default)]
pub struct WitnessNetwork {
    /// Whether any certificate is accepted.
    pub insecure: bool,
    /// The authority that is trusted beside those of Node.
    pub cacert: Option<PathBuf>,
}
