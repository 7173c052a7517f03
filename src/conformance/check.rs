//! The front door for Rust code: a check of a server from a test, in a few lines.

use std::time::Duration;

use serde_json::Value;

use super::catalogue::{SelectError, select};
use super::outcome::{CheckConclusion, HeldTo, RunResult, Strictness, Verdict};
use super::reach::CheckError;
use super::run::check;
use super::settings::{CheckSettings, Room};
use crate::driver::NoHost;
use crate::profile::Profile;
use crate::scenario::Level;
use crate::transport::{Target, TargetError};

/// A check of a server that is being put together; [`Check::run`] runs it.
#[derive(Clone, Debug)]
pub struct Check {
    settings: CheckSettings,
    cases: Vec<String>,
    exclude: Vec<String>,
}

/// A check that could not be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// What was asked for is not there.
    #[error(transparent)]
    Select(#[from] SelectError),
    /// Nothing can be judged at the target.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The system gave no runtime.
    #[error("cannot start: {0}")]
    Runtime(#[from] std::io::Error),
}

impl Check {
    /// A check of the Phoenix socket at `url`, such as `ws://127.0.0.1:4000/socket`.
    ///
    /// # Errors
    /// The URL is none that can be connected to.
    pub fn target(url: &str) -> Result<Self, TargetError> {
        let settings = CheckSettings::new(Target::parse(url)?, Vec::new());
        Ok(Self {
            settings,
            cases: Vec::new(),
            exclude: Vec::new(),
        })
    }

    /// Only these: globs of ids such as `join/*`, families such as `join`, paths of scenario files.
    pub fn cases<S: Into<String>>(mut self, cases: impl IntoIterator<Item = S>) -> Self {
        self.cases.extend(cases.into_iter().map(Into::into));
        self
    }

    /// None of these.
    pub fn exclude<S: Into<String>>(mut self, cases: impl IntoIterator<Item = S>) -> Self {
        self.exclude.extend(cases.into_iter().map(Into::into));
        self
    }

    /// Exactly these levels, instead of all that the server offers.
    pub fn levels(mut self, levels: impl IntoIterator<Item = Level>) -> Self {
        self.settings.levels = Some(levels.into_iter().collect());
        self
    }

    /// A topic that may be joined with these params, so that level room can be judged on any application.
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

    /// A connect param.
    pub fn param(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.params.push((key.into(), value.into()));
        self
    }

    /// How long each wait may take beyond what a case asks the server to sleep; five seconds unless said, and more on a
    /// slow line.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// How long the whole run may take; a minute and two hundred round trips unless said, at most six minutes.
    pub fn max_time(mut self, limit: Duration) -> Self {
        self.settings.max_time = Some(limit);
        self
    }

    /// Holds the server to this, instead of what its offers say.
    pub fn held_to(mut self, held_to: HeldTo) -> Self {
        self.settings.held_to = Some(held_to);
        self
    }

    /// Counts `non-strict` as `fail`.
    pub fn strict(mut self) -> Self {
        self.settings.strict = Strictness::Strict;
        self
    }

    /// Every random choice follows from it.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Runs it on this thread, until all cases are judged.
    ///
    /// # Errors
    /// No such case, or nothing at the target that could be judged.
    pub fn run(mut self) -> Result<RunResult, RunError> {
        self.settings.cases = select(&self.cases, &self.exclude)?;
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
    /// Panics with what did not hold, unless all held.
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
