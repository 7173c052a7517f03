//! `prove recovery`: clients that come back and have all that was acknowledged, and faults that show only after a cut, a restart, a
//! kill or a pause.

use serde_json::Value;

use super::{claims, experiment, is_among, proved, run};
use crate::cli::free_address;

/// A run that starts `serve` with these flags by `--exec`: its experiment, and its exit code.
fn restarted(serve: &str) -> (Value, Option<i32>) {
    let folder = tempfile::tempdir().unwrap();
    let target = format!("ws://{}/socket", free_address());
    let program = env!("CARGO_BIN_EXE_phxproof");
    let command = format!("exec {program} serve --port {{port}} --store annotations.sqlite {serve}");
    let flags = [
        "--target",
        &target,
        "--exec",
        &command,
        "--sockets",
        "20",
        "--max-time",
        "45s",
    ];
    let (result, code) = run(folder.path(), &["recovery"], &flags);
    (experiment(&result, "recovery").clone(), code)
}

/// The names of the claim that begins like this and failed.
fn named(experiment: &Value, begin: &str) -> String {
    let all = experiment["claims"].as_array().unwrap();
    let claim = all
        .iter()
        .find(|it| it["claim"].as_str().unwrap().starts_with(begin));
    let claim = claim.unwrap_or_else(|| panic!("no claim begins with {begin}: {experiment:#}"));
    assert_eq!(claim["verdict"], "fail", "{experiment:#}");
    claim["named"].to_string()
}

#[test]
fn after_cuts_restarts_kills_and_a_pause_a_correct_server_has_all_and_all_are_back() {
    let (recovery, code) = restarted("");
    assert_eq!(claims(&recovery, "fail"), [""; 0], "{recovery:#}");
    assert!(matches!(code, Some(0 | 2)), "{code:?}");
    let figure = |name: &str| recovery["evidence"][name].as_u64().unwrap_or_default();
    assert!(
        figure("connections_cut") > 10 && figure("lost") > 10,
        "{recovery:#}"
    );
    assert!(figure("caught_up_after_cut") > 10, "{recovery:#}");
    assert!(figure("herd_peak_per_100_ms") > 1, "{recovery:#}");
}

#[test]
fn what_is_acknowledged_before_it_is_stored_is_gone_after_a_kill_and_not_after_a_restart() {
    let (recovery, code) = restarted("--fault annotation-stored-soon --fault connections-leak");
    assert_eq!(code, Some(1), "{recovery:#}");
    let gone = named(&recovery, "All that was acknowledged before a kill");
    assert!(gone.contains("was not in the list"), "{gone}");
    if cfg!(target_os = "linux") {
        named(&recovery, "Nothing is left behind");
    }
    let failed = claims(&recovery, "fail");
    assert!(
        !is_among(&failed, "After a restart") && !is_among(&failed, "Every client comes back"),
        "{failed:?}"
    );
}

#[test]
fn ids_that_begin_anew_and_connections_that_end_by_a_pause_are_told_apart() {
    let (recovery, code) = restarted("--fault annotation-ids-begin-anew --fault stall-drops-connections");
    assert_eq!(code, Some(1), "{recovery:#}");
    let ids = named(&recovery, "Each annotation keeps its id");
    assert!(ids.contains("both have the id"), "{ids}");
    let ended = named(&recovery, "A server that stood still");
    assert!(ended.contains("the server ended its connection"), "{ended}");
}

#[test]
fn a_catch_up_that_crashes_keeps_clients_out_and_nothing_is_said_of_restarts() {
    let (result, code) = proved(&["recovery"], &["--fault", "catch-up-crashes"], "20");
    assert_eq!(code, Some(1), "{result:#}");
    let recovery = experiment(&result, "recovery");
    let kept_out = named(recovery, "Every client comes back");
    assert!(
        kept_out.contains("did not come back: its join was answered"),
        "{kept_out}"
    );
    let skipped = claims(recovery, "skipped");
    assert!(skipped.len() >= 3, "{recovery:#}");
    assert!(
        recovery["claims"][2]["says"].as_str().unwrap().contains("--exec"),
        "{recovery:#}"
    );
}

#[test]
fn a_catch_up_off_by_one_is_found_after_cuts() {
    let (result, code) = proved(&["recovery"], &["--fault", "catch-up-repeats"], "20");
    assert_eq!(code, Some(1), "{result:#}");
    let recovery = experiment(&result, "recovery");
    let again = named(recovery, "After cuts");
    assert!(again.contains("came again when it was back after "), "{again}");
}
