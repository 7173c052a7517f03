//! Tsung with `echo.xml`: its controller makes the load itself, and writes its counts into a dated folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Outcome;
use super::tool::{Load, Origin, Pace, Tool, Transport};

pub(super) const TOOL: Tool = Tool {
    name: "tsung",
    transport: Transport::WebSocket,
    connections: 1,
    origin: Origin::Installed {
        variable: "TSUNG",
        by: "apt install tsung",
    },
    version_argument: "-v",
    arrange,
    round_trips: |folder| {
        let requests = requests(&fs::read_to_string(log(folder, "tsung.log")?)?);
        Ok(requests.ok_or("tsung.log counts no requests")?)
    },
    p99: |folder| {
        let took_ms = request_times_ms(&fs::read_to_string(log(folder, "tsung-fullstats.log")?)?);
        let p99_ms = p99_of(took_ms).ok_or("tsung-fullstats.log has no request")?;
        Ok(Duration::from_secs_f64(p99_ms / 1e3))
    },
};

/// Erlang would start a daemon for its node names, which outlives the run, and listen on all interfaces.
const ERLANG_ALONE: &str = "-start_epmd false -erl_epmd_port 0 -kernel inet_dist_use_interface {127,0,0,1}";

fn arrange(command: &mut Command, load: &Load<'_>) -> Outcome<()> {
    let script = load.folder.join("echo.xml");
    fs::write(&script, filled_in(include_str!("../echo.xml"), load))?;
    command.env("HOME", load.folder).env("ERL_FLAGS", ERLANG_ALONE);
    command.arg("-n").arg("-f").arg(script);
    command.arg("-l").arg(load.folder.join("log")).arg("start");
    Ok(())
}

/// Every single time is only written where it is needed: otherwise Tsung has less to do.
fn filled_in(template: &str, load: &Load<'_>) -> String {
    let (barrier, think) = (
        r#"<thinktime value="wait_global"/>"#,
        r#"<thinktime value="0.05"/>"#,
    );
    let [talk, idle, backend, barrier, think] = match load.pace {
        Pace::Echo => ["100", "0", "text", barrier, ""],
        Pace::Think => ["100", "0", "fullstats", "", think],
        Pace::Idle => ["0", "100", "text", "", ""],
    };
    let seconds = load.ramp_s() + load.seconds;
    [
        ("@PORT@", load.server.port().to_string().as_str()),
        ("@SOCKETS@", &load.sockets.to_string()),
        ("@SECONDS@", &seconds.to_string()),
        ("@TALK@", talk),
        ("@IDLE@", idle),
        ("@BACKEND@", backend),
        ("@BARRIER@", barrier),
        ("@THINK@", think),
    ]
    .iter()
    .fold(template.to_owned(), |text, (mark, value)| {
        text.replace(mark, value)
    })
}

/// A file in the one folder that it makes, called after the time.
fn log(folder: &Path, name: &str) -> Outcome<PathBuf> {
    let dated = fs::read_dir(folder.join("log"))?
        .next()
        .ok_or("it wrote no logs")??;
    Ok(dated.path().join(name))
}

/// `stats: request COUNT MEAN …`, once for each interval.
fn requests(log: &str) -> Option<u64> {
    let counts: Vec<u64> = log
        .lines()
        .filter_map(|it| it.strip_prefix("stats: request "))
        .map_while(|it| it.split(' ').next()?.parse().ok())
        .collect();
    (!counts.is_empty()).then(|| counts.iter().sum())
}

/// Erlang terms: `{sample,request,1.5}`, or `{sample,request,[1.5,2.5]}` over many lines.
fn request_times_ms(log: &str) -> Vec<f64> {
    log.split("{sample,request,")
        .skip(1)
        .filter_map(|it| it.split([']', '}']).next())
        .flat_map(|times| times.split(','))
        .filter_map(|it| {
            it.trim_matches(|c: char| c == '[' || c.is_whitespace())
                .parse()
                .ok()
        })
        .collect()
}

fn p99_of(mut times: Vec<f64>) -> Option<f64> {
    times.sort_unstable_by(f64::total_cmp);
    times
        .get((times.len() * 99).div_ceil(100).checked_sub(1)?)
        .copied()
}
