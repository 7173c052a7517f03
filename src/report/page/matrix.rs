//! The matrix of the page: a row for each family, a column for each verdict that occurs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::conformance::RunResult;
use crate::report::html::{Inside, link};
use crate::report::summary::{family, word, words};

/// The table; nothing if there are no cases.
pub(super) fn render(page: &mut String, run: &RunResult) {
    let mut families: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for case in &run.cases {
        let row = families.entry(family(&case.id)).or_default();
        *row.entry(word(case, run)).or_default() += 1;
    }
    let all = words(run);
    if families.is_empty() {
        return;
    }
    page.push_str(
        "<h2>Families</h2>\n<div class=\"wide\"><table class=\"matrix\">\n<thead><tr><th>family</th>",
    );
    for (word, _) in &all {
        let _ = write!(page, "<th>{word}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for (family, counts) in &families {
        let _ = write!(
            page,
            "<tr><th><a href=\"#family:{}\">{}</a></th>",
            link(family),
            Inside(family)
        );
        row(page, &all, |word| counts.get(word).copied());
    }
    page.push_str("<tr class=\"sum\"><th>all</th>");
    row(page, &all, |word| {
        all.iter().find(|it| it.0 == word).map(|it| it.1)
    });
    page.push_str("</tbody>\n</table></div>\n");
}

/// The numbers of a row, and its end.
fn row(page: &mut String, columns: &[(&'static str, usize)], number: impl Fn(&str) -> Option<usize>) {
    for (word, _) in columns {
        let _ = match number(word) {
            Some(number) => write!(page, "<td class=\"v {word}\">{number}</td>"),
            None => write!(page, "<td></td>"),
        };
    }
    page.push_str("</tr>\n");
}
