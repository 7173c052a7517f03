//! Collects the answers of an Erlang VM over one run.

use super::reading::BeamReading;
use super::usage::BeamUse;
use super::watch::BeamWatch;

/// The answers of one run.
#[derive(Debug)]
pub(crate) struct BeamMeter {
    watch: BeamWatch,
    seen: BeamUse,
    /// The last answer, and how often it was read.
    last: Option<(BeamReading, u8)>,
}

/// The questions are not asked in step with the readings, so an answer may stand for two of them.
const READ_AGAIN: u8 = 2;

impl BeamMeter {
    /// Begins a run. Earlier answers do not belong to it.
    pub(crate) fn new(watch: BeamWatch) -> Self {
        watch.take();
        let seen = BeamUse {
            address: watch.address().to_owned(),
            ..BeamUse::default()
        };
        Self {
            watch,
            seen,
            last: None,
        }
    }

    /// The last answer; `None` if none came for a while.
    pub(crate) fn read(&mut self) -> Option<&BeamReading> {
        let answers = self.watch.take();
        answers.readings.iter().for_each(|it| self.seen.add(it));
        self.seen.unanswered += answers.unanswered;
        if answers.why_unanswered.is_some() {
            self.seen.why_unanswered = answers.why_unanswered;
        }
        if let Some(newest) = answers.readings.into_iter().next_back() {
            self.last = Some((newest, 0));
        }
        let (reading, read) = self.last.as_mut()?;
        *read = read.saturating_add(1);
        (*read <= READ_AGAIN).then_some(&*reading)
    }

    /// The figures over the run so far.
    pub(crate) const fn seen(&self) -> &BeamUse {
        &self.seen
    }
}
