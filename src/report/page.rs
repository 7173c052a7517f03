//! `report.html` of `check`: a single file without scripts, in light or dark mode like the reader's system. It shows the
//! verdict and the first causes, a matrix of the families, and each case with its conversation.

mod case;
mod matrix;
mod talk;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use super::frames::{self, Line};
use super::html::{self, Escaped, Inside, link};
use super::{CheckFinished, CheckJob, Folder, INSECURE, PastCheck, ReportError, Reporter, summary};
use crate::conformance::{CaseRecording, CaseResult, CheckConclusion, CheckEvent, RunResult, Verdict, rules};
use crate::stream::Certificates;
use case::Cases;
use talk::{Amount, Talk};

/// What is added to the style sheet of all pages.
const STYLE: &str = include_str!("page/page.css");
/// How many causes are listed.
const MOST_CAUSES: usize = 12;
/// How many failed cases are open at first.
const OPEN: usize = 3;

/// The conversations of a run by the name of the play.
type Talks = BTreeMap<Arc<str>, Talk>;

/// Keeps the conversations, shortened, and writes the page when the run is over.
pub struct CheckPage {
    folder: Folder,
    talks: Talks,
}

impl CheckPage {
    /// Writes into this folder.
    pub fn new(folder: Folder) -> Self {
        Self {
            folder,
            talks: Talks::new(),
        }
    }

    /// Writes the page of an earlier run into its folder, with the conversations that stand there.
    pub fn again(past: &PastCheck) -> Self {
        let mut page = Self::new(Folder::new(&past.folder));
        for case in &past.run.cases {
            if let CaseRecording::Told = case.recording {
                let frames = past.frames(case);
                let lines = frames
                    .iter()
                    .filter_map(|line| serde_json::from_str::<Line<'_>>(line).ok());
                page.talks.insert(case.name(), Talk::of(lines, amount(case)));
            }
        }
        page
    }
}

impl Reporter<CheckJob> for CheckPage {
    fn event(&mut self, event: &CheckEvent<'_>) -> Result<(), ReportError> {
        if let CheckEvent::CaseFinished(case) = event
            && let CaseRecording::Whole(recorded) = &case.recording
        {
            let talk = Talk::of(frames::lines(recorded), amount(case));
            self.talks.insert(case.name(), talk);
        }
        Ok(())
    }

    fn finish(&mut self, finished: &CheckFinished<'_>) -> Result<(), ReportError> {
        let page = render(finished, &self.talks);
        self.folder.write("report.html", page.as_bytes())?;
        Ok(())
    }
}

/// How much of its conversation is kept.
fn amount(case: &CaseResult) -> Amount {
    match (case.verdict, case.close_verdict) {
        (Verdict::Pass, Verdict::Pass) => Amount::Brief,
        _ => Amount::Full,
    }
}

/// The whole page.
fn render(finished: &CheckFinished<'_>, talks: &Talks) -> String {
    let run = finished.run;
    let mut page = html::begin(&format!("phxproof check: {}", run.target), STYLE);
    head(&mut page, finished);
    let causes = run.broken();
    first_causes(&mut page, run, &causes);
    matrix::render(&mut page, run);
    Cases::new(run, talks).sections(&mut page, &causes);
    cited_rules(&mut page, run);
    foot(&mut page, finished);
    html::end(&mut page);
    page
}

/// The verdict, the target, and what must be known.
fn head(page: &mut String, finished: &CheckFinished<'_>) {
    let run = finished.run;
    let (class, words) = match run.conclusion() {
        CheckConclusion::Held => ("held", "all held"),
        CheckConclusion::FellShort => ("short", "fell short"),
        CheckConclusion::Undecided => ("open", "undecided"),
    };
    let cut = if run.cut_short { ", cut short" } else { "" };
    let counts = summary::counted_words(run);
    let _ = write!(
        page,
        "<header>\n<p class=\"verdict {class}\">{words}{cut}</p>\n<h1>{}</h1>\n<p class=\"where\">{} · {counts}</p>\n",
        Escaped(&run.target),
        Escaped(&run.held_to.describe())
    );
    if let Some(trouble) = finished.trouble {
        let _ = writeln!(page, "<p class=\"reason {class}\">{}</p>", Escaped(trouble));
    }
    if finished.about.certificates == Certificates::Insecure {
        let _ = writeln!(page, "<p class=\"reason note\">{}</p>", INSECURE.1);
    }
    for warning in &run.warnings {
        let _ = writeln!(
            page,
            "<p class=\"reason open\">{}; mended in {}</p>",
            Escaped(&warning.about),
            Escaped(&warning.mended_in)
        );
    }
    for unmet in &run.unmet {
        let _ = writeln!(page, "<p class=\"reason open\">{}</p>", Escaped(unmet));
    }
    for idle in &run.idle {
        let _ = writeln!(page, "<p class=\"reason note\">{}</p>", Escaped(&idle.sentence));
        if let Some(warning) = &idle.warning {
            let _ = writeln!(page, "<p class=\"reason open\">{}</p>", Escaped(warning));
        }
    }
    page.push_str("</header>\n");
}

/// The broken rules, the most probable cause first, each with the cases that show it best.
fn first_causes(page: &mut String, run: &RunResult, causes: &[(&str, usize)]) {
    const MOST_CASES: usize = 3;
    if causes.is_empty() {
        return;
    }
    page.push_str("<h2>First causes</h2>\n<ol class=\"causes\">\n");
    for (rule, number) in causes.iter().take(MOST_CAUSES) {
        let about = rules::find(rule).map_or("", |rule| rule.about);
        let _ = write!(
            page,
            "<li><b>{}</b> {} <small>{}:",
            Inside(rule),
            Inside(about),
            summary::count(*number, "case")
        );
        let names = run.failed().filter(|case| case.broken().contains(rule));
        for case in names.take(MOST_CASES) {
            let name = case.name();
            let _ = write!(page, " <a href=\"#{}\">{}</a>", link(&name), Inside(&name));
        }
        page.push_str("</small></li>\n");
    }
    page.push_str("</ol>\n");
    if let Some(more) = causes.len().checked_sub(MOST_CAUSES).filter(|more| *more > 0) {
        let _ = writeln!(page, "<p class=\"about\">and {more} more broken rules</p>");
    }
}

/// The rules that the cases cite, with what they promise.
fn cited_rules(page: &mut String, run: &RunResult) {
    let mut cited: Vec<&str> = run
        .cases
        .iter()
        .flat_map(|case| case.rules.iter())
        .map(String::as_str)
        .collect();
    cited.sort_by_key(|id| (rules::rank(id).1, *id));
    cited.dedup();
    if cited.is_empty() {
        return;
    }
    page.push_str("<details class=\"rules\"><summary><h2>Rules</h2></summary>\n<dl>\n");
    for id in cited {
        let about = rules::find(id).map_or("a rule of the scenario's author", |rule| rule.about);
        let _ = writeln!(
            page,
            "<dt id=\"rule:{0}\">{0}</dt><dd>{1}</dd>",
            Escaped(id),
            Inside(about)
        );
    }
    page.push_str("</dl>\n</details>\n");
}

/// How the run can be repeated, and where the other files are.
fn foot(page: &mut String, finished: &CheckFinished<'_>) {
    let _ = write!(
        page,
        "<footer>\n<p>{}</p>\n\
         <p>Each line of a conversation has the time in milliseconds since the start of its case. Long texts are cut; \
         the frames have them whole.</p>\n\
         <p><a href=\"result.json\">result.json</a> · <a href=\"junit.xml\">junit.xml</a></p>\n</footer>\n",
        html::run_line(finished.about, finished.duration, Some(finished.exit_code))
    );
}

#[cfg(test)]
mod tests;
