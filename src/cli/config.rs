//! Reads `phxproof.toml`, which holds the settings of the flags for a project's CI, and named targets. The
//! command line overrides the named target, which overrides `[check]`, which overrides the top of the file.
//!
//! ```toml
//! target = "staging"
//! seed = 7
//!
//! [check]
//! timeout = "10s"
//! exclude = ["malformed/*"]
//!
//! [targets.staging]
//! url = "ws://10.0.0.7:4000/socket"
//! params = { token = "abc" }
//! topic = "room:lobby"
//!
//! [[expect]]
//! case = "presence/*"
//! verdict = "fail"
//! reason = "presence is switched off, issue 12"
//! ```

mod capacity;
mod expect;
mod layers;
mod load;
mod placed;
mod section;
mod serve;
#[cfg(test)]
mod tests;

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use toml::de::{DeTable, DeValue};

use super::args::{
    Capacity, Check, CompressArg, Judging, LevelArg, Load, Network, OutputArg, Record, Results, Room, Serve,
    Target, TransportArg, UpdateArg, VsnArg,
};
use super::complaint::Complaint;
use super::exit::CliError;
use crate::scenario::ScenarioError;
use crate::stream::{ProxyAddress, Resolve};
use layers::Layer;
use section::{Problems, Section};

/// The file that is read if it exists.
const USUAL: &str = "phxproof.toml";

/// Larger files are refused.
const LARGEST_FILE: u64 = 1 << 20;

/// The settings of a file, in the form of command-line arguments.
#[derive(Debug, Default)]
pub(super) struct SettingsFile {
    /// Its path, for messages.
    path: PathBuf,
    /// The keys at the top: target, results, seed; and `[[expect]]`.
    top: Check,
    /// `[check]`
    check: Check,
    /// `[load]`
    load: Load,
    /// `[capacity]`
    capacity: Capacity,
    /// `[serve]`
    serve: Serve,
    /// `[targets.NAME]`
    targets: Vec<(String, Check)>,
}

impl SettingsFile {
    /// Reads `--config`, or the default file if it exists.
    pub(super) fn load(named: Option<&Path>) -> Result<Self, CliError> {
        let path = named.unwrap_or(Path::new(USUAL));
        let source = match read(path) {
            Err(error) if named.is_none() && error.kind() == ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                let complaint = Complaint::new(format!("cannot read the settings: {error}"));
                return Err(complaint.place(path.display().to_string()).into());
            }
            Ok(source) => source,
        };
        Ok(Self::parse(path, &source)?)
    }

    /// Parses the text of a file; `path` is used in messages.
    fn parse(path: &Path, source: &str) -> Result<Self, ScenarioError> {
        let (table, errors) = DeTable::parse_recoverable(source);
        let mut problems = Problems::default();
        for error in &errors {
            let (title, expected) = error
                .message()
                .split_once(", expected ")
                .unwrap_or((error.message(), "TOML"));
            problems.add(
                error.span().unwrap_or(0..0),
                format!("this is no TOML: {title}"),
                expected,
            );
        }
        let mut settings = Self {
            path: path.to_owned(),
            ..Self::default()
        };
        if problems.is_empty() {
            settings.read_top(Section::new(table.into_inner(), &mut problems));
        }
        if problems.is_empty() {
            return Ok(settings);
        }
        Err(ScenarioError::new(
            &path.display().to_string(),
            source,
            problems.sorted(),
        ))
    }

    fn read_top(&mut self, mut top: Section<'_, '_>) {
        self.top.target = target_keys(&mut top, "target");
        self.top.results = results_keys(&mut top);
        top.each_table("expect", |case, section| {
            self.top.known.extend(expect::keys(case, section))
        });
        if let Some(section) = top.section("check") {
            self.check = check_keys(section);
        }
        if let Some(section) = top.section("load") {
            self.load = load::keys(section);
        }
        if let Some(section) = top.section("capacity") {
            self.capacity = capacity::keys(section);
        }
        if let Some(section) = top.section("serve") {
            self.serve = serve::keys(section);
        }
        top.each_section("targets", |name, section| {
            self.targets.push((name, named_target_keys(section)))
        });
        top.finish();
    }

    /// Merges the settings into the arguments of a `check`.
    pub(super) fn check(mut self, typed: Check) -> Result<Check, CliError> {
        let own = std::mem::take(&mut self.check);
        self.merged(typed, own)
    }

    /// Merges the settings into the arguments of a `load`.
    pub(super) fn swarm(mut self, typed: Load) -> Result<Load, CliError> {
        let own = std::mem::take(&mut self.load);
        self.merged(typed, own)
    }

    /// Merges the settings into the arguments of a `capacity`.
    pub(super) fn search(mut self, typed: Capacity) -> Result<Capacity, CliError> {
        let own = std::mem::take(&mut self.capacity);
        self.merged(typed, own)
    }

    /// Merges the section of a command, the keys at the top and the named target into its arguments.
    fn merged<L: Layer>(mut self, mut typed: L, own: L) -> Result<L, CliError> {
        let mut below = own.over(std::mem::take(&mut self.top).into());
        let Some(mut target) = self.named(typed.target(), below.target())? else {
            return Ok(typed.over(below));
        };
        typed.target().target.clone_from(&target.target().target);
        Ok(typed.over(target.into()).over(below))
    }

    /// The named target, if one is used.
    fn named(mut self, typed: &Target, below: &Target) -> Result<Option<Check>, CliError> {
        let named = typed.target.as_ref().or(below.target.as_ref());
        let Some(name) = named.filter(|target| !target.contains("://")) else {
            return Ok(None);
        };
        let Some(index) = self.targets.iter().position(|(known, _)| known == name) else {
            return Err(unknown_target(name, &self.targets, &self.path).into());
        };
        Ok(Some(self.targets.swap_remove(index).1))
    }

    /// Merges the settings into the arguments of a `record`: its target, and how that is reached.
    pub(super) fn recording(self, typed: Record) -> Result<Record, CliError> {
        let as_check = Check {
            target: Target {
                target: typed.target,
                network: typed.network,
                ..Target::default()
            },
            ..Check::default()
        };
        let Target { target, network, .. } = self.check(as_check)?.target;
        Ok(Record {
            target,
            network,
            ..typed
        })
    }

    /// Merges the settings into the arguments of a `serve`.
    pub(super) fn serve(self, typed: Serve) -> Serve {
        typed.over(self.serve)
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    let bytes = std::fs::metadata(path)?.len();
    if bytes > LARGEST_FILE {
        let why = format!("it has {bytes} bytes; settings have at most {LARGEST_FILE}");
        return Err(std::io::Error::new(ErrorKind::FileTooLarge, why));
    }
    std::fs::read_to_string(path)
}

/// The error for an unknown target; a target without `://` is a name.
fn unknown_target(name: &str, targets: &[(String, Check)], path: &Path) -> Complaint {
    let known = targets.iter().map(|(known, _)| known.as_str());
    let complaint = Complaint::new(format!("`{name}` is neither a URL nor a named target"));
    if name.is_empty() {
        return Complaint::new("the target is empty").expected("a URL, as ws://127.0.0.1:4000/socket");
    }
    if name.contains([':', '/', '.']) {
        return complaint.expected(format!("a scheme in front, as in ws://{name}"));
    }
    let names: Vec<&str> = known.clone().collect();
    if names.is_empty() {
        return complaint
            .expected("a URL, as ws://127.0.0.1:4000/socket")
            .next(format!("write `[targets.{name}]` with its `url` into {USUAL}"));
    }
    complaint
        .expected(format!(
            "a URL, as ws://127.0.0.1:4000/socket, or one of {}",
            names.join(", ")
        ))
        .place(path.display().to_string())
        .did_you_mean(crate::scenario::nearest(name, known))
}

fn target_keys(section: &mut Section<'_, '_>, url: &'static str) -> Target {
    Target {
        target: section.string(url),
        exec: section.string("exec"),
        wait_for: section.duration("wait-for"),
        vsn: section.one_of::<VsnArg>("vsn"),
        params: section.strings_by_name("params"),
        headers: section.strings_by_name("headers"),
        variables: section.strings_by_name("vars"),
        compress: section.one_of::<CompressArg>("compress"),
        network: network_keys(section),
    }
}

fn network_keys(section: &mut Section<'_, '_>) -> Network {
    Network {
        cacert: section.string("cacert").map(PathBuf::from),
        insecure: section.boolean("insecure").unwrap_or_default(),
        cert: section.string("cert").map(PathBuf::from),
        key: section.string("key").map(PathBuf::from),
        resolve: section.all_parsed("resolve", str::parse::<Resolve>),
        proxy: section.parsed("proxy", str::parse::<ProxyAddress>),
    }
}

fn results_keys(section: &mut Section<'_, '_>) -> Results {
    Results {
        out: section.string("out").map(PathBuf::from),
        seed: section.integer("seed", 0..=u64::MAX),
    }
}

fn room_keys(section: &mut Section<'_, '_>) -> Room {
    Room {
        topic: section.string("topic"),
        join_params: section.json("join-params"),
        other_topic: section.string("other-topic"),
        other_join_params: section.json("other-join-params"),
        push: section.push("push"),
        unknown_topic: section.string("unknown-topic"),
    }
}

fn judging_keys(section: &mut Section<'_, '_>) -> Judging {
    Judging {
        profile: section.string("profile"),
        strict: section.boolean("strict").unwrap_or_default(),
    }
}

/// `[targets.NAME]`: the settings of that server for all commands.
fn named_target_keys(mut section: Section<'_, '_>) -> Check {
    let safe = section.boolean("safe");
    let named = Check {
        target: target_keys(&mut section, "url"),
        room: room_keys(&mut section),
        judging: judging_keys(&mut section),
        safe: safe == Some(true),
        no_safe: safe == Some(false),
        ..Check::default()
    };
    match &named.target.target {
        None => section.missing(
            "url",
            "\"ws://127.0.0.1:4000/socket\", or wherever its socket is mounted",
        ),
        Some(url) if !url.contains("://") => section.wrong("url", "a URL, as \"ws://127.0.0.1:4000/socket\""),
        Some(_) => {}
    }
    section.finish();
    named
}

fn check_keys(mut section: Section<'_, '_>) -> Check {
    let safe = section.boolean("safe");
    let check = Check {
        cases: section.strings("cases"),
        exclude: section.strings("exclude"),
        level: section.several_of::<LevelArg>("level"),
        target: target_keys(&mut section, "target"),
        room: room_keys(&mut section),
        judging: judging_keys(&mut section),
        transport: section.one_of::<TransportArg>("transport"),
        jobs: section
            .integer("jobs", 1..=1000)
            .and_then(|jobs| u16::try_from(jobs).ok()),
        timeout: section.duration("timeout"),
        max_time: section.duration("max-time"),
        idle: section.boolean("idle").unwrap_or_default(),
        witness: section.string("witness").map(Into::into),
        fail_fast: section.boolean("fail-fast").unwrap_or_default(),
        retries: section
            .integer("retries", 0..=100)
            .and_then(|retries| u32::try_from(retries).ok()),
        repeat: section
            .integer("repeat", 1..=100_000)
            .and_then(|repeat| u32::try_from(repeat).ok()),
        safe: safe == Some(true),
        no_safe: safe == Some(false),
        update: section.one_of::<UpdateArg>("update"),
        format: section.one_of::<OutputArg>("format"),
        results: results_keys(&mut section),
        ..Check::default()
    };
    section.finish();
    check
}

/// The name of a clap value on the command line.
fn typed<T: ValueEnum>(value: &T) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}

/// The type of a value, for messages about a wrong type.
fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
