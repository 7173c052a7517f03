//! The histograms of each second as the standard log that HDR tools read, one tag for each kind.

use std::time::Duration;

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::tally::{Kind, Tally};
use crate::clock::{Time, wall_clock};

/// A log that grows by a line a second and kind.
pub(super) struct HistogramLog {
    text: Vec<u8>,
    serializer: V2DeflateSerializer,
    last: Time,
}

impl HistogramLog {
    /// A log that begins now.
    pub(super) fn new() -> Self {
        let mut text = Vec::new();
        let mut serializer = V2DeflateSerializer::new();
        let mut builder = IntervalLogWriterBuilder::new();
        builder
            .add_comment("times in microseconds, printed maxima in milliseconds; a tag for each kind")
            .with_start_time(wall_clock())
            .with_base_time(wall_clock())
            .with_max_value_divisor(1000.0);
        // Nothing fails where a vector is written to.
        let _ = builder.begin_log_with(&mut text, &mut serializer);
        Self {
            text,
            serializer,
            last: Time::ZERO,
        }
    }

    /// Appends what was measured until `at`.
    pub(super) fn second(&mut self, at: Time, tally: &Tally) {
        let (start, length) = (self.last.since(Time::ZERO), at.since(self.last));
        self.last = at;
        for kind in Kind::ALL {
            let histogram = &tally.latencies[kind as usize];
            if !histogram.is_empty() {
                self.line(kind, start, length, histogram);
            }
        }
    }

    fn line(
        &mut self,
        kind: Kind,
        start: Duration,
        length: Duration,
        histogram: &hdrhistogram::Histogram<u64>,
    ) {
        let Some(tag) = Tag::new(kind.name()) else { return };
        let mut lines = Vec::new();
        let mut builder = IntervalLogWriterBuilder::new();
        builder.with_max_value_divisor(1000.0);
        if let Ok(mut writer) = builder.begin_log_with(&mut lines, &mut self.serializer) {
            let _ = writer.write_histogram(histogram, start, length, Some(tag));
        }
        // Each writer begins with a head, and the log has one already.
        let from = lines
            .windows(4)
            .position(|four| four == b"Tag=")
            .unwrap_or(lines.len());
        self.text.extend_from_slice(&lines[from..]);
    }

    /// The log.
    pub(super) fn finish(self) -> String {
        // Tags, numbers and base64: nothing that is not text.
        String::from_utf8(self.text).unwrap_or_default()
    }
}
