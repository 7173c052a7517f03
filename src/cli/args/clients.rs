//! The flags of `serve` that judge clients.

use std::time::Duration;

use clap::Args;

use super::units;

/// How clients are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Judging clients")]
pub(in crate::cli) struct JudgeClients {
    /// Judge clients instead of serving them: lead each WebSocket client that connects through situations and say
    /// which promise of a client it broke; see `phxproof list client-rules`. Exit codes: 0 all held, 1 a client
    /// broke a promise, 2 no client was led through all situations, or one was not
    #[arg(long)]
    pub(in crate::cli) judge: bool,
    /// With --judge: how long a client may take to rejoin a topic; the other waits are multiples of it, except for
    /// the 60s within which a client must send a heartbeat and the 30s within which it must give up a join [default:
    /// 15s]
    #[arg(long, value_name = "DUR", value_parser = units::duration)]
    pub(in crate::cli) timeout: Option<Duration>,
}
