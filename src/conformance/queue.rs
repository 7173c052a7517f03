//! Runs the cases: first those that may run side by side, then one by one those that must run alone.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::catalogue::Case;
use super::choice::{Fresh, must_be_alone};
use super::context::RunContext;
use super::known;
use super::offered::Baseline;
use super::outcome::{CaseRecording, CaseResult, CheckEvent, HeldTo, Pace, Verdict};
use super::punctual::Punctual;
use super::settings::{CheckSettings, StopAt};
use super::single::{Attempt, Played, play_case, undecided};
use crate::driver::{Host, Lending, Restarts};

/// The cases to run.
pub(super) struct ToDo {
    waiting: VecDeque<Arc<Case>>,
    alone: VecDeque<Arc<Case>>,
}

impl ToDo {
    /// Cases that run side by side, those that take the longest first, and cases that run alone after them.
    pub(super) fn new(mut side_by_side: Vec<Arc<Case>>, alone: Vec<Arc<Case>>) -> Self {
        side_by_side.sort_by_key(|case| Reverse(case.program.expected_duration()));
        Self {
            waiting: side_by_side.into(),
            alone: alone.into(),
        }
    }

    /// Appends a case that has to run again after all others of its kind.
    fn put_back(&mut self, case: Arc<Case>, restarts: Restarts) {
        match must_be_alone(&case, restarts) {
            true => self.alone.push_back(case),
            false => self.waiting.push_back(case),
        }
    }
}

/// Whether a case had started when the run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// It had passed this many times before.
    Yes {
        passed: u32,
    },
    No,
}

/// The runs of a case that runs several times.
#[derive(Default)]
struct Repeated {
    /// The number of runs so far.
    runs: u32,
    /// The first result that was neither a plain pass nor a failure.
    told: Option<CaseResult>,
}

impl Repeated {
    /// Adds a run. Returns the result of the case once it is known: its failure, otherwise the first run that
    /// was not a plain pass, otherwise the last.
    fn add(&mut self, result: CaseResult, settings: &CheckSettings, held_to: HeldTo) -> Option<CaseResult> {
        let may_go_on = matches!(result.verdict, Verdict::Pass | Verdict::NonStrict)
            && !result.failed(held_to, settings.strict);
        let plain = !result.flaky && result.verdict == Verdict::Pass && result.close_verdict == Verdict::Pass;
        self.runs += 1;
        if may_go_on && self.runs < settings.repeat {
            if !plain {
                self.told.get_or_insert(result);
            }
            return None;
        }
        let told = self.told.take().filter(|_| may_go_on).unwrap_or(result);
        Some(CaseResult {
            runs: self.runs,
            ..told
        })
    }
}

/// The cases of a run.
pub(super) struct Queue {
    context: Rc<RunContext>,
    held_to: HeldTo,
    fresh: Fresh,
    baseline: Option<Rc<Baseline>>,
    to_do: ToDo,
    /// Cases that get a second attempt alone, because this process was late during the first.
    again: HashSet<Arc<str>>,
    repeated: HashMap<Arc<str>, Repeated>,
    under_way: Vec<Arc<Case>>,
    pub(super) punctual: Punctual,
    tasks: JoinSet<()>,
}

impl Queue {
    pub(super) fn new(
        context: Rc<RunContext>,
        held_to: HeldTo,
        fresh: Fresh,
        baseline: Option<Rc<Baseline>>,
        to_do: ToDo,
    ) -> Self {
        Self {
            context,
            held_to,
            fresh,
            baseline,
            to_do,
            again: HashSet::new(),
            repeated: HashMap::new(),
            under_way: Vec::new(),
            punctual: Punctual::default(),
            tasks: JoinSet::new(),
        }
    }

    /// Runs all cases, or stops at the first failure if that is requested.
    pub(super) async fn work(
        &mut self,
        host: &dyn Host,
        cases: &mut Vec<CaseResult>,
        on_event: &mut dyn FnMut(CheckEvent<'_>),
    ) {
        self.tasks
            .spawn_local(self.punctual.clone().watch(self.context.clock));
        let (done, mut results) = mpsc::unbounded_channel();
        loop {
            self.begin(host, &done, on_event);
            let played = match self.under_way.is_empty() {
                false => results.recv().await,
                true => self.next_alone(host, on_event).await,
            };
            let Some(played) = played else { return };
            if self.finish(played, host.restarts(), cases, on_event) {
                return;
            }
        }
    }

    /// Starts as many cases as may run side by side.
    fn begin(
        &mut self,
        host: &dyn Host,
        done: &mpsc::UnboundedSender<Played>,
        on_event: &mut dyn FnMut(CheckEvent<'_>),
    ) {
        let jobs = self.context.settings.side_by_side().max(1);
        while self.under_way.len() < jobs {
            let Some(case) = self.to_do.waiting.pop_front() else {
                return;
            };
            self.start(&case, on_event);
            let played = play(case, self.attempt(), host);
            let done = done.clone();
            self.tasks.spawn_local(async move {
                // If the run was stopped, nobody receives the result.
                let _ = done.send(played.await);
            });
        }
    }

    fn start(&mut self, case: &Arc<Case>, on_event: &mut dyn FnMut(CheckEvent<'_>)) {
        if !self.repeated.contains_key(&case.name()) {
            on_event(CheckEvent::CaseStarted(&case.name()));
        }
        self.under_way.push(Arc::clone(case));
    }

    /// Runs the next case that must run alone, if there is one.
    async fn next_alone(
        &mut self,
        host: &dyn Host,
        on_event: &mut dyn FnMut(CheckEvent<'_>),
    ) -> Option<Played> {
        let case = self.to_do.alone.pop_front()?;
        self.start(&case, on_event);
        Some(play(case, self.attempt(), host).await)
    }

    /// The cases that have not been judged, and whether they had started.
    pub(super) fn left(&mut self) -> impl Iterator<Item = (Arc<Case>, Begun)> {
        let (again, repeated) = (&self.again, &self.repeated);
        let passed = |case: &Case| repeated.get(&case.name()).map(|it| it.runs);
        let ToDo { waiting, alone } = &mut self.to_do;
        let waiting = waiting.drain(..).chain(alone.drain(..)).map(move |case| {
            let begun = match passed(&case) {
                Some(passed) => Begun::Yes { passed },
                None if again.contains(&case.name()) => Begun::Yes { passed: 0 },
                None => Begun::No,
            };
            (case, begun)
        });
        let under_way = self.under_way.drain(..).map(move |case| {
            let passed = passed(&case).unwrap_or_default();
            (case, Begun::Yes { passed })
        });
        under_way.chain(waiting)
    }

    fn attempt(&mut self) -> Attempt {
        Attempt {
            context: Rc::clone(&self.context),
            held_to: self.held_to,
            fresh: self.fresh.next_case(),
            baseline: self.baseline.clone(),
            punctual: self.punctual.clone(),
        }
    }

    /// Takes in a result; returns whether the run should stop.
    fn finish(
        &mut self,
        played: Played,
        restarts: Restarts,
        cases: &mut Vec<CaseResult>,
        on_event: &mut dyn FnMut(CheckEvent<'_>),
    ) -> bool {
        let Played { case, result } = played;
        self.under_way.retain(|other| !Arc::ptr_eq(other, &case));
        let held = result.verdict == Verdict::Pass && result.close_verdict == Verdict::Pass;
        if result.pace == Pace::Late && !held && self.again.insert(case.name()) {
            self.to_do.alone.push_back(case);
            return false;
        }
        let settings = &self.context.settings;
        let repeated = self.repeated.entry(case.name()).or_default();
        let Some(mut result) = repeated.add(result, settings, self.held_to) else {
            self.again.remove(&case.name());
            self.to_do.put_back(case, restarts);
            return false;
        };
        known::recognise(&settings.known, &mut result, self.held_to, settings.strict);
        on_event(CheckEvent::CaseFinished(&result));
        if let CaseRecording::Whole(_) = result.recording {
            result.recording = CaseRecording::Told;
        }
        let settings = &self.context.settings;
        let stop = settings.stop == StopAt::FirstFailure && result.failed(self.held_to, settings.strict);
        cases.push(result);
        stop
    }
}

/// Plays a case. A case that restarts a server gets a server from the host.
fn play(case: Arc<Case>, attempt: Attempt, host: &dyn Host) -> impl Future<Output = Played> + use<> {
    let lending: Option<Lending> = case.program.restarts().then(|| host.lend());
    async move {
        let lent = match lending {
            Some(lending) => lending.await.map(Some),
            None => Ok(None),
        };
        let result = match lent {
            Ok(lent) => play_case(&case, attempt, lent).await,
            Err(why) => undecided(&case, format!("no server could be started for it: {why}")),
        };
        Played { case, result }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::catalogue;
    use crate::transport::Target;

    fn came_to(verdicts: &[(Verdict, bool)]) -> (u32, Verdict, bool) {
        let case = &catalogue::built_in()[0];
        let target = Target::parse("ws://127.0.0.1:1/socket").unwrap();
        let settings = CheckSettings {
            repeat: 3,
            ..CheckSettings::new(target, Vec::new())
        };
        let mut repeated = Repeated::default();
        for (verdict, flaky) in verdicts {
            let result = CaseResult {
                verdict: *verdict,
                close_verdict: Verdict::Pass,
                flaky: *flaky,
                ..undecided(case, String::new())
            };
            if let Some(told) = repeated.add(result, &settings, HeldTo::TheLine) {
                return (told.runs, told.verdict, told.flaky);
            }
        }
        panic!("it is not over after {} runs", repeated.runs);
    }

    #[test]
    fn a_repeated_case_comes_to_its_failure_or_to_the_first_run_that_was_no_plain_pass() {
        use Verdict::{Fail, NonStrict, Pass, Undecided};
        let pass = (Pass, false);
        assert_eq!(came_to(&[pass, pass, pass]), (3, Pass, false));
        assert_eq!(came_to(&[pass, (Fail, false)]), (2, Fail, false));
        assert_eq!(came_to(&[(NonStrict, false), (Fail, false)]), (2, Fail, false));
        assert_eq!(came_to(&[(Undecided, false)]), (1, Undecided, false));
        assert_eq!(came_to(&[pass, (NonStrict, false), pass]), (3, NonStrict, false));
        assert_eq!(came_to(&[(Pass, true), pass, pass]), (3, Pass, true));
    }
}
