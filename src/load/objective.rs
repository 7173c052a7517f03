//! Objectives, for example `reply.p99<50ms` or `errors<1%`: parsing them and judging them against a result.

use std::str::FromStr;
use std::time::Duration;

use super::measure::{Measure, Statistic, enough_for};
use super::result::LoadResult;

/// A condition on a figure of the run. A time has an upper limit; a count may have a lower one as well.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    text: String,
    measure: Measure,
    bound: Bound,
    limit: f64,
    source: String,
}

/// An objective with the value that was measured for it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectiveOutcome {
    /// The objective as it was written.
    pub text: String,
    /// The measured value, in `unit`; `None` if nothing was measured.
    pub value: Option<f64>,
    /// Whether it held; false if nothing was measured.
    pub held: bool,
    /// The figure that it limits, for example `reply.p99`.
    pub figure: String,
    /// The unit of `value` and `limit`.
    pub unit: ObjectiveUnit,
    /// The limit.
    pub limit: f64,
    /// Where the objective was given.
    pub source: String,
    /// The number of measurements, if there are too few for the percentile.
    pub only: Option<u64>,
}

/// The unit of an objective's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveUnit {
    /// Microseconds.
    Us,
    /// A plain number.
    Count,
    /// A percentage.
    Percent,
}

/// The status of an objective.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ObjectiveStatus {
    /// It held.
    Held,
    /// It was measured and did not hold.
    Missed,
    /// Nothing was measured for it.
    NotMeasured,
}

/// Why a text is not a valid objective.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an objective: {why}")]
pub struct ObjectiveError {
    text: String,
    why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Bound {
    // Longer operators come first, because `<` is a prefix of `<=`.
    const NAMED: [(&'static str, Self); 4] = [
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("<", Self::Less),
        (">", Self::More),
    ];

    fn holds(self, value: f64, limit: f64) -> bool {
        match self {
            Self::Less => value < limit,
            Self::AtMost => value <= limit,
            Self::More => value > limit,
            Self::AtLeast => value >= limit,
        }
    }
}

impl FromStr for Objective {
    type Err = ObjectiveError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fail = |why: String| ObjectiveError {
            text: text.to_owned(),
            why,
        };
        let sign = Bound::NAMED
            .into_iter()
            .find_map(|(sign, bound)| Some((text.split_once(sign)?, bound)));
        let ((subject, limit), bound) = sign.ok_or_else(|| {
            fail(
                "it has no limit; expected something like reply.p99<50ms, errors<1% or sockets.lost<=0"
                    .to_owned(),
            )
        })?;
        let (subject, limit) = (subject.trim(), limit.trim());
        let measure = Measure::find(subject).map_err(&fail)?;
        let (measure, limit) = match limit.strip_suffix('%') {
            Some(percent) => share(measure, percent.trim()),
            None => plain(measure, limit),
        }
        .map_err(&fail)?;
        if matches!(
            (measure, bound),
            (Measure::Time(..), Bound::More | Bound::AtLeast)
        ) {
            let meant = text.replacen('>', "<", 1);
            return Err(fail(format!(
                "it asks for a time that is long enough; a time has an upper limit: did you mean {meant}?"
            )));
        }
        if !can_hold(measure, bound, limit) {
            return Err(fail("nothing that is measured is like that".to_owned()));
        }
        Ok(Self {
            text: text.to_owned(),
            measure,
            bound,
            limit,
            source: String::new(),
        })
    }
}

/// Parses a limit in percent.
fn share(measure: Measure, percent: &str) -> Result<(Measure, f64), String> {
    let Measure::Count(count) = measure else {
        return Err("a time is not counted in percent; expected a limit such as 50ms".to_owned());
    };
    let whole = count
        .whole()
        .ok_or_else(|| format!("{} is not a part of anything; expected a number", count.name()))?;
    let percent = percent
        .parse()
        .map_err(|_| format!("`{percent}` is not a number of percent; expected something like 0.1%"))?;
    Ok((Measure::Share(count, whole), percent))
}

/// Parses the limit of a time or a count.
fn plain(measure: Measure, limit: &str) -> Result<(Measure, f64), String> {
    if let Measure::Time(..) = measure {
        if limit.parse::<f64>().is_ok() {
            return Err(format!("a unit is missing: did you mean {limit}ms?"));
        }
        let limit: Duration = humantime::parse_duration(limit)
            .map_err(|_| format!("its limit `{limit}` is not a time; expected something like 50ms"))?;
        return Ok((measure, limit.as_secs_f64() * 1e6));
    }
    let limit = limit
        .parse()
        .map_err(|_| format!("its limit `{limit}` is not a number; expected something like 0, or 1%"))?;
    Ok((measure, limit))
}

/// Whether any measured value could satisfy it: no value is below 0, all are finite, and a percentage is at most 100
/// %.
fn can_hold(measure: Measure, bound: Bound, limit: f64) -> bool {
    let least = match bound {
        Bound::Less => f64::MIN_POSITIVE,
        Bound::AtMost | Bound::More | Bound::AtLeast => 0.0,
    };
    let most = match (measure, bound) {
        (Measure::Share(..), Bound::AtLeast) => 100.0,
        (Measure::Share(..), Bound::More) => 100.0 - f64::EPSILON * 100.0,
        _ => f64::MAX,
    };
    limit.is_finite() && limit >= least && limit <= most
}

impl Objective {
    /// The text as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the objective with the place where it was given.
    #[must_use]
    pub fn asked_by(self, source: &str) -> Self {
        Self {
            source: source.to_owned(),
            ..self
        }
    }

    /// Where it was given.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the measurements so far already violate it. A lower limit can still be reached later.
    pub fn is_missed(&self, so_far: &LoadResult) -> bool {
        let from_above = matches!(self.bound, Bound::Less | Bound::AtMost);
        let outcome = self.judge(so_far);
        from_above && outcome.status() == ObjectiveStatus::Missed
    }

    /// Judges it against a result.
    pub fn judge(&self, result: &LoadResult) -> ObjectiveOutcome {
        let value = self.measure.of(result);
        ObjectiveOutcome {
            text: self.text.clone(),
            value,
            held: value.is_some_and(|value| self.bound.holds(value, self.limit)),
            figure: self.figure().to_owned(),
            unit: match self.measure {
                Measure::Time(..) => ObjectiveUnit::Us,
                Measure::Count(_) => ObjectiveUnit::Count,
                Measure::Share(..) => ObjectiveUnit::Percent,
            },
            limit: self.limit,
            source: self.source.clone(),
            only: self.too_few(result),
        }
    }

    /// The text before the operator.
    fn figure(&self) -> &str {
        self.text.split(['<', '>']).next().unwrap_or_default().trim()
    }

    /// The number of measurements, if it is too small for the percentile.
    fn too_few(&self, result: &LoadResult) -> Option<u64> {
        let Measure::Time(kind, Statistic::Quantile(quantile)) = self.measure else {
            return None;
        };
        let count = result.figures(kind)?.count;
        (count > 0 && count < enough_for(quantile)).then_some(count)
    }
}

impl ObjectiveOutcome {
    /// The status.
    pub const fn status(&self) -> ObjectiveStatus {
        match (self.value, self.held) {
            (None, _) => ObjectiveStatus::NotMeasured,
            (Some(_), true) => ObjectiveStatus::Held,
            (Some(_), false) => ObjectiveStatus::Missed,
        }
    }
}

#[cfg(test)]
mod tests;
