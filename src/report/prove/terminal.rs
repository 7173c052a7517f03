//! Shows a run of experiments: what is being done on stderr, and a verdict for each claim on stdout.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use super::super::paper::Paper;
use super::super::progress::say;
use super::super::terminal::print;
use super::super::{Detail, Folder, ProveJob, ReportError, Reporter};
use super::ProveFinished;
use crate::prove::{Claim, Experiment, ProofVerdict, ProveEvent};
use crate::report::summary::took;

/// The column in which sentences start.
const INDENT: usize = 13;
/// More conversations than this are named in `result.json` only, unless all is asked for.
const NAMED: usize = 3;

/// Shows a run on the terminal.
pub struct ProveTerminal {
    detail: Detail,
    folder: Folder,
    current: &'static str,
}

impl ProveTerminal {
    /// Shows it in this detail, and names the folder of the results at the end.
    pub const fn new(detail: Detail, folder: Folder) -> Self {
        Self {
            detail,
            folder,
            current: "",
        }
    }
}

impl Reporter<ProveJob> for ProveTerminal {
    fn event(&mut self, event: &ProveEvent<'_>) -> Result<(), ReportError> {
        match event {
            ProveEvent::Begins(name) => self.current = name.name(),
            ProveEvent::Phase(phase) if self.detail != Detail::Quiet => {
                say(&format!("{}: {phase}", self.current))?;
            }
            ProveEvent::Phase(_) => {}
            ProveEvent::Ends(experiment) => {
                print(&render(experiment, self.detail, Paper::of_stdout()))?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, finished: &ProveFinished<'_>) -> Result<(), ReportError> {
        if finished.trouble.is_some() {
            return Ok(());
        }
        let mut text = conclusion(finished);
        if self.detail != Detail::Quiet {
            let dim = Style::new().dimmed();
            let _ = writeln!(text, "{dim}results in {}/{dim:#}", self.folder.path().display());
        }
        print(&text)
    }
}

/// An experiment with its claims.
fn render(experiment: &Experiment, detail: Detail, paper: Paper) -> String {
    let mut text = String::new();
    let verdict = experiment.verdict();
    if detail == Detail::Quiet && verdict == ProofVerdict::Pass {
        return text;
    }
    let (bold, color) = (Style::new().bold(), color(verdict));
    let name = experiment.name.name();
    let _ = writeln!(
        text,
        "{bold}{name}{bold:#}  {color}{}{color:#}  {}",
        verdict.name(),
        took(experiment.took)
    );
    for claim in &experiment.claims {
        one_claim(&mut text, claim, detail, paper);
    }
    text.push('\n');
    text
}

fn one_claim(text: &mut String, claim: &Claim, detail: Detail, paper: Paper) {
    let color = color(claim.verdict);
    let _ = writeln!(
        text,
        "  {color}{:<9}{color:#}  {}",
        claim.verdict.name(),
        paper.hang(&claim.claim, INDENT, INDENT)
    );
    let dim = Style::new().dimmed();
    let says = paper.hang(&claim.says, INDENT, INDENT);
    let _ = writeln!(text, "{:INDENT$}{dim}{says}{dim:#}", "");
    let most = if detail == Detail::All { usize::MAX } else { NAMED };
    for named in claim.named.iter().take(most) {
        let named = paper.hang(named, INDENT + 2, INDENT + 2);
        let _ = writeln!(text, "{:INDENT$}- {named}", "");
    }
    if claim.named.len() > most {
        let more = claim.named.len() - most;
        let _ = writeln!(text, "{:INDENT$}- {more} more in result.json", "");
    }
}

/// The last line.
fn conclusion(finished: &ProveFinished<'_>) -> String {
    let result = finished.result;
    let of = |verdict| -> Vec<&str> {
        let all = result.experiments.iter().filter(|it| it.verdict() == verdict);
        all.map(|it| it.name.name()).collect()
    };
    let mut parts = Vec::new();
    for (verdict, word) in [
        (ProofVerdict::Fail, "the server fell short in"),
        (ProofVerdict::Undecided, "undecided:"),
        (ProofVerdict::Pass, "proved:"),
        (ProofVerdict::Skipped, "skipped:"),
    ] {
        let names = of(verdict);
        if !names.is_empty() {
            parts.push(format!("{word} {}", names.join(", ")));
        }
    }
    if result.cut_short {
        parts.push("cut short".to_owned());
    }
    let style = color(result.verdict());
    format!(
        "{style}{}{style:#}, in {:.1} s\n",
        parts.join("; "),
        finished.duration.as_secs_f64()
    )
}

const fn color(verdict: ProofVerdict) -> Style {
    let color = match verdict {
        ProofVerdict::Pass => AnsiColor::Green,
        ProofVerdict::Skipped => AnsiColor::Cyan,
        ProofVerdict::Undecided => AnsiColor::Yellow,
        ProofVerdict::Fail => AnsiColor::Red,
    };
    Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
}
