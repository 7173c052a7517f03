//! `prove presence`: lists that are right at rest, and faults that leave somebody in them, or out of them.

use super::{claims, experiment, is_among, proved};

#[test]
fn a_correct_server_shows_who_is_there_and_tells_each_change_once() {
    let (result, code) = proved(&["presence"], &["--shards", "2"], "30");
    let presence = experiment(&result, "presence");
    assert_eq!(claims(presence, "fail"), [""; 0], "{presence:#}");
    assert!(matches!(code, Some(0 | 2)), "{code:?}");
    let figure = |name: &str| presence["evidence"][name].as_u64().unwrap();
    assert!(
        figure("lists") >= 60 && figure("crashes") > 0 && figure("cuts") > 0,
        "{presence:#}"
    );
    assert!(figure("tellings_due") > 100, "{presence:#}");
}

#[test]
fn a_presence_that_stays_after_a_cut_is_found_in_lists_and_named() {
    let (result, code) = proved(&["presence"], &["--fault", "hangup-keeps-channels"], "30");
    assert_eq!(code, Some(1), "{result:#}");
    let presence = experiment(&result, "presence");
    assert!(
        is_among(&claims(presence, "fail"), "Within 2 s of rest"),
        "{presence:#}"
    );
    let named = presence["claims"][0]["named"][0].as_str().unwrap();
    assert!(named.contains("lacks nobody, and shows u"), "{named}");
}

#[test]
fn a_diff_that_is_lost_now_and_then_leaves_lists_wrong() {
    let (result, code) = proved(
        &["presence"],
        &["--fault", "presence-diff-lost", "--one-in", "40"],
        "30",
    );
    assert_eq!(code, Some(1), "{result:#}");
    let failed = claims(experiment(&result, "presence"), "fail");
    assert!(is_among(&failed, "Within 2 s of rest"), "{failed:?}");
    assert!(
        !is_among(&failed, "No list and no diff shows anybody of another room"),
        "{failed:?}"
    );
}

#[test]
fn an_update_that_is_told_twice_breaks_only_the_claim_on_updates() {
    let (result, code) = proved(&["presence"], &["--fault", "presence-update-told-twice"], "30");
    assert_eq!(code, Some(1), "{result:#}");
    let failed = claims(experiment(&result, "presence"), "fail");
    assert!(
        failed.len() == 1 && is_among(&failed, "Each update is told once"),
        "{failed:?}"
    );
}

#[test]
fn a_diff_that_is_told_on_another_topic_breaks_only_the_claim_on_rooms() {
    let (result, code) = proved(&["presence"], &["--fault", "presence-told-beside"], "30");
    assert_eq!(code, Some(1), "{result:#}");
    let failed = claims(experiment(&result, "presence"), "fail");
    assert!(
        failed.len() == 1 && is_among(&failed, "No list and no diff"),
        "{failed:?}"
    );
}
