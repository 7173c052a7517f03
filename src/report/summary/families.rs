//! A line a family: a sign for each case, as many as fit, and the counts.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anstyle::Style;

use super::{counted, counts, family, style};
use crate::conformance::{CaseResult, RunResult, Verdict};
use crate::report::paper::Paper;

/// Signs have this much room at least.
const FEWEST_COLUMNS: usize = 12;
/// So many equal signs in a row are worth a number, where there is no room for all.
const WORTH_A_NUMBER: usize = 4;

/// All rows, and an empty line.
pub(super) fn rows(text: &mut String, run: &RunResult, paper: Paper) {
    let mut families: BTreeMap<&str, Vec<&CaseResult>> = BTreeMap::new();
    for case in &run.cases {
        families.entry(family(&case.id)).or_default().push(case);
    }
    let name_width = families.keys().map(|name| name.len()).max().unwrap_or_default();
    let counted = |case: &CaseResult| counted(case, run);
    let rows: Vec<_> = families
        .iter()
        .map(|(name, cases)| {
            let counts = counts(cases.iter().copied(), counted);
            let taken = name_width + 6 + visible(&counts);
            let room = paper.columns().saturating_sub(taken).max(FEWEST_COLUMNS);
            (
                name,
                Signs::of(cases.iter().map(|case| counted(case)), room),
                counts,
            )
        })
        .collect();
    let signs_width = rows
        .iter()
        .map(|(_, signs, _)| signs.width)
        .max()
        .unwrap_or_default();
    for (name, signs, counts) in &rows {
        let padding = signs_width - signs.width;
        let _ = writeln!(
            text,
            "  {name:<name_width$}  {}{:padding$}  {counts}",
            signs.text, ""
        );
    }
    if !rows.is_empty() {
        text.push('\n');
    }
}

/// What is seen of a text with colours.
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

/// The signs of a family.
struct Signs {
    text: String,
    /// In columns.
    width: usize,
}

impl Signs {
    /// One sign for each case if they fit, else runs of equal ones with their number, as `.×37 F .×3`.
    fn of(verdicts: impl Iterator<Item = Verdict>, room: usize) -> Self {
        let verdicts: Vec<Verdict> = verdicts.collect();
        let mut signs = Self {
            text: String::new(),
            width: 0,
        };
        for run in verdicts.chunk_by(|a, b| a == b) {
            let (sign, length) = (sign(run[0]), run.len());
            let piece = if verdicts.len() <= room {
                sign.to_string().repeat(length)
            } else if length < WORTH_A_NUMBER {
                format!("{sign} ").repeat(length)
            } else {
                format!("{sign}×{length} ")
            };
            if signs.width + piece.chars().count() > room {
                signs.add("…", Style::new());
                break;
            }
            signs.add(&piece, style(run[0]));
        }
        signs
    }

    fn add(&mut self, piece: &str, style: Style) {
        self.width += piece.chars().count();
        let _ = write!(self.text, "{style}{piece}{style:#}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(verdicts: &[(Verdict, usize)], room: usize) -> String {
        let verdicts = verdicts
            .iter()
            .flat_map(|(verdict, times)| std::iter::repeat_n(*verdict, *times));
        let signs = Signs::of(verdicts, room);
        let text = anstream::adapter::strip_str(&signs.text).to_string();
        assert_eq!(text.chars().count(), signs.width);
        text
    }

    #[test]
    fn each_case_has_a_sign_while_they_fit() {
        let verdicts = [(Verdict::Pass, 8), (Verdict::Fail, 1), (Verdict::Skipped, 3)];
        assert_eq!(shown(&verdicts, 12), "........F---");
        assert_eq!(shown(&verdicts, 11), ".×8 F …");
    }

    #[test]
    fn a_family_too_large_for_its_row_is_never_without_signs() {
        assert_eq!(shown(&[(Verdict::Pass, 120)], 50), ".×120 ");
        let verdicts = [
            (Verdict::Pass, 37),
            (Verdict::Fail, 2),
            (Verdict::Pass, 30),
            (Verdict::Undecided, 1),
        ];
        assert_eq!(shown(&verdicts, 40), ".×37 F F .×30 ? ");
    }
}
