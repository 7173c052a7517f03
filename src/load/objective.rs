//! What a user wants to hold, such as `reply.p99<50ms`, and whether it did.

use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use super::result::LoadResult;
use super::tally::{Figures, Kind};

/// Something that must hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Objective {
    text: String,
    subject: Subject,
    bound: Bound,
    limit: f64,
}

/// An objective, and how it went.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    /// As it was written.
    pub text: String,
    /// What was measured: microseconds for times; nothing if nothing was measured.
    pub value: Option<f64>,
    /// Whether it held; what was not measured did not.
    pub held: bool,
}

/// Why a text is no objective.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no objective: {why}; expected something like reply.p99<50ms, messages.missing<=0 or sockets.lost<10"
)]
pub struct ObjectiveError {
    text: String,
    why: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    Time(Kind, Figure),
    Count(Count),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figure {
    Min,
    Mean,
    P50,
    P90,
    P99,
    P999,
    Max,
}

impl Figure {
    const NAMED: [(&'static str, Self); 7] = [
        ("min", Self::Min),
        ("mean", Self::Mean),
        ("p50", Self::P50),
        ("p90", Self::P90),
        ("p99", Self::P99),
        ("p999", Self::P999),
        ("max", Self::Max),
    ];

    fn of(self, figures: &Figures) -> f64 {
        match self {
            Self::Min => figures.min as f64,
            Self::Mean => figures.mean,
            Self::P50 => figures.p50 as f64,
            Self::P90 => figures.p90 as f64,
            Self::P99 => figures.p99 as f64,
            Self::P999 => figures.p999 as f64,
            Self::Max => figures.max as f64,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    Lost,
    Joined,
    Sent,
    Missing,
    Duplicated,
    Reordered,
    Misdelivered,
    InDoubt,
}

impl Count {
    const NAMED: [(&'static str, Self); 8] = [
        ("sockets.lost", Self::Lost),
        ("sockets.joined", Self::Joined),
        ("messages.sent", Self::Sent),
        ("messages.missing", Self::Missing),
        ("messages.duplicated", Self::Duplicated),
        ("messages.reordered", Self::Reordered),
        ("messages.misdelivered", Self::Misdelivered),
        ("messages.in_doubt", Self::InDoubt),
    ];

    fn of(self, result: &LoadResult) -> u64 {
        match self {
            Self::Lost => result.sockets.lost,
            Self::Joined => result.sockets.joined,
            Self::Sent => result.messages.sent,
            Self::Missing => result.messages.missing,
            Self::Duplicated => result.messages.duplicated,
            Self::Reordered => result.messages.reordered,
            Self::Misdelivered => result.messages.misdelivered,
            Self::InDoubt => result.messages.in_doubt,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Less,
    AtMost,
    More,
    AtLeast,
}

impl Bound {
    // Longer signs first, as `<` begins `<=`.
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
        let fail = |why: &str| ObjectiveError {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        let sign = Bound::NAMED
            .into_iter()
            .find_map(|(sign, bound)| Some((text.split_once(sign)?, bound)));
        let ((subject, limit), bound) = sign.ok_or_else(|| fail("it has none of < <= > >="))?;
        let (subject, limit) = (subject.trim(), limit.trim());
        if let Some((_, count)) = Count::NAMED.into_iter().find(|(name, _)| *name == subject) {
            let limit = limit.parse().map_err(|_| fail("its limit is no number"))?;
            if !can_hold(bound, limit) {
                return Err(fail("no count is like that"));
            }
            return Ok(Self {
                text: text.to_owned(),
                subject: Subject::Count(count),
                bound,
                limit,
            });
        }
        let (kind, figure) = subject
            .split_once('.')
            .ok_or_else(|| fail("it names no figure"))?;
        let kind = Kind::ALL.into_iter().find(|it| it.name() == kind);
        let kind = kind.ok_or_else(|| fail("nothing of that name is measured"))?;
        let figure = Figure::NAMED
            .into_iter()
            .find(|(name, _)| *name == figure)
            .map(|(_, it)| it);
        let figure =
            figure.ok_or_else(|| fail("there is min, mean, p50, p90, p99, p999 and max of each time"))?;
        let limit: Duration = humantime::parse_duration(limit).map_err(|_| fail("its limit is no time"))?;
        let limit = limit.as_secs_f64() * 1e6;
        if !can_hold(bound, limit) {
            return Err(fail("no time is like that"));
        }
        Ok(Self {
            text: text.to_owned(),
            subject: Subject::Time(kind, figure),
            bound,
            limit,
        })
    }
}

/// Whether anything that is measured could hold it: nothing is below 0, and everything is finite.
fn can_hold(bound: Bound, limit: f64) -> bool {
    let least = if bound == Bound::Less {
        f64::MIN_POSITIVE
    } else {
        0.0
    };
    limit.is_finite() && limit >= least
}

impl Objective {
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is missed by what was measured so far. What is to rise above a limit may still do so.
    pub fn is_missed(&self, so_far: &LoadResult) -> bool {
        let from_above = matches!(self.bound, Bound::Less | Bound::AtMost);
        let outcome = self.judge(so_far);
        from_above && outcome.value.is_some() && !outcome.held
    }

    /// Holds it against a result.
    pub fn judge(&self, result: &LoadResult) -> Outcome {
        let value = match self.subject {
            Subject::Count(count) => Some(count.of(result) as f64),
            Subject::Time(kind, figure) => result
                .figures(kind)
                .filter(|it| it.count > 0)
                .map(|it| figure.of(&it)),
        };
        let held = value.is_some_and(|value| self.bound.holds(value, self.limit));
        Outcome {
            text: self.text.clone(),
            value,
            held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(text: &str, result: &LoadResult) -> (Option<f64>, bool) {
        let outcome = text.parse::<Objective>().unwrap().judge(result);
        (outcome.value, outcome.held)
    }

    #[test]
    fn times_and_counts_are_held_against_their_limits() {
        let mut result = LoadResult::default();
        result.latency_us.reply = Figures {
            count: 9,
            p99: 49_000,
            max: 80_000,
            ..Figures::default()
        };
        result.sockets.lost = 3;
        assert_eq!(judge("reply.p99<50ms", &result), (Some(49_000.0), true));
        assert_eq!(judge("reply.max <= 0.08s", &result), (Some(80_000.0), true));
        assert_eq!(judge("reply.max<80ms", &result), (Some(80_000.0), false));
        assert_eq!(judge("sockets.lost<=3", &result), (Some(3.0), true));
        assert_eq!(judge("messages.sent>0", &result), (Some(0.0), false));
    }

    #[test]
    fn only_what_must_stay_below_is_missed_before_the_end() {
        let mut so_far = LoadResult::default();
        let missed = |text: &str, so_far: &LoadResult| text.parse::<Objective>().unwrap().is_missed(so_far);
        assert!(!missed("sockets.joined>=10", &so_far) && !missed("reply.p99<1ms", &so_far));
        so_far.sockets.lost = 1;
        assert!(missed("sockets.lost<=0", &so_far));
    }

    #[test]
    fn what_was_not_measured_did_not_hold() {
        assert_eq!(judge("broadcast.p99<1h", &LoadResult::default()), (None, false));
        assert_eq!(judge("lateness.p99<1h", &LoadResult::default()), (None, false));
    }

    #[test]
    fn what_is_no_objective_is_said() {
        for text in [
            "",
            "reply",
            "reply.p99",
            "reply.p98<1ms",
            "replies.p99<1ms",
            "reply.p99<fast",
            "sockets.lost<1ms",
            "sockets.lost<nan",
            "messages.missing<=-1",
            "messages.missing<=inf",
            "reply.p99<0ms",
        ] {
            let said = text.parse::<Objective>().unwrap_err().to_string();
            assert!(said.contains("reply.p99<50ms"), "{said}");
        }
    }
}
