//! `load --metrics`: Prometheus can read each line, and the dashboard asks only for metrics that are there.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::live::Watched;

/// The metrics of a page by their names, with their kinds and the values of their samples.
type Metrics = BTreeMap<String, (String, Vec<(String, f64)>)>;

/// Reads a page of metrics line by line, as the text format 0.0.4 has them.
fn read(text: &str) -> Metrics {
    let mut metrics = Metrics::new();
    let mut lines = text.lines().peekable();
    while let Some(help) = lines.next() {
        let (name, about) = help
            .strip_prefix("# HELP ")
            .and_then(|it| it.split_once(' '))
            .expect(help);
        assert!(
            is_name(name) && name.starts_with("phxproof_") && !about.is_empty(),
            "{help}"
        );
        let kind = lines.next().unwrap();
        let kind = kind.strip_prefix(&format!("# TYPE {name} ")).expect(kind);
        assert!(["counter", "gauge", "histogram"].contains(&kind), "{kind}");
        assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
        let mut samples = Vec::new();
        while let Some(line) = lines.next_if(|it| !it.starts_with('#')) {
            let (sample, value) = line.rsplit_once(' ').expect(line);
            let (of, labels) = sample.split_once('{').map_or((sample, ""), |(of, rest)| {
                (of, rest.strip_suffix('}').expect(line))
            });
            let suffix = of.strip_prefix(name).expect(line);
            let known: &[&str] = if kind == "histogram" {
                &["_bucket", "_sum", "_count"]
            } else {
                &[""]
            };
            assert!(known.contains(&suffix), "{line}");
            read_labels(labels);
            samples.push((format!("{suffix}{{{labels}}}"), value.parse().expect(line)));
        }
        let before = metrics.insert(name.to_owned(), (kind.to_owned(), samples));
        assert!(before.is_none(), "{name} stands there twice");
    }
    metrics
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|it| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_')
}

/// Reads `name="value",…`.
fn read_labels(mut labels: &str) {
    while !labels.is_empty() {
        let (name, rest) = labels.split_once("=\"").expect(labels);
        assert!(is_name(name), "{labels}");
        let mut escaped = false;
        let end = rest.find(|c| {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            ends
        });
        let rest = &rest[end.expect(labels) + 1..];
        labels = rest.strip_prefix(',').unwrap_or(rest);
    }
}

/// The metrics of a run that has sent something.
fn metrics(run: &Watched) -> Metrics {
    let mut events = run.events();
    events.wait_for("page", "sends a second</span>");
    let (status, text) = run.ask("GET /metrics", "", "");
    assert_eq!(status, 200);
    read(&text)
}

fn value(metrics: &Metrics, name: &str, sample: &str) -> f64 {
    let samples = &metrics[name].1;
    let found = samples.iter().find(|it| it.0 == sample);
    found
        .unwrap_or_else(|| panic!("{name}{sample} is not in {samples:?}"))
        .1
}

#[test]
fn every_line_is_read_and_the_figures_are_those_of_the_run() {
    let run = Watched::start(&["--rate", "50", "--metrics", "--objective", "reply.p99<1h"]);
    let metrics = metrics(&run);
    assert_eq!(value(&metrics, "phxproof_sockets_joined", "{}"), 5.0);
    assert_eq!(value(&metrics, "phxproof_asked_sends_per_second", "{}"), 50.0);
    let sent = value(&metrics, "phxproof_messages_sent_total", "{}");
    assert!(sent > 0.0);
    let samples = &metrics["phxproof_latency_seconds"].1;
    let replies: Vec<f64> = samples
        .iter()
        .filter(|it| it.0.starts_with("_bucket{kind=\"reply\""))
        .map(|it| it.1)
        .collect();
    assert!(replies.len() > 10 && replies.is_sorted(), "{replies:?}");
    let count = value(&metrics, "phxproof_latency_seconds", "_count{kind=\"reply\"}");
    assert_eq!(replies.last(), Some(&count));
    assert!(count > 0.0 && count <= sent);
    assert!(value(&metrics, "phxproof_latency_seconds", "_sum{kind=\"reply\"}") > 0.0);
    assert!(value(&metrics, "phxproof_generator_resident_memory_bytes", "{}") > 1e6);
    assert_eq!(value(&metrics, "phxproof_phase", "{phase=\"running\"}"), 1.0);
}

#[test]
fn without_the_flag_there_are_no_metrics() {
    let run = Watched::start(&[]);
    assert_eq!(run.ask("GET /metrics", "", "").0, 404);
}

#[test]
fn every_query_of_the_dashboard_names_metrics_that_exist() {
    let run = Watched::start(&["--rate", "50", "--metrics"]);
    let metrics = metrics(&run);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/grafana/phxproof-load.json");
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().unwrap());
    let queries: Vec<&str> = targets.map(|target| target["expr"].as_str().unwrap()).collect();
    assert!(queries.len() > 30, "{}", queries.len());
    for query in queries {
        let words = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let named: Vec<&str> = words.filter(|it| it.starts_with("phxproof_")).collect();
        assert!(!named.is_empty(), "{query}");
        for name in named {
            let base = name.strip_suffix("_bucket").unwrap_or(name);
            let kind = metrics.get(base).map(|it| it.0.as_str());
            assert!(kind.is_some(), "{query} names {name}");
            assert_eq!(base != name, kind == Some("histogram"), "{query}");
        }
    }
}
