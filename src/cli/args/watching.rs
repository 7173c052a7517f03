//! The flags by which a run is watched while it goes on.

use clap::Args;

use crate::live::LiveAddress;

/// How a run is watched.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "While the run goes on")]
pub(in super::super) struct Watching {
    /// Serve the report as a page while the run goes on, for example --live=9000 or --live=0.0.0.0:9000 [default
    /// address: a free port of 127.0.0.1, printed at the start]
    #[arg(long, value_name = "ADDR", num_args = 0..=1, require_equals = true, default_missing_value = "127.0.0.1:0")]
    pub(in super::super) live: Option<LiveAddress>,
    /// Serve the figures of the run for Prometheus at /metrics, for example --metrics=9464 [default address: that of
    /// --live, else a free port of 127.0.0.1, printed at the start]
    #[arg(long, value_name = "ADDR", num_args = 0..=1, require_equals = true)]
    pub(in super::super) metrics: Option<Option<LiveAddress>>,
}
