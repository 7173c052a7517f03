//! Little's law as an audit of a trial: the mean number of pushes in flight must be their rate times their mean reply
//! time. If it is not, clocks or counts of the trial are wrong, and it says nothing.

use std::fmt;

use crate::load::{LoadResult, Timing};

/// How far both sides may be apart.
const TOLERANCE: f64 = 0.05;
/// Fewer pushes in flight than this are too few to tell.
const TOO_FEW: f64 = 0.05;

/// Both sides of Little's law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Little {
    /// The mean number of pushes that waited for a reply, as counted.
    pub in_flight: f64,
    /// Replies a second times their mean time, which counts from the intended time of the push.
    pub from_latency: f64,
    /// The same without the lateness of the generator: the true value lies between both.
    pub from_latency_least: f64,
}

impl Little {
    /// Both sides for a run; nothing if no push was answered.
    pub(super) fn of(result: &LoadResult) -> Option<Self> {
        let reply = result.figures(Timing::Reply).filter(|it| it.count > 0)?;
        let length_us = result.took.load_s * 1e6;
        if length_us <= 0.0 {
            return None;
        }
        let late = result.lateness_us.map_or(0.0, |it| it.mean);
        let rate = reply.count as f64 / length_us;
        Some(Self {
            in_flight: result.counts.in_flight_us as f64 / length_us,
            from_latency: rate * reply.mean,
            from_latency_least: rate * (reply.mean - late).max(0.0),
        })
    }

    /// Whether both sides agree.
    pub fn holds(&self) -> bool {
        let least = self.from_latency_least * (1.0 - TOLERANCE) - TOO_FEW;
        let most = self.from_latency * (1.0 + TOLERANCE) + TOO_FEW;
        (least..=most).contains(&self.in_flight)
    }
}

impl fmt::Display for Little {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.2} pushes were in flight, and by Little's law it should be {:.2} (replies a second times their mean time)",
            self.in_flight, self.from_latency
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Figures;

    fn little(in_flight_us: u64, mean: f64, late: f64) -> Little {
        let mut result = LoadResult::default();
        result.took.load_s = 2.0;
        result.counts.in_flight_us = in_flight_us;
        result.latency_us.reply = Figures {
            count: 1000,
            mean,
            ..Figures::default()
        };
        result.lateness_us = Some(Figures {
            mean: late,
            ..Figures::default()
        });
        Little::of(&result).unwrap()
    }

    #[test]
    fn rate_times_time_is_what_is_in_flight() {
        let right = little(20_000_000, 20_000.0, 0.0);
        assert_eq!((right.in_flight, right.from_latency), (10.0, 10.0));
        assert!(right.holds());
        assert!(!little(22_000_000, 20_000.0, 0.0).holds());
        assert!(!little(18_000_000, 20_000.0, 0.0).holds());
    }

    #[test]
    fn lateness_counts_into_a_reply_and_not_into_what_is_in_flight() {
        assert!(little(16_000_000, 20_000.0, 4_000.0).holds());
        assert!(!little(12_000_000, 20_000.0, 4_000.0).holds());
    }

    #[test]
    fn nearly_nothing_in_flight_is_no_contradiction() {
        assert!(little(20_000, 100.0, 0.0).holds());
        assert_eq!(Little::of(&LoadResult::default()), None);
    }
}
