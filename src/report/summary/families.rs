//! Shows one row for each family: a sign for each case, and the counts; below them the meaning of the signs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{counted, counts, family, style};
use crate::conformance::{CaseResult, RunResult, Verdict};
use crate::report::paper::Paper;

/// The minimum width for the signs.
const FEWEST_COLUMNS: usize = 16;

/// All rows, the meaning of the signs unless all passed, and an empty line.
pub(super) fn rows(text: &mut String, run: &RunResult, paper: Paper) {
    let mut families: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in &run.cases {
        families.entry(family(&case.id)).or_default().push(case);
    }
    if families.is_empty() {
        return;
    }
    let counted = |case: &CaseResult| counted(case, run);
    let name_width = families.keys().map(|name| name.len()).max().unwrap_or_default();
    let counts: Vec<String> = families
        .values()
        .map(|cases| counts(cases.iter().copied(), counted))
        .collect();
    let counts_width = counts
        .iter()
        .map(|counts| visible(counts))
        .max()
        .unwrap_or_default();
    let most = families.values().map(Vec::len).max().unwrap_or_default();
    let room = paper
        .columns()
        .saturating_sub(name_width + 6 + counts_width)
        .max(FEWEST_COLUMNS);
    let width = most.min(room);
    for ((name, cases), counts) in families.iter().zip(&counts) {
        for (number, row) in cases.chunks(room).enumerate() {
            let signs = signs(row.iter().map(|case| counted(case)));
            let padding = width.saturating_sub(row.len());
            let line = match number {
                0 => format!("  {name:<name_width$}  {signs}{:padding$}  {counts}", ""),
                _ => format!("  {:<name_width$}  {signs}", ""),
            };
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    legend(text, run);
    text.push('\n');
}

/// The meaning of the signs, if any case did not pass.
fn legend(text: &mut String, run: &RunResult) {
    let used = |verdict: &Verdict| run.cases.iter().any(|case| counted(case, run) == *verdict);
    let verdicts: Vec<Verdict> = Verdict::ALL.into_iter().filter(used).collect();
    if verdicts.iter().all(|verdict| *verdict == Verdict::Pass) {
        return;
    }
    let parts: Vec<String> = verdicts
        .into_iter()
        .map(|verdict| format!("{} {}", signs(std::iter::once(verdict)), verdict.name()))
        .collect();
    let _ = writeln!(text, "  ({})", parts.join(", "));
}

/// The visible length of a text with colours.
fn visible(text: &str) -> usize {
    anstream::adapter::strip_str(text)
        .map(|piece| piece.chars().count())
        .sum()
}

const fn sign(verdict: Verdict) -> char {
    match verdict {
        Verdict::Pass => '.',
        Verdict::NonStrict => '~',
        Verdict::Fail => 'F',
        Verdict::Skipped => '-',
        Verdict::Undecided => '?',
        Verdict::NotRun => '_',
    }
}

/// One sign for each verdict, in its colour.
fn signs(verdicts: impl Iterator<Item = Verdict>) -> String {
    let verdicts: Vec<Verdict> = verdicts.collect();
    let mut text = String::new();
    for run in verdicts.chunk_by(|a, b| a == b) {
        let style = style(run[0]);
        let signs = sign(run[0]).to_string().repeat(run.len());
        let _ = write!(text, "{style}{signs}{style:#}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::super::super::made_up;
    use super::*;

    #[test]
    fn a_family_too_large_for_its_row_takes_several() {
        let mut run = made_up::good_run();
        let case = run.cases[0].clone();
        run.cases = (0..50)
            .map(|number| CaseResult {
                id: format!("join/number-{number:02}").into(),
                verdict: if number == 45 {
                    Verdict::Fail
                } else {
                    Verdict::Pass
                },
                ..case.clone()
            })
            .collect();
        let mut text = String::new();
        rows(&mut text, &run, Paper::Columns(60));
        let text = anstream::adapter::strip_str(&text).to_string();
        let expected = format!(
            "  join  {}  49 pass, 1 fail\n        {}F....\n  (. pass, F fail)\n\n",
            ".".repeat(35),
            ".".repeat(10)
        );
        assert_eq!(text, expected);
    }
}
