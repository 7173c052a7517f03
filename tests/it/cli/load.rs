//! `load` against the reference server, against one that loses broadcasts, and against what is no server at all.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use super::{Served, assert_said, free_address, phxproof, said, said_anywhere, terminate};

/// A run with its results in `out`: what it said, and how it ended.
fn load(folder: &Path, args: &[&str]) -> (String, Option<i32>) {
    let args = [&["load"], args, &["--out", "out", "--seed", "7"]].concat();
    let output = phxproof(folder, &args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    (said, output.status.code())
}

fn result(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("out/result.json")).unwrap()).unwrap()
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
    assert!(file("histograms.hlog").contains("Tag=reply,"));
    assert!(file("report.html").contains("<svg viewBox="));
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
    assert!(head.ends_with(",missing"), "{head}");
    let counts = seconds
        .lines()
        .filter_map(|line| line.rsplit(',').next()?.parse::<u64>().ok());
    assert_eq!(counts.sum::<u64>(), missing, "{series}");
    let page = file("report.html");
    assert!(page.contains("<h2>Lost messages</h2>") && page.contains("class=\"mark\""));
}

#[test]
fn an_objective_that_is_missed_makes_it_fall_short() {
    let folder = tempfile::tempdir().unwrap();
    let (said, code) = load(
        folder.path(),
        &[
            "echo",
            "--sockets",
            "5",
            "--rate",
            "max",
            "--duration",
            "300ms",
            "--objective",
            "reply.max<1us",
        ],
    );
    assert_eq!(code, Some(1), "{said}");
    let result = result(folder.path());
    assert_eq!(result["objectives"][0]["held"], false);
    assert_eq!(
        (&result["model"], &result["lateness_us"]),
        (&"closed".into(), &Value::Null)
    );
}

#[test]
fn a_run_ends_with_the_first_failure_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let args = ["echo", "--sockets", "5", "--rate", "max", "--duration", "1h"];
    let objective = ["--objective", "reply.p99<1us", "--abort-on-fail"];
    let (said, code) = load(folder.path(), &[&args[..], &objective].concat());
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the objective reply.p99<1us was missed"), "{said}");
    assert_eq!(result(folder.path())["cut_short"], true);
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
fn a_server_of_ones_own_is_started_watched_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let free = free_address();
    let target = format!("ws://{free}/socket");
    let command = format!("{} serve --port {{port}}", env!("CARGO_BIN_EXE_phxproof"));
    let (said, code) = load(
        folder.path(),
        &[
            "idle",
            "--target",
            &target,
            "--exec",
            &command,
            "--sockets",
            "5",
            "--duration",
            "300ms",
        ],
    );
    assert_eq!(code, Some(0), "{said}");
    assert!(TcpListener::bind(free).is_ok(), "it still listens");
    let log = fs::read_to_string(folder.path().join("out/server.log")).unwrap();
    assert!(log.contains("listening on"), "{log}");
    #[cfg(target_os = "linux")]
    assert!(result(folder.path())["server"]["rss_bytes_peak"].as_u64() > Some(0));
}

#[test]
fn a_server_on_this_machine_is_watched_by_its_pid() {
    let folder = tempfile::tempdir().unwrap();
    // Over IPv6, where this machine has it.
    let host = match TcpListener::bind("[::1]:0") {
        Ok(_) => "::1",
        Err(_) => "127.0.0.1",
    };
    let mut server = Served::start(folder.path(), &["--host", host]);
    let (target, pid) = (server.target(), server.child.id().to_string());
    let line = [
        "echo",
        "--target",
        &target,
        "--server-pid",
        &pid,
        "--sockets",
        "4",
    ];
    let (said, code) = load(folder.path(), &[&line[..], &["--duration", "300ms"]].concat());
    assert_held(folder.path(), &said, code);
    #[cfg(target_os = "linux")]
    assert!(result(folder.path())["server"]["rss_bytes_peak"].as_u64() > Some(0));
    server.terminate();
}

#[test]
fn where_nobody_listens_nothing_is_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let target = format!("ws://{}/socket", free_address());
    let (said, code) = load(
        folder.path(),
        &["idle", "--target", &target, "--sockets", "3", "--duration", "1h"],
    );
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("nothing listens at 127.0.0.1:"), "{said}");
    let result = result(folder.path());
    assert_eq!(
        (&result["sockets"]["opened"], &result["exit_code"]),
        (&0.into(), &2.into())
    );
    assert!(
        result["trouble"]
            .as_str()
            .is_some_and(|it| it.contains("nothing listens"))
    );
}

#[test]
fn a_join_that_is_refused_is_told_before_the_load_with_the_servers_reason() {
    let folder = tempfile::tempdir().unwrap();
    let served = Served::start(folder.path(), &[]);
    let target = served.target();
    let (said, code) = load(
        folder.path(),
        &[
            "echo",
            "--target",
            &target,
            "--duration",
            "1h",
            "--topic",
            "nobody:lobby",
        ],
    );
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("the join of nobody:lobby was refused") && said.contains("unmatched topic"),
        "{said}"
    );
    assert!(said.contains("next") && !said.contains("loading"), "{said}");
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
fn more_sockets_than_there_can_be_are_refused_with_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let (said, code) = load(folder.path(), &["idle", "--sockets", "4000M"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("ask for") || said.contains("raise"), "{said}");
    assert_eq!(result(folder.path())["sockets"]["opened"], 0);
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
fn nonsense_is_wrong_usage() {
    for args in [
        ["--sockets", "0"],
        ["--sockets", "-5"],
        ["--rate", "-5"],
        ["--duration", "-5s"],
        ["--arrivals", "-5/s"],
        ["--rate", "0"],
        ["--duration", "0s"],
        ["--shards", "0"],
        ["--arrivals", "0/s"],
        ["--heartbeat", "0s"],
        ["--objective", "reply.p99"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (said, code) = load(folder.path(), &["echo", args[0], args[1]]);
        assert_eq!(code, Some(64), "{args:?}: {said}");
        let is_told = said.contains("expected") && !said.contains("unexpected argument");
        assert!(is_told, "{args:?}: {said}");
        assert!(!folder.path().join("out").exists(), "{args:?}");
    }
}

#[test]
fn shares_that_nobody_can_have_are_wrong_usage() {
    let lines: [&[&str]; 4] = [
        &["load", "echo=0", "idle"],
        &["load", "echo=much"],
        &["load", "echo=100", "idle=1", "--sockets", "50"],
        &["load", "echo=2", "idel"],
    ];
    assert_said!(lines.map(said_anywhere).join("\n"));
}

#[test]
fn sockets_that_would_all_listen_are_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let listeners_first = "about: A.\nshared: [hall]\nsteps:\n  - bea, ana: connect\n  \
                           - bea, ana: { join: \"lab:{{hall}}\" }\n  - ana: { push: echo }\n\
                           load: { roles: { bea: 9 } }\n";
    fs::write(folder.path().join("late.yaml"), listeners_first).unwrap();
    let lines: [&[&str]; 2] = [
        &["load", "late.yaml", "--sockets", "9"],
        &["load", "late.yaml=1", "echo=9", "--sockets", "50"],
    ];
    assert_said!(lines.map(|line| said(folder.path(), line)).join("\n"));
}

#[test]
fn what_a_scenario_cannot_mean_to_a_swarm_is_wrong_usage() {
    assert_said!(said_anywhere(&["load", "idle", "--rate", "10"]));
    let folder = tempfile::tempdir().unwrap();
    let raw = "about: A.\nsteps:\n  - ana: connect\n  - ana: { raw: { text: x } }\n";
    fs::write(folder.path().join("raw.yaml"), raw).unwrap();
    assert_said!(said(folder.path(), &["load", "raw.yaml"]));
}

#[test]
fn who_would_be_loaded_with_how_much_is_said_before() {
    assert_said!(said_anywhere(&[
        "load",
        "echo",
        "--target",
        "ws://192.0.2.1:4000/socket",
        "--sockets",
        "5k",
        "--rate",
        "200",
        "--duration",
        "1m"
    ]));
}

#[test]
fn a_scenario_that_there_is_not_is_wrong_usage() {
    assert_said!(said_anywhere(&["load", "ecoh"]));
}

#[test]
fn a_scenario_of_the_swarm_can_be_shown() {
    let folder = tempfile::tempdir().unwrap();
    let output = phxproof(folder.path(), &["show", "idle"]).output().unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("about: Everybody joins"), "{shown}");
}

#[test]
fn scenarios_are_listed_in_groups_and_what_can_be_loaded_comes_first() {
    let said = said_anywhere(&["list", "scenarios"]);
    assert!(said.lines().count() < 60, "{said}");
    let at = |text: &str| {
        said.find(text)
            .unwrap_or_else(|| panic!("{text} is not in {said}"))
    };
    let names = ["echo", "fanout", "herd", "idle", "rumbl", "slow-consumer"];
    for name in names {
        assert!(
            at(&format!("\n  {name} ")) < at("cases of check, by family"),
            "{name}"
        );
    }
    assert!(at("  join/*") > at("Can be loaded"));
    let output = phxproof(Path::new("."), &["list", "scenarios", "--format", "json"]);
    let output = { output }.output().unwrap();
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |command: &str| all.iter().filter(|it| it["command"] == command).count();
    assert!(of("load") == names.len() && of("check") > 250, "{all:?}");
    assert!(
        all.iter()
            .all(|it| it["id"].is_string() && it["about"].is_string())
    );
}

#[test]
fn all_that_can_be_measured_is_listed_and_each_name_can_be_an_objective() {
    assert_said!(said_anywhere(&["list", "figures"]));
    let output = phxproof(Path::new("."), &["list", "figures", "--format", "json"])
        .output()
        .unwrap();
    let all: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert!(all.len() > 60 && all.iter().all(|it| it["about"].is_string()));
    let ids: Vec<&str> = all.iter().filter_map(|it| it["id"].as_str()).collect();
    for id in [
        "reply.p95",
        "connect.max",
        "lateness.p999",
        "messages.missing",
        "errors",
    ] {
        assert!(ids.contains(&id), "{id}");
    }
    // A scenario of only a name is refused last of all, so that every objective was understood before.
    let limits = ids.iter().map(|id| {
        if id.contains(".p") || id.contains(".m") && !id.contains("messages") {
            format!("{id}<1s")
        } else {
            format!("{id}<1")
        }
    });
    let limits: Vec<String> = limits.flat_map(|it| ["--objective".to_owned(), it]).collect();
    let line: Vec<&str> = ["load", "nothing-of-that-name"]
        .into_iter()
        .chain(limits.iter().map(String::as_str))
        .collect();
    let said = said_anywhere(&line);
    assert!(said.contains("no scenario is named"), "{said}");
}

#[test]
fn an_objective_that_cannot_be_understood_says_what_would_be() {
    assert_said!(
        ["foo.p99<5ms", "reply.p99<5", "mising<1%"]
            .map(|text| said_anywhere(&["load", "echo", "--objective", text]))
            .join("\n")
    );
}

#[test]
fn what_was_not_measured_is_neither_held_nor_missed() {
    let folder = tempfile::tempdir().unwrap();
    let line = [
        "idle",
        "--sockets",
        "3",
        "--duration",
        "300ms",
        "--objective",
        "broadcast.p95<1s",
    ];
    let (said, code) = load(folder.path(), &line);
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("the objective broadcast.p95<1s was not measured") && !said.contains("missed"),
        "{said}"
    );
    let objective = &result(folder.path())["objectives"][0];
    assert_eq!(
        (&objective["value"], &objective["held"]),
        (&Value::Null, &false.into())
    );
}

#[test]
fn the_rate_that_was_reached_is_told_over_the_time_of_the_load() {
    let folder = tempfile::tempdir().unwrap();
    let line = ["echo", "--sockets", "20", "--rate", "200", "--duration", "1s"];
    let (said, code) = load(folder.path(), &line);
    assert_held(folder.path(), &said, code);
    assert!(said.contains("200 sent (200/s)"), "{said}");
}
