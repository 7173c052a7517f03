//! Tests of the summary with made-up runs.

use super::super::json::millis;
use super::super::made_up;
use super::*;
use crate::conformance::Strictness;

fn plain(run: &RunResult, detail: Detail) -> String {
    plain_on(run, detail, Paper::Pipe)
}

fn plain_on(run: &RunResult, detail: Detail, paper: Paper) -> String {
    let replay = Replay {
        flags: " --target ws://127.0.0.1:4000/socket".to_owned(),
        transport: Some(Transport::WebSocket),
    };
    repeated_by(replay, run, detail, paper)
}

fn repeated_by(replay: Replay, run: &RunResult, detail: Detail, paper: Paper) -> String {
    let about = made_up::ABOUT;
    let finished = made_up::finished(run, &about);
    let onward = Onward {
        replay,
        results: "reports/check-x/".to_owned(),
    };
    let text = render(&finished, detail, &onward, paper);
    anstream::adapter::strip_str(&text).to_string()
}

#[test]
fn a_run_with_every_verdict_tells_all_of_them() {
    insta::assert_snapshot!(plain(&made_up::run(), Detail::Usual));
}

#[test]
fn a_quiet_run_tells_only_what_is_wrong() {
    insta::assert_snapshot!(plain(&made_up::run(), Detail::Quiet));
}

#[test]
fn a_run_in_which_all_held_is_short() {
    insta::assert_snapshot!(plain(&made_up::good_run(), Detail::Usual));
}

#[test]
fn a_run_that_was_cut_short_says_so() {
    let run = RunResult {
        cut_short: true,
        cases: Vec::new(),
        ..made_up::good_run()
    };
    let expected =
        "undecided, as the run was cut short: no case was judged, in 4.2 s\nresults in reports/check-x/\n";
    assert_eq!(plain(&run, Detail::Usual), expected);
}

#[test]
fn cases_that_never_began_are_told_apart_from_those_that_were_not_decided() {
    let mut run = made_up::good_run();
    let why = "the run was ended before this case began";
    run.cases.push(made_up::noted("room/join", Verdict::NotRun, why));
    let text = plain(&run, Detail::Quiet);
    assert!(text.starts_with(&format!("not-run 1: {why}\n")), "{text}");
    assert!(text.contains("1 not-run, in 4.2 s"), "{text}");
    assert_eq!(run.conclusion(), CheckConclusion::Undecided);
}

#[test]
fn where_closing_does_not_count_it_is_told_apart() {
    let run = RunResult {
        held_to: HeldTo::TheLine,
        ..made_up::run()
    };
    let text = plain(&run, Detail::Usual);
    assert!(
        text.contains("closed otherwise than Phoenix, which does not count here:\n  malformed/text-empty: "),
        "{text}"
    );
    assert!(text.contains("4 pass, 1 non-strict, 1 fail"), "{text}");
}

#[test]
fn a_strict_run_counts_what_is_not_strict() {
    let run = RunResult {
        strict: Strictness::Strict,
        ..made_up::run()
    };
    assert!(
        plain(&run, Detail::Usual)
            .contains("fail handshake/minor-vsn: a vsn of 2.1.0 was let in\n  expected")
    );
}

#[test]
fn a_family_that_is_skipped_as_a_whole_is_told_by_its_name() {
    let mut run = made_up::run();
    let sizes = CaseResult {
        id: "binary/sizes".into(),
        ..run.cases[0].clone()
    };
    run.cases.insert(1, sizes);
    let text = plain(&run, Detail::Usual);
    assert!(
        text.contains("skipped 3: the target does not offer the lab channel\n  binary/*, events/replies\n"),
        "{text}"
    );
}

#[test]
fn families_are_told_by_ids_and_files_are_their_own() {
    for (id, expected) in [
        ("join/ok", "join"),
        ("mine.yaml", "own files"),
        ("a/mine.yaml", "own files"),
        ("/a/b", "own files"),
        ("../b", "own files"),
    ] {
        assert_eq!(family(id), expected, "{id}");
    }
}

#[test]
fn on_a_narrow_terminal_lines_are_broken_with_an_indent() {
    insta::assert_snapshot!(plain_on(&made_up::run(), Detail::Usual, Paper::Columns(60)));
}

#[test]
fn what_is_noted_of_very_many_is_not_listed_in_full() {
    let mut run = made_up::good_run();
    let noted = CaseResult {
        note: Some("there is no fixture, so only its steps judged".to_owned()),
        ..run.cases[0].clone()
    };
    run.cases = (0..100)
        .map(|number| CaseResult {
            id: format!("scenarios/number-{number}.yaml").into(),
            ..noted.clone()
        })
        .collect();
    let text = plain(&run, Detail::Usual);
    assert!(text.contains("and 88 more\n"), "{text}");
}

#[test]
fn a_case_is_repeated_over_its_transport_unless_the_flags_choose_one() {
    let mut run = made_up::run();
    for case in &mut run.cases {
        case.transport = Transport::LongPoll;
    }
    let next = |transport| {
        let replay = Replay {
            flags: " --timeout 1s".to_owned(),
            transport,
        };
        let text = repeated_by(replay, &run, Detail::Usual, Paper::Pipe);
        let next = text
            .lines()
            .find(|line| line.contains("phxproof check "))
            .expect("a command");
        next.contains(" --transport longpoll --timeout 1s")
    };
    assert!(next(None));
    assert!(!next(Some(Transport::LongPoll)));
}

#[test]
fn a_page_that_is_written_again_tells_the_same_duration() {
    for micros in [999_900, 10_950_300, 52_650_999, 59_999_999, 119_999_999] {
        let first = Duration::from_micros(micros);
        let again = Duration::from_millis(millis(first));
        assert_eq!(took(first), took(again), "{micros}");
    }
}
