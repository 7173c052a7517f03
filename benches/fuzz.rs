//! Fuzzes the reference server with each fault that `fuzz` is said to find, for a minute at most, and prints the time and the steps that are
//! left. It complains about a fault that is not found, or that leaves too many steps. `cargo bench --bench fuzz [-- NAME-BEGIN …]`.
#![expect(clippy::print_stdout, reason = "it prints a line for each fault")]
#![expect(clippy::unwrap_used, reason = "a program that cannot go on ends")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, ExitCode, Stdio};

use phxproof::internal::{Clock, Time};
use phxproof::server::faults::{self, Fault, ShownBy};
use serde_json::Value;

/// The most steps of a shrunk conversation.
const MOST_STEPS: u64 = 8;

fn main() -> ExitCode {
    let arguments = std::env::args().skip(1);
    let begins: Vec<String> = arguments.filter(|it| !it.starts_with('-')).collect();
    let meant = |id: &str| begins.is_empty() || begins.iter().any(|begin| id.starts_with(begin));
    let by_fuzz = |fault: &&Fault| fault.shown_by().contains(&ShownBy::Fuzz);
    let (mut tried, mut complaints) = (0, 0);
    for fault in faults::all().filter(by_fuzz).filter(|fault| meant(fault.id)) {
        tried += 1;
        let clock = Clock::start();
        let found = found(fault);
        let took = clock.now().since(Time::ZERO).as_secs_f64();
        match found {
            Some((property, steps)) if steps <= MOST_STEPS => {
                println!("{}: {property}, {steps} steps, {took:.1} s", fault.id);
            }
            other => {
                complaints += 1;
                println!("{}: {other:?} after {took:.1} s, which is a complaint", fault.id);
            }
        }
    }
    println!("\n{tried} faults, {complaints} complaints");
    match complaints {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// The property and the steps of the first failure at a server with this fault.
fn found(fault: &Fault) -> Option<(String, u64)> {
    let folder = tempfile::tempdir().unwrap();
    let server = Served::start(fault.id);
    let out = folder.path().join("out");
    let status = Command::new(env!("CARGO_BIN_EXE_phxproof"))
        .args([
            "fuzz",
            "--fail-fast",
            "--for",
            "60s",
            "--seed",
            "1",
            "--quiet",
            "--target",
            &server.target,
        ])
        .arg("--out")
        .arg(&out)
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.code().is_some());
    let result: Value = serde_json::from_slice(&std::fs::read(out.join("result.json")).unwrap()).unwrap();
    let failure = result["failures"].get(0)?;
    let property = failure["property"].as_str()?.to_owned();
    Some((property, failure["steps"].as_u64()?))
}

/// A reference server with a fault, killed when dropped.
struct Served {
    child: Child,
    target: String,
}

impl Served {
    fn start(fault: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_phxproof"))
            .args(["serve", "--port", "0", "--fault", fault])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let at = line.trim().strip_prefix("listening on http").unwrap();
        let target = format!("ws{at}/socket");
        Self { child, target }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
