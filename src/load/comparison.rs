//! Compares the latencies of two runs, and judges conditions on the difference such as `reply.p99>+10%`.

use std::collections::BTreeMap;
use std::str::FromStr;

use hdrhistogram::Histogram;

use super::latency::{Histograms, Timing};
use super::measure::{Measure, Statistic};
use crate::statistics::{Inferiority, Margin, QuantileShift, QuantileTest, Resampling, TooFew};
use crate::statistics::{compare_runs, test_runs};

/// The percentiles that are compared of each kind of time.
const PERCENTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

/// The latencies of a run: for each kind of time, the histograms of the blocks of time in which it was measured.
#[derive(Clone, Debug, Default)]
pub struct RunBlocks(BTreeMap<Timing, Blocks>);

/// The histograms of one kind, and the number of the last block.
#[derive(Clone, Debug, Default)]
struct Blocks {
    histograms: Vec<Histogram<u64>>,
    last: Option<u64>,
}

impl RunBlocks {
    /// Adds a histogram with three significant digits. Blocks come in their order.
    pub fn add(&mut self, kind: Timing, block: u64, histogram: &Histogram<u64>) {
        let blocks = self.0.entry(kind).or_default();
        match blocks.histograms.last_mut() {
            Some(last) if blocks.last == Some(block) => {
                // Both have three significant digits and resize themselves, so this cannot fail.
                let _ = last.add(histogram);
            }
            _ => blocks.histograms.push(histogram.clone()),
        }
        blocks.last = Some(block);
    }

    /// The histograms of one kind.
    pub fn of(&self, kind: Timing) -> &[Histogram<u64>] {
        self.0.get(&kind).map_or(&[], |blocks| &blocks.histograms)
    }

    /// The histograms of the whole run.
    pub fn together(&self) -> Histograms {
        let mut all = Histograms::default();
        for (kind, blocks) in &self.0 {
            blocks
                .histograms
                .iter()
                .for_each(|block| all.add_to(*kind, block));
        }
        all
    }
}

/// A percentile of one kind of time in both runs.
#[derive(Clone, Debug, PartialEq)]
pub struct TimingDifference {
    /// The kind of time.
    pub timing: Timing,
    /// The percentile, such as `p99`.
    pub percentile: &'static str,
    /// The difference; or the measurements that it lacks.
    pub shift: Result<QuantileShift, TooFew>,
}

/// The direction of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The new run is slower: the whole interval lies above zero.
    Slower,
    /// The new run is faster.
    Faster,
    /// The interval contains zero.
    NotShown,
    /// There are too few measurements.
    NotEnoughData,
}

impl Change {
    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Slower => "slower",
            Self::Faster => "faster",
            Self::NotShown => "no difference shown",
            Self::NotEnoughData => "not enough data",
        }
    }
}

impl TimingDifference {
    /// The name of the figure, such as `reply.p99`.
    pub fn figure(&self) -> String {
        format!("{}.{}", self.timing.name(), self.percentile)
    }

    /// Its direction.
    pub fn change(&self) -> Change {
        match &self.shift {
            Ok(shift) if shift.interval_us.low > 0.0 => Change::Slower,
            Ok(shift) if shift.interval_us.high < 0.0 => Change::Faster,
            Ok(_) => Change::NotShown,
            Err(_) => Change::NotEnoughData,
        }
    }
}

/// The differences of all kinds of times that both runs have.
pub fn differences(base: &RunBlocks, new: &RunBlocks, resampling: Resampling) -> Vec<TimingDifference> {
    let quantiles = PERCENTILES.map(|(_, quantile)| quantile);
    let mut all = Vec::new();
    for timing in Timing::ALL {
        let (base, new) = (base.of(timing), new.of(timing));
        if base.is_empty() || new.is_empty() {
            continue;
        }
        let shifts = compare_runs(base, new, &quantiles, resampling);
        all.extend(
            PERCENTILES
                .into_iter()
                .zip(shifts)
                .map(|((percentile, _), shift)| TimingDifference {
                    timing,
                    percentile,
                    shift,
                }),
        );
    }
    all
}

/// A difference between two runs that must not be, such as `reply.p99>+10%`: the new run is slower by more than a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    text: String,
    timing: Timing,
    quantile: f64,
    limit: Margin,
}

/// A condition with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionOutcome {
    /// The condition as it was written.
    pub text: String,
    /// The verdict.
    pub verdict: ConditionVerdict,
}

/// The verdict of two runs on a condition.
#[derive(Clone, Debug, PartialEq)]
pub enum ConditionVerdict {
    /// The new run is slower by more than the limit.
    Shown(QuantileTest),
    /// The new run is not slower by more than the limit.
    Excluded(QuantileTest),
    /// The interval contains the limit.
    Open(QuantileTest),
    /// There are too few measurements.
    TooFew(TooFew),
    /// One of the runs did not measure it.
    NotMeasured,
    /// The runs say nothing about it, for this reason.
    Incomparable(String),
}

/// Why a text is not a valid condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a condition: {why}")]
pub struct ConditionError {
    text: String,
    why: String,
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |why: String| ConditionError {
            text: text.to_owned(),
            why,
        };
        let (figure, limit) = text.split_once('>').ok_or_else(|| {
            fail("it has no `>`; expected something like reply.p99>+10% or reply.p99>+5ms".to_owned())
        })?;
        let (figure, limit) = (figure.trim(), limit.trim());
        let (timing, quantile) = percentile(figure).map_err(&fail)?;
        let limit = limit.strip_prefix('+').ok_or_else(|| {
            fail(format!(
                "the `+` of the limit is missing: did you mean {figure}>+{limit}?"
            ))
        })?;
        Ok(Self {
            text: text.to_owned(),
            timing,
            quantile,
            limit: margin(limit).map_err(&fail)?,
        })
    }
}

/// The percentile of a time that a figure names.
fn percentile(figure: &str) -> Result<(Timing, f64), String> {
    match Measure::find(figure)? {
        Measure::Time(timing, Statistic::Quantile(quantile)) => Ok((timing, quantile)),
        Measure::Time(timing, _) => Err(format!(
            "only percentiles are compared; expected something like {}.p50",
            timing.name()
        )),
        Measure::Count(_) | Measure::Share(..) => Err(
            "only percentiles of times are compared, such as reply.p99; a limit on a count is an --objective of load"
                .to_owned(),
        ),
    }
}

/// The limit after its `+`: a percentage of the base, or a time.
fn margin(limit: &str) -> Result<Margin, String> {
    if let Some(percent) = limit.strip_suffix('%') {
        let percent: f64 = percent
            .trim()
            .parse()
            .ok()
            .filter(|it| (0.0..=1e6).contains(it))
            .ok_or_else(|| format!("`{limit}` is not a percentage; expected something like +10%"))?;
        return Ok(Margin {
            absolute_us: 0.0,
            relative: percent / 100.0,
        });
    }
    if limit.parse::<f64>().is_ok() {
        return Err(format!(
            "a unit is missing: did you mean +{limit}% or +{limit}ms?"
        ));
    }
    let time = humantime::parse_duration(limit).map_err(|_| {
        format!("its limit `{limit}` is neither a percentage nor a time; expected +10% or +5ms")
    })?;
    Ok(Margin {
        absolute_us: time.as_secs_f64() * 1e6,
        relative: 0.0,
    })
}

impl Condition {
    /// Judges it on two runs.
    pub fn judge(&self, base: &RunBlocks, new: &RunBlocks, resampling: Resampling) -> ConditionOutcome {
        let (base, new) = (base.of(self.timing), new.of(self.timing));
        let verdict = if base.is_empty() || new.is_empty() {
            ConditionVerdict::NotMeasured
        } else {
            match test_runs(base, new, self.quantile, self.limit, resampling) {
                Err(few) => ConditionVerdict::TooFew(few),
                Ok(test) => match test.verdict {
                    Inferiority::Fail => ConditionVerdict::Shown(test),
                    Inferiority::Pass => ConditionVerdict::Excluded(test),
                    Inferiority::NotShown { .. } => ConditionVerdict::Open(test),
                },
            }
        };
        self.outcome(verdict)
    }

    /// The outcome on runs that cannot be compared.
    pub fn incomparable(&self, why: String) -> ConditionOutcome {
        self.outcome(ConditionVerdict::Incomparable(why))
    }

    fn outcome(&self, verdict: ConditionVerdict) -> ConditionOutcome {
        ConditionOutcome {
            text: self.text.clone(),
            verdict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Replies of some milliseconds in so many seconds.
    fn run(seconds: u64, slower_us: u64) -> RunBlocks {
        let mut blocks = RunBlocks::default();
        for second in 0..seconds {
            let mut replies = Histogram::new(3).unwrap();
            for reply in 0..100 {
                let micros = 2000 + 10 * reply + second * second * 31 % 97 + slower_us;
                replies.record(micros).unwrap();
            }
            blocks.add(Timing::Reply, second, &replies);
        }
        blocks
    }

    const RESAMPLING: Resampling = Resampling {
        resamples: 200,
        seed: 1,
    };

    #[test]
    fn a_difference_is_named_by_its_interval() {
        let changes = |base: &RunBlocks, new: &RunBlocks| -> Vec<_> {
            let all = differences(base, new, RESAMPLING);
            all.iter().map(|it| (it.figure(), it.change())).collect()
        };
        let named = |change| ["reply.p50", "reply.p95", "reply.p99"].map(|it| (it.to_owned(), change));
        assert_eq!(changes(&run(30, 0), &run(30, 500)), named(Change::Slower));
        assert_eq!(changes(&run(30, 500), &run(30, 0)), named(Change::Faster));
        assert_eq!(changes(&run(30, 0), &run(40, 0)), named(Change::NotShown));
        assert_eq!(changes(&run(30, 0), &run(19, 500)), named(Change::NotEnoughData));
        assert_eq!(changes(&run(30, 0), &RunBlocks::default()), []);
    }

    #[test]
    fn a_condition_is_shown_excluded_or_open() {
        let judge = |condition: &str, new: &RunBlocks| {
            let condition: Condition = condition.parse().unwrap();
            condition.judge(&run(30, 0), new, RESAMPLING).verdict
        };
        let slower = run(30, 500);
        assert!(matches!(
            judge("reply.p99>+10%", &slower),
            ConditionVerdict::Shown(_)
        ));
        assert!(matches!(
            judge("reply.p99>+100us", &slower),
            ConditionVerdict::Shown(_)
        ));
        assert!(matches!(
            judge("reply.p99>+50%", &slower),
            ConditionVerdict::Excluded(_)
        ));
        assert!(matches!(
            judge("reply.p50 > +0.5ms", &slower),
            ConditionVerdict::Open(_)
        ));
        assert!(matches!(
            judge("reply.p99>+10%", &run(5, 0)),
            ConditionVerdict::TooFew(_)
        ));
        assert_eq!(judge("join.p50>+10%", &slower), ConditionVerdict::NotMeasured);
    }

    #[test]
    fn a_condition_that_is_none_says_what_would_be_right() {
        let told = |text: &str| text.parse::<Condition>().unwrap_err().to_string();
        let texts = [
            "reply.p99<+10%",
            "reply.p99>10%",
            "reply.p99>+10",
            "reply.p99>+x",
            "reply.p99>+-1%",
            "reply.mean>+10%",
            "errors>+1%",
            "replay.p99>+10%",
        ];
        insta::assert_snapshot!(texts.map(told).join("\n"));
    }

    #[test]
    fn histograms_of_a_block_are_added_up() {
        let mut blocks = run(2, 0);
        let more = blocks.of(Timing::Reply)[0].clone();
        blocks.add(Timing::Reply, 1, &more);
        let counts: Vec<_> = blocks.of(Timing::Reply).iter().map(Histogram::len).collect();
        assert_eq!(counts, [100, 200]);
        assert_eq!(blocks.together().of(Timing::Reply).len(), 300);
    }
}
