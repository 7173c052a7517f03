//! Swarms over TLS.

use std::path::Path;

use super::proxy::{proxy, proxy_with};
use super::{assert_undecided, served};
use crate::cli::said;

/// The output of `load`, and its `result.json`.
fn load(folder: &Path, args: &[&str]) -> (String, serde_json::Value) {
    let args = [&["load"], args, &["--duration", "1s", "--out", "out"]].concat();
    let said = said(folder, &args);
    let result = std::fs::read_to_string(folder.join("out/result.json"));
    let result = serde_json::from_str(&result.unwrap_or_default()).unwrap_or_default();
    (said, result)
}

/// Nothing is missing and all have joined. Whether the run is valid depends on how busy the machine is.
#[track_caller]
fn assert_received(said: &str, result: &serde_json::Value, sockets: u64) {
    assert_eq!(result["messages"]["missing"], 0, "{said}");
    assert_eq!(result["sockets"]["joined"], sockets, "{said}");
    assert_eq!(result["troubles"], serde_json::json!({}), "{said}");
}

#[test]
fn a_swarm_over_tls_receives_everything_and_measures_its_handshakes() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, flags) = served(folder.path());
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let echo = ["echo", "--sockets", "20", "--rate", "100"];
    let (said, result) = load(folder.path(), &[&echo[..], &flags].concat());
    assert_received(&said, &result, 20);
    assert_eq!(result["latency_us"]["tls"]["count"], 20);
}

#[test]
fn a_swarm_that_reconnects_over_tls_makes_its_handshakes_again() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, flags) = served(folder.path());
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let scenario = "about: Sockets are cut and come back.\nfresh: [room]\nsteps:\n  - ana: connect\n  \
                    - ana: { join: \"lab:{{room}}\" }\n  - sleep: 50ms\n  - ana: cut\n";
    std::fs::write(folder.path().join("back.yaml"), scenario).unwrap();
    let (said, result) = load(
        folder.path(),
        &[&["back.yaml", "--sockets", "4"][..], &flags].concat(),
    );
    let handshakes = result["latency_us"]["tls"]["count"].as_u64().unwrap();
    let opened = result["counts"]["opened"].as_u64().unwrap();
    let reconnects = result["sockets"]["reconnects"].as_u64().unwrap();
    assert!(reconnects > 0, "{said}");
    assert!(
        handshakes >= opened && opened > 4,
        "{handshakes} handshakes, {said}"
    );
}

#[test]
fn a_swarm_goes_through_a_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, flags) = served(folder.path());
    let (proxy, asked) = proxy(200);
    let url = format!("http://{proxy}");
    let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    flags.extend(["--proxy", &url]);
    let echo = ["echo", "--sockets", "3", "--rate", "30"];
    let (said, result) = load(folder.path(), &[&echo[..], &flags].concat());
    assert_received(&said, &result, 3);
    assert_eq!(result["latency_us"]["tls"]["count"], 3);
    // The sockets of the run, and those that try it before.
    assert!(asked.try_iter().count() > 3);
}

#[test]
fn a_refusal_by_the_proxy_counts_as_a_proxy_error() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, flags) = served(folder.path());
    // The proxy passes on the first four connections: those of the preflight, and perhaps some of the run.
    let (proxy, _asked) = proxy_with(|number| if number < 4 { 200 } else { 502 });
    let url = format!("http://{proxy}");
    let mut flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    flags.extend(["--proxy", &url]);
    let echo = ["echo", "--sockets", "6", "--rate", "30"];
    let (said, result) = load(folder.path(), &[&echo[..], &flags].concat());
    assert!(result["troubles"]["proxy"].as_u64() > Some(0), "{said}");
    assert_eq!(result["troubles"]["tls"], serde_json::Value::Null, "{said}");
    assert!(said.contains("connection attempts failed: the proxy:"), "{said}");
}

#[test]
fn a_swarm_that_does_not_trust_the_server_is_undecided() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, flags) = served(folder.path());
    let echo = ["echo", "--sockets", "3", "--rate", "30", "--target", &flags[1]];
    let (said, _) = load(folder.path(), &echo);
    assert_undecided(&said, "signed by an authority that is not trusted");
    let (said, result) = load(folder.path(), &[&echo[..], &["--insecure"]].concat());
    assert!(
        said.contains("insecure: any certificate of the server was accepted (--insecure)"),
        "{said}"
    );
    assert_eq!(result["insecure"], true);
    assert_received(&said, &result, 3);
}
