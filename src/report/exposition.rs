//! Writes figures in the text format of Prometheus (exposition 0.0.4).

use std::fmt::{self, Display, Write as _};

use hdrhistogram::Histogram;

/// The upper bounds of the buckets of a histogram of times, in microseconds, as they stand in seconds.
const BUCKETS: [(u64, &str); 16] = [
    (100, "0.0001"),
    (250, "0.00025"),
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (500_000, "0.5"),
    (1_000_000, "1"),
    (2_500_000, "2.5"),
    (5_000_000, "5"),
    (10_000_000, "10"),
];

/// A page of metrics.
#[derive(Default)]
pub(super) struct Exposition(String);

/// The labels of a sample: names and values.
pub(super) type Labels<'l> = &'l [(&'l str, &'l str)];

impl Exposition {
    /// A figure that can fall.
    pub(super) fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, &[], value);
    }

    /// A figure that only rises.
    pub(super) fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "counter", help);
        self.sample(name, &[], value);
    }

    /// The beginning of a metric: its samples follow.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// A sample of the last metric.
    pub(super) fn sample(&mut self, name: &str, labels: Labels<'_>, value: impl Display) {
        self.0.push_str(name);
        for (number, (label, text)) in labels.iter().enumerate() {
            let before = if number == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{}\"", Quoted(text));
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    /// The samples of a histogram of microseconds, in seconds.
    pub(super) fn times(&mut self, name: &str, labels: Labels<'_>, times: &Histogram<u64>) {
        let bucket = format!("{name}_bucket");
        let mut buckets = BUCKETS.iter().peekable();
        let mut count = 0;
        for value in times.iter_recorded() {
            while let Some((_, bound)) = buckets.next_if(|(most, _)| *most < value.value_iterated_to()) {
                self.sample(&bucket, &[labels, &[("le", bound)]].concat(), count);
            }
            count += value.count_at_value();
        }
        for (_, bound) in buckets {
            self.sample(&bucket, &[labels, &[("le", bound)]].concat(), count);
        }
        self.sample(&bucket, &[labels, &[("le", "+Inf")]].concat(), count);
        let sum = times.mean() * count as f64 / 1e6;
        self.sample(&format!("{name}_sum"), labels, sum);
        self.sample(&format!("{name}_count"), labels, count);
    }

    /// The whole page.
    pub(super) fn text(self) -> String {
        self.0
    }
}

/// The value of a label.
struct Quoted<'t>(&'t str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '\\' => f.write_str("\\\\")?,
                '"' => f.write_str("\\\"")?,
                '\n' => f.write_str("\\n")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_quoted() {
        let mut page = Exposition::default();
        page.family("a", "gauge", "one\ntwo");
        page.sample("a", &[("b", "\"\\\n"), ("c", "é")], 1.5);
        assert_eq!(
            page.text(),
            "# HELP a one\\ntwo\n# TYPE a gauge\na{b=\"\\\"\\\\\\n\",c=\"é\"} 1.5\n"
        );
    }

    #[test]
    fn buckets_count_all_times_up_to_their_bound() {
        let mut times = Histogram::new(3).unwrap();
        for micros in [90, 400, 400, 3_000_000, 60_000_000] {
            times.record(micros).unwrap();
        }
        let mut page = Exposition::default();
        page.times("t", &[("kind", "reply")], &times);
        let text = page.text();
        for line in [
            "t_bucket{kind=\"reply\",le=\"0.0001\"} 1",
            "t_bucket{kind=\"reply\",le=\"0.00025\"} 1",
            "t_bucket{kind=\"reply\",le=\"0.0005\"} 3",
            "t_bucket{kind=\"reply\",le=\"2.5\"} 3",
            "t_bucket{kind=\"reply\",le=\"5\"} 4",
            "t_bucket{kind=\"reply\",le=\"10\"} 4",
            "t_bucket{kind=\"reply\",le=\"+Inf\"} 5",
            "t_count{kind=\"reply\"} 5",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} is not in\n{text}");
        }
        assert_eq!(text.lines().count(), BUCKETS.len() + 3);
    }
}
