//! The page of a comparison: the runs, the differences, and all cases by family. Each verdict is a link to the case on the
//! page of its run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::{CheckMatrix, Compared};
use crate::conformance::{CheckConclusion, Verdict};
use crate::report::html::{self, Inside, link};
use crate::report::summary;

/// What is added to the style sheet of all pages.
const STYLE: &str = include_str!("../page/page.css");

type Row<'m> = (&'m Arc<str>, &'m Vec<Option<&'static str>>);

/// The whole page.
pub(super) fn render(matrix: &CheckMatrix<'_>) -> String {
    let mut page = html::begin("phxproof: servers compared", STYLE);
    let differ = matrix.differ();
    let (class, words) = match differ {
        0 => ("held", "no differences".to_owned()),
        _ => (
            "open",
            format!("{differ} of {}", summary::count(matrix.cases(), "case")),
        ),
    };
    let _ = write!(
        page,
        "<header>\n<p class=\"verdict {class}\">{words}{}</p>\n<h1>{} compared</h1>\n</header>\n",
        if differ > 0 { " differ" } else { "" },
        summary::count(matrix.runs.len(), "run")
    );
    runs(&mut page, &matrix.runs);
    let mut differences: Vec<Row<'_>> = matrix.differences().collect();
    differences.sort_by_key(|(_, row)| !row.contains(&Some(Verdict::Fail.name())));
    if !differences.is_empty() {
        page.push_str("<h2>Differences</h2>\n");
        table(&mut page, matrix, &differences);
    }
    let mut families: BTreeMap<&str, Vec<Row<'_>>> = BTreeMap::new();
    for row in &matrix.rows {
        families.entry(summary::family(id(row.0))).or_default().push(row);
    }
    page.push_str("<h2>All cases</h2>\n");
    for (family, rows) in families {
        let _ = writeln!(
            page,
            "<details><summary><b>{}</b> <small>{}</small></summary>",
            Inside(family),
            summary::count(rows.len(), "case")
        );
        table(&mut page, matrix, &rows);
        page.push_str("</details>\n");
    }
    let _ = write!(
        page,
        "<footer>\n<p>phxproof {} · an empty cell: the run does not have the case</p>\n\
         <p><a href=\"result.json\">result.json</a></p>\n</footer>\n",
        env!("CARGO_PKG_VERSION")
    );
    html::end(&mut page);
    page
}

/// The id of a case, without the transport of its play.
fn id(name: &str) -> &str {
    name.split('@').next().unwrap_or(name)
}

/// A line for each run.
fn runs(page: &mut String, runs: &[Compared<'_>]) {
    page.push_str(
        "<h2>Runs</h2>\n<div class=\"wide\"><table class=\"said\">\n\
         <thead><tr><th>run</th><th>verdict</th><th>target</th><th>held to</th><th>cases</th></tr></thead>\n<tbody>\n",
    );
    for it in runs {
        let run = &it.past.run;
        let (class, words) = match run.conclusion() {
            CheckConclusion::Held => ("good", "all held"),
            CheckConclusion::FellShort => ("bad", "fell short"),
            CheckConclusion::Undecided => ("unsure", "undecided"),
        };
        let _ = writeln!(
            page,
            "<tr><th><a href=\"{}/report.html\">{}</a></th><td class=\"{class}\">{words}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            link(&it.path.to_string_lossy()),
            Inside(&it.name),
            Inside(&run.target),
            run.held_to
                .profile()
                .map_or("what a client survives", crate::profile::Profile::name),
            summary::counted_words(run)
        );
    }
    page.push_str("</tbody>\n</table></div>\n");
}

/// Cases with their verdicts.
fn table(page: &mut String, matrix: &CheckMatrix<'_>, rows: &[Row<'_>]) {
    page.push_str("<div class=\"wide\"><table class=\"matrix\">\n<thead><tr><th>case</th>");
    for run in &matrix.runs {
        let _ = write!(page, "<th>{}</th>", Inside(&run.name));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for (name, row) in rows {
        let _ = write!(page, "<tr><th>{}</th>", Inside(name));
        for (run, verdict) in matrix.runs.iter().zip(*row) {
            let _ = match verdict {
                Some(verdict) => write!(
                    page,
                    "<td class=\"v {0}\"><a href=\"{1}/report.html#{2}\">{0}</a></td>",
                    verdict,
                    link(&run.path.to_string_lossy()),
                    link(name)
                ),
                None => write!(page, "<td></td>"),
            };
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table></div>\n");
}
