//! `record` as it is typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::super::units;
use super::{Config, Network};

const RECORDING: &str = "Recording";

/// `record`
#[derive(Debug, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags as typed; record.rs makes enums of them"
)]
pub(in super::super) struct Record {
    /// Port to listen on; 0 picks a free one
    #[arg(long, value_name = "PORT", help_heading = RECORDING, value_parser = units::port, allow_negative_numbers = true)]
    pub(in super::super) listen: u16,
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS", help_heading = RECORDING)]
    pub(in super::super) host: Option<String>,
    /// URL of the Phoenix socket to pass everything on to, for example ws://127.0.0.1:4000/socket, or the name of a
    /// target in phxproof.toml
    #[arg(long, value_name = "URL", help_heading = RECORDING)]
    pub(in super::super) target: Option<String>,
    /// Scenario file to write, for example talk.yaml; the fixture is written beside it, as talk.snap
    #[arg(long, value_name = "FILE", help_heading = RECORDING)]
    pub(in super::super) save: PathBuf,
    /// Overwrite the scenario and its fixture
    #[arg(long, help_heading = RECORDING)]
    pub(in super::super) force: bool,
    /// End the recording after this time, for example 60s [default: at ctrl-c or SIGTERM]
    #[arg(long = "for", value_name = "DUR", help_heading = RECORDING, value_parser = units::duration)]
    pub(in super::super) lasts: Option<Duration>,
    /// Play the scenario against the target once more at the end, and leave out of the comparison what the server
    /// says differently then
    #[arg(long, help_heading = RECORDING)]
    pub(in super::super) twice: bool,
    /// Keep pauses of clients that are at least this long, for example 2s [default: none are kept; what the server
    /// sends late is awaited in any case]
    #[arg(long, value_name = "DUR", help_heading = RECORDING, value_parser = units::duration)]
    pub(in super::super) pauses: Option<Duration>,
    #[command(flatten)]
    pub(in super::super) network: Network,
    #[command(flatten)]
    pub(in super::super) config: Config,
}
