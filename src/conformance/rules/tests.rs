//! Checks the catalogue: each rule has an id, a promise and a source.

use std::collections::HashSet;

use super::*;
use crate::profile::{Gate, Profile, Version};

#[test]
fn every_id_is_unique_and_kebab_case() {
    let mut seen = HashSet::new();
    for rule in all() {
        assert!(seen.insert(rule.id), "two rules are called {}", rule.id);
        let kebab = rule.id.split('-').all(|word| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
        assert!(kebab, "{} is not in kebab-case", rule.id);
    }
}

#[test]
fn about_is_one_short_line_and_a_promise_is_whole_sentences() {
    for Rule {
        id, about, promise, ..
    } in all()
    {
        assert!(
            !about.is_empty() && !about.contains('\n') && about.len() <= 90,
            "{id}: about {about:?}"
        );
        assert!(!about.ends_with('.'), "{id}: about ends with a full stop");
        assert!(
            promise.ends_with('.') && !promise.contains("  "),
            "{id}: promise {promise:?}"
        );
        let sentences = promise.matches(". ").count() + 1;
        assert!(sentences <= 3, "{id}: a promise of {sentences} sentences");
    }
}

#[test]
fn every_source_names_a_file_or_a_section() {
    for Rule { id, source, .. } in all() {
        let file = [".ex,", ".exs,", ".erl,", ".js,"]
            .iter()
            .any(|ending| source.contains(ending));
        let whole_file = [".ex", ".exs", ".erl"]
            .iter()
            .any(|ending| source.ends_with(ending));
        assert!(
            file || whole_file || source.contains("RFC 6455 section "),
            "{id}: {source}"
        );
        for part in source.split("; ").filter(|part| !part.starts_with("RFC ")) {
            let (project, place) = part.split_once(' ').unwrap_or(("", part));
            assert!(
                !project.is_empty() && place.contains('/'),
                "{id}: {part:?} is no project and file"
            );
        }
    }
}

#[test]
fn every_version_gate_of_the_checklist_is_a_rule() {
    let gate = |id: &str| find(id).unwrap().versions;
    let since = |id: &str| find(id).unwrap().since();
    assert_eq!(since("stale-join-ref-ignored"), Some(Version(1, 8, 3)));
    assert!(matches!(
        gate("null-join-ref-accepted"),
        Versions::WrongIn {
            first: Version(1, 8, 3),
            last: Version(1, 8, 11),
            ..
        }
    ));
    assert_eq!(since("longpoll-batch-cap"), Some(Version(1, 8, 9)));
    assert_eq!(since("disconnect-code"), Some(Version(1, 8, 8)));
    assert_eq!(since("too-many-channels"), Some(Version(1, 8, 9)));
    for id in ["crash-reason", "longpoll-token-header", "longpoll-no-store"] {
        assert_eq!(since(id), Some(Version(1, 8, 10)), "{id}");
    }
}

#[test]
fn each_gate_holds_in_the_versions_of_its_rule() {
    for gate in Gate::ALL {
        let versions = find(gate.rule()).unwrap().versions;
        for profile in Profile::known() {
            let version = profile.phoenix();
            let holds = gate.holds_in(version);
            assert_eq!(versions.hold(version), holds, "{} in {version}", gate.rule());
        }
    }
}

#[test]
fn what_the_checklist_leaves_to_us_has_rules() {
    for id in [
        "malformed-json-closes",
        "short-array-closes",
        "unknown-kind-closes",
        "large-message-carried",
        "fragments-joined",
        "compression-off",
        "sender-order",
        "topics-apart",
        "state-apart",
        "rejoin-under-load",
    ] {
        assert!(find(id).is_some(), "{id}");
    }
}

#[test]
fn a_gate_tells_the_recorded_profiles_apart() {
    let holds =
        |id: &str| Profile::RECORDED.map(|profile| find(id).unwrap().versions.hold(profile.phoenix()));
    // 1.8.12 on Bandit and on Cowboy, 1.8.9, 1.7.21
    assert_eq!(holds("join-reply"), [true, true, true, true]);
    assert_eq!(holds("stale-join-ref-ignored"), [true, true, true, false]);
    assert_eq!(holds("null-join-ref-accepted"), [true, true, false, true]);
    assert_eq!(holds("crash-reason"), [true, true, false, false]);
}

#[test]
fn an_unknown_id_is_not_found() {
    assert_eq!(find("no-such-rule"), None);
}

#[test]
fn an_explanation_has_promise_versions_source_and_cases() {
    let text = find("null-join-ref-accepted")
        .unwrap()
        .explain(&["join/push-null-join-ref"], &["null-join-ref-dropped"])
        .to_string();
    insta::assert_snapshot!(text, @r"
    null-join-ref-accepted: a push without a join_ref is delivered

      A push with a null join_ref to a joined topic is handled as one with the right join_ref, and its
      answer carries the right one.

      versions    wrong in 1.8.3 to 1.8.11: it is dropped in silence, unless the join had no join_ref
                  either, as in V1
      source      phoenix lib/phoenix/socket.ex, handle_in/4 on a joined topic
      cases       join/push-null-join-ref
      faults      null-join-ref-dropped
    ");
}

#[test]
fn every_explanation_fits_a_terminal() {
    for rule in all() {
        let text = rule.explain(&[], &[]).to_string();
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.contains(rule.id) && text.ends_with('\n'));
    }
}

#[test]
fn a_rule_is_an_object_with_since_as_text() {
    let rule = serde_json::to_value(find("stale-join-ref-ignored").unwrap()).unwrap();
    assert_eq!(rule["id"], "stale-join-ref-ignored");
    assert_eq!(rule["since"], "1.8.3");
    for key in ["about", "promise", "source", "versions"] {
        assert!(rule[key].is_string(), "{key}");
    }
    let rule = serde_json::to_value(find("join-reply").unwrap()).unwrap();
    assert!(rule["since"].is_null());
}

#[test]
fn what_others_rest_on_ranks_before_them() {
    for (cause, consequence) in [
        ("heartbeat-reply", "heartbeat-keeps-open"),
        ("refs-echoed", "push-reply"),
        ("state-apart", "rejoin-fresh"),
        ("push-reply", "broadcast-reaches-all"),
        ("broadcast-reaches-all", "presence-diff-join"),
    ] {
        assert!(rank(cause) < rank(consequence), "{cause} and {consequence}");
    }
    assert!(
        LAYERS
            .iter()
            .flat_map(|layer| layer.iter())
            .all(|name| { find(name).is_some() || AREAS.iter().any(|area| area.name == *name) })
    );
    assert!(
        AREAS
            .iter()
            .flat_map(|area| area.rules)
            .all(|rule| rank(rule.id).0 < LAYERS.len())
    );
}
