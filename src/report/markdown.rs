//! Writes `summary.md`: the verdict, the first causes, the families and the failures, as CI systems show it beside a job.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use super::{CheckFinished, CheckJob, Folder, FolderError, ReportError, Reporter, summary};
use crate::conformance::{CaseResult, CheckConclusion, Finding, RunResult, rules};
use crate::scenario::{shorten, shorten_bytes};

/// How many failed cases are shown with what was expected.
const MOST_CASES: usize = 20;
/// How many causes are listed.
const MOST_CAUSES: usize = 10;
/// How many lines of a text are shown.
const MOST_LINES: usize = 12;

/// Writes the file when the run is over.
pub struct Markdown {
    folder: Folder,
    also: Option<PathBuf>,
}

impl Markdown {
    /// Writes into this folder.
    pub fn new(folder: Folder) -> Self {
        Self { folder, also: None }
    }

    /// Appends it to this file as well, which the CI system shows.
    #[must_use]
    pub fn also(self, file: Option<PathBuf>) -> Self {
        Self { also: file, ..self }
    }
}

impl Reporter<CheckJob> for Markdown {
    fn finish(&mut self, finished: &CheckFinished<'_>) -> Result<(), ReportError> {
        let text = render(finished);
        self.folder.write("summary.md", text.as_bytes())?;
        if let Some(path) = &self.also {
            let opened = OpenOptions::new().create(true).append(true).open(path);
            let written = opened.and_then(|mut file| file.write_all(text.as_bytes()));
            written.map_err(|why| FolderError {
                path: path.clone(),
                why,
            })?;
        }
        Ok(())
    }
}

/// The content of the file.
pub(super) fn render(finished: &CheckFinished<'_>) -> String {
    let run = finished.run;
    let words = match run.conclusion() {
        CheckConclusion::Held => "✅ all held",
        CheckConclusion::FellShort => "❌ fell short",
        CheckConclusion::Undecided => "⚠️ undecided",
    };
    let cut = if run.cut_short { ", cut short" } else { "" };
    let mut text = format!("## phxproof check: {words}{cut}\n\n");
    let _ = writeln!(
        text,
        "{}, {}: {}, in {}\n",
        Code(&run.target),
        run.held_to.describe(),
        summary::counted_words(run),
        summary::took(finished.duration)
    );
    if let Some(trouble) = finished.trouble {
        fenced(&mut text, trouble);
    }
    causes(&mut text, run);
    failures(&mut text, run);
    families(&mut text, run);
    text
}

fn causes(text: &mut String, run: &RunResult) {
    let causes = run.broken();
    if causes.is_empty() {
        return;
    }
    text.push_str("### First causes\n\n| rule | promise | cases |\n| --- | --- | ---: |\n");
    for (rule, cases) in causes.iter().take(MOST_CAUSES) {
        let about = rules::find(rule).map_or("", |rule| rule.about);
        let _ = writeln!(text, "| {} | {} | {cases} |", Code(rule), Plain(about));
    }
    if causes.len() > MOST_CAUSES {
        let _ = writeln!(text, "\nand {} more broken rules", causes.len() - MOST_CAUSES);
    }
    text.push('\n');
}

fn failures(text: &mut String, run: &RunResult) {
    let failed: Vec<&CaseResult> = run.failed().collect();
    if failed.is_empty() {
        return;
    }
    text.push_str("### Failed\n\n");
    for case in failed.iter().take(MOST_CASES) {
        let what = shorten(&case.message().unwrap_or_default());
        let _ = writeln!(
            text,
            "<details><summary><code>{}</code> {}</summary>\n",
            super::html::Escaped(&case.name()),
            super::html::Escaped(&what)
        );
        for finding in case.findings() {
            finding_of(text, finding);
        }
        if let Some(testimony) = &case.testimony {
            let _ = writeln!(text, "{}\n", Plain(&testimony.sentence()));
        }
        text.push_str("</details>\n\n");
    }
    if failed.len() > MOST_CASES {
        let _ = writeln!(text, "and {} more failed cases\n", failed.len() - MOST_CASES);
    }
}

fn finding_of(text: &mut String, finding: &Finding) {
    if let Some(rule) = &finding.broken {
        let about = rules::find(rule).map_or("", |rule| rule.about);
        let _ = writeln!(text, "broken {}: {}\n", Code(rule), Plain(about));
    }
    for (name, value) in [("expected", &finding.expected), ("actual", &finding.actual)] {
        let _ = writeln!(text, "{name}\n");
        fenced(text, value);
    }
    let _ = writeln!(text, "at {}\n", Code(&finding.place));
}

fn families(text: &mut String, run: &RunResult) {
    let used = summary::words(run);
    if used.is_empty() {
        return;
    }
    let mut families: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for case in &run.cases {
        let row = families.entry(summary::family(&case.id)).or_default();
        *row.entry(summary::word(case, run)).or_default() += 1;
    }
    let _ = writeln!(
        text,
        "### Families\n\n| family |{}\n| --- |{}",
        used.iter()
            .map(|(word, _)| format!(" {word} |"))
            .collect::<String>(),
        " ---: |".repeat(used.len())
    );
    for (family, counts) in families {
        let cells = used.iter().map(|(word, _)| match counts.get(word) {
            Some(count) => format!(" {count} |"),
            None => "  |".to_owned(),
        });
        let _ = writeln!(text, "| {} |{}", Plain(family), cells.collect::<String>());
    }
}

/// A block of text as it is, between fences that it does not contain.
fn fenced(text: &mut String, value: &str) {
    let longest = value.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(text, "{fence}text");
    let lines = value.lines().count();
    for line in value.lines().take(MOST_LINES) {
        let _ = writeln!(text, "{}", shorten_bytes(&shorten(line)));
    }
    if lines > MOST_LINES {
        let _ = writeln!(text, "… {} more lines", lines - MOST_LINES);
    }
    let _ = writeln!(text, "{fence}\n");
}

/// Text in which nothing has a meaning for Markdown.
pub(super) struct Plain<'t>(pub(super) &'t str);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\n' | '\r' => f.write_char(' ')?,
                c if c.is_ascii_punctuation() && !matches!(c, '.' | ',' | ';' | ':' | '/' | '-' | '\'') => {
                    write!(f, "\\{c}")?;
                }
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// A short text as code, also inside of a table.
struct Code<'t>(&'t str);

impl fmt::Display for Code<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = super::html::Escaped(self.0).to_string();
        write!(
            f,
            "<code>{}</code>",
            text.replace(['\n', '\r'], " ").replace('|', "&#124;")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn a_run_with_a_case_of_every_kind() {
        insta::assert_snapshot!(render(&made_up::finished(&made_up::run(), &made_up::ABOUT)));
    }

    #[test]
    fn what_a_server_says_does_not_end_its_block() {
        let mut text = String::new();
        fenced(&mut text, "````\n</details>\n```");
        assert_eq!(text, "`````text\n````\n</details>\n```\n`````\n\n");
        assert_eq!(Plain("a|b*<i>`").to_string(), r"a\|b\*\<i\>\`");
        assert_eq!(Code("a|`<b>\n").to_string(), "<code>a&#124;`&lt;b&gt; </code>");
    }

    #[test]
    fn the_file_of_the_ci_system_keeps_what_it_has() {
        let folder = tempfile::tempdir().unwrap();
        let step = folder.path().join("step.md");
        std::fs::write(&step, "# before\n").unwrap();
        let mut markdown = Markdown::new(Folder::new(folder.path())).also(Some(step.clone()));
        markdown
            .finish(&made_up::finished(&made_up::good_run(), &made_up::ABOUT))
            .unwrap();
        let summary = std::fs::read_to_string(folder.path().join("summary.md")).unwrap();
        assert!(
            summary.starts_with("## phxproof check: ✅ all held\n"),
            "{summary}"
        );
        assert_eq!(
            std::fs::read_to_string(step).unwrap(),
            format!("# before\n{summary}")
        );
    }
}
