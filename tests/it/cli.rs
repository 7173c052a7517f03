//! The command line as a user meets it: each snapshot shows stdout, stderr and the exit code together.

mod beam;
mod capacity;
mod check;
mod compare;
mod expect;
mod fallback;
mod init;
mod judge;
mod load;
pub(crate) mod longpoll;
mod repeat;
mod report;
mod serve;
mod swarm;
mod texts;
mod tls;

use std::io::{BufRead, BufReader, Read, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// The program, in a folder of its own and without the settings of the user who runs the tests.
pub(crate) fn phxproof(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phxproof"));
    command
        .args(args)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null());
    command
}

/// An address at which nothing listens.
pub(crate) fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// What a command says, and how it ends.
pub(crate) fn said(folder: &Path, args: &[&str]) -> String {
    let output = phxproof(folder, args).output().unwrap();
    format!("$ phxproof {}\n{}", args.join(" "), shown(&output))
}

/// The same in a folder that is empty.
fn said_anywhere(args: &[&str]) -> String {
    said(tempfile::tempdir().unwrap().path(), args)
}

/// Runs the program. Returns everything that it printed, and its exit code.
pub(crate) fn ran(folder: &Path, args: &[&str]) -> (String, Option<i32>) {
    let output = phxproof(folder, args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    (said, output.status.code())
}

/// The `result.json` of a run with its results in `out`.
pub(crate) fn result(folder: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(folder.join("out/result.json")).unwrap()).unwrap()
}

fn shown(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut shown = text(&output.stdout);
    if !output.stderr.is_empty() {
        shown.push_str(&format!("--- stderr\n{}", text(&output.stderr)));
    }
    shown.push_str(&format!("--- exit {}\n", output.status.code().unwrap_or(-1)));
    shown
}

/// What differs from run to run is hidden.
macro_rules! assert_said {
    ($said:expr) => {
        let mut settings = insta::Settings::clone_current();
        settings.set_omit_expression(true);
        settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT");
        settings.add_filter(r"check-\d{8}T\d{6}Z(-\d+)?", "check-TIME");
        settings.add_filter(r"in \d+(\.\d+)? m?s\b", "in TIME");
        // Cases come and go; which ones check a rule is no matter of these tests.
        settings.add_filter(r"(?m)^  cases  .*(\n {14}.*)*", "  cases       CASES");
        settings.add_filter(r"([<>]) +\d+ ms  ", "$1 TIME  ");
        settings.add_filter(r"seed \d+", "seed SEED");
        settings.add_filter(r"\d+ms after", "TIME after");
        settings.bind(|| insta::assert_snapshot!($said));
    };
}
use assert_said;

/// A `serve`, or another command that listens, on a free port; ended when dropped.
pub(crate) struct Served {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The line that it begins with.
    first_line: String,
}

impl Served {
    pub(crate) fn start(folder: &Path, args: &[&str]) -> Self {
        Self::run(folder, &[&["serve", "--port", "0"], args].concat())
    }

    /// Another command that says first where it listens.
    pub(crate) fn run(folder: &Path, args: &[&str]) -> Self {
        let mut child = phxproof(folder, args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first_line = String::new();
        stdout.read_line(&mut first_line).unwrap();
        Self {
            child,
            stdout,
            first_line,
        }
    }

    /// Where its socket is mounted.
    pub(crate) fn target(&self) -> String {
        let at = self.first_line.trim().strip_prefix("listening on http").unwrap();
        format!("ws{at}/socket")
    }

    /// The address on which it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        let target = self.target();
        let address = target
            .strip_prefix("ws://")
            .and_then(|it| it.strip_suffix("/socket"));
        address.unwrap().parse().unwrap()
    }

    /// A token with which the reference server knows a client by this name.
    pub(crate) fn token(&self, name: &str) -> String {
        let mut tcp = TcpStream::connect(self.address()).unwrap();
        write!(tcp, "GET /token/{name} HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        let (_head, token) = answer.split_once("\r\n\r\n").unwrap();
        token.to_owned()
    }

    /// What it said after its first line; waits for its end.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        rest
    }

    /// What it said on stderr; waits for its end.
    pub(crate) fn stderr(&mut self) -> String {
        let mut text = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut text).unwrap();
        text
    }

    pub(crate) fn terminate(&mut self) -> Option<i32> {
        terminate(&self.child);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn terminate(child: &Child) {
    let id = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
}
