//! The command line as it is typed. What it means is up to the file of each command; nothing below `cli/` sees a
//! type of this module.

mod capacity;
mod clients;
mod fuzz;
mod init;
mod load;
mod past;
mod prove;
mod record;
mod serve;
mod target;
mod watching;
mod worker;

pub(super) use capacity::{ByArg, Capacity, width};
pub(super) use clients::JudgeClients;
pub(super) use fuzz::{Conversing, Diff, FocusArg, Fuzz};
pub(super) use init::Init;
pub(super) use load::{Connecting, Instead, Load, RateArg, ReplyArg, arrivals, rate};
pub(super) use past::{Compare, CompareFormat, OutputArg, Report};
pub(super) use prove::Prove;
pub(super) use record::Record;
pub(super) use serve::{Serve, ServeTls};
pub(super) use target::{CompressArg, Network, Target, TransportArg, VsnArg};
pub(super) use watching::{LivePage, Watching};
pub(super) use worker::Worker;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use crate::conformance::KnownDeviation;
use crate::report::Detail;

use super::units;

const RUN: &str = "Run";
const FIXTURES: &str = "Fixtures";

/// Proves what a server that speaks the Phoenix Channels protocol promises
#[derive(Debug, Parser)]
#[command(name = "phxproof", version, propagate_version = false, max_term_width = 100)]
#[command(
    after_help = "Exit codes: 0 all held, 1 the server fell short, 2 undecided or nothing judged, 64 wrong usage."
)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) look: Look,
}

/// How much is said, and how it looks.
#[derive(Clone, Copy, Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct Look {
    /// Print only problems and the last line
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Print more details; on stderr a line for each action
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub(super) verbose: u8,
    /// When to use colours [default: auto: on a terminal, unless NO_COLOR is set]
    #[arg(long, global = true, value_name = "WHEN")]
    pub(super) color: Option<ColorArg>,
}

impl Look {
    /// How much the summary says.
    pub(super) const fn detail(self) -> Detail {
        match (self.quiet, self.verbose) {
            (true, _) => Detail::Quiet,
            (false, 0) => Detail::Usual,
            (false, _) => Detail::All,
        }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    Auto,
    Always,
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Replays scenarios against a server and compares its answers with what Phoenix does
    Check(Box<Check>),
    /// Runs a scenario on many simulated sockets and measures how the server responds
    Load(Box<Load>),
    /// Searches for the most that a server holds within objectives
    Capacity(Box<Capacity>),
    /// Makes experiments that prove isolation, concurrency, delivery, presence and recovery
    Prove(Box<Prove>),
    /// Plays generated conversations and compares the answers with a model of Phoenix
    Fuzz(Box<Fuzz>),
    /// Plays the same generated conversations at two servers and compares the answers
    Diff(Box<Diff>),
    /// Plays sockets as a worker of a Locust master, which orders how many; or writes the locustfile of the master
    Worker(Box<Worker>),
    /// Lists cases, rules, faults, profiles, scenarios or figures
    List(List),
    /// Prints a built-in scenario, to copy and change
    Show(Show),
    /// Prints the JSON Schema of scenario files, for editors
    Schema,
    /// Explains a rule or a case: what it promises, for which versions, and its source
    Explain(Explain),
    /// Runs the reference server until SIGTERM or ctrl-c
    Serve(Serve),
    /// Writes commented settings, a first scenario and a CI workflow into the current folder
    Init(Init),
    /// Renders the reports of an earlier run again, or compares several runs case by case
    Report(Report),
    /// Compares the latencies of two runs of `load`, with confidence
    Compare(Compare),
    /// Passes clients on to a server, and writes what is said as a scenario with its fixture
    Record(Box<Record>),
    /// Prints shell completions
    Completions(Completions),
}

/// Settings from a file.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct Config {
    /// Settings file; flags override it [default: phxproof.toml in the current folder, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
}

/// `check`
#[derive(Debug, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "flags as typed; check.rs makes enums of them"
)]
pub(super) struct Check {
    /// Cases to run: ids, globs such as 'join/*', or your own scenario files [default: all built-in cases]
    #[arg(value_name = "ID-GLOB or FILE")]
    pub(super) cases: Vec<String>,
    /// Skip these cases; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    /// Run only these levels, separated by commas: wire, room, lab, presence, rumbl [default: all that the target
    /// offers]
    #[arg(long, value_name = "LEVELS", value_delimiter = ',')]
    pub(super) level: Vec<LevelArg>,
    #[command(flatten)]
    pub(super) target: Target,
    #[command(flatten)]
    pub(super) room: Room,
    #[command(flatten)]
    pub(super) judging: Judging,
    /// Play the cases over this transport [default: that of the URL; both on the reference server]
    #[arg(long, value_name = "TRANSPORT", help_heading = RUN)]
    pub(super) transport: Option<TransportArg>,
    /// How many cases run at the same time [default: 16, or 8 with --safe]
    #[arg(long, value_name = "N", help_heading = RUN, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(super) jobs: Option<u16>,
    /// How long to wait for each answer, on top of the time that the case asks the server to sleep, for example
    /// 500ms; longer on a slow line [default: 5s]
    #[arg(long, value_name = "DUR", help_heading = RUN, value_parser = units::duration)]
    pub(super) timeout: Option<Duration>,
    /// Time limit of the whole run; cases that have not begun by then are reported as not-run [default: 60s and 200
    /// round trips to the target, at most 6m]
    #[arg(long, value_name = "DUR", help_heading = RUN, value_parser = units::duration)]
    pub(super) max_time: Option<Duration>,
    /// Measure idle time-outs after the cases: how long a connection may be silent before the server, or something in
    /// between, cuts it; takes up to 150s, or until --max-time
    #[arg(long, help_heading = RUN)]
    pub(super) idle: bool,
    /// Replay each failed case with phoenix.js, the official client, and tell what breaks in it; needs Node, and the
    /// npm package `phoenix`, which is looked for from FOLDER as Node does, and in its assets and deps [default
    /// value: the working directory]
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, require_equals = true, default_missing_value = ".", help_heading = RUN)]
    pub(super) witness: Option<PathBuf>,
    /// Stop at the first failure
    #[arg(long, help_heading = RUN)]
    pub(super) fail_fast: bool,
    /// How many times to retry a failed case; a case that passes on a retry is reported as flaky [default: 0]
    #[arg(long, value_name = "N", help_heading = RUN, value_parser = clap::value_parser!(u32).range(0..=100))]
    pub(super) retries: Option<u32>,
    /// Run each case this many times, or until it does not pass; the time limit of the run grows with it [default:
    /// 1]
    #[arg(long, value_name = "N", help_heading = RUN, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(super) repeat: Option<u32>,
    /// Skip cases that could disturb a server that others use [default: if the target is not loopback]
    #[arg(long, help_heading = RUN, overrides_with = "no_safe")]
    pub(super) safe: bool,
    /// Run all cases, even if the target is not loopback
    #[arg(long, help_heading = RUN, overrides_with = "safe")]
    pub(super) no_safe: bool,
    /// Write the answers of the server as pending fixtures, for review: missing ones, or all that differ
    #[arg(long, help_heading = FIXTURES, value_name = "WHICH")]
    pub(super) update: Option<UpdateArg>,
    /// Accept the pending fixtures of the chosen cases and run nothing
    #[arg(long, help_heading = FIXTURES, conflicts_with = "update")]
    pub(super) accept: bool,
    /// Format of the output [default: text]
    #[arg(long, value_name = "FORMAT", help_heading = "Results")]
    pub(super) format: Option<OutputArg>,
    #[command(flatten)]
    pub(super) results: Results,
    #[command(flatten)]
    pub(super) config: Config,
    /// Known deviations; only a settings file has them.
    #[arg(skip)]
    pub(super) known: Vec<KnownDeviation>,
}

/// Where results go, and how a run can be repeated.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Results")]
pub(super) struct Results {
    /// Folder for the results [default: reports/<command>-<UTC time>/]
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Seed of all random choices [default: a new one, which is printed and stored]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
}

/// A topic of the application under test, for level room.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Level room: a topic of your own application")]
pub(super) struct Room {
    /// A topic that may be joined
    #[arg(long, value_name = "T")]
    pub(super) topic: Option<String>,
    /// What it is joined with [default: {}]
    #[arg(long, value_name = "JSON", value_parser = json)]
    pub(super) join_params: Option<serde_json::Value>,
    /// A second topic that may be joined
    #[arg(long, value_name = "T")]
    pub(super) other_topic: Option<String>,
    /// What the second topic is joined with [default: what the first is joined with]
    #[arg(long, value_name = "JSON", value_parser = json)]
    pub(super) other_join_params: Option<serde_json::Value>,
    /// A push that the channel replies to, for example 'ping={}'
    #[arg(long, value_name = "EVENT=JSON", value_parser = push)]
    pub(super) push: Option<(String, serde_json::Value)>,
    /// A topic whose join is refused [default: an invented topic, whose join may be accepted or refused]
    #[arg(long, value_name = "T")]
    pub(super) unknown_topic: Option<String>,
}

/// What the server is held to.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Judging")]
pub(super) struct Judging {
    /// Compare the server exactly with this Phoenix version (see `phxproof list profiles`); auto finds the version
    /// that it behaves like [default: auto for a target with the lab channel; other targets are held to what
    /// clients survive]
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Treat non-strict verdicts as failures
    #[arg(long)]
    pub(super) strict: bool,
}

/// A level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum LevelArg {
    /// A mounted Phoenix socket
    Wire,
    /// One topic that may be joined
    Room,
    /// The lab channel
    Lab,
    /// The presence channel
    Presence,
    /// The videos channel
    Rumbl,
}

/// Which fixtures to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum UpdateArg {
    /// Only cases without a fixture
    Missing,
    /// Also cases whose answers differ from their fixture
    All,
}

/// `list`
#[derive(Debug, Args)]
pub(super) struct List {
    /// What to list
    pub(super) what: Listed,
    /// text: aligned columns; json: an array of objects [default: text]
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<FormatArg>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Listed {
    /// Cases of `check`
    Cases,
    /// Promises of Phoenix Channels that a server keeps
    Rules,
    /// Promises of Phoenix Channels that a client keeps
    ClientRules,
    /// Faults of `serve --fault`
    Faults,
    /// Phoenix versions that a server can be compared with
    Profiles,
    /// Scenarios of `load` and `show`
    Scenarios,
    /// Measurements of `load`, for `--objective`
    Figures,
}

/// How to list it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArg {
    /// Aligned columns
    Text,
    /// An array of objects
    Json,
}

/// `show`
#[derive(Debug, Args)]
pub(super) struct Show {
    /// A built-in scenario, as join/ok
    #[arg(value_name = "ID")]
    pub(super) id: String,
}

/// `explain`
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A rule, as join-reply, or a case, as join/ok
    #[arg(value_name = "RULE-or-CASE")]
    pub(super) id: String,
}

/// `completions`
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

fn json(text: &str) -> Result<serde_json::Value, String> {
    serde_json::from_str(text)
        .map_err(|why| format!("it is no JSON: {why}; expected something like '{{\"token\": \"abc\"}}'"))
}

/// An event and its payload, as `ping={}`.
pub(super) fn push(text: &str) -> Result<(String, serde_json::Value), String> {
    match text.split_once('=') {
        Some((event, payload)) if !event.is_empty() => Ok((event.to_owned(), json(payload)?)),
        _ => Err("expected an event and its payload, as in 'ping={}'".to_owned()),
    }
}
