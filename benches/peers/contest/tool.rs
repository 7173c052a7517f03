//! The facts about a tool that a measurement needs, and the search for an installed tool.

use std::ffi::OsString;
use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

pub(super) use ::phxproof::internal::transport::Transport;
use serde_json::Value;
use tempfile::TempDir;

use super::Outcome;
use super::group::Group;

/// How often a client pushes where it does so at intervals. All scripts think for 50 ms.
pub(super) const PUSHES_A_SECOND: u32 = 20;
/// How long after the start of their tool clients begin to push, if they push with each reply. They begin together,
/// because a loop that is busy with the first clients would not connect the others.
const RAMP_S: u32 = 4;
/// The file in the load's folder where scripts leave their results.
const SUMMARY: &str = "summary.json";
/// How long a tool may take to print its version.
const A_MOMENT: Duration = Duration::from_secs(20);

/// A tool that makes load.
pub(super) struct Tool {
    pub(super) name: &'static str,
    /// The transport of its clients.
    pub(super) transport: Transport,
    /// How many connections each client has.
    pub(super) connections: u32,
    pub(super) origin: Origin,
    /// The arguments that make it print its version.
    pub(super) version_argument: &'static str,
    /// A command, without its program, that makes the load and leaves its results in the load's folder.
    pub(super) arrange: fn(&mut Command, &Load<'_>) -> Outcome<()>,
    /// How many answers came, joins included, as a run left it in the folder.
    pub(super) round_trips: fn(&Path) -> Outcome<u64>,
    /// The 99th percentile of how long they took, as a run left it in the folder.
    pub(super) p99: fn(&Path) -> Outcome<Duration>,
}

/// The scheme of a URL for a transport.
const fn scheme(transport: Transport) -> &'static str {
    match transport {
        Transport::WebSocket => "ws",
        Transport::LongPoll => "http",
    }
}

/// Where a tool comes from.
pub(super) enum Origin {
    /// It was built with the bench.
    Built(&'static str),
    /// It is a package in this folder, which Cargo builds.
    Package {
        folder: &'static str,
        program: &'static str,
    },
    /// It is named by a variable, or found on PATH.
    Installed {
        variable: &'static str,
        by: &'static str,
    },
}

/// What a tool is asked to do.
pub(super) struct Load<'a> {
    pub(super) server: SocketAddr,
    pub(super) sockets: u32,
    /// How long the clients push, once all have joined.
    pub(super) seconds: u32,
    pub(super) pace: Pace,
    pub(super) transport: Transport,
    /// Where scripts and results go.
    pub(super) folder: &'a Path,
}

/// When a client pushes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// With each answer.
    Echo,
    /// [`PUSHES_A_SECOND`] times, as the tool's users write it.
    Think,
    /// Never.
    Idle,
}

impl Pace {
    /// What the scripts call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::Think => "think",
            Self::Idle => "idle",
        }
    }
}

impl Load<'_> {
    /// How long the clients have to join before the first push; nothing if that does not matter.
    pub(super) fn ramp_s(&self) -> u32 {
        if self.pace == Pace::Echo { RAMP_S } else { 0 }
    }

    /// The URL of the socket without the transport.
    pub(super) fn target(&self) -> String {
        format!("{}://{}/socket", scheme(self.transport), self.server)
    }

    /// What scripts need to know, for tools that read the environment.
    pub(super) fn tell(&self, command: &mut Command) {
        command
            .env("ORIGIN", format!("http://{}", self.server))
            .env("URL", format!("{}/{}", self.target(), self.transport.name()))
            .env("SOCKETS", self.sockets.to_string())
            .env("RAMP", self.ramp_s().to_string())
            .env("SECONDS", self.seconds.to_string())
            .env("PACE", self.pace.name())
            .env("SUMMARY", self.folder.join(SUMMARY));
    }
}

/// An installed tool.
pub(super) struct Installed {
    tool: &'static Tool,
    program: PathBuf,
    pub(super) version: String,
}

impl Installed {
    /// Looks for it and asks its version; or says how to install it.
    pub(super) fn find(tool: &'static Tool) -> Result<Self, String> {
        let (program, hint) = match tool.origin {
            Origin::Built(program) => (Some(program.into()), String::new()),
            Origin::Package { folder, program } => (Some(build(folder, program)?), String::new()),
            Origin::Installed { variable, by } => {
                let hint = format!("; `{by}` installs it, and {variable} may name its program");
                (std::env::var_os(variable).or_else(|| on_path(tool.name)), hint)
            }
        };
        let program = PathBuf::from(program.ok_or_else(|| format!("{} is not on PATH{hint}", tool.name))?);
        let version = version(&program, tool.version_argument)
            .map_err(|error| format!("{} does not run: {error}{hint}", tool.name))?;
        Ok(Self {
            tool,
            program,
            version,
        })
    }

    pub(super) fn name(&self) -> &'static str {
        self.tool.name
    }

    pub(super) const fn transport(&self) -> Transport {
        self.tool.transport
    }

    /// How many connections so many clients have.
    pub(super) const fn connections_of(&self, clients: u32) -> u32 {
        self.tool.connections * clients
    }

    /// Starts the load.
    pub(super) fn start(&self, load: &Load<'_>) -> Outcome<Group> {
        let mut command = Command::new(&self.program);
        (self.tool.arrange)(&mut command, load)?;
        start(&mut command, load.folder)
    }

    /// How many answers came in a run that has ended.
    pub(super) fn round_trips(&self, folder: &Path) -> Outcome<u64> {
        (self.tool.round_trips)(folder).map_err(|error| with_output(&*error, folder))
    }

    /// The 99th percentile that a run told.
    pub(super) fn p99(&self, folder: &Path) -> Outcome<Duration> {
        (self.tool.p99)(folder).map_err(|error| with_output(&*error, folder))
    }
}

/// Builds a package of this folder; returns its program.
fn build(folder: &str, program: &str) -> Result<OsString, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("benches/peers")
        .join(folder);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = folder.join("target");
    let built = Command::new(cargo)
        .args([
            "build",
            "--release",
            "--locked",
            "--quiet",
            "--examples",
            "--manifest-path",
        ])
        .arg(folder.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(&target)
        .status()
        .map_err(|error| format!("{program} cannot be built: {error}"))?;
    match built.success() {
        true => Ok(target.join("release/examples").join(program).into()),
        false => Err(format!(
            "{program} cannot be built: `cargo build` failed in {}",
            folder.display()
        )),
    }
}

fn on_path(name: &str) -> Option<OsString> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|it| it.is_file())
        .map(Into::into)
}

fn start(command: &mut Command, folder: &Path) -> Outcome<Group> {
    let output = File::create(output_in(folder))?;
    command
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    Group::start(command)
}

fn version(program: &Path, argument: &str) -> Outcome<String> {
    let folder = TempDir::new()?;
    let mut command = Command::new(program);
    command
        .arg(argument)
        .env("HOME", folder.path())
        .env("ARTILLERY_DISABLE_TELEMETRY", "true");
    if !start(&mut command, folder.path())?.ends_within(A_MOMENT)? {
        return Err("it does not say its version".into());
    }
    let said = std::fs::read_to_string(output_in(folder.path()))?;
    Ok(version_in(&said)
        .ok_or_else(|| format!("no version in {said:?}"))?
        .to_owned())
}

/// The first word that looks like one: `k6 v1.1.0 (…)`, `Tsung version 1.7.0`, `Artillery: 2.0.21`.
fn version_in(said: &str) -> Option<&str> {
    said.split_whitespace()
        .map(|word| word.strip_prefix('v').unwrap_or(word))
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.'))
}

/// An error with the output of the tool, which says more than that its result is missing.
fn with_output(error: &dyn std::error::Error, folder: &Path) -> Box<dyn std::error::Error> {
    let said = std::fs::read_to_string(output_in(folder)).unwrap_or_default();
    let mut last: Vec<_> = said
        .lines()
        .rev()
        .filter(|it| !it.trim().is_empty())
        .take(3)
        .collect();
    last.reverse();
    format!("{error}; it said: {}", last.join(" / ")).into()
}

/// The summary that a script has left.
pub(super) fn summary(folder: &Path) -> Outcome<Value> {
    json_in(&folder.join(SUMMARY))
}

/// The JSON in a file.
pub(super) fn json_in(file: &Path) -> Outcome<Value> {
    Ok(serde_json::from_str(&std::fs::read_to_string(file)?)?)
}

fn output_in(folder: &Path) -> PathBuf {
    folder.join("output.txt")
}
