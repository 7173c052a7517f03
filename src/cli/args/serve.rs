//! The command `serve` as it is typed.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;

use super::super::units;
use super::{Config, JudgeClients};

const SERVED: &str = "\
Served:
  /socket, /fast_socket, /strict_socket  the channels lab:*, presence:* and videos:*
  /compressed_socket                     the same, with permessage-deflate
  /own_socket                            the same, and lets in only with --param auth=letmein, not by tokens
  /token/NAME                            a token that /socket lets in as NAME (?age=SECONDS: old)
  /disconnect/NAME                       by POST: closes the connections of NAME";

/// `serve`
#[derive(Debug, Default, Args)]
#[command(after_help = SERVED)]
pub(in super::super) struct Serve {
    /// Port; 0 picks a free one [default: 4000]
    #[arg(long, value_name = "N", value_parser = units::port, allow_negative_numbers = true)]
    pub(in super::super) port: Option<u16>,
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    pub(in super::super) host: Option<String>,
    /// Keep the annotations in this SQLite file [default: in memory]
    #[arg(long, value_name = "FILE")]
    pub(in super::super) store: Option<PathBuf>,
    /// Behave as this Phoenix version; see `phxproof list profiles` [default: phoenix-1.8.12-bandit]
    #[arg(long, value_name = "NAME")]
    pub(in super::super) profile: Option<String>,
    /// Break one promise on purpose; see `phxproof list faults`; repeatable
    #[arg(long = "fault", value_name = "NAME[=VALUE]")]
    pub(in super::super) faults: Vec<String>,
    /// One of N deliveries goes wrong, for faults of deliveries; how many did is printed at the end [default: 7]
    #[arg(long, value_name = "N")]
    pub(in super::super) one_in: Option<NonZeroU32>,
    /// Vary at random what Phoenix leaves open, for example the order of presence_state and presence_diff, and
    /// print at the end how often each happened
    #[arg(long)]
    pub(in super::super) chance: bool,
    /// Seed of all decisions of --chance [default: a new one, which is printed]
    #[arg(long, value_name = "N")]
    pub(in super::super) seed: Option<u64>,
    /// Threads [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(in super::super) shards: Option<u16>,
    #[command(flatten)]
    pub(in super::super) tls: ServeTls,
    #[command(flatten)]
    pub(in super::super) clients: JudgeClients,
    #[command(flatten)]
    pub(in super::super) config: Config,
}

/// The TLS of `serve`.
#[derive(Debug, Default, Args)]
pub(in super::super) struct ServeTls {
    /// Speak TLS, with an authority made for this run; its file is printed, and removed at the end
    #[arg(long, conflicts_with_all = ["cert", "key"])]
    pub(in super::super) tls: bool,
    /// Speak TLS with this certificate (PEM)
    #[arg(long = "tls-cert", value_name = "FILE")]
    pub(in super::super) cert: Option<PathBuf>,
    /// Private key of the certificate (PEM)
    #[arg(long = "tls-key", value_name = "FILE")]
    pub(in super::super) key: Option<PathBuf>,
}
