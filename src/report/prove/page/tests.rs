//! Tests of the page: every verdict, texts that are escaped, pictures of every kind.

use super::super::made_up;
use super::*;
use crate::prove::ProveResult;

/// The page of this result.
fn page_of(result: &ProveResult, trouble: Option<&str>) -> String {
    made_up::with_run(|run| {
        render(&ProveFinished {
            result,
            trouble,
            ..*run
        })
    })
}

/// A result of one experiment with a claim of this verdict.
fn only(verdict: ProofVerdict) -> ProveResult {
    let claim = made_up::claim(verdict, "so it is", &serde_json::json!({}));
    ProveResult {
        experiments: vec![made_up::experiment(
            ExperimentName::Delivery,
            vec![claim],
            Vec::new(),
        )],
        ..ProveResult::default()
    }
}

#[test]
fn a_run_with_every_verdict() {
    let page = made_up::with_run(render);
    let body = &page[page.find("<main>").unwrap()..page.find("<footer>").unwrap()];
    insta::assert_snapshot!(body);
}

#[test]
fn what_a_server_says_is_text_and_nothing_else() {
    let page = made_up::with_run(render);
    for foreign in [
        "<it>", "<b>", "<lost>", "<topics>", "<hall>", "<socket>", "<late>",
    ] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert!(page.contains("lab:&lt;b&gt;0&lt;/b&gt;"));
    assert!(!page.contains("<script") && !page.contains("http"));
}

#[test]
fn the_head_says_the_verdict_and_never_more_than_was_proved() {
    let head = |result: &ProveResult, trouble| {
        let page = page_of(result, trouble);
        let begin = page.find("<p class=\"verdict").unwrap();
        page[begin..begin + page[begin..].find("</p>").unwrap()].to_owned()
    };
    let cut = |result: ProveResult| ProveResult {
        cut_short: true,
        ..result
    };
    let nothing = ProveResult::default;
    for (said, result, trouble) in [
        ("held\">pass", only(ProofVerdict::Pass), None),
        ("short\">fail", only(ProofVerdict::Fail), None),
        ("open\">undecided", only(ProofVerdict::Undecided), None),
        ("open\">skipped", only(ProofVerdict::Skipped), None),
        ("open\">undecided, cut short", cut(only(ProofVerdict::Pass)), None),
        ("short\">fail, cut short", cut(only(ProofVerdict::Fail)), None),
        ("open\">undecided", nothing(), Some("no socket could be opened")),
        ("open\">undecided, cut short", cut(nothing()), None),
    ] {
        assert_eq!(head(&result, trouble), format!("<p class=\"verdict {said}"));
    }
}

#[test]
fn a_run_that_was_cut_short_names_what_did_not_come_to_its_end() {
    let cut = ProveResult {
        cut_short: true,
        ..only(ProofVerdict::Pass)
    };
    let page = page_of(&cut, None);
    let unmade = "<span>the run was cut short before its end</span>";
    assert_eq!(page.matches(unmade).count(), 4, "{page}");
    assert!(page.contains(&format!("recovery {unmade}")) && !page.contains(&format!("delivery {unmade}")));
    assert!(!page_of(&only(ProofVerdict::Pass), None).contains(unmade));
}

#[test]
fn a_run_without_experiments_shows_why_and_how_to_repeat_it() {
    let page = page_of(
        &ProveResult::default(),
        Some("no socket could be opened: <refused>"),
    );
    assert!(page.contains("no experiment was made") && page.contains("&lt;refused&gt;"));
    assert!(page.contains("phxproof prove all --param token=… --seed 7"));
    assert!(!page.contains("<svg ") && !page.contains("All experiments together"));
}

#[test]
fn a_margin_far_above_the_points_is_told_and_a_near_one_is_drawn() {
    let with_margin = |margin| plot::figure(&made_up::shifts(margin)).unwrap();
    let near = with_margin(15.0);
    assert!(near.contains("class=\"limit c1\"") && !near.contains("above this picture"));
    let far = with_margin(150.0);
    assert!(far.contains("<em>margin, 150 ms: above this picture</em>") && !far.contains("class=\"limit"));
    assert_eq!(far.matches("class=\"bar c0\"").count(), 3);
    assert_eq!(far.matches("class=\"zero\"").count(), 1);
}

#[test]
fn figures_that_are_no_numbers_are_not_drawn() {
    let mut picture = made_up::shifts(15.0);
    for series in &mut picture.series {
        series.points.iter_mut().for_each(|point| point.y = f64::NAN);
    }
    assert_eq!(plot::figure(&picture), None);
}
