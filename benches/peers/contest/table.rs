//! Prints the figures as a table in Markdown, and the failures below it.

use std::fmt::Write as _;

use super::measure::{STALL_RATE, Told};
use super::tool::Installed;
use super::{Outcome, phxproof};

/// The figures of a tool.
pub(super) struct Row {
    name: &'static str,
    version: String,
    /// Round trips per CPU-second: a column for each number of sockets, each with its rounds.
    pub(super) rates: Vec<Vec<Outcome<f64>>>,
    /// Bytes a joined socket.
    pub(super) memory: Outcome<f64>,
    /// The p99 of a run with a stall.
    pub(super) told: Outcome<Told>,
}

impl Row {
    /// Nothing yet.
    pub(super) fn new(tool: &Installed, columns: usize) -> Self {
        Self {
            name: tool.name(),
            version: tool.version.clone(),
            rates: (0..columns).map(|_| Vec::new()).collect(),
            memory: Err("not measured".into()),
            told: Err("not measured".into()),
        }
    }

    /// The median of the rounds that succeeded.
    fn rate(&self, column: usize) -> Option<f64> {
        let mut rounds: Vec<f64> = self.rates[column].iter().flatten().copied().collect();
        rounds.sort_unstable_by(f64::total_cmp);
        rounds.get(rounds.len() / 2).copied()
    }

    /// Everything that went wrong, each with what was being done.
    fn complaints(&self) -> impl Iterator<Item = String> {
        let failed = |what: &str, error: &dyn std::error::Error| format!("{}, {what}: {error}", self.name);
        let rates = self.rates.iter().flatten().filter_map(|it| it.as_ref().err());
        rates
            .map(move |error| failed("round trips", &**error))
            .chain(self.memory.as_ref().err().map(|error| failed("memory", &**error)))
            .chain(self.told.as_ref().err().map(|error| failed("stall", &**error)))
    }
}

/// The table, and what is missing in it.
pub(super) fn markdown(rows: &[Row], sockets: &[u32]) -> String {
    let ours = rows.iter().find(|it| it.name == phxproof::TOOL.name);
    let mut text = head(sockets);
    for row in rows {
        let _ = write!(text, "| {} | {} |", row.name, row.version);
        for column in 0..sockets.len() {
            let rate = row.rate(column);
            let ratio = ratio(ours.and_then(|it| it.rate(column)), rate);
            let _ = write!(
                text,
                " {} | {ratio} |",
                cell(rate.map(|it| thousands(it.round())))
            );
        }
        let memory = row.memory.as_ref().ok().copied();
        let ratio_of_memory = ratio(memory, ours.and_then(|it| it.memory.as_ref().ok().copied()));
        let kilobytes = memory.map(|it| format!("{:.1} kB", it / 1e3));
        let _ = write!(text, " {} | {ratio_of_memory} |", cell(kilobytes));
        let told = row.told.as_ref().ok();
        let p99 = told.map(|it| in_ms(it.p99.as_secs_f64(), it.truth.as_secs_f64()));
        let _ = writeln!(text, " {} |", cell(p99));
    }
    let complaints: Vec<_> = rows.iter().flat_map(Row::complaints).collect();
    if !complaints.is_empty() {
        let _ = write!(text, "\n{}\n", complaints.join("\n"));
    }
    text
}

fn head(sockets: &[u32]) -> String {
    let mut names = vec!["tool".to_owned(), "version".to_owned()];
    for (column, size) in sockets.iter().enumerate() {
        let what = if column == 0 {
            "round trips per client CPU-second at "
        } else {
            "at "
        };
        names.push(format!("{what}{}", thousands(f64::from(*size))));
        names.push("phxproof does".to_owned());
    }
    names.push("memory a joined socket".to_owned());
    names.push("of phxproof's".to_owned());
    names.push(format!(
        "p99 told, 1 s stall at {} pushes/s (of the truth)",
        thousands(f64::from(STALL_RATE))
    ));
    let rule = vec!["---"; names.len()].join(" | ");
    format!("| {} |\n| {rule} |\n", names.join(" | "))
}

fn cell(figure: Option<String>) -> String {
    figure.unwrap_or_else(|| "–".to_owned())
}

fn ratio(larger: Option<f64>, smaller: Option<f64>) -> String {
    cell(
        larger
            .zip(smaller)
            .map(|(larger, smaller)| format!("× {:.1}", larger / smaller)),
    )
}

fn in_ms(told_s: f64, truth_s: f64) -> String {
    format!(
        "{:.1} ms ({:.3} of {:.0})",
        told_s * 1e3,
        told_s / truth_s,
        truth_s * 1e3
    )
}

/// A whole number with commas.
fn thousands(figure: f64) -> String {
    let digits = format!("{figure:.0}");
    let first = digits.len() % 3;
    let mut text = digits[..first].to_owned();
    for at in (first..digits.len()).step_by(3) {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&digits[at..at + 3]);
    }
    text
}
