//! `prove` as it is typed.

use std::time::Duration;

use clap::{Args, ValueEnum};

use super::super::units;
use super::{Config, LivePage, Results, Target, TransportArg};
use crate::beam::BeamAddress;
use crate::prove::ExperimentName;

const EXPERIMENT: &str = "Experiment";

/// `prove`
#[derive(Debug, Default, Args)]
pub(in super::super) struct Prove {
    /// The experiments
    #[arg(value_name = "EXPERIMENT", required = true)]
    pub(in super::super) experiments: Vec<ExperimentArg>,
    #[command(flatten)]
    pub(in super::super) target: Target,
    /// Connect over this transport [default: that of the URL; WebSocket on the reference server]
    #[arg(long, value_name = "TRANSPORT", help_heading = EXPERIMENT)]
    pub(in super::super) transport: Option<TransportArg>,
    /// Number of sockets of each experiment, for example 500 or 10k [default: 10k on the reference server, 200 on a
    /// target]
    #[arg(long, value_name = "N", help_heading = EXPERIMENT, value_parser = units::count, allow_negative_numbers = true)]
    pub(in super::super) sockets: Option<u32>,
    /// Time limit of each experiment [default: 90s]
    #[arg(long, value_name = "DUR", help_heading = EXPERIMENT, value_parser = units::duration)]
    pub(in super::super) max_time: Option<Duration>,
    /// How long to wait for each answer before it counts as lost [default: 10s]
    #[arg(long, value_name = "DUR", help_heading = EXPERIMENT, value_parser = units::duration)]
    pub(in super::super) timeout: Option<Duration>,
    /// Process id of a local server, to measure its CPU time, memory, threads and descriptors [default: the server that
    /// this run starts]
    #[arg(long, value_name = "PID", help_heading = EXPERIMENT, value_parser = clap::value_parser!(u32).range(1..), allow_negative_numbers = true)]
    pub(in super::super) server_pid: Option<u32>,
    /// Address of the figures of the server's Erlang VM (schedulers, processes, mailboxes, memory, Ecto pools), for example
    /// 127.0.0.1:9400; examples/beam/phxproof_beam.ex answers there [default: not asked]
    #[arg(long, value_name = "HOST:PORT", help_heading = EXPERIMENT)]
    pub(in super::super) beam: Option<BeamAddress>,
    #[command(flatten)]
    pub(in super::super) page: LivePage,
    /// Make experiments at a target that is not loopback without asking first
    #[arg(long, help_heading = EXPERIMENT)]
    pub(in super::super) yes: bool,
    #[command(flatten)]
    pub(in super::super) results: Results,
    #[command(flatten)]
    pub(in super::super) config: Config,
}

/// An experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum ExperimentArg {
    /// One crashing conversation touches nobody else
    Isolation,
    /// A slow conversation delays nobody else
    Concurrency,
    /// Each message reaches those whom it is for, once, in order
    Delivery,
    /// What was acknowledged is there after a cut, a restart or a kill
    Recovery,
    /// Each list of a room shows who is there
    Presence,
    /// All of them
    All,
}

impl ExperimentArg {
    pub(in super::super) fn meant(self) -> Vec<ExperimentName> {
        vec![match self {
            Self::Isolation => ExperimentName::Isolation,
            Self::Concurrency => ExperimentName::Concurrency,
            Self::Delivery => ExperimentName::Delivery,
            Self::Recovery => ExperimentName::Recovery,
            Self::Presence => ExperimentName::Presence,
            Self::All => return ExperimentName::ALL.to_vec(),
        }]
    }
}
