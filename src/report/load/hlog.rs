//! Writes `histograms.hlog`, the histograms of each second in the standard log format of HDR tools with one
//! tag for each kind of latency, and reads it back.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::time::{Duration, SystemTime};

use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{
    IntervalLogHistogram, IntervalLogIterator, IntervalLogWriterBuilder, LogEntry, LogIteratorError, Tag,
};
use hdrhistogram::serialization::{Deserializer, V2DeflateSerializer};

use super::super::{Folder, LoadJob, ReportError, Reporter};
use super::LoadFinished;
use crate::clock::wall_clock;
use crate::load::{Histograms, LoadEvent, RunBlocks, TimedLatencies, Timing};
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
        header(&mut self.text, &mut self.serializer, wall_clock());
    }
}

/// Appends the head of a log that began then.
pub(super) fn header(text: &mut Vec<u8>, serializer: &mut V2DeflateSerializer, began: SystemTime) {
    let mut builder = IntervalLogWriterBuilder::new();
    builder
        .add_comment("times in microseconds, printed maxima in milliseconds; a tag for each kind")
        .with_start_time(began)
        .with_base_time(began)
        .with_max_value_divisor(1000.0);
    // Writing to a vector cannot fail.
    let _ = builder.begin_log_with(text, serializer);
}

/// Appends a line for each kind of latency that was measured in a stretch of time.
pub(super) fn lines(
    text: &mut Vec<u8>,
    serializer: &mut V2DeflateSerializer,
    (start, length): (Duration, Duration),
    histograms: &Histograms,
) {
    for kind in Timing::ALL {
        line(text, serializer, (kind, start, length), histograms.of(kind));
    }
}

/// Appends the line of one kind, if something was measured.
pub(super) fn line(
    text: &mut Vec<u8>,
    serializer: &mut V2DeflateSerializer,
    (kind, start, length): (Timing, Duration, Duration),
    histogram: &Histogram<u64>,
) {
    if histogram.is_empty() {
        return;
    }
    // Each writer starts with a header, and the log has one already.
    let mut written = Vec::new();
    let mut builder = IntervalLogWriterBuilder::new();
    builder.with_max_value_divisor(1000.0);
    let Ok(mut writer) = builder.begin_log_with(&mut written, serializer) else {
        return;
    };
    let _ = writer.write_histogram(histogram, start, length, Tag::new(kind.name()));
    let all = written.split_inclusive(|byte| *byte == b'\n');
    text.extend(all.filter(|line| line.starts_with(b"Tag=")).flatten());
}

impl Reporter<LoadJob> for HistogramLog {
    fn event(&mut self, event: &LoadEvent<'_>) -> Result<(), ReportError> {
        match event {
            LoadEvent::Planned(_) => self.begin(),
            LoadEvent::Second(second) => lines(
                &mut self.text,
                &mut self.serializer,
                (second.start, second.length),
                &second.histograms,
            ),
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
    for it in measured(text)? {
        let block = it.start.as_secs() / seconds_a_block;
        blocks.add(it.kind, block, &it.histogram);
    }
    Ok(blocks)
}

/// The histograms of the lines of a log, with or without its head.
pub(super) fn measured(text: &str) -> Result<Vec<TimedLatencies>, String> {
    let mut all = Vec::new();
    let mut deserializer = Deserializer::new();
    for entry in IntervalLogIterator::new(text.as_bytes()) {
        match entry {
            Ok(LogEntry::Interval(second)) => {
                let kind = second.tag().map_or("", |tag| tag.as_str());
                let kind = Timing::ALL
                    .into_iter()
                    .find(|it| it.name() == kind)
                    .ok_or_else(|| format!("`{kind}` is not a kind of time"))?;
                let start = second.start_timestamp();
                let histogram = histogram(&second, &mut deserializer).map_err(|why| {
                    let at = start.as_secs();
                    format!("the histogram of {} at {at} s is damaged: {why}", kind.name())
                })?;
                all.push(TimedLatencies {
                    kind,
                    start,
                    length: second.duration(),
                    histogram,
                });
            }
            Ok(LogEntry::StartTime(_) | LogEntry::BaseTime(_)) => {}
            Err(LogIteratorError::ParseError { offset }) => {
                let line = text.bytes().take(offset).filter(|it| *it == b'\n').count() + 1;
                return Err(format!("line {line} is not a histogram of a second"));
            }
        }
    }
    Ok(all)
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
