//! Reads an `[[expect]]` of a settings file: a deviation that the user knows of.

use super::section::Section;
use crate::cli::args::TransportArg;
use crate::conformance::{KnownDeviation, Verdict};

/// The expectation, if the table has all that it needs; `named` is the case where the table is named for it.
pub(super) fn keys(named: Option<String>, mut section: Section<'_, '_>) -> Option<KnownDeviation> {
    let case = match named {
        Some(case) => Some(case),
        None => required(&mut section, "case", "\"presence/*\""),
    };
    let verdict = section.parsed("verdict", verdict);
    if verdict.is_none() && !section.has("verdict") {
        section.missing("verdict", "\"fail\", or another of non-strict, undecided");
    }
    let reason = required(&mut section, "reason", "\"why, for whoever reads the report\"");
    let transport = section.one_of::<TransportArg>("transport");
    let known = match (case, verdict, reason) {
        (Some(case), Some(verdict), Some(reason)) => {
            let known = KnownDeviation::new(&case, transport.map(TransportArg::meant), verdict, &reason);
            if known.is_err() {
                section.wrong(
                    "case",
                    "an id or a glob of `phxproof list cases`, or the path of a scenario file",
                );
            }
            known.ok()
        }
        _ => None,
    };
    section.finish();
    known
}

/// A text that may not be missing or empty.
fn required(section: &mut Section<'_, '_>, key: &'static str, example: &str) -> Option<String> {
    let text = section.string(key);
    match text.as_deref().map(str::trim) {
        None if !section.has(key) => section.missing(key, example),
        Some("") => section.wrong(key, example),
        _ => {}
    }
    text
}

fn verdict(name: &str) -> Result<Verdict, String> {
    let known = KnownDeviation::VERDICTS;
    let found = known.into_iter().find(|verdict| verdict.name() == name);
    found.ok_or_else(|| {
        let names = known.map(Verdict::name).join(", ");
        format!("expected one of {names}")
    })
}
