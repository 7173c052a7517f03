//! Writes `histograms.hlog`, the histograms of each second in the standard log format of HDR tools with one
//! tag for each kind of latency, and reads it back.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogHistogram, IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, LogIteratorError, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};

use super::super::{Folder, LoadJob, ReportError, Reporter};
use super::LoadFinished;
use crate::clock::wall_clock;
use crate::load::{LoadEvent, RunBlocks, Second, Timing};
use crate::statistics::MOST_BLOCKS;

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
    pub(super) fn begin(&mut self) {
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

/// The histograms of a log of so many seconds. In a long run several seconds make a block.
pub(super) fn read(text: &str, seconds: usize) -> Result<RunBlocks, String> {
    let seconds_a_block = seconds.div_ceil(MOST_BLOCKS).max(1) as u64;
    let mut blocks = RunBlocks::default();
    let mut deserializer = Deserializer::new();
    for entry in IntervalLogIterator::new(text.as_bytes()) {
        match entry {
            Ok(LogEntry::Interval(second)) => {
                let kind = second.tag().map_or("", |tag| tag.as_str());
                let kind = Timing::ALL
                    .into_iter()
                    .find(|it| it.name() == kind)
                    .ok_or_else(|| format!("`{kind}` is not a kind of time"))?;
                let at = second.start_timestamp().as_secs();
                let histogram = histogram(&second, &mut deserializer);
                let histogram = histogram
                    .map_err(|why| format!("the histogram of {} at {at} s is damaged: {why}", kind.name()))?;
                blocks.add(kind, at / seconds_a_block, &histogram);
            }
            Ok(LogEntry::StartTime(_) | LogEntry::BaseTime(_)) => {}
            Err(LogIteratorError::ParseError { offset }) => {
                let line = text.bytes().take(offset).filter(|it| *it == b'\n').count() + 1;
                return Err(format!("line {line} is not a histogram of a second"));
            }
        }
    }
    Ok(blocks)
}

fn histogram(
    second: &IntervalLogHistogram<'_>,
    deserializer: &mut Deserializer,
) -> Result<Histogram<u64>, String> {
    let bytes = BASE64_STANDARD
        .decode(second.encoded_histogram())
        .map_err(|why| why.to_string())?;
    deserializer
        .deserialize(&mut bytes.as_slice())
        .map_err(|why| why.to_string())
}
