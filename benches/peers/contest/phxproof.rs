//! phxproof itself, as a user starts it: with the default number of threads.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::Outcome;
use super::tool::{Load, Origin, PUSHES_A_SECOND, Pace, Tool, Transport, json_in};

pub(super) const TOOL: Tool = over(Transport::WebSocket);
pub(super) const LONG_POLL: Tool = over(Transport::LongPoll);

const fn over(transport: Transport) -> Tool {
    Tool {
        name: "phxproof",
        transport,
        // One for polls and one for batches over long poll.
        connections: match transport {
            Transport::WebSocket => 1,
            Transport::LongPoll => 2,
        },
        origin: Origin::Built(env!("CARGO_BIN_EXE_phxproof")),
        version_argument: "--version",
        arrange,
        round_trips: |folder| {
            let answers = result(folder)?["messages"]["received"].as_u64();
            Ok(answers.ok_or("result.json has no messages.received")?)
        },
        p99: |folder| {
            let p99 = result(folder)?["latency_us"]["reply"]["p99"].as_u64();
            Ok(Duration::from_micros(
                p99.ok_or("result.json has no latency_us.reply.p99")?,
            ))
        },
    }
}

fn arrange(command: &mut Command, load: &Load<'_>) -> Outcome<()> {
    let scenario = if load.pace == Pace::Idle { "idle" } else { "echo" };
    command.args(["load", scenario, "--quiet"]);
    command.args(["--target", &load.target()]);
    command.args(["--sockets", &load.sockets.to_string()]);
    command.args(["--duration", &format!("{}s", load.seconds)]);
    match load.pace {
        Pace::Echo => command.args(["--rate", "max"]),
        Pace::Think => command.args(["--rate", &(load.sockets * PUSHES_A_SECOND).to_string()]),
        Pace::Idle => command,
    };
    command.arg("--out").arg(load.folder.join("results"));
    Ok(())
}

fn result(folder: &Path) -> Outcome<Value> {
    json_in(&folder.join("results").join("result.json"))
}
