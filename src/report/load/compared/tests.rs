//! Tests of the comparison with invented runs.

use std::time::SystemTime;

use super::super::made_up;
use super::*;
use crate::stream::Certificates;

/// The comparison of a base run with replies of some 400 µs and a new one with slower ones, and what it says.
fn compared<T>(slower_us: u64, conditions: &[&str], look: impl FnOnce(&RunComparison<'_>) -> T) -> T {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str, slower_us| {
        made_up::write(&folder.path().join(name), 30, slower_us);
        let mut past = PastLoad::read(&folder.path().join(name)).unwrap();
        past.folder = name.into();
        past
    };
    let (base, new) = (read("base", 0), read("new", slower_us));
    look(&of(&base, &new, conditions))
}

fn of<'p>(base: &'p PastLoad, new: &'p PastLoad, conditions: &[&str]) -> RunComparison<'p> {
    let conditions: Vec<Condition> = conditions.iter().map(|it| it.parse().unwrap()).collect();
    RunComparison::new(base, new, &conditions, 1)
}

fn text(comparison: &RunComparison<'_>, detail: Detail) -> String {
    let text = text::render(comparison, detail, "reports/compare-1", Paper::Pipe);
    anstream::adapter::strip_str(&text).to_string()
}

const CONDITIONS: [&str; 4] = [
    "reply.p99>+10%",
    "reply.p50>+5ms",
    "reply.p99.9>+10%",
    "join.p50>+10%",
];

#[test]
fn a_slower_run_is_told_for_people_and_for_programs() {
    compared(80, &CONDITIONS, |comparison| {
        assert_eq!(comparison.verdict(), ComparisonVerdict::Shown);
        insta::assert_snapshot!("text", text(comparison, Detail::Usual));
        insta::assert_snapshot!("quiet", text(comparison, Detail::Quiet));
        insta::assert_snapshot!("markdown", comparison.markdown());
        let about = About {
            started_at: SystemTime::UNIX_EPOCH,
            seed: 1,
            certificates: Certificates::Verified,
        };
        let end = ComparisonEnd {
            about: &about,
            duration: Duration::from_millis(250),
            exit_code: 1,
        };
        let json = String::from_utf8(comparison.json(&end)).unwrap();
        insta::assert_snapshot!("json", json);
        let page = page::render(comparison, &end);
        insta::assert_snapshot!("page", &page[page.find("<main>").unwrap()..]);
    });
}

#[test]
fn a_run_that_is_as_fast_excludes_the_condition() {
    compared(0, &["reply.p99>+10%"], |comparison| {
        assert_eq!(comparison.verdict(), ComparisonVerdict::Held);
        let text = text(comparison, Detail::Quiet);
        assert!(
            text.contains("no difference shown: reply.p50, reply.p95, reply.p99"),
            "{text}"
        );
    });
}

#[test]
fn without_conditions_a_slower_run_is_only_told() {
    compared(80, &[], |comparison| {
        assert_eq!(comparison.verdict(), ComparisonVerdict::Held);
    });
}

#[test]
fn runs_with_other_settings_decide_no_condition() {
    compared(80, &[], |comparison| {
        let other = |change: fn(&mut PastLoad)| {
            let folder = tempfile::tempdir().unwrap();
            made_up::write(folder.path(), 30, 80);
            let mut past = PastLoad::read(folder.path()).unwrap();
            change(&mut past);
            let found = of(comparison.base, &past, &["reply.p99>+10%"]);
            let matters = found
                .settings
                .iter()
                .filter(|it| it.matters == Matters::ToLatencies);
            (found.verdict(), matters.map(|it| it.name).collect::<Vec<_>>())
        };
        let undecided = |names: &[&'static str]| (ComparisonVerdict::Undecided, names.to_vec());
        assert_eq!(
            other(|run| run.scenario = "fanout".to_owned()),
            undecided(&["scenario"])
        );
        assert_eq!(
            other(|run| run.setup.as_mut().unwrap().sockets = 300),
            undecided(&["sockets"])
        );
        let rate: fn(&mut PastLoad) = |run| run.setup.as_mut().unwrap().rates[0].sends_per_s = 7.0;
        assert_eq!(other(rate), undecided(&["rate"]));
        let machine: fn(&mut PastLoad) = |run| {
            let machine = &mut run.setup.as_mut().unwrap().machine;
            (machine.processors, machine.memory_bytes) = (8, Some(8_000_000_000));
        };
        assert_eq!(other(machine), undecided(&["processors", "memory"]));
        let little: fn(&mut PastLoad) = |run| {
            let setup = run.setup.as_mut().unwrap();
            setup.machine.memory_bytes = Some(24_100_000_000);
            setup.machine.os = "linux 6.2.0".to_owned();
            setup.duration_s = 9.0;
        };
        assert_eq!(other(little), (ComparisonVerdict::Shown, Vec::new()));
        let late: fn(&mut PastLoad) = |run| {
            run.result.generator.valid = false;
            run.result.generator.why_invalid = Some("this process was late".to_owned());
        };
        assert_eq!(other(late), undecided(&[]));
    });
}

#[test]
fn runs_that_are_too_short_are_undecided() {
    let folder = tempfile::tempdir().unwrap();
    made_up::write(folder.path(), 19, 0);
    let past = PastLoad::read(folder.path()).unwrap();
    let found = of(&past, &past, &["reply.p50>+10%"]);
    assert_eq!(found.verdict(), ComparisonVerdict::Undecided);
    let told = text(&found, Detail::Usual);
    assert!(
        told.contains("reply: not enough data; measured in 19 blocks of time only, 20 are needed"),
        "{told}"
    );
    assert!(told.contains("runs about twice as long are needed"), "{told}");
    assert!(told.contains("undecided; nothing could be compared"), "{told}");
}
