//! `load` from the command line to its results: what it prints, how it ends, and which files it writes.

mod live;
mod metrics;
mod objectives;
mod stopped;
mod targets;
mod usage;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use serde_json::Value;

use super::{Served, phxproof, ran, result, terminate};

/// A run with its results in `out`: what it said, and how it ended.
fn load(folder: &Path, args: &[&str]) -> (String, Option<i32>) {
    let args = [&["load"], args, &["--out", "out", "--seed", "7"]].concat();
    ran(folder, &args)
}

/// All held; or, where other tests kept the generator from being on time, that is what it says.
fn assert_held(folder: &Path, said: &str, code: Option<i32>) {
    let valid = result(folder)["generator"]["valid"] == true;
    assert_eq!(code, Some(if valid { 0 } else { 2 }), "{said}");
    let words = if valid { "all held" } else { "undecided" };
    assert!(said.contains(words), "{said}");
}

#[test]
fn the_reference_server_is_loaded_and_all_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (said, code) = load(
        folder.path(),
        &[
            "echo",
            "--sockets",
            "20",
            "--rate",
            "200",
            "--duration",
            "1s",
            "--objective",
            "sockets.lost<=0",
        ],
    );
    assert_held(folder.path(), &said, code);
    assert!(said.contains("20 of 20 joined"), "{said}");
    let result = result(folder.path());
    let expected: [(&str, Value); 6] = [
        ("command", "load".into()),
        ("schema", 1.into()),
        ("seed", 7.into()),
        ("cut_short", false.into()),
        ("profile", "phoenix-1.8.12-bandit".into()),
        ("model", "open".into()),
    ];
    for (name, value) in expected {
        assert_eq!(result[name], value, "{name}");
    }
    assert_eq!(result["messages"]["sent"], 200);
    assert_eq!(result["latency_us"]["reply"]["count"], 200);
    assert_eq!(result["lateness_us"]["count"], 200);
    assert_eq!(result["objectives"][0]["held"], true);
    assert!(result["generator"]["rss_bytes_peak"].as_u64() > Some(0));
    #[cfg(target_os = "linux")]
    assert!(result["server"]["rss_bytes_peak"].as_u64() > Some(0));
    let file = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    assert!(file("series.csv").starts_with("at_s,phase,open,joined,"));
    assert_eq!(replies_of_log(&file("histograms.hlog")), 200);
    assert!(file("report.html").contains("<svg viewBox="));
}

/// How many replies the standard reader finds in a histogram log.
fn replies_of_log(log: &str) -> u64 {
    let mut deserializer = hdrhistogram::serialization::Deserializer::new();
    let mut count = 0;
    for entry in IntervalLogIterator::new(log.as_bytes()) {
        let LogEntry::Interval(interval) = entry.expect("a log") else {
            continue;
        };
        if interval.tag().is_some_and(|tag| tag.as_str() == "reply") {
            let bytes = BASE64_STANDARD
                .decode(interval.encoded_histogram())
                .expect("base64");
            let histogram = deserializer
                .deserialize::<u64, _>(&mut bytes.as_slice())
                .expect("a histogram");
            count += histogram.len();
        }
    }
    count
}

#[test]
fn what_a_server_loses_makes_it_fall_short() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::start(folder.path(), &["--fault", "broadcast-lost", "--one-in", "50"]);
    let target = served.target();
    let (said, code) = load(
        folder.path(),
        &[
            "fanout",
            "--target",
            &target,
            "--sockets",
            "10",
            "--rate",
            "100",
            "--duration",
            "1s",
        ],
    );
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("messages never came") && said.contains("fell short"),
        "{said}"
    );
    let result = result(folder.path());
    let missing = result["messages"]["missing"].as_u64().unwrap();
    assert!(missing > 0);
    assert_eq!(served.terminate(), Some(0));
    assert_eq!(served.rest(), format!("planted: {missing} deliveries lost\n"));
    assert_eq!(
        (&result["exit_code"], &result["verdict"]),
        (&1.into(), &"fell-short".into())
    );
    let lost = result["lost"].as_array().unwrap();
    assert_eq!(lost.len() as u64, missing.min(20));
    for it in lost {
        let is_known =
            it["sender"].as_u64() < Some(10) && it["number"].as_u64() < Some(100) && it["at_s"].is_f64();
        assert!(is_known && it["receiver"].as_u64() < Some(10), "{it}");
    }
    assert_eq!(said.matches("\n  lost        broadcast ").count(), 3, "{said}");
    let file = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).unwrap();
    let series = file("series.csv");
    let (head, seconds) = series.split_once('\n').unwrap();
    let column = head.split(',').position(|name| name == "missing").unwrap();
    let counts = seconds
        .lines()
        .filter_map(|line| line.split(',').nth(column)?.parse::<u64>().ok());
    assert_eq!(counts.sum::<u64>(), missing, "{series}");
    let page = file("report.html");
    assert!(page.contains("<h2>Lost messages</h2>") && page.contains("class=\"mark\""));
}

#[test]
fn a_topic_of_ones_own_is_loaded_by_settings_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let settings = format!(
        "[load]\ntarget = \"mine\"\nsockets = \"0.01k\"\nrate = 100\nduration = \"500ms\"\n\
         push = {{ echo = {{ n = \"{{{{seq}}}}\" }} }}\n[targets.mine]\nurl = \"{}\"\ntopic = \"lab:lobby\"\n",
        served.target()
    );
    fs::write(folder.path().join("phxproof.toml"), settings).unwrap();
    let (said, code) = load(folder.path(), &["echo"]);
    assert_held(folder.path(), &said, code);
    let result = result(folder.path());
    assert_eq!(
        (&result["sockets"]["joined"], &result["messages"]["sent"]),
        (&10.into(), &50.into())
    );
    assert_eq!(result["server"], Value::Null);
}

#[test]
fn where_nobody_asked_for_a_rate_few_sockets_send_seldom() {
    let folder = tempfile::tempdir().unwrap();
    let own = "about: A.\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n  - ana: { push: echo }\n";
    fs::write(folder.path().join("own.yaml"), own).unwrap();
    let (said, code) = load(
        folder.path(),
        &["own.yaml", "--duration", "1s", "--param", "my_secret=hidden"],
    );
    assert_held(folder.path(), &said, code);
    assert!(
        said.contains("no rate was asked for: 10 sockets, 2 a second; --rate says otherwise"),
        "{said}"
    );
    let result = result(folder.path());
    assert_eq!(
        (&result["messages"]["sent"], &result["model"]),
        (&2.into(), &"open".into())
    );
    let run = &result["run"];
    assert_eq!(
        (&run["sockets"], &run["rates"][0]["sends_per_s"]),
        (&10.into(), &2.0.into())
    );
    assert!(run["machine"]["processors"].as_u64() > Some(0), "{run}");
    let report = fs::read_to_string(folder.path().join("out/report.html")).unwrap();
    for text in [said.as_str(), &run.to_string(), &report] {
        assert!(!text.contains("my_secret=hidden"), "{text}");
    }
    assert!(
        report.contains("my_secret=…") && report.contains("What was run"),
        "{report}"
    );
}

#[test]
fn a_run_that_is_interrupted_writes_all_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = phxproof(
        folder.path(),
        &[
            "load",
            "echo",
            "--sockets",
            "5",
            "--rate",
            "100",
            "--duration",
            "1h",
            "--out",
            "out",
            "-v",
        ],
    )
    .stdout(Stdio::null())
    .stderr(Stdio::piped())
    .spawn()
    .unwrap();
    let stderr = BufReader::new(child.stderr.take().unwrap());
    let mut lines = stderr.lines();
    lines.find(|line| line.as_ref().is_ok_and(|line| line.contains("running")));
    terminate(&child);
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let result = result(folder.path());
    assert_eq!(
        (&result["cut_short"], &result["exit_code"]),
        (&true.into(), &2.into())
    );
    assert!(result["messages"]["missing"] == 0);
    assert!(folder.path().join("out/report.html").exists());
}

#[test]
fn the_rate_that_was_reached_is_told_over_the_time_of_the_load() {
    let folder = tempfile::tempdir().unwrap();
    let line = ["echo", "--sockets", "20", "--rate", "200", "--duration", "1s"];
    let (said, code) = load(folder.path(), &line);
    assert_held(folder.path(), &said, code);
    assert!(said.contains("200 sent (200/s)"), "{said}");
}
