//! Writes `histograms.hlog`: the histograms of each second in the standard log format of HDR tools, with one
//! tag for each kind of latency.

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::super::{Folder, LoadJob, ReportError, Reporter};
use super::LoadFinished;
use crate::clock::wall_clock;
use crate::load::{LoadEvent, Second, Timing};

/// Writes the file when the run is over.
pub struct HistogramLog {
    folder: Folder,
    text: Vec<u8>,
    serializer: V2DeflateSerializer,
}

impl HistogramLog {
    /// Writes into this folder.
    pub fn new(folder: Folder) -> Self {
        Self {
            folder,
            text: Vec::new(),
            serializer: V2DeflateSerializer::new(),
        }
    }

    /// Starts the log, with the current time as its start.
    fn begin(&mut self) {
        let mut builder = IntervalLogWriterBuilder::new();
        builder
            .add_comment("times in microseconds, printed maxima in milliseconds; a tag for each kind")
            .with_start_time(wall_clock())
            .with_base_time(wall_clock())
            .with_max_value_divisor(1000.0);
        // Writing to a vector cannot fail.
        let _ = builder.begin_log_with(&mut self.text, &mut self.serializer);
    }

    /// Appends a line for each kind of latency that was measured in a second.
    fn second(&mut self, second: &Second) {
        // Each writer starts with a header, and the log has one already.
        let mut lines = Vec::new();
        let mut builder = IntervalLogWriterBuilder::new();
        builder.with_max_value_divisor(1000.0);
        let Ok(mut writer) = builder.begin_log_with(&mut lines, &mut self.serializer) else {
            return;
        };
        for kind in Timing::ALL {
            let histogram = second.histograms.of(kind);
            if !histogram.is_empty() {
                let _ = writer.write_histogram(histogram, second.start, second.length, Tag::new(kind.name()));
            }
        }
        let lines = lines.split_inclusive(|byte| *byte == b'\n');
        let lines = lines.filter(|line| line.starts_with(b"Tag="));
        self.text.extend(lines.flatten());
    }
}

impl Reporter<LoadJob> for HistogramLog {
    fn event(&mut self, event: &LoadEvent<'_>) -> Result<(), ReportError> {
        match event {
            LoadEvent::Planned(_) => self.begin(),
            LoadEvent::Second(second) => self.second(second),
            LoadEvent::Began(_) | LoadEvent::Progress(_) | LoadEvent::SoFar(_) => {}
        }
        Ok(())
    }

    fn finish(&mut self, _: &LoadFinished<'_>) -> Result<(), ReportError> {
        self.folder.write("histograms.hlog", &self.text)?;
        Ok(())
    }
}
