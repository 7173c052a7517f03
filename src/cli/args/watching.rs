//! The flags by which a run is watched while it goes on.

use clap::Args;

use crate::live::LiveAddress;

const WATCHING: &str = "While the run goes on";

/// The page of a run.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(in super::super) struct LivePage {
    /// Serve the report as a page while the run goes on, for example --live=9000 or --live=0.0.0.0:9000 [default
    /// address: a free port of 127.0.0.1, printed at the start]
    #[arg(long, value_name = "ADDR", help_heading = WATCHING, num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:0")]
    pub(in super::super) live: Option<LiveAddress>,
}

/// The page and the metrics of a run.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(in super::super) struct Watching {
    #[command(flatten)]
    pub(in super::super) page: LivePage,
    /// Serve the figures of the run for Prometheus at /metrics, for example --metrics=9464 [default address: that of
    /// --live, else a free port of 127.0.0.1, printed at the start]
    #[arg(long, value_name = "ADDR", help_heading = WATCHING, num_args = 0..=1, require_equals = true)]
    pub(in super::super) metrics: Option<Option<LiveAddress>>,
}

impl From<LivePage> for Watching {
    fn from(page: LivePage) -> Self {
        Self { page, metrics: None }
    }
}
