//! The tables of the page: latency at fractions of the answer, the fit, forecasts, every trial, and how it was measured.

use std::fmt::Write as _;

use super::super::CapacitySetup;
use super::super::words::{latency, load, purpose, told_time, verdict};
use super::scatter::class;
use crate::capacity::{CapacityResult, Estimate, Resource, Trial};
use crate::report::html::Escaped;
use crate::report::load::words::{bytes, grouped, micros, rate, seconds};

/// Writes a table with these heads.
pub(super) fn table(page: &mut String, title: &str, about: &str, heads: &[&str], rows: &[String]) {
    let heads: String = heads.iter().map(|it| format!("<th>{it}</th>")).collect();
    let _ = write!(
        page,
        "<h2>{title}</h2>\n<p class=\"about\">{}</p>\n<div class=\"wide\"><table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{}</tbody>\n\
         </table></div>\n",
        Escaped(about),
        rows.concat()
    );
}

/// The latency at fractions of the answer.
pub(super) fn shares(page: &mut String, result: &CapacityResult) {
    let rows: Vec<String> = result
        .shares()
        .iter()
        .map(|(percent, trial)| {
            let time = trial.latency_us.figures(result.dimension.timing()).unwrap_or_default();
            format!(
                "<tr><th>{percent} %</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"{}\">{}</td></tr>\n",
                grouped(trial.load),
                micros(time.p50 as f64),
                micros(time.p95 as f64),
                micros(time.p99 as f64),
                micros(time.max as f64),
                class(trial.verdict),
                verdict(trial.verdict)
            )
        })
        .collect();
    if !rows.is_empty() {
        let about = format!(
            "{} times at parts of the answer; 100 % is the soak at its end",
            result.dimension.timing().name()
        );
        let heads = ["of the answer", "load", "p50", "p95", "p99", "max", ""];
        table(page, "Latency below the answer", &about, &heads, &rows);
    }
}

/// The parameters of the fitted law, or why there are none.
pub(super) fn fit(page: &mut String, result: &CapacityResult) {
    let fit = match &result.fit {
        Ok(fit) => fit,
        Err(why) => {
            let _ = writeln!(
                page,
                "<h2>Universal Scalability Law</h2>\n<p class=\"about\">Not fitted: {}.</p>",
                Escaped(&why.to_string())
            );
            return;
        }
    };
    let row = |name: &str, about: &str, it: &Estimate| {
        format!(
            "<tr><th>{name}<small>{about}</small></th><td>{:.4}</td><td>{:.4} to {:.4}</td></tr>\n",
            it.value, it.low, it.high
        )
    };
    let rows = [
        row("λ", "a second, with one in flight", &fit.lambda),
        row("σ", "contention: operations that wait in line", &fit.sigma),
        row(
            "κ",
            "coherency: operations that must agree with all others",
            &fit.kappa,
        ),
    ];
    let peak = match &fit.peak {
        Ok(peak) => format!(
            "throughput is highest with {} in flight: {} a second",
            rate(peak.in_flight),
            rate(peak.per_second)
        ),
        Err(why) => format!("no peak is reported: {why}"),
    };
    let about = format!(
        "Fitted to {} trials with more than one in flight; R² {:.3}; intervals of 95 % by bootstrap over the trials; {peak}. It is a model of the \
         trials; the answer does not depend on it.",
        fit.points.len(),
        fit.r2
    );
    table(
        page,
        "Universal Scalability Law",
        &about,
        &["parameter", "value", "95 % interval"],
        &rows,
    );
}

/// The forecasts with their assumptions.
pub(super) fn forecasts(page: &mut String, result: &CapacityResult) {
    let rows: Vec<String> = result
        .forecasts
        .iter()
        .map(|it| {
            let by = match it.by {
                Resource::Memory => "by memory",
                Resource::Processors => "by processors",
            };
            format!(
                "<tr><th>{by}</th><td>{}</td><td class=\"why\">{}</td></tr>\n",
                Escaped(&load(result.dimension, it.load)),
                Escaped(&it.assumption)
            )
        })
        .collect();
    if !rows.is_empty() {
        let about = "The load that one resource of this machine alone would allow, if its use goes on growing in a straight line. The answer above \
                     was measured.";
        table(page, "Forecast", about, &["", "load", "assumed"], &rows);
    }
}

/// Every trial.
pub(super) fn trials(page: &mut String, result: &CapacityResult) {
    let rows: Vec<String> = result.trials.iter().map(|it| row(result, it)).collect();
    let told = told_time(result.dimension, result.trials.first());
    let heads = [
        "trial",
        "for",
        "load",
        "sockets",
        "a second",
        "lasted",
        &told,
        "in flight",
        "generator",
        "server",
        "memory",
        "descriptors",
        "threads",
        "",
        "why",
    ];
    let about = "generator and server: processors in use; memory, descriptors and threads: of the server; in flight: pushes that waited for a reply, counted, and by \
                 Little's law";
    table(page, "All trials", about, &heads, &rows);
}

fn row(result: &CapacityResult, trial: &Trial) -> String {
    let in_flight = trial.little.map_or_else(
        || "–".to_owned(),
        |it| format!("{:.2} / {:.2}", it.in_flight, it.from_latency),
    );
    let server = trial.server.map_or_else(
        || ["–".to_owned(), "–".to_owned(), "–".to_owned(), "–".to_owned()],
        |it| {
            [
                format!("{:.2}", it.processors),
                bytes(it.rss_bytes),
                grouped(it.descriptors),
                grouped(it.threads),
            ]
        },
    );
    format!(
        "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{in_flight}</td><td>{:.2}</td><td>{}</td>\
         <td class=\"{}\">{}</td><td class=\"why\">{}</td></tr>\n",
        trial.number,
        purpose(trial.purpose),
        grouped(trial.load),
        grouped(trial.sockets),
        rate(trial.rate),
        seconds(trial.duration.as_secs_f64()),
        latency(result.dimension, trial),
        trial.generator.processors,
        server.join("</td><td>"),
        class(trial.verdict),
        verdict(trial.verdict),
        Escaped(&trial.reasons.join("; "))
    )
}

/// The settings of the search, with the command that repeats it.
pub(super) fn setup(page: &mut String, setup: Option<&CapacitySetup>) {
    let Some(setup) = setup else { return };
    page.push_str("<h2>How it was measured</h2>\n<div class=\"wide said\"><table>\n<tbody>\n");
    for (name, value) in setup.rows() {
        let _ = writeln!(page, "<tr><th>{name}</th><td>{}</td></tr>", Escaped(&value));
    }
    page.push_str("</tbody>\n</table></div>\n");
}
