//! Collects the events of a test on the thread that runs the swarm, and makes reports and messages for the master of them.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use serde_json::{Value, json};

use super::super::load::Listen;
use super::super::threaded::lock;
use crate::clock::wall_clock;
use crate::load::LoadEvent;
use crate::locust::{LocustValue, Stats};
use crate::report::{LoadFinished, LoadJob, ReportError, Reporter, ToldBy, WorkerTelling};

/// The measurements and complaints of a test that the master has not been sent yet.
pub(super) struct Ear(Arc<Mutex<Heard>>);

struct Heard {
    stats: Stats,
    /// Nothing before the swarm begins.
    telling: Option<WorkerTelling>,
    last: Option<Value>,
    /// The orders that this worker could not follow.
    complaints: Vec<String>,
}

impl Ear {
    /// Nothing was measured yet. The scenarios have these names at the master.
    pub(super) fn new(names: &[String]) -> Self {
        Self(Arc::new(Mutex::new(Heard {
            stats: Stats::new(names.to_vec(), wall_clock()),
            telling: None,
            last: None,
            complaints: Vec::new(),
        })))
    }

    /// Listens to a run.
    pub(super) fn listen(&self, of: ToldBy) -> Listen {
        let heard = Arc::clone(&self.0);
        Box::new(move |beginning, reporters| {
            lock(&heard).telling = Some(WorkerTelling::new(of.clone(), beginning));
            reporters.add(Listener(Arc::clone(&heard)));
        })
    }

    /// Notes an order that could not be followed; returns whether the complaint is new.
    pub(super) fn complain(&self, what: &str) -> bool {
        let mut heard = lock(&self.0);
        let is_new = !heard.complaints.iter().any(|it| it == what);
        if is_new {
            heard.complaints.push(what.to_owned());
        }
        is_new
    }

    /// The next report in Locust's terms.
    pub(super) fn stats(&self, counts: Vec<(LocustValue, LocustValue)>) -> LocustValue {
        lock(&self.0).stats.report(counts, wall_clock())
    }

    /// The next message for the merged result; nothing before the swarm begins, and after the last.
    pub(super) fn tell(&self) -> Option<Value> {
        let mut heard = lock(&self.0);
        let complaints = heard.complaints.clone();
        let message = match heard.last.take() {
            Some(last) => {
                heard.telling = None;
                Some(last)
            }
            None => heard.telling.as_mut().and_then(WorkerTelling::tell),
        };
        message.map(|mut message| {
            message["complaints"] = json!(complaints);
            message
        })
    }
}

struct Listener(Arc<Mutex<Heard>>);

impl Reporter<LoadJob> for Listener {
    fn event(&mut self, event: &LoadEvent<'_>) -> Result<(), ReportError> {
        let now: SystemTime = wall_clock();
        let mut heard = lock(&self.0);
        heard.stats.event(event, now);
        if let Some(telling) = &mut heard.telling {
            telling.event(event);
        }
        Ok(())
    }

    fn finish(&mut self, run: &LoadFinished<'_>) -> Result<(), ReportError> {
        let mut heard = lock(&self.0);
        heard.last = heard.telling.as_mut().map(|telling| telling.last(run));
        Ok(())
    }
}
