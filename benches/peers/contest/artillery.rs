//! Artillery with `echo.yaml`: a virtual user a socket, and a report as JSON when all have ended.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::Outcome;
use super::tool::{Load, Origin, Tool, Transport, json_in};

pub(super) const TOOL: Tool = Tool {
    name: "artillery",
    transport: Transport::WebSocket,
    connections: 1,
    origin: Origin::Installed {
        variable: "ARTILLERY",
        by: "PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm install --global artillery",
    },
    version_argument: "--version",
    arrange,
    round_trips: |folder| {
        let received = aggregate(folder)?["counters"]["websocket.messages_received"].as_u64();
        Ok(received.ok_or("the report has no websocket.messages_received")?)
    },
    p99: |folder| {
        let p99_ms = aggregate(folder)?["summaries"]["echo"]["p99"].as_f64();
        Ok(Duration::from_secs_f64(
            p99_ms.ok_or("the report has no p99 of echo")? / 1e3,
        ))
    },
};

const REPORT: &str = "report.json";
const FILES: [(&str, &str); 3] = [
    ("echo.yaml", include_str!("../echo.yaml")),
    ("echo.cjs", include_str!("../echo.cjs")),
    ("silent.cjs", include_str!("../silent.cjs")),
];

fn arrange(command: &mut Command, load: &Load<'_>) -> Outcome<()> {
    for (name, text) in FILES {
        fs::write(load.folder.join(name), text)?;
    }
    load.tell(command);
    let silent = load.folder.join("silent.cjs");
    command
        .env("HOME", load.folder)
        .env("ARTILLERY_DISABLE_TELEMETRY", "true")
        .env("NODE_OPTIONS", format!("--require {}", silent.display()));
    command.args(["run", "--quiet", "--scenario-name", load.pace.name(), "--output"]);
    command
        .arg(load.folder.join(REPORT))
        .arg(load.folder.join("echo.yaml"));
    Ok(())
}

fn aggregate(folder: &Path) -> Outcome<Value> {
    let mut report = json_in(&folder.join(REPORT))?;
    Ok(report["aggregate"].take())
}
