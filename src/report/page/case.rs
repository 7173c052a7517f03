//! The cases of the page: those that did not pass first and in full, then all others by family.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::talk::Amount;
use super::{OPEN, Talks, amount};
use crate::conformance::{CaseResult, Finding, RunResult, Verdict};
use crate::report::folder::frames_of;
use crate::report::html::{Escaped, Inside, link};
use crate::report::summary::{KNOWN, family, word};
use crate::scenario::{shorten, shorten_bytes};
use crate::transport::Transport;

/// Up to this size of the page, what failed is shown in full.
const FULL_UP_TO: usize = 1_000_000;
/// Up to this size, cases have their conversation at all. A server that answers with much text does not make the page
/// larger than 2 MB.
const BRIEF_UP_TO: usize = 1_500_000;

/// The sections before the families: the word under which their cases are counted, and the title.
const SECTIONS: [(&str, &str); 4] = [
    (Verdict::Fail.name(), "Failed"),
    (Verdict::Undecided.name(), "Undecided"),
    (
        Verdict::NonStrict.name(),
        "Other than Phoenix, in a way that clients survive",
    ),
    (KNOWN, "Known deviations"),
];

/// Whether the details of a case are shown at first.
#[derive(Clone, Copy)]
enum Fold {
    Open,
    Closed,
}

/// The cases of a run with their conversations.
pub(super) struct Cases<'r> {
    run: &'r RunResult,
    talks: &'r Talks,
}

impl<'r> Cases<'r> {
    pub(super) const fn new(run: &'r RunResult, talks: &'r Talks) -> Self {
        Self { run, talks }
    }

    /// All sections. `causes` are the broken rules in their order.
    pub(super) fn sections(&self, page: &mut String, causes: &[(&str, usize)]) {
        for (wanted, title) in SECTIONS {
            let cases = self.run.cases.iter();
            let mut cases: Vec<&CaseResult> = cases.filter(|case| word(case, self.run) == wanted).collect();
            cases.sort_by_key(|case| {
                let of = |rule: &&str| causes.iter().position(|(cause, _)| cause == rule);
                case.broken().iter().filter_map(of).min().unwrap_or(usize::MAX)
            });
            if cases.is_empty() {
                continue;
            }
            let _ = writeln!(page, "<section>\n<h2>{title} <small>{}</small></h2>", cases.len());
            for (number, case) in cases.into_iter().enumerate() {
                let fold = if wanted == Verdict::Fail.name() && number < OPEN {
                    Fold::Open
                } else {
                    Fold::Closed
                };
                self.one(page, case, fold);
            }
            page.push_str("</section>\n");
        }
        self.families(page);
    }

    /// The cases of each family; those that are shown above as links.
    fn families(&self, page: &mut String) {
        let mut families: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
        for case in &self.run.cases {
            families.entry(family(&case.id)).or_default().push(case);
        }
        for (family, cases) in families {
            let _ = writeln!(
                page,
                "<section>\n<h2 id=\"family:{0}\">{0} <small>{1}</small></h2>",
                Escaped(family),
                cases.len()
            );
            for case in cases {
                let word = word(case, self.run);
                if SECTIONS.iter().any(|(shown, _)| *shown == word) {
                    let name = case.name();
                    let _ = writeln!(
                        page,
                        "<p class=\"above\">{} <a href=\"#{}\">{}</a></p>",
                        badge(word),
                        link(&name),
                        Inside(&name)
                    );
                } else {
                    self.one(page, case, Fold::Closed);
                }
            }
            page.push_str("</section>\n");
        }
    }

    /// One case.
    fn one(&self, page: &mut String, case: &CaseResult, fold: Fold) {
        let name = case.name();
        let over = match case.transport {
            Transport::WebSocket => "",
            Transport::LongPoll => " <small>long poll</small>",
        };
        let open = match fold {
            Fold::Open => " open",
            Fold::Closed => "",
        };
        let _ = write!(
            page,
            "<details{open}><summary>{} {}{over}",
            badge(word(case, self.run)),
            Inside(&case.id)
        );
        if let Some(what) = case.message() {
            let longest = if page.len() > BRIEF_UP_TO { 80 } else { 400 };
            let _ = write!(page, " <span>{}</span>", Inside(&first(&what, 1, longest)));
        }
        let _ = writeln!(page, "</summary>\n<div id=\"{}\">", Escaped(&name));
        if page.len() <= BRIEF_UP_TO {
            let amount = if page.len() <= FULL_UP_TO {
                amount(case)
            } else {
                Amount::Brief
            };
            self.body(page, case, amount);
        } else if let Some(frames) = frames_of(case) {
            let _ = writeln!(
                page,
                "<p class=\"about\">This page has no room for its conversation: <a href=\"{}\">frames</a></p>",
                link(&frames)
            );
        }
        page.push_str("</div></details>\n");
    }

    fn body(&self, page: &mut String, case: &CaseResult, amount: Amount) {
        let _ = writeln!(page, "<p class=\"about\">{}</p>", Inside(&case.about));
        if let Some(reason) = &case.known {
            let _ = writeln!(page, "<p>expected by the settings: {}</p>", Inside(reason));
        }
        for (number, finding) in case.findings().enumerate() {
            if number > 0 {
                let _ = writeln!(page, "<p>closing: {}</p>", Inside(&first(&finding.what, 1, 400)));
            }
            finding_of(page, finding, amount);
        }
        if let Some(testimony) = &case.testimony {
            let sentence = first(&testimony.sentence(), 1, 400);
            let _ = writeln!(page, "<p>witness: {}</p>", Inside(&sentence));
        }
        if let Some(talk) = self.talks.get(&case.name()) {
            talk.render(page, amount);
        }
        facts(page, case);
    }
}

/// The rules, the time, and the links of a case.
fn facts(page: &mut String, case: &CaseResult) {
    page.push_str("<p class=\"facts\">");
    for rule in case.rules.iter() {
        let class = if case.broken().contains(&rule.as_str()) {
            " class=\"bad\""
        } else {
            ""
        };
        let _ = write!(
            page,
            "<a{class} href=\"#rule:{}\">{}</a> ",
            link(rule),
            Inside(rule)
        );
    }
    if case.runs > 0 {
        let _ = write!(page, "{} ms ", case.duration.as_millis());
    }
    if case.runs > 1 {
        let _ = write!(page, "run {} ", case.runs);
    }
    if case.flaky {
        page.push_str("flaky: it did not pass at once ");
    }
    if let Some(frames) = frames_of(case) {
        let _ = write!(page, "<a href=\"{}\">frames</a>", link(&frames));
    }
    page.push_str("</p>\n");
}

/// What was expected, and beside it what happened.
fn finding_of(page: &mut String, finding: &Finding, amount: Amount) {
    let (lines, longest) = match amount {
        Amount::Brief => (4, 200),
        Amount::Full => (24, 400),
    };
    let _ = write!(
        page,
        "<div class=\"pair\"><div><h3>expected</h3><pre>{}</pre></div><div><h3>actual</h3><pre>{}</pre></div></div>\n<p class=\"facts\">",
        Inside(&first(&finding.expected, lines, longest)),
        Inside(&first(&finding.actual, lines, longest))
    );
    if let Some(step) = &finding.step {
        let _ = write!(page, "step <code>{}</code> ", Inside(&first(step, 1, longest)));
    }
    let _ = writeln!(page, "at {}</p>", Inside(&first(&finding.place, 1, longest)));
}

/// The verdict as a coloured word.
fn badge(word: &str) -> String {
    format!("<em class=\"v {word}\">{word}</em>")
}

/// The first lines of a text, each shortened.
fn first(text: &str, lines: usize, longest: usize) -> String {
    let all = text.lines().count();
    let mut shown: Vec<String> = text
        .lines()
        .take(lines)
        .map(|line| {
            let line = shorten_bytes(&shorten(line));
            match line.char_indices().nth(longest) {
                Some((end, _)) => format!("{}…", &line[..end]),
                None => line,
            }
        })
        .collect();
    if all > lines {
        shown.push(format!("… {} more lines", all - lines));
    }
    shown.join("\n")
}
