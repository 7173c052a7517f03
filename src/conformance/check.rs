//! The Rust API: checks a server from a test in a few lines.

use std::time::Duration;

use serde_json::Value;

use super::catalogue::{CaseError, SelectError, select};
use super::outcome::{CheckConclusion, HeldTo, RunResult, Strictness, Verdict};
use super::reach::CheckError;
use super::run::check;
use super::settings::{CheckSettings, Room};
use crate::driver::NoHost;
use crate::profile::Profile;
use crate::scenario::Level;
use crate::transport::{Target, TargetError};

/// The builder of a check; [`Check::run`] runs it.
#[derive(Clone, Debug)]
pub struct Check {
    settings: CheckSettings,
    cases: Vec<String>,
    exclude: Vec<String>,
}

/// A check that could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The requested cases do not exist.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// Nothing can be judged at the target.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The async runtime could not be started.
    #[error("cannot start: {0}")]
    Runtime(#[from] std::io::Error),
}

impl Check {
    /// A check of the Phoenix socket at `url`, such as `ws://127.0.0.1:4000/socket`.
    ///
    /// # Errors
    /// If the URL cannot be used for a connection.
    pub fn target(url: &str) -> Result<Self, TargetError> {
        let settings = CheckSettings::new(Target::parse(url)?, Vec::new());
        Ok(Self {
            settings,
            cases: Vec::new(),
            exclude: Vec::new(),
        })
    }

    /// Selects cases: globs of ids such as `join/*`, families such as `join`, paths of scenario files.
    pub fn cases<S: Into<String>>(mut self, cases: impl IntoIterator<Item = S>) -> Self {
        self.cases.extend(cases.into_iter().map(Into::into));
        self
    }

    /// Excludes cases.
    pub fn exclude<S: Into<String>>(mut self, cases: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(cases.into_iter().map(Into::into));
        self
    }

    /// Selects the levels, instead of all that the server offers.
    pub fn levels(mut self, levels: impl IntoIterator<Item = Level>) -> Self {
        self.settings.levels = Some(levels.into_iter().collect());
        self
    }

    /// A topic that clients may join with these params, so that the level room can be judged on any
    /// application.
    pub fn topic(mut self, topic: impl Into<String>, join_params: Value) -> Self {
        let (other_topic, other_join_params, push, unknown_topic) = (None, None, None, None);
        let topic = topic.into();
        self.settings.room = Some(Room {
            topic,
            join_params,
            other_topic,
            other_join_params,
            push,
            unknown_topic,
        });
        self
    }

    /// Adds a connect param.
    pub fn param(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.params.push((key.into(), value.into()));
        self
    }

    /// The timeout of each wait, beyond what a case asks the server to wait; by default five seconds, and
    /// more on a slow connection.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// The time limit of the whole run. The default is a minute and two hundred round trips, or eleven timeouts if that
    /// is longer, but at most six minutes.
    pub fn max_time(mut self, limit: Duration) -> Self {
        self.settings.max_time = Some(limit);
        self
    }

    /// Sets what the server is held to, instead of detecting it.
    pub fn held_to(mut self, held_to: HeldTo) -> Self {
        self.settings.held_to = Some(held_to);
        self
    }

    /// Counts `non-strict` as `fail`.
    pub fn strict(mut self) -> Self {
        self.settings.strict = Strictness::Strict;
        self
    }

    /// Sets the seed of all random choices.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Runs the check on this thread until all cases are judged.
    ///
    /// # Errors
    /// If a case does not exist, or if nothing can be judged at the target.
    pub fn run(mut self) -> Result<RunResult, RunError> {
        let transport = self.settings.target.transport();
        for case in select(&self.cases, &self.exclude, &[])? {
            let plays = case.over_all(&[transport]).map_err(CaseError::from);
            self.settings.cases.extend(plays.map_err(SelectError::from)?);
        }
        if self.settings.strict == Strictness::Strict && self.settings.held_to.is_none() {
            self.settings.held_to = Some(HeldTo::Profile(Profile::DEFAULT));
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        Ok(runtime.block_on(check(self.settings, &NoHost, &mut |_| {}, std::future::pending()))?)
    }
}

impl RunResult {
    /// Panics with the failures, unless everything held.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion")]
    pub fn assert_held(&self) {
        if self.conclusion() == CheckConclusion::Held {
            return;
        }
        let bad = self.cases.iter().filter_map(|case| {
            let finding = case.finding.as_ref().or(case.close_finding.as_ref());
            let text = match (finding, &case.note) {
                (Some(it), _) => {
                    let step = it
                        .step
                        .as_ref()
                        .map_or(String::new(), |step| format!("\n  step      {step}"));
                    format!(
                        "{}\n  expected  {}\n  actual    {}\n  where     {}{step}",
                        it.what, it.expected, it.actual, it.place
                    )
                }
                (None, Some(note)) => note.clone(),
                (None, None) => return None,
            };
            let verdict = if case.verdict == Verdict::Pass {
                case.close_verdict
            } else {
                case.verdict
            };
            (verdict != Verdict::Pass).then(|| format!("{} {}: {text}", verdict.name(), case.id))
        });
        panic!(
            "{} did not hold:\n{}",
            self.target,
            bad.collect::<Vec<_>>().join("\n")
        );
    }
}
