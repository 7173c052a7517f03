//! The figures of a claim as tables: one with a row for each figure, and one for figures that have parts.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::plot::short;
use crate::report::html::Escaped;
use crate::report::load::words::{grouped, micros};

/// The tables.
pub(super) fn tables(page: &mut String, evidence: &Map<String, Value>) {
    let (parted, simple): (Vec<_>, Vec<_>) = evidence.iter().partition(|(_, figure)| figure.is_object());
    if !simple.is_empty() {
        page.push_str("<div class=\"wide\"><table>\n<tbody>\n");
        for (name, figure) in simple {
            let _ = writeln!(page, "<tr><th>{}</th>{}</tr>", label(name), cell(name, figure));
        }
        page.push_str("</tbody>\n</table></div>\n");
    }
    let parted: Vec<(&String, &Map<String, Value>)> = parted
        .into_iter()
        .filter_map(|(name, figure)| Some((name, figure.as_object()?)))
        .collect();
    if !parted.is_empty() {
        table_of_parts(page, &parted);
    }
}

/// A row for each figure, a column for each part.
fn table_of_parts(page: &mut String, figures: &[(&String, &Map<String, Value>)]) {
    let parts: BTreeSet<&String> = figures.iter().flat_map(|(_, parts)| parts.keys()).collect();
    page.push_str("<div class=\"wide\"><table>\n<thead><tr><th></th>");
    for part in &parts {
        let _ = write!(page, "<th>{}</th>", label(part));
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for (name, figure) in figures {
        let _ = write!(page, "<tr><th>{}</th>", label(name));
        for part in &parts {
            page.push_str(&cell(part, figure.get(*part).unwrap_or(&Value::Null)));
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table></div>\n");
}

/// The name without its unit, in words.
fn label(name: &str) -> String {
    let units = ["_us", "_ms", "_s"];
    let bare = units.iter().find_map(|unit| name.strip_suffix(unit));
    Escaped(&bare.unwrap_or(name).replace('_', " ")).to_string()
}

fn cell(name: &str, figure: &Value) -> String {
    match (name, figure) {
        ("verdict", Value::String(verdict)) => {
            format!("<td><em class=\"v {0}\">{0}</em></td>", Escaped(verdict))
        }
        _ => format!("<td>{}</td>", Escaped(&text(name, figure))),
    }
}

/// A figure with the unit that its name ends with.
fn text(name: &str, figure: &Value) -> String {
    match figure {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match (number.as_u64(), number.as_f64()) {
            (_, Some(time)) if name.ends_with("_us") => signed(time),
            (_, Some(time)) if name.ends_with("_ms") => signed(time * 1e3),
            (_, Some(time)) if name.ends_with("_s") => signed(time * 1e6),
            (Some(count), _) => grouped(count),
            (None, Some(figure)) => short(figure),
            (None, None) => number.to_string(),
        },
        Value::Array(ends) if ends.len() == 2 => {
            format!("{} to {}", text(name, &ends[0]), text(name, &ends[1]))
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(|item| text(name, item)).collect();
            items.join(", ")
        }
        Value::Object(_) => figure.to_string(),
    }
}

/// A time in microseconds that may be negative.
fn signed(time: f64) -> String {
    let sign = if time < 0.0 { "−" } else { "" };
    format!("{sign}{}", micros(time.abs()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn figures_have_their_units_and_strange_ones_are_escaped() {
        let evidence = json!({
            "broadcasts_expected": 12_345, "sleep_ms": 400, "where": "<b>", "reached": 31.25, "late": true,
            "p99": { "difference_us": -1234.0, "interval_us": [-2000.0, 450.0], "verdict": "pass" },
        });
        let mut page = String::new();
        tables(&mut page, evidence.as_object().unwrap());
        for row in [
            "<tr><th>broadcasts expected</th><td>12,345</td></tr>",
            "<tr><th>sleep</th><td>400 ms</td></tr>",
            "<tr><th>where</th><td>&lt;b&gt;</td></tr>",
            "<tr><th>reached</th><td>31.25</td></tr>",
            "<tr><th>late</th><td>yes</td></tr>",
            "<th></th><th>difference</th><th>interval</th><th>verdict</th>",
            "<th>p99</th><td>−1.23 ms</td><td>−2.00 ms to 450 µs</td><td><em class=\"v pass\">pass</em></td>",
        ] {
            assert!(page.contains(row), "{row}\n{page}");
        }
    }
}
