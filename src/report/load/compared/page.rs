//! The page of a comparison: each difference with its interval as a picture and as figures, the conditions, and what was run.

use std::fmt::Write as _;

use super::settings::Matters;
use super::words::{Cells, condition, found, percent, run_of, without_data};
use super::{ComparisonEnd, ComparisonVerdict, RunComparison};
use crate::load::Change;
use crate::report::html::{self, Escaped, Inside};
use crate::statistics::QuantileShift;

/// The styles beside those of all pages.
const STYLE: &str = include_str!("page.css");
/// The width of a picture, and its middle, at which the difference is zero.
const WIDTH: f64 = 320.0;
const MIDDLE: f64 = WIDTH / 2.0;

/// The whole page.
pub(super) fn render(comparison: &RunComparison<'_>, end: &ComparisonEnd<'_>) -> String {
    let mut page = html::begin("phxproof compare", STYLE);
    let (class, words) = match (comparison.verdict(), comparison.conditions.is_empty()) {
        (ComparisonVerdict::Shown, _) => ("short", "a condition is shown"),
        (ComparisonVerdict::Undecided, _) => ("open", "undecided"),
        (ComparisonVerdict::Held, false) => ("held", "no condition is shown"),
        (ComparisonVerdict::Held, true) => ("held", "compared"),
    };
    let _ = write!(
        page,
        "<header>\n<p class=\"verdict {class}\">{words}</p>\n<h1>{}</h1>\n<p class=\"where\">{} and {}</p>\n",
        Inside(&found(comparison)),
        Inside(&comparison.base.folder.display().to_string()),
        Inside(&comparison.new.folder.display().to_string())
    );
    for doubt in &comparison.doubts {
        let _ = writeln!(page, "<p class=\"reason open\">{}</p>", Inside(doubt));
    }
    page.push_str("</header>\n");
    conditions(&mut page, comparison);
    differences(&mut page, comparison);
    settings(&mut page, comparison);
    let _ = write!(
        page,
        "<footer>\n<p>phxproof {} · began {} · seed {} · exit code {}</p>\n\
         <p><a href=\"result.json\">result.json</a></p>\n</footer>\n",
        env!("CARGO_PKG_VERSION"),
        humantime::format_rfc3339_seconds(end.about.started_at),
        end.about.seed,
        end.exit_code
    );
    html::end(&mut page);
    page
}

fn conditions(page: &mut String, comparison: &RunComparison<'_>) {
    if comparison.conditions.is_empty() {
        return;
    }
    page.push_str("<h2>Conditions</h2>\n<div class=\"wide said\"><table>\n<tbody>\n");
    for it in &comparison.conditions {
        let (word, why) = condition(&it.verdict);
        let class = match word {
            "shown" => "bad",
            "excluded" => "good",
            _ => "unsure",
        };
        let _ = writeln!(
            page,
            "<tr><th>{}</th><td class=\"{class}\">{word}</td><td>{}</td></tr>",
            Escaped(&it.text),
            Inside(&why)
        );
    }
    page.push_str("</tbody>\n</table></div>\n");
}

fn differences(page: &mut String, comparison: &RunComparison<'_>) {
    let farthest = comparison
        .known()
        .map(|(_, shift)| reach(shift))
        .fold(1.0, f64::max);
    let _ = write!(
        page,
        "<h2>Differences</h2>\n<p class=\"about\">New without base. The bar is where the difference lies with 95 % \
         confidence, in percent of base; the picture goes from -{0:.0} % to +{0:.0} %. Right of the line in the middle, the new run is slower. \
         Each interval is for its figure alone, and covers chance within the runs, not what changed between them.</p>\n\
         <div class=\"wide\"><table>\n<thead><tr><th></th><th>base</th><th>new</th><th>difference</th><th></th>\
         <th>with 95 % confidence</th><th></th><th></th></tr></thead>\n<tbody>\n",
        farthest
    );
    for (it, shift) in comparison.known() {
        let cells = Cells::of(shift);
        let (class, color) = match it.change() {
            Change::Slower => ("bad", "bad"),
            Change::Faster => ("good", "good"),
            Change::NotShown | Change::NotEnoughData => ("", "none"),
        };
        let _ = writeln!(
            page,
            "<tr><th>{} {}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"picture\">{}</td>\
             <td class=\"{class}\">{}</td></tr>",
            it.timing.name(),
            it.percentile,
            cells.base,
            cells.new,
            cells.difference,
            cells.percent,
            cells.interval,
            picture(shift, farthest, color),
            it.change().name()
        );
    }
    for (figures, why) in without_data(&comparison.timings) {
        let _ = writeln!(
            page,
            "<tr><th>{figures}</th><td colspan=\"6\">{}</td><td class=\"unsure\">not enough data</td></tr>",
            Inside(&why)
        );
    }
    page.push_str("</tbody>\n</table></div>\n");
}

/// How far an interval reaches from zero, in percent of the base.
fn reach(shift: &QuantileShift) -> f64 {
    let farthest = shift.interval_us.low.abs().max(shift.interval_us.high.abs());
    farthest / shift.control_us.max(1.0) * 100.0
}

/// The interval as a bar with its middle.
fn picture(shift: &QuantileShift, farthest: f64, color: &str) -> String {
    let x = |us: f64| MIDDLE + us / shift.control_us.max(1.0) * 100.0 / farthest * (MIDDLE - 6.0);
    let (low, high) = (x(shift.interval_us.low), x(shift.interval_us.high));
    let told = percent(shift).map_or(String::new(), |it| format!("{it:+.1} %"));
    format!(
        "<svg viewBox=\"0 0 {WIDTH} 20\" class=\"{color}\" role=\"img\" aria-label=\"{told}\">\
         <line class=\"grid\" x1=\"{MIDDLE}\" x2=\"{MIDDLE}\" y1=\"0\" y2=\"20\"/>\
         <rect x=\"{low:.1}\" y=\"7\" width=\"{:.1}\" height=\"6\" rx=\"3\"/>\
         <circle cx=\"{:.1}\" cy=\"10\" r=\"5\"/></svg>",
        (high - low).max(1.0),
        x(shift.difference_us)
    )
}

fn settings(page: &mut String, comparison: &RunComparison<'_>) {
    page.push_str("<h2>The runs</h2>\n<div class=\"wide said\"><table>\n<tbody>\n");
    for (name, run) in [("base", comparison.base), ("new", comparison.new)] {
        let _ = writeln!(
            page,
            "<tr><th>{name}</th><td colspan=\"2\">{}</td></tr>",
            Inside(&run_of(run))
        );
    }
    for it in &comparison.settings {
        let (class, about) = match it.matters {
            Matters::ToLatencies => ("unsure", "a difference may come from it"),
            Matters::Little => ("", ""),
        };
        let _ = writeln!(
            page,
            "<tr><th>{}<small>{about}</small></th><td class=\"{class}\">{}</td><td class=\"{class}\">{}</td></tr>",
            it.name,
            Inside(&it.base),
            Inside(&it.new)
        );
    }
    page.push_str("</tbody>\n</table></div>\n");
}
