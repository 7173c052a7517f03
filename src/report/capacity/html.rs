//! Writes `report.html` of `capacity`: a single file without scripts, with charts as SVG, in light or dark mode like the
//! reader's system.

mod charts;
mod scatter;
mod tables;
mod vm;

use std::fmt::Write as _;

use super::CapacityFinished;
use super::summary::{answer, facts};
use super::words::{latency, limit, load, told_time};
use crate::capacity::{CapacityConclusion, CapacityResult};
use crate::report::html::{self, Escaped};
use crate::report::live;
use crate::report::load::words::{grouped, seconds};

/// The rules that this page adds to the style sheet of all pages.
const STYLE: &str = "\
.disc { fill: currentColor; }\n\
.ring { fill: none; stroke: currentColor; stroke-width: 2; }\n\
.cross { fill: none; stroke: currentColor; stroke-width: 2.5; stroke-linecap: round; }\n\
figcaption .bad { font-weight: 400; }\n\
svg .rule { font-size: 11px; }\n\
td.why { text-align: left; white-space: normal; min-width: 16em; }\n";

/// The whole page.
pub(super) fn render(run: &CapacityFinished<'_>) -> String {
    let mut page = html::begin(&page_title(run), STYLE);
    head(&mut page, run);
    if let Some(result) = run.result {
        tiles(&mut page, result);
        charts::all(&mut page, result);
        tables::shares(&mut page, result);
        tables::fit(&mut page, result);
        tables::forecasts(&mut page, result);
        tables::trials(&mut page, result);
        vm::trials(&mut page, result);
    }
    tables::setup(&mut page, run.setup);
    html::foot(&mut page, run.about, run.duration, run.exit_code);
    html::end(&mut page);
    page
}

/// The whole page of a search that goes on; `doing` names the present trial.
pub(super) fn render_live(run: &CapacityFinished<'_>, doing: &str) -> String {
    let mut page = live::begin(&page_title(run), STYLE);
    let found = run.result.and_then(CapacityResult::value);
    let so_far = match (run.result, found) {
        (Some(result), Some(value)) => format!("at least {}", load(result.dimension, value)),
        _ => "nothing held yet".to_owned(),
    };
    let _ = write!(
        page,
        "<header>\n<p class=\"verdict open\">{}</p>\n<h1>{}</h1>\n<p class=\"where\">{}</p>\n</header>\n",
        Escaped(doing),
        Escaped(&so_far),
        Escaped(run.target)
    );
    if let Some(result) = run.result {
        charts::all(&mut page, result);
        tables::trials(&mut page, result);
    }
    tables::setup(&mut page, run.setup);
    live::end(&mut page, None);
    page
}

fn page_title(run: &CapacityFinished<'_>) -> String {
    format!("phxproof capacity: {}", run.target)
}

/// The verdict, the answer, the target, and the reasons.
fn head(page: &mut String, run: &CapacityFinished<'_>) {
    let (class, words, reasons): (_, _, &[String]) = match run.conclusion {
        CapacityConclusion::Found => ("held", "found", &[]),
        CapacityConclusion::FellShort(reasons) => ("short", "fell short", reasons),
        CapacityConclusion::Undecided(reasons) => ("open", "undecided", reasons),
    };
    let cut = if run.cut_short { ", cut short" } else { "" };
    let title = run.result.map_or_else(
        || "nothing was searched".to_owned(),
        |it| title(it, run.conclusion),
    );
    let _ = write!(
        page,
        "<header>\n<p class=\"verdict {class}\">{words}{cut}</p>\n<h1>{}</h1>\n<p class=\"where\">{}</p>\n",
        Escaped(&title),
        Escaped(run.target)
    );
    for reason in reasons.iter().map(String::as_str).chain(run.trouble) {
        let _ = writeln!(page, "<p class=\"reason {class}\">{}</p>", Escaped(reason));
    }
    for fact in run.result.map(facts).unwrap_or_default() {
        let _ = writeln!(page, "<p class=\"reason note\">{}</p>", Escaped(&fact));
    }
    page.push_str("</header>\n");
}

/// The claim of the page.
fn title(result: &CapacityResult, conclusion: &CapacityConclusion) -> String {
    match (result.value(), conclusion) {
        (Some(value), CapacityConclusion::Found) => load(result.dimension, value),
        (Some(value), _) => format!("at least {}", load(result.dimension, value)),
        (None, _) => answer(result),
    }
}

/// The most important figures.
fn tiles(page: &mut String, result: &CapacityResult) {
    let named = |it: Option<u64>| it.map_or_else(|| "–".to_owned(), grouped);
    let full = result.shares().into_iter().find(|(percent, _)| *percent == 100);
    let tiles = [
        ("held", named(result.value()), result.dimension.unit().to_owned()),
        (
            "not held",
            named(result.bounds.upper),
            match result.bounds.undecided {
                Some(load) => format!(
                    "the smallest load above it that missed; {} stayed undecided",
                    grouped(load)
                ),
                None => "the smallest load above it that missed".to_owned(),
            },
        ),
        (
            "limited by",
            result.limited_by.name().to_owned(),
            limit(result.limited_by).to_owned(),
        ),
        (
            "time at the answer",
            full.map_or_else(|| "–".to_owned(), |(_, trial)| latency(result.dimension, trial)),
            told_time(result.dimension, result.trials.first()),
        ),
        (
            "trials",
            grouped(result.trials.len() as u64),
            format!(
                "{} of load",
                seconds(result.trials.iter().map(|it| it.duration.as_secs_f64()).sum())
            ),
        ),
    ];
    page.push_str("<section class=\"tiles\">\n");
    for (name, value, more) in tiles {
        let _ = writeln!(
            page,
            "<div><span>{name}</span><b>{}</b><span>{}</span></div>",
            Escaped(&value),
            Escaped(&more)
        );
    }
    page.push_str("</section>\n");
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    fn page(result: &CapacityResult) -> String {
        made_up::with_run(result, render)
    }

    #[test]
    fn the_page_shows_every_trial_and_names_the_answer() {
        let page = page(&made_up::result());
        assert!(page.contains("<h1>198 sockets</h1>") && page.contains("verdict held"));
        // Once in each of both charts.
        assert_eq!(page.matches(" disc\"").count(), 8);
        assert_eq!(
            (page.matches(" cross\"").count(), page.matches(" ring\"").count()),
            (2, 2)
        );
        assert_eq!(page.matches("<svg viewBox=").count(), 2);
        assert!(
            page.contains("&lt;socket&gt;") && page.contains("&lt;12 ms&gt;") && !page.contains("<script")
        );
        assert!(
            page.contains("Not fitted")
                && page.contains("inversion: 150 sockets did not hold although 198 did")
        );
        assert!(!page.contains("NaN") && page.ends_with("</html>\n"));
    }

    #[test]
    fn an_undecided_search_claims_no_more_than_it_knows() {
        let mut result = made_up::result();
        result.limited_by = crate::capacity::Limit::Generator;
        let page = page(&result);
        assert!(page.contains("<h1>at least 198 sockets</h1>") && page.contains("verdict open"));
    }

    #[test]
    fn a_search_that_did_not_take_place_says_why() {
        let result = made_up::result();
        let page = made_up::with_run(&result, |run| {
            render(&CapacityFinished {
                result: None,
                trouble: Some("nothing listens there"),
                ..*run
            })
        });
        assert!(page.contains("nothing listens there") && !page.contains("<svg "));
    }
}
