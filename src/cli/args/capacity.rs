//! `capacity` as it is typed.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::super::units;
use super::{Config, Instead, LivePage, Results, Target, TransportArg};
use crate::beam::BeamAddress;
use crate::capacity::Dimension;
use crate::load::Objective;

const SEARCH: &str = "Search";
const TRIALS: &str = "Trials";
const JUDGING: &str = "Judging";

/// `capacity`
#[derive(Debug, Default, Args)]
pub(in super::super) struct Capacity {
    #[command(flatten)]
    pub(in super::super) target: Target,
    /// Connect over this transport [default: that of the URL; WebSocket on the reference server]
    #[arg(long, value_name = "TRANSPORT", help_heading = TRIALS)]
    pub(in super::super) transport: Option<TransportArg>,
    /// The load that grows until the server misses an objective [default: sockets]
    #[arg(long, value_name = "WHAT", help_heading = SEARCH)]
    pub(in super::super) by: Option<ByArg>,
    /// The largest load to try, in units of --by: sockets, joins a second, messages a second, or subscribers [default:
    /// 1M]
    #[arg(long, value_name = "N", help_heading = SEARCH, value_parser = units::count, allow_negative_numbers = true)]
    pub(in super::super) max: Option<u32>,
    /// How close the answer has to be, in percent of the smallest load that misses, for example 2.5% [default: 2.5%]
    #[arg(long, value_name = "PERCENT", help_heading = SEARCH, value_parser = width)]
    pub(in super::super) width: Option<f64>,
    /// Time limit of the search; without an answer by then it is undecided [default: 150s; 10m over long poll]
    #[arg(long, value_name = "DUR", help_heading = SEARCH, value_parser = units::duration)]
    pub(in super::super) max_time: Option<Duration>,
    /// How long each of the last trials lasts; a load is held if two of three such trials hold [default: 3s]
    #[arg(long, value_name = "DUR", help_heading = TRIALS, value_parser = units::duration)]
    pub(in super::super) trial: Option<Duration>,
    /// How long the answer is held at the end [default: 10s]
    #[arg(long, value_name = "DUR", help_heading = TRIALS, value_parser = units::duration)]
    pub(in super::super) soak: Option<Duration>,
    /// Wait between two trials, so that the server forgets the sockets of the last one [default: none; 15s over long
    /// poll, where a server only notices after a while that a client has gone]
    #[arg(long, value_name = "DUR", help_heading = TRIALS, value_parser = units::duration)]
    pub(in super::super) pause: Option<Duration>,
    /// With --by rate: sockets that send [default: 500]
    #[arg(long, value_name = "N", help_heading = TRIALS, value_parser = units::count, allow_negative_numbers = true)]
    pub(in super::super) sockets: Option<u32>,
    /// With --by sockets: pushes a second over all sockets [default: each socket once in 5 seconds, all together at
    /// least 200]; with --by fanout: broadcasts a second [default: 10]
    #[arg(long, value_name = "R", help_heading = TRIALS, value_parser = units::number, allow_negative_numbers = true)]
    pub(in super::super) rate: Option<f64>,
    /// Heartbeat interval of each socket [default: 30s]
    #[arg(long, value_name = "DUR", help_heading = TRIALS, value_parser = units::duration)]
    pub(in super::super) heartbeat: Option<Duration>,
    /// Threads for the sockets, and for the reference server if this run starts it [default: one for each
    /// processor]
    #[arg(long, value_name = "N", help_heading = TRIALS, value_parser = clap::value_parser!(u16).range(1..=256), allow_negative_numbers = true)]
    pub(in super::super) shards: Option<u16>,
    #[command(flatten)]
    pub(in super::super) instead: Instead,
    /// Process id of a local server, to measure its CPU time, memory, threads and descriptors [default: the server that
    /// this run starts]
    #[arg(long, value_name = "PID", help_heading = JUDGING, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub(in super::super) server_pid: Option<u32>,
    /// Address of the figures of the server's Erlang VM (schedulers, processes, mailboxes, memory, Ecto pools), for example
    /// 127.0.0.1:9400; examples/beam/phxproof_beam.ex answers there [default: not asked]
    #[arg(long, value_name = "HOST:PORT", help_heading = JUDGING)]
    pub(in super::super) beam: Option<BeamAddress>,
    /// A limit that must hold, for example 'reply.p99<50ms' or 'errors<1%'; repeatable; `phxproof list figures` has all
    /// names [default: errors<0.1% and, by --by: reply.p99<100ms (sockets, rate), connect.p99<100ms and
    /// join.p99<100ms (joins), broadcast.p99<100ms (fanout)]
    #[arg(long = "objective", value_name = "OBJECTIVE", help_heading = JUDGING)]
    pub(in super::super) objectives: Vec<Objective>,
    #[command(flatten)]
    pub(in super::super) page: LivePage,
    /// Load a target that is not loopback without asking first
    #[arg(long, help_heading = JUDGING)]
    pub(in super::super) yes: bool,
    #[command(flatten)]
    pub(in super::super) results: Results,
    #[command(flatten)]
    pub(in super::super) config: Config,
}

/// The load that grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum ByArg {
    /// Sockets that have joined and push now and then
    Sockets,
    /// Sockets that connect and join, a second
    Joins,
    /// Pushes with a reply, a second
    Rate,
    /// Subscribers of one topic, each of which gets every broadcast
    Fanout,
}

impl ByArg {
    pub(in super::super) const fn meant(self) -> Dimension {
        match self {
            Self::Sockets => Dimension::Sockets,
            Self::Joins => Dimension::Joins,
            Self::Rate => Dimension::Rate,
            Self::Fanout => Dimension::Fanout,
        }
    }
}

/// `2.5%`, as a share.
pub(in super::super) fn width(text: &str) -> Result<f64, String> {
    let expected = || "expected a percentage from 0.1% to 50%, as 2.5%".to_owned();
    let number = units::number(text.strip_suffix('%').unwrap_or(text)).map_err(|_| expected())?;
    if (0.1..=50.0).contains(&number) {
        Ok(number / 100.0)
    } else {
        Err(expected())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_is_a_percentage() {
        assert_eq!((width("2.5%"), width("10")), (Ok(0.025), Ok(0.1)));
        assert!(width("0%").is_err() && width("80%").is_err() && width("narrow").is_err());
    }
}
