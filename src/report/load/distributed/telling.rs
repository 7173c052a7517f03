//! The messages of one worker: the histograms of each second since the last message, the counts so far, and whether the worker
//! keeps up.

use std::sync::Arc;
use std::time::Duration;

use hdrhistogram::serialization::V2DeflateSerializer;
use serde_json::{Value, json};

use super::super::super::object::Shown;
use super::super::{LoadBeginning, LoadFinished, csv, hlog, json};
use super::FORMAT;
use crate::load::{Histograms, LoadEvent, LoadResult, Point};

/// The worker and the test to which messages belong.
#[derive(Clone, Debug)]
pub struct ToldBy {
    /// The name that the worker has at its master.
    pub worker: String,
    /// The number that the master gave it.
    pub index: u32,
    /// The number of the test among those of the worker.
    pub test: u32,
    /// The seed that the master gave all workers of the test, by which it tells their messages from those of another test.
    pub seed: Option<u64>,
}

/// Collects the measurements of a worker in a test, and makes messages of them.
pub struct WorkerTelling {
    of: ToldBy,
    beginning: LoadBeginning,
    seq: u64,
    serializer: V2DeflateSerializer,
    /// The lines of the log since the last message.
    log: Vec<u8>,
    points: Vec<Point>,
    /// The latencies of each scenario since the last message, if there are several.
    of_plays: Vec<Histograms>,
    so_far: Arc<LoadResult>,
    lasted: Duration,
}

impl WorkerTelling {
    /// Nothing was measured yet.
    pub fn new(of: ToldBy, beginning: LoadBeginning) -> Self {
        Self {
            of,
            beginning,
            seq: 0,
            serializer: V2DeflateSerializer::new(),
            log: Vec::new(),
            points: Vec::new(),
            of_plays: Vec::new(),
            so_far: Arc::default(),
            lasted: Duration::ZERO,
        }
    }

    /// Takes an event of the run.
    pub fn event(&mut self, event: &LoadEvent<'_>) {
        match event {
            LoadEvent::Second(second) => {
                let when = (second.start, second.length);
                hlog::lines(&mut self.log, &mut self.serializer, when, &second.histograms);
                self.lasted = second.start + second.length;
                self.points.push(second.point);
                self.of_plays
                    .resize_with(second.of_plays.len(), Histograms::default);
                for (sum, more) in self.of_plays.iter_mut().zip(&second.of_plays) {
                    sum.add(more);
                }
            }
            LoadEvent::SoFar(result) => self.so_far = Arc::clone(result),
            LoadEvent::Planned(_) | LoadEvent::Began(_) | LoadEvent::Progress(_) => {}
        }
    }

    /// The next message; nothing if nothing was measured since the last one.
    pub fn tell(&mut self) -> Option<Value> {
        if self.points.is_empty() {
            return None;
        }
        let result = Arc::clone(&self.so_far);
        let text = self.beginning.as_of_now(&result, self.lasted, json::render);
        let series = csv::render(&std::mem::take(&mut self.points));
        Some(self.message(&result, &text, &series))
    }

    /// The last message, with the same result as the files of the worker.
    pub fn last(&mut self, run: &LoadFinished<'_>) -> Value {
        let series = csv::render(&run.result.series);
        let mut message = self.message(run.result, &json::render(run), &series);
        message["last"] = true.into();
        message
    }

    fn message(&mut self, result: &LoadResult, text: &[u8], series: &str) -> Value {
        let seq = self.seq;
        self.seq += 1;
        let log = std::mem::take(&mut self.log);
        json!({
            "format": FORMAT,
            "worker": self.of.worker,
            "index": self.of.index,
            "test": self.of.test,
            "seed": self.of.seed,
            "seq": seq,
            "last": false,
            "result": String::from_utf8_lossy(text),
            "punctuality": Shown(&result.punctuality),
            "sends": Shown(&result.sends),
            "series": series,
            "histograms": String::from_utf8_lossy(&log),
            "scenarios": self.plays(result),
        })
    }

    /// The latencies of each scenario since the last message, as lines of a log.
    fn plays(&mut self, result: &LoadResult) -> Value {
        let lasted = (Duration::ZERO, self.lasted);
        let of_plays = std::mem::take(&mut self.of_plays);
        let plays = result.scenarios.iter().zip(&of_plays).map(|(played, latencies)| {
            let mut lines = Vec::new();
            hlog::lines(&mut lines, &mut self.serializer, lasted, latencies);
            (played.name.clone(), String::from_utf8_lossy(&lines).into())
        });
        Value::Object(plays.collect())
    }
}
