//! The idle time-outs of a check, as sentences on the terminal.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Color, Style};

use super::paper::Paper;
use crate::conformance::IdleFinding;

/// The sentences, and below them what is a problem for clients.
pub(super) fn sentences(text: &mut String, findings: &[IdleFinding], paper: Paper) {
    if findings.is_empty() {
        return;
    }
    let bold = Style::new().bold();
    let yellow = Style::new().fg_color(Some(Color::Ansi(AnsiColor::Yellow)));
    let _ = writeln!(text, "{bold}idle time-outs{bold:#}");
    for finding in findings {
        let _ = writeln!(text, "  {}", paper.hang(&finding.sentence, 2, 4));
    }
    let mut warnings: Vec<&str> = findings.iter().filter_map(|it| it.warning.as_deref()).collect();
    // Several connections may show the same.
    warnings.dedup();
    for warning in warnings {
        let told = paper.hang(&format!(": {warning}"), "warning".len(), 2);
        let _ = writeln!(text, "{yellow}warning{yellow:#}{told}");
    }
    text.push('\n');
}
