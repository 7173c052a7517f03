//! `fuzz` and `diff` as they are typed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::super::units;
use super::target::{header, pair};
use super::{Config, Network, Results, Target, TransportArg};
use crate::fuzz::Focus;

const CONVERSATIONS: &str = "Conversations";

/// `fuzz`
#[derive(Debug, Default, Args)]
pub(in super::super) struct Fuzz {
    #[command(flatten)]
    pub(in super::super) target: Target,
    /// Compare the server with this Phoenix version (see `phxproof list profiles`); auto finds the version that it
    /// behaves like [default: auto on a target]
    #[arg(long, value_name = "NAME", help_heading = CONVERSATIONS)]
    pub(in super::super) profile: Option<String>,
    #[command(flatten)]
    pub(in super::super) conversing: Conversing,
}

/// `diff`
#[derive(Debug, Args)]
pub(in super::super) struct Diff {
    /// Server A: the URL of its Phoenix socket, the name of a target in phxproof.toml, or the name of a profile (see
    /// `phxproof list profiles`) for the reference server behaving as that version
    #[arg(value_name = "URL-A")]
    pub(in super::super) a: String,
    /// Server B, in the same way
    #[arg(value_name = "URL-B")]
    pub(in super::super) b: String,
    /// Wait up to this long for both to start, for example 30s [default: they must be there]
    #[arg(long, value_name = "DUR", value_parser = units::duration, help_heading = "Target")]
    pub(in super::super) wait_for: Option<Duration>,
    /// Connect param to send to both; repeatable
    #[arg(long = "param", value_name = "K=V", value_parser = pair, help_heading = "Target")]
    pub(in super::super) params: Vec<(String, String)>,
    /// Request header to send to both; repeatable
    #[arg(long = "header", value_name = "K: V", value_parser = header, help_heading = "Target")]
    pub(in super::super) headers: Vec<(String, String)>,
    #[command(flatten)]
    pub(in super::super) network: Network,
    #[command(flatten)]
    pub(in super::super) conversing: Conversing,
}

/// The amount and the kind of conversations.
#[derive(Debug, Default, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags as typed")]
pub(in super::super) struct Conversing {
    /// Converse over this transport [default: that of the URL; WebSocket on the reference server]
    #[arg(long, value_name = "TRANSPORT", help_heading = CONVERSATIONS)]
    pub(in super::super) transport: Option<TransportArg>,
    /// How many conversations to make [default: 10000]
    #[arg(long, value_name = "N", help_heading = CONVERSATIONS, value_parser = units::count, conflicts_with = "duration", allow_negative_numbers = true)]
    pub(in super::super) cases: Option<u32>,
    /// How long to generate conversations; shrinking failures takes at most as long again
    #[arg(long = "for", id = "duration", value_name = "DUR", help_heading = CONVERSATIONS, value_parser = units::duration)]
    pub(in super::super) duration: Option<Duration>,
    /// The main subject of conversations [default: all]
    #[arg(long, value_name = "WHAT", help_heading = CONVERSATIONS)]
    pub(in super::super) focus: Option<FocusArg>,
    /// End at the first failure, after it was shrunk
    #[arg(long, help_heading = CONVERSATIONS)]
    pub(in super::super) fail_fast: bool,
    /// Write each failure into this folder, as a scenario with its fixture [default: failures/ in the folder of the
    /// results]
    #[arg(long, value_name = "DIR", help_heading = CONVERSATIONS)]
    pub(in super::super) save: Option<PathBuf>,
    /// How long to wait for each answer [default: 1s]
    #[arg(long, value_name = "DUR", help_heading = CONVERSATIONS, value_parser = units::duration)]
    pub(in super::super) timeout: Option<Duration>,
    /// Fuzz a target that is not loopback without asking first
    #[arg(long, help_heading = CONVERSATIONS)]
    pub(in super::super) yes: bool,
    #[command(flatten)]
    pub(in super::super) results: Results,
    #[command(flatten)]
    pub(in super::super) config: Config,
}

/// The main subject of conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum FocusArg {
    /// Frames and messages that no client library sends
    Frames,
    /// Joins, leaves, refs and topics that do not exist
    Protocol,
    /// The events of the lab channel
    Lab,
    /// Presences and annotations
    Rumbl,
    /// All of it
    All,
}

impl FocusArg {
    pub(in super::super) const fn meant(self) -> Focus {
        match self {
            Self::Frames => Focus::Frames,
            Self::Protocol => Focus::Protocol,
            Self::Lab => Focus::Lab,
            Self::Rumbl => Focus::Rumbl,
            Self::All => Focus::All,
        }
    }
}
