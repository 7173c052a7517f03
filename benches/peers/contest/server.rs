//! The reference server as a process of its own, which can be made to stall.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{ChildStdout, Command, Stdio};
use std::time::Duration;

use ::phxproof::internal::{Clock, Time};
use rustix::process::Signal;

use super::Outcome;
use super::group::Group;

/// How long clients may take to connect.
const PATIENCE: Duration = Duration::from_secs(30);
/// The interval between two checks whether they are connected.
const GLANCE: Duration = Duration::from_millis(20);

/// A server for one run, so that a tool does not inherit the state that another one left.
pub(super) struct ReferenceServer {
    group: Group,
    address: SocketAddr,
    /// Kept open, because the server ends if it cannot print its later lines.
    _stdout: ChildStdout,
}

impl ReferenceServer {
    pub(super) fn start() -> Outcome<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_phxproof"));
        command.args(["serve", "--port", "0"]);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut group = Group::start(&mut command)?;
        let stdout = group.child.stdout.take().expect("it is piped");
        let mut line = String::new();
        let mut stdout = BufReader::new(stdout);
        stdout.read_line(&mut line)?;
        let address = line
            .trim()
            .strip_prefix("listening on http://")
            .ok_or_else(|| format!("phxproof serve said {line:?} and not where it listens"))?
            .parse()?;
        Ok(Self {
            group,
            address,
            _stdout: stdout.into_inner(),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until clients have made that many connections. The kernel's table of connections is read, which works in the
    /// same way for every tool.
    pub(super) fn wait_for(&self, connections: u32, client: &Group) -> Outcome<()> {
        let clock = Clock::start();
        let mut most = 0;
        loop {
            let come = established_at(self.address.port(), &fs::read_to_string("/proc/net/tcp")?);
            most = most.max(come);
            if come >= connections as usize {
                return Ok(());
            }
            if client.ends_within(GLANCE)? || clock.now().since(Time::ZERO) > PATIENCE {
                return Err(
                    format!("there were no more than {most} of {connections} connections at a time").into(),
                );
            }
        }
    }

    /// Stops the server for a while, and returns how long the stop really lasted.
    pub(super) fn stall(&self, lasts: Duration, client: &Group) -> Outcome<Duration> {
        let clock = Clock::start();
        self.group.signal(Signal::STOP)?;
        let ended = client.ends_within(lasts)?;
        self.group.signal(Signal::CONT)?;
        if ended {
            return Err("it ended while the server stalled".into());
        }
        Ok(clock.now().since(Time::ZERO))
    }
}

/// Connections to a port: `NUMBER: ADDRESS:PORT ADDRESS:PORT STATE …`, in hexadecimal, where state 1 is
/// established.
fn established_at(port: u16, table: &str) -> usize {
    let local_port = format!(":{port:04X}");
    table
        .lines()
        .map(|line| line.split_whitespace().skip(1))
        .filter(|columns| {
            let mut columns = columns.clone();
            columns.next().is_some_and(|it| it.ends_with(&local_port)) && columns.nth(1) == Some("01")
        })
        .count()
}
