//! The output of `check` for GitHub Actions: the usual text, and an annotation for each failure. The text is printed so
//! that nothing in it is taken for a command of the runner.

use std::fmt::Write as _;

use super::terminal::print;
use super::{CheckFinished, CheckJob, ReportError, Reporter, Terminal, summary};
use crate::conformance::{CaseResult, CheckEvent, Finding, Testimony, Verdict};
use crate::scenario::{shorten, shorten_bytes};

/// GitHub shows at most ten errors of a step.
const MOST: usize = 10;

/// Prints the text of the terminal, and annotations behind it.
pub struct GitHub {
    terminal: Terminal,
    /// A word that no server knows: it ends the part in which the runner obeys no commands.
    word: String,
    is_muted: bool,
}

impl GitHub {
    /// Prints what this one prints. `word` is a word that the server cannot know.
    pub fn new(terminal: Terminal, word: String) -> Self {
        Self {
            terminal,
            word,
            is_muted: false,
        }
    }
}

impl Reporter<CheckJob> for GitHub {
    fn event(&mut self, event: &CheckEvent<'_>) -> Result<(), ReportError> {
        if !self.is_muted {
            print(&format!("::stop-commands::{}\n", self.word))?;
            self.is_muted = true;
        }
        self.terminal.event(event)
    }

    fn finish(&mut self, finished: &CheckFinished<'_>) -> Result<(), ReportError> {
        self.terminal.finish(finished)?;
        if self.is_muted {
            print(&format!("::{}::\n", self.word))?;
        }
        print(&annotations(finished))
    }
}

/// A line for each failed case and each undecided one, as far as GitHub shows them.
fn annotations(finished: &CheckFinished<'_>) -> String {
    let run = finished.run;
    let mut text = String::new();
    if let Some(trouble) = finished.trouble {
        let _ = writeln!(text, "::error title=phxproof check::{}", data(trouble));
    }
    for (verdict, level) in [
        (Verdict::Fail.name(), "error"),
        (Verdict::Undecided.name(), "warning"),
    ] {
        let cases: Vec<&CaseResult> = run
            .cases
            .iter()
            .filter(|case| summary::word(case, run) == verdict)
            .collect();
        let shown = if cases.len() > MOST { MOST - 1 } else { cases.len() };
        for case in &cases[..shown] {
            let _ = writeln!(text, "{}", annotation(level, case));
        }
        if cases.len() > shown {
            let more = summary::count(cases.len() - shown, "more case");
            let _ = writeln!(
                text,
                "::{level} title=phxproof check::{more}: {verdict}; report.html has all"
            );
        }
    }
    text
}

/// The annotation of a case. It has a place where the case is a file of the user.
fn annotation(level: &str, case: &CaseResult) -> String {
    let finding = case.finding.as_ref().or(case.close_finding.as_ref());
    let mut text = format!("::{level} ");
    if summary::family(&case.id) == summary::OWN {
        let _ = write!(text, "file={},", property(&case.id));
        if let Some((line, column)) = finding.and_then(|finding| place(finding, &case.id)) {
            let _ = write!(text, "line={line},col={column},");
        }
    }
    let _ = write!(text, "title={}::", property(&case.name()));
    let mut lines = vec![shorten(&case.message().unwrap_or_default())];
    if let Some(finding) = finding {
        for (name, value) in [("expected", &finding.expected), ("actual", &finding.actual)] {
            let brief: Vec<String> = value
                .lines()
                .take(4)
                .map(|line| shorten_bytes(&shorten(line)))
                .collect();
            lines.push(format!("{name}: {}", brief.join("\n")));
        }
        lines.extend(finding.broken.as_ref().map(|rule| format!("broken: {rule}")));
    }
    lines.extend(case.testimony.as_ref().map(Testimony::sentence));
    text + &data(&lines.join("\n"))
}

/// The line and the column in a file of the user: `chat.yaml:14:5, actor ana`.
fn place(finding: &Finding, file: &str) -> Option<(u32, u32)> {
    let rest = finding.place.strip_prefix(file)?.strip_prefix(':')?;
    let place = rest.split(',').next()?;
    let (line, column) = place.split_once(':')?;
    Some((line.parse().ok()?, column.parse().ok()?))
}

/// Text behind the second `::` of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A value before it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::super::made_up;
    use super::*;

    #[test]
    fn each_failure_is_one_line_that_cannot_be_left() {
        let mut run = made_up::run();
        let mut own = run.cases[5].clone();
        own.id = "mine/100%, a:b.yaml".into();
        let finding = own.finding.as_mut().unwrap();
        finding.place = "mine/100%, a:b.yaml:14:5, actor ana".to_owned();
        finding.actual = "first\r\n::error::forged\n".to_owned();
        run.cases.push(own);
        insta::assert_snapshot!(annotations(&made_up::finished(&run, &made_up::ABOUT)));
    }

    #[test]
    fn no_more_are_printed_than_github_shows() {
        let mut run = made_up::run();
        run.cases = vec![run.cases[5].clone(); 25];
        let text = annotations(&made_up::finished(&run, &made_up::ABOUT));
        assert_eq!(text.lines().count(), 10);
        assert!(text.ends_with("::error title=phxproof check::16 more cases: fail; report.html has all\n"));
    }

    #[test]
    fn a_run_that_was_not_possible_is_an_error() {
        let mut run = made_up::good_run();
        run.cases.clear();
        let finished = CheckFinished {
            trouble: Some("nobody answers\n  next  start it"),
            ..made_up::finished(&run, &made_up::ABOUT)
        };
        let expected = "::error title=phxproof check::nobody answers%0A  next  start it\n";
        assert_eq!(annotations(&finished), expected);
    }
}
