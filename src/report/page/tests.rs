//! Tests of the page with invented runs.

use std::sync::Arc;

use super::super::made_up;
use super::*;
use crate::clock::Time;
use crate::protocol::Vsn;
use crate::scenario::{Noted, RecordedEntry, Recording, Who};

/// The page of a run whose cases have these recordings.
fn page_of(run: &RunResult, recorded: &[CaseResult]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut reporter = CheckPage::new(Folder::new(folder.path()));
    for case in recorded {
        reporter.event(&CheckEvent::CaseFinished(case)).unwrap();
    }
    reporter.finish(&made_up::finished(run, &made_up::ABOUT)).unwrap();
    std::fs::read_to_string(folder.path().join("report.html")).unwrap()
}

/// A page without its style sheet.
fn body(page: &str) -> &str {
    &page[page.find("<main>").unwrap()..]
}

/// The case with what its actors said, again and again.
fn talking(case: &CaseResult, texts: &[&str], times: usize) -> CaseResult {
    let mut recording = Recording::default();
    let all = texts.iter().cycle().take(texts.len() * times);
    for (number, text) in (0..).zip(all) {
        let what = match number % 2 {
            0 => Noted::SentText((*text).into()),
            _ => Noted::Text((*text).into()),
        };
        recording.entries.push(RecordedEntry {
            at: Time::from_micros(number * 1000),
            who: Who::Actor(usize::from(number % 4 > 1), 1),
            what,
        });
    }
    let (actors, vsn) = (vec!["ana".to_owned(), "ben".to_owned()], Vsn::V2);
    CaseResult {
        recording: CaseRecording::Whole(Arc::new(crate::conformance::Recorded {
            recording,
            actors,
            vsn,
        })),
        ..case.clone()
    }
}

/// Checks that each element is closed in its order, and that nothing is loaded from elsewhere.
fn assert_self_contained(page: &str) {
    const VOID: [&str; 1] = ["meta"];
    let mut open: Vec<&str> = Vec::new();
    let page = page.strip_prefix("<!doctype html>").unwrap();
    let style = page.find("<style>").unwrap()..page.find("</style>").unwrap();
    assert!(!page[style.clone()].contains("url(") && !page[style].contains("@import"));
    for (at, _) in page.match_indices('<') {
        let tag = &page[at + 1..at + page[at..].find('>').unwrap()];
        let name = tag.split([' ', '\n']).next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(
                open.pop(),
                Some(name),
                "at {}",
                &page[at..(at + 80).min(page.len())]
            );
        } else if !VOID.contains(&name) {
            open.push(name);
        }
        assert!(!["script", "link", "img", "iframe"].contains(&name), "<{tag}>");
        assert!(
            !tag.contains("src=") && !tag.contains("://") && !tag.contains("javascript:"),
            "<{tag}>"
        );
    }
    assert_eq!(open, Vec::<&str>::new());
}

#[test]
fn a_run_with_a_case_of_every_kind() {
    let run = made_up::run();
    let page = page_of(&run, &[made_up::recorded_case()]);
    assert_self_contained(&page);
    insta::assert_snapshot!(body(&page));
}

#[test]
fn a_run_that_was_not_possible_says_why() {
    let mut run = made_up::good_run();
    run.cases.clear();
    let finished = CheckFinished {
        trouble: Some("nothing <listens> there"),
        ..made_up::finished(&run, &made_up::ABOUT)
    };
    let page = render(&finished, &Talks::new());
    assert_self_contained(&page);
    assert!(page.contains("nothing &lt;listens&gt; there") && page.contains("no case was judged"));
}

#[test]
fn what_a_server_says_is_text_and_nothing_else() {
    let evil = "</p><script>alert(1)</script><img src=x onerror=alert(2)>";
    let run = made_up::run();
    let page = page_of(&run, &[talking(&run.cases[5], &[evil, evil], 3)]);
    assert_self_contained(&page);
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
}

#[test]
fn a_conversation_is_cut_in_the_middle() {
    let run = made_up::run();
    let long = format!(r#"["1","1","lab:room","echo",{{"text":"{}"}}]"#, "<".repeat(500));
    let failed = talking(&run.cases[5], &[&long, "short"], 200);
    let page = page_of(&run, &[failed]);
    assert_self_contained(&page);
    assert!(page.contains("<li class=\"gap\">… 340 more …</li>"));
    assert_eq!(
        page.matches("<li class=\"o").count() + page.matches("<li class=\"i").count(),
        60
    );
    assert!(page.contains("lab:room\",<em>\"echo\"</em>,{\"text\":\"&lt;&lt;"));
}

#[test]
fn a_hostile_server_does_not_make_the_page_larger_than_two_megabytes() {
    let mut run = made_up::run();
    let (bad, good) = (run.cases[5].clone(), run.cases[3].clone());
    let evil = "&".repeat(900);
    let all: Vec<CaseResult> = (0..400)
        .map(|number| {
            let case = if number % 2 == 0 { &bad } else { &good };
            let mut case = CaseResult {
                id: format!("join/case-{number}").into(),
                ..talking(case, &[&evil], 60)
            };
            if let Some(finding) = &mut case.finding {
                finding.what = evil.clone();
                finding.expected = format!("{evil}\n").repeat(30);
                finding.actual.clone_from(&finding.expected);
            }
            case
        })
        .collect();
    run.cases.clone_from(&all);
    let page = page_of(&run, &all);
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    assert!(page.len() > 1_000_000, "{} bytes", page.len());
    assert!(page.contains("has no room"));
    assert_self_contained(&page);
}

#[test]
fn a_deviation_that_the_user_expects_is_told_apart() {
    let mut run = made_up::run();
    run.cases[5].known = Some("we know, <#12>".into());
    run.unmet = vec!["no case is named `join/gone`".to_owned()];
    let page = page_of(&run, &[]);
    assert_self_contained(&page);
    assert!(
        page.contains("<h2>Known deviations <small>1</small></h2>"),
        "{page}"
    );
    assert!(
        page.contains("expected by the settings: we know, &lt;#12&gt;"),
        "{page}"
    );
    assert!(
        page.contains("1 known") && page.contains("no case is named `join/gone`"),
        "{page}"
    );
    assert!(!page.contains("stale-join-ref-ignored</b>"), "{page}");
}
