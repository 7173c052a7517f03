//! `histograms.hlog`: the histograms of each second in the standard log of HDR tools, one tag for each kind of time.

use hdrhistogram::serialization::V2DeflateSerializer;
use hdrhistogram::serialization::interval_log::{IntervalLogWriterBuilder, Tag};

use super::super::{Folder, LoadJob, ReportError, Reporter};
use super::LoadFinished;
use crate::clock::wall_clock;
use crate::load::{LoadEvent, Second, Timing};

/// Writes it when the run is over.
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

    /// The head of the log: the run begins now.
    fn begin(&mut self) {
        let mut builder = IntervalLogWriterBuilder::new();
        builder
            .add_comment("times in microseconds, printed maxima in milliseconds; a tag for each kind")
            .with_start_time(wall_clock())
            .with_base_time(wall_clock())
            .with_max_value_divisor(1000.0);
        // Nothing fails where a vector is written to.
        let _ = builder.begin_log_with(&mut self.text, &mut self.serializer);
    }

    /// A line for each kind of time that was measured in a second.
    fn second(&mut self, second: &Second) {
        // Each writer begins with a head, and the log has one already.
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
