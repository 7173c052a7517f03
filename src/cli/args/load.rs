//! `load` as it is typed.

use std::net::IpAddr;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::super::units;
use super::{Config, Results, Target, TransportArg, Watching, json, push};
use crate::beam::BeamAddress;
use crate::load::{Arrivals, Objective, Pacing, PushReply};

const SWARM: &str = "Swarm";
const JUDGING: &str = "Judging";

/// `load`
#[derive(Debug, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags as typed; load.rs makes something better of them"
)]
pub(in super::super) struct Load {
    /// A built-in scenario such as echo (see `phxproof list scenarios`), or a file of your own; several share
    /// sockets and sends by their weights, for example echo=3 rumbl=1; all other settings come from the first
    #[arg(value_name = "SCENARIO[=WEIGHT]", required = true)]
    pub(in super::super) scenarios: Vec<String>,
    #[command(flatten)]
    pub(in super::super) target: Target,
    /// Number of sockets, for example 500, 100k or 1M [default: what the scenario says, else 10]
    #[arg(long, value_name = "N", help_heading = SWARM, value_parser = units::count, allow_negative_numbers = true)]
    pub(in super::super) sockets: Option<u32>,
    /// Time over which the sockets connect, evenly spread [default: as fast as both ends can]
    #[arg(long, value_name = "DUR", help_heading = SWARM, value_parser = units::duration, allow_hyphen_values = true)]
    pub(in super::super) ramp: Option<Duration>,
    /// Sockets that connect each second, for example 100/s; append ,poisson for random intervals
    #[arg(long, value_name = "N/s[,poisson]", help_heading = SWARM, value_parser = arrivals, allow_hyphen_values = true, conflicts_with = "ramp")]
    pub(in super::super) arrivals: Option<Arrivals>,
    /// Duration of the load, after all sockets have joined [default: what the scenario says, else 30s]
    #[arg(long, value_name = "DUR", help_heading = SWARM, value_parser = units::duration, allow_hyphen_values = true)]
    pub(in super::super) duration: Option<Duration>,
    /// Sends a second over all sockets, at intended times (open model); max: each socket sends again when it has
    /// its answer (closed model: it saturates by design, and has no lateness) [default: what the scenario says,
    /// else gentle: each socket sends once in 5 seconds]
    #[arg(long, value_name = "R|max", help_heading = SWARM, value_parser = rate, allow_negative_numbers = true)]
    pub(in super::super) rate: Option<RateArg>,
    #[command(flatten)]
    pub(in super::super) connecting: Connecting,
    /// Process id of a local server, to measure its CPU time, memory, threads and descriptors [default: the server that
    /// this run starts]
    #[arg(long, value_name = "PID", help_heading = JUDGING, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub(in super::super) server_pid: Option<u32>,
    /// Address of the figures of the server's Erlang VM (schedulers, processes, mailboxes, memory, Ecto pools), for example
    /// 127.0.0.1:9400; examples/beam/phxproof_beam.ex answers there [default: not asked]
    #[arg(long, value_name = "HOST:PORT", help_heading = JUDGING)]
    pub(in super::super) beam: Option<BeamAddress>,
    /// A limit that must hold, for example 'reply.p99<50ms', 'errors<1%' or 'sockets.lost<=0'; repeatable. Times
    /// are connect, tls, join, reply, broadcast, heartbeat, rejoin, lateness and waited, each with .min, .mean, .max and
    /// any .pNN; `phxproof list figures` has all names [default: what the scenario says]
    #[arg(long = "objective", value_name = "OBJECTIVE", help_heading = JUDGING)]
    pub(in super::super) objectives: Vec<Objective>,
    /// Stop as soon as the server breaks a promise or an objective is missed by the measurements so far
    #[arg(long, help_heading = JUDGING)]
    pub(in super::super) abort_on_fail: bool,
    /// Add no marks to payloads; without a mark a broadcast cannot be followed to each receiver
    #[arg(long, help_heading = JUDGING)]
    pub(in super::super) no_marks: bool,
    #[command(flatten)]
    pub(in super::super) watching: Watching,
    /// Load a target that is not loopback without asking first
    #[arg(long, help_heading = JUDGING)]
    pub(in super::super) yes: bool,
    #[command(flatten)]
    pub(in super::super) results: Results,
    #[command(flatten)]
    pub(in super::super) config: Config,
}

/// The options for the connections of a swarm, which `load` and `worker` share.
#[derive(Debug, Default, Args)]
pub(in super::super) struct Connecting {
    /// Connect over this transport [default: that of the URL; WebSocket on the reference server]
    #[arg(long, value_name = "TRANSPORT", help_heading = SWARM)]
    pub(in super::super) transport: Option<TransportArg>,
    /// Heartbeat interval of each socket [default: what the scenario says, else 30s]
    #[arg(long, value_name = "DUR", help_heading = SWARM, value_parser = units::duration, allow_hyphen_values = true)]
    pub(in super::super) heartbeat: Option<Duration>,
    /// Threads for the sockets, and for the reference server if this run starts it [default: one for each
    /// processor]
    #[arg(long, value_name = "N", help_heading = SWARM, value_parser = clap::value_parser!(u16).range(..=256), allow_negative_numbers = true)]
    pub(in super::super) shards: Option<u16>,
    /// Local addresses to connect from, separated by commas [default: chosen when ports run out]
    #[arg(long, value_name = "A,B", help_heading = SWARM, value_delimiter = ',')]
    pub(in super::super) source_ip: Vec<IpAddr>,
    #[command(flatten)]
    pub(in super::super) instead: Instead,
}

/// Options that replace parts of the scenario, for servers without its channels.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "A server of your own, without the channels of the scenario")]
pub(in super::super) struct Instead {
    /// Topic of every join
    #[arg(long, value_name = "T")]
    pub(in super::super) topic: Option<String>,
    /// Params of every join [default: those of the scenario]
    #[arg(long, value_name = "JSON", value_parser = json)]
    pub(in super::super) join_params: Option<serde_json::Value>,
    /// Event and payload of every push, for example 'ping={"n": "{{seq}}"}'; {{seq}}, {{sender}} and {{mark}} are
    /// filled in
    #[arg(long, value_name = "EVENT=JSON", value_parser = push)]
    pub(in super::super) push: Option<(String, serde_json::Value)>,
    /// Reply that the push gets; none if its handler returns {:noreply, socket} [default: found out before the run]
    #[arg(long, value_name = "STATUS", requires = "push")]
    pub(in super::super) push_reply: Option<ReplyArg>,
}

/// How a push is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum ReplyArg {
    /// With ok
    Ok,
    /// With error
    Error,
    /// Somehow
    Any,
    /// Not at all
    None,
}

impl ReplyArg {
    pub(in super::super) const fn meant(self) -> PushReply {
        match self {
            Self::Ok => PushReply::Ok,
            Self::Error => PushReply::Error,
            Self::Any => PushReply::Any,
            Self::None => PushReply::None,
        }
    }
}

/// How often something is sent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) enum RateArg {
    /// So often a second.
    PerSecond(f64),
    /// As often as the answers allow.
    Max,
}

/// `500`, `10k` or `max`.
pub(in super::super) fn rate(text: &str) -> Result<RateArg, String> {
    if text == "max" {
        return Ok(RateArg::Max);
    }
    let number = text.strip_suffix("/s").unwrap_or(text);
    units::number(number)
        .map(RateArg::PerSecond)
        .map_err(|_| "expected sends a second, as 500 or 10k, or max".to_owned())
}

/// `100/s` or `100/s,poisson`.
pub(in super::super) fn arrivals(text: &str) -> Result<Arrivals, String> {
    let (rate, pacing) = match text.strip_suffix(",poisson") {
        Some(rate) => (rate, Pacing::Poisson),
        None => (text, Pacing::Even),
    };
    let number = rate.strip_suffix("/s").and_then(|rate| units::number(rate).ok());
    number
        .map(|rate| Arrivals::Rate(rate, pacing))
        .ok_or_else(|| "expected arrivals a second, as 100/s or 100/s,poisson".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_and_arrivals_are_read_as_people_type_them() {
        assert_eq!(rate("1.5k"), Ok(RateArg::PerSecond(1500.0)));
        assert_eq!(rate("7/s"), Ok(RateArg::PerSecond(7.0)));
        assert_eq!(rate("max"), Ok(RateArg::Max));
        assert!(rate("fast").is_err() && rate("-1").is_err());
        assert_eq!(arrivals("2k/s"), Ok(Arrivals::Rate(2000.0, Pacing::Even)));
        assert_eq!(arrivals("9/s,poisson"), Ok(Arrivals::Rate(9.0, Pacing::Poisson)));
        assert!(arrivals("9").is_err() && arrivals("9/s,even").is_err());
    }
}
