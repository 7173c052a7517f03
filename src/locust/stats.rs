//! Statistics as Locust counts them: the measurements since the last report for each scenario and kind of latency, and the errors
//! by kind.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rmpv::Value;

use super::message::map;
use crate::load::{Histograms, LoadEvent, LoadResult, Timing};

/// The kinds of latency that Locust shows, each as a type of requests.
const SHOWN: [Timing; 4] = [Timing::Connect, Timing::Join, Timing::Reply, Timing::Broadcast];
/// The type of errors of an open connection or of a channel.
const OTHER: &str = "connection";
/// The name of broadcasts that never came, among the errors.
const MISSING: &str = "broadcast-missing";

/// The measurements since the last report.
#[derive(Debug)]
pub struct Stats {
    /// The scenarios, by the names that the master shows.
    names: Vec<String>,
    began: SystemTime,
    latencies: Vec<Histograms>,
    /// By scenario and kind: how many there were in each second since 1970.
    by_second: BTreeMap<(usize, Timing), BTreeMap<u64, u64>>,
    /// Failures by type and second.
    failures: BTreeMap<&'static str, BTreeMap<u64, u64>>,
    /// The errors that were counted, and those that were reported.
    troubles: BTreeMap<&'static str, u64>,
    reported: BTreeMap<&'static str, u64>,
    first_seen: BTreeMap<&'static str, SystemTime>,
    so_far: Arc<LoadResult>,
}

impl Stats {
    /// Nothing was measured yet, and the test begins now.
    pub fn new(names: Vec<String>, began: SystemTime) -> Self {
        Self {
            latencies: vec![Histograms::default(); names.len()],
            names,
            began,
            by_second: BTreeMap::new(),
            failures: BTreeMap::new(),
            troubles: BTreeMap::new(),
            reported: BTreeMap::new(),
            first_seen: BTreeMap::new(),
            so_far: Arc::default(),
        }
    }

    /// Takes an event of the run.
    pub fn event(&mut self, event: &LoadEvent<'_>, now: SystemTime) {
        match event {
            LoadEvent::Second(second) => {
                let all = [&second.histograms];
                let of_plays = second.of_plays.iter();
                match second.of_plays.is_empty() {
                    true => self.measured(all.into_iter(), now),
                    false => self.measured(of_plays, now),
                }
            }
            LoadEvent::SoFar(result) => self.so_far(result, now),
            LoadEvent::Planned(_) | LoadEvent::Began(_) | LoadEvent::Progress(_) => {}
        }
    }

    /// The data of a report: the changes since the last one, and beside them `counts` of users.
    pub fn report(&mut self, counts: Vec<(Value, Value)>, now: SystemTime) -> Value {
        let mut entries = Vec::new();
        let mut total = Entry::default();
        let latencies = std::mem::take(&mut self.latencies);
        let by_second = std::mem::take(&mut self.by_second);
        for (scenario, latencies) in latencies.iter().enumerate() {
            for kind in SHOWN {
                let histogram = latencies.of(kind);
                let mut entry = Entry::default();
                for value in histogram.iter_recorded() {
                    let micros = histogram.median_equivalent(value.value_iterated_to());
                    entry.add(micros, value.count_since_last_iteration());
                }
                entry.requests_by_second = by_second.get(&(scenario, kind)).cloned().unwrap_or_default();
                self.put(
                    &mut entries,
                    &mut total,
                    (&self.names[scenario], kind.name()),
                    entry,
                );
            }
        }
        self.latencies = vec![Histograms::default(); self.names.len()];
        let errors = self.errors(now);
        let all_names = self.names.join(" ");
        for (kind, by_second) in std::mem::take(&mut self.failures) {
            let entry = Entry {
                failures: by_second.values().sum(),
                requests_by_second: by_second.clone(),
                failures_by_second: by_second,
                ..Entry::default()
            };
            self.put(&mut entries, &mut total, (&all_names, kind), entry);
        }
        let mut pairs = vec![
            (Value::from("stats"), Value::Array(entries)),
            (
                Value::from("stats_total"),
                total.value("Aggregated", "", self.began),
            ),
            (Value::from("errors"), Value::Map(errors)),
        ];
        pairs.extend(counts);
        Value::Map(pairs)
    }

    fn put(&self, entries: &mut Vec<Value>, total: &mut Entry, (name, kind): (&str, &str), entry: Entry) {
        if entry.is_empty() {
            return;
        }
        entries.push(entry.value(name, kind, self.began));
        total.merge(entry);
    }

    fn measured<'h>(&mut self, plays: impl Iterator<Item = &'h Histograms>, now: SystemTime) {
        let second = epoch(now);
        for (scenario, histograms) in plays.enumerate().take(self.names.len()) {
            self.latencies[scenario].add(histograms);
            for kind in SHOWN {
                let count = histograms.of(kind).len();
                if count > 0 {
                    let seconds = self.by_second.entry((scenario, kind)).or_default();
                    *seconds.entry(second).or_default() += count;
                }
            }
        }
    }

    fn so_far(&mut self, result: &Arc<LoadResult>, now: SystemTime) {
        let mut troubles = result.troubles.clone();
        if result.counts.broadcasts_missing > 0 {
            troubles.insert(MISSING, result.counts.broadcasts_missing);
        }
        for (kind, count) in &troubles {
            let before = self.troubles.get(kind).copied().unwrap_or_default();
            // The count can shrink: missing replies are no errors once it is known that the event gets no replies.
            let new = count.saturating_sub(before);
            if new > 0 {
                let seconds = self.failures.entry(request_of(kind)).or_default();
                *seconds.entry(epoch(now)).or_default() += new;
            }
        }
        (self.troubles, self.so_far) = (troubles, Arc::clone(result));
    }

    /// The errors since the last report, by kind.
    fn errors(&mut self, now: SystemTime) -> Vec<(Value, Value)> {
        let name = self.names.join(" ");
        let mut errors = Vec::new();
        for (kind, count) in &self.troubles {
            let before = self.reported.insert(kind, *count).unwrap_or_default();
            let new = count.saturating_sub(before);
            if new == 0 {
                continue;
            }
            let said = self.so_far.first_answers.get(kind);
            let told = said.map_or_else(|| (*kind).to_owned(), |said| format!("{kind}: {said}"));
            let request = request_of(kind);
            let first_seen = *self.first_seen.entry(kind).or_insert(now);
            let error = map([
                ("name", Value::from(&*name)),
                ("method", Value::from(request)),
                ("error", Value::from(told)),
                ("occurrences", Value::from(new)),
                ("first_seen", Value::from(seconds(first_seen))),
                ("last_seen", Value::from(seconds(now))),
            ]);
            // The key has no text of the server, so that it is the same on each worker.
            errors.push((Value::from(format!("{request}.{name}.{kind}")), error));
        }
        errors
    }
}

/// The statistics of one type of requests of one name.
#[derive(Clone, Debug, Default)]
struct Entry {
    /// Times in microseconds with three digits, and how often each was measured.
    times: BTreeMap<u64, u64>,
    measured: u64,
    total_micros: f64,
    min_micros: Option<u64>,
    max_micros: u64,
    failures: u64,
    requests_by_second: BTreeMap<u64, u64>,
    failures_by_second: BTreeMap<u64, u64>,
}

impl Entry {
    fn is_empty(&self) -> bool {
        self.measured == 0 && self.failures == 0
    }

    fn add(&mut self, micros: u64, count: u64) {
        *self.times.entry(three_digits(micros)).or_default() += count;
        self.measured += count;
        self.total_micros += micros as f64 * count as f64;
        self.min_micros = Some(self.min_micros.map_or(micros, |min| min.min(micros)));
        self.max_micros = self.max_micros.max(micros);
    }

    fn merge(&mut self, more: Self) {
        for (sum, more) in [
            (&mut self.times, more.times),
            (&mut self.requests_by_second, more.requests_by_second),
            (&mut self.failures_by_second, more.failures_by_second),
        ] {
            for (key, count) in more {
                *sum.entry(key).or_default() += count;
            }
        }
        self.measured += more.measured;
        self.total_micros += more.total_micros;
        self.min_micros = self.min_micros.into_iter().chain(more.min_micros).min();
        self.max_micros = self.max_micros.max(more.max_micros);
        self.failures += more.failures;
    }

    fn value(&self, name: &str, kind: &str, began: SystemTime) -> Value {
        let counts = |by_second: &BTreeMap<u64, u64>| {
            let pairs = by_second
                .iter()
                .map(|(second, count)| (Value::from(*second), Value::from(*count)));
            Value::Map(pairs.collect())
        };
        let times = self
            .times
            .iter()
            .map(|(micros, count)| (Value::from(millis(*micros)), Value::from(*count)));
        let last = self.requests_by_second.keys().last();
        map([
            ("name", Value::from(name)),
            ("method", Value::from(kind)),
            (
                "last_request_timestamp",
                last.map_or(Value::Nil, |second| Value::from(*second as f64)),
            ),
            ("start_time", Value::from(seconds(began))),
            ("num_requests", Value::from(self.measured + self.failures)),
            // Failures have no response time.
            ("num_none_requests", Value::from(self.failures)),
            ("num_failures", Value::from(self.failures)),
            ("total_response_time", Value::from(self.total_micros / 1000.0)),
            ("max_response_time", Value::from(millis(self.max_micros))),
            (
                "min_response_time",
                self.min_micros.map_or(Value::Nil, |min| Value::from(millis(min))),
            ),
            ("total_content_length", Value::from(0)),
            ("response_times", Value::Map(times.collect())),
            ("num_reqs_per_sec", counts(&self.requests_by_second)),
            ("num_fail_per_sec", counts(&self.failures_by_second)),
        ])
    }
}

/// A time in microseconds with at most three digits, so that a report has some thousand different ones at most.
fn three_digits(micros: u64) -> u64 {
    let mut unit = 1;
    while micros / unit >= 1000 {
        unit *= 10;
    }
    (micros + unit / 2) / unit * unit
}

fn millis(micros: u64) -> f64 {
    micros as f64 / 1000.0
}

fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

fn seconds(time: SystemTime) -> f64 {
    since_1970(time).as_secs_f64()
}

fn epoch(time: SystemTime) -> u64 {
    since_1970(time).as_secs()
}

/// The type of requests that fails with this kind of error.
fn request_of(kind: &str) -> &'static str {
    match kind {
        "refused" | "silent" | "tls" | "proxy" | "status" | "503" | "no-token" | "exhausted" => "connect",
        "join-refused" | "join-timeout" => "join",
        "push-timeout" | "mismatch" => "reply",
        "receive-timeout" | MISSING => "broadcast",
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::field;
    use super::*;
    use crate::load::{Point, Second};

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn second(replies: &[u64]) -> Second {
        let mut histograms = Histograms::default();
        replies
            .iter()
            .for_each(|micros| histograms.record(Timing::Reply, *micros));
        Second {
            point: Point::default(),
            start: Duration::ZERO,
            length: Duration::from_secs(1),
            histograms,
            of_plays: Vec::new(),
        }
    }

    fn stats(value: &Value) -> &[Value] {
        field(value, "stats").and_then(Value::as_array).unwrap()
    }

    #[test]
    fn a_report_holds_what_is_new_in_milliseconds_with_three_digits() {
        let mut all = Stats::new(vec!["echo".to_owned()], NOW);
        all.event(&LoadEvent::Second(&second(&[594, 594, 123_456])), NOW);
        let report = all.report(Vec::new(), NOW);
        let [entry] = stats(&report) else {
            panic!("{report}")
        };
        let of = |name: &str| field(entry, name).unwrap().clone();
        assert_eq!(
            (of("name"), of("method")),
            (Value::from("echo"), Value::from("reply"))
        );
        assert_eq!(
            (of("num_requests"), of("num_none_requests"), of("num_failures")),
            (Value::from(3), Value::from(0), Value::from(0))
        );
        assert_eq!(
            (of("min_response_time"), of("num_reqs_per_sec")),
            (Value::from(0.594), Value::Map(vec![(0.into(), 3.into())]))
        );
        assert_eq!(
            of("response_times"),
            Value::Map(vec![
                (Value::from(0.594), 2.into()),
                (Value::from(123.0), 1.into())
            ])
        );
        let total = field(&report, "stats_total").unwrap();
        assert_eq!(field(total, "num_requests"), Some(&Value::from(3)));
        assert!(
            stats(&all.report(Vec::new(), NOW)).is_empty(),
            "nothing is reported twice"
        );
    }

    #[test]
    fn errors_are_grouped_and_only_new_ones_are_told() {
        let mut all = Stats::new(vec!["echo".to_owned()], NOW);
        let mut result = LoadResult::default();
        result.troubles.insert("join-refused", 2);
        result.first_answers.insert("join-refused", "no seat".to_owned());
        all.event(&LoadEvent::SoFar(&Arc::new(result.clone())), NOW);
        let report = all.report(Vec::new(), NOW);
        let [entry] = stats(&report) else {
            panic!("{report}")
        };
        let of = |name: &str| field(entry, name).unwrap().clone();
        assert_eq!(
            (of("method"), of("num_failures"), of("num_none_requests")),
            ("join".into(), 2.into(), 2.into())
        );
        let errors = field(&report, "errors").unwrap();
        let error = field(errors, "join.echo.join-refused").unwrap();
        assert_eq!(field(error, "error"), Some(&Value::from("join-refused: no seat")));
        assert_eq!(field(error, "occurrences"), Some(&Value::from(2)));
        result.troubles.insert("join-refused", 5);
        all.event(&LoadEvent::SoFar(&Arc::new(result)), NOW);
        let report = all.report(Vec::new(), NOW);
        let error = field(field(&report, "errors").unwrap(), "join.echo.join-refused").unwrap();
        assert_eq!(field(error, "occurrences"), Some(&Value::from(3)));
    }

    #[test]
    fn times_have_three_digits() {
        let rounded = [7, 999, 1004, 1005, 123_456, 999_999].map(three_digits);
        assert_eq!(rounded, [7, 999, 1000, 1010, 123_000, 1_000_000]);
    }
}
