//! Goose with the package `goose`: a user a client over long poll, and a summary as JSON when all have ended.

use std::process::Command;
use std::time::Duration;

use super::Outcome;
use super::tool::{Load, Origin, Tool, Transport, summary};

pub(super) const TOOL: Tool = Tool {
    name: "goose",
    transport: Transport::LongPoll,
    connections: 1,
    origin: Origin::Package {
        folder: "goose",
        program: "phxproof-peer-goose",
    },
    version_argument: "--version",
    arrange,
    round_trips: |folder| {
        let echoes = summary(folder)?["echoes"].as_u64();
        Ok(echoes.ok_or("the summary has no echoes")?)
    },
    p99: |folder| {
        let p99_us = summary(folder)?["p99_us"].as_u64();
        Ok(Duration::from_micros(p99_us.ok_or("the summary has no p99_us")?))
    },
};

fn arrange(command: &mut Command, load: &Load<'_>) -> Outcome<()> {
    load.tell(command);
    Ok(())
}
