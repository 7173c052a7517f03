//! Computes the intended times of events from the start time and the rate. It never reads the clock, so a late
//! generator cannot hide its delay.

use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

use crate::clock::Time;

/// How events are spaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pacing {
    /// Constant intervals.
    Even,
    /// Independent events: exponential intervals.
    Poisson,
}

/// A rate for some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateStage {
    /// Events per second.
    pub rate: f64,
    /// The length of the stage.
    pub duration: Duration,
}

/// One of the streams into which a schedule is split among the shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stream {
    pub(super) number: usize,
    pub(super) of: usize,
}

/// The due times of one stream, in order.
#[derive(Debug)]
pub(super) struct Dues {
    stages: std::vec::IntoIter<RateStage>,
    stage: Option<RateStage>,
    stage_start: Time,
    pacing: Pacing,
    stream: Stream,
    /// How many events of this stage have passed; in a Poisson stream, the seconds since its start.
    count: u64,
    elapsed: f64,
    random: Xoshiro256PlusPlus,
    next: Option<Time>,
}

impl Dues {
    /// The due times from `start` on.
    pub(super) fn new(
        start: Time,
        stages: Vec<RateStage>,
        pacing: Pacing,
        stream: Stream,
        seed: u64,
    ) -> Self {
        let seed = seed ^ (stream.number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut stages = stages.into_iter();
        let mut dues = Self {
            stage: stages.next(),
            stages,
            stage_start: start,
            pacing,
            stream,
            count: 0,
            elapsed: 0.0,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
            next: None,
        };
        dues.step();
        dues
    }

    /// When the next event is due; `None` after the last.
    pub(super) fn next(&self) -> Option<Time> {
        self.next
    }

    /// Takes a due event.
    pub(super) fn take(&mut self, now: Time) -> Option<Time> {
        let due = self.next.filter(|due| *due <= now)?;
        self.step();
        Some(due)
    }

    fn step(&mut self) {
        self.next = None;
        while let Some(stage) = self.stage {
            let offset = self.offset(stage.rate);
            if offset < stage.duration.as_secs_f64() {
                self.next = Some(self.stage_start + Duration::from_secs_f64(offset));
                return;
            }
            self.stage_start = self.stage_start + stage.duration;
            self.stage = self.stages.next();
            (self.count, self.elapsed) = (0, 0.0);
        }
    }

    /// Seconds from the start of the stage to the next event of this stream.
    fn offset(&mut self, rate: f64) -> f64 {
        match self.pacing {
            Pacing::Even => {
                let number = self.count * self.stream.of as u64 + self.stream.number as u64;
                self.count += 1;
                number as f64 / rate
            }
            Pacing::Poisson => {
                // From (0, 1], because the logarithm of 0 is infinite.
                let uniform = ((self.random.next_u64() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
                self.elapsed -= uniform.ln() * self.stream.of as f64 / rate;
                self.elapsed
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const END: Time = Time::from_micros(u64::MAX);

    fn stage(rate: f64, seconds: u64) -> RateStage {
        RateStage {
            rate,
            duration: Duration::from_secs(seconds),
        }
    }

    fn all(stages: &[RateStage], pacing: Pacing, of: usize) -> Vec<u64> {
        let streams = (0..of).map(|number| {
            Dues::new(
                Time::from_micros(1_000_000),
                stages.to_vec(),
                pacing,
                Stream { number, of },
                1,
            )
        });
        let mut all: Vec<u64> = streams
            .flat_map(|mut dues| {
                std::iter::from_fn(move || dues.take(END))
                    .map(Time::as_micros)
                    .collect::<Vec<_>>()
            })
            .collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn streams_together_are_the_whole_schedule() {
        let one = all(&[stage(10.0, 1)], Pacing::Even, 1);
        assert_eq!(one, (0..10).map(|n| 1_000_000 + n * 100_000).collect::<Vec<_>>());
        assert_eq!(all(&[stage(10.0, 1)], Pacing::Even, 3), one);
    }

    #[test]
    fn stages_follow_each_other() {
        let dues = all(&[stage(2.0, 1), stage(4.0, 1)], Pacing::Even, 2);
        assert_eq!(
            dues,
            [1_000_000, 1_500_000, 2_000_000, 2_250_000, 2_500_000, 2_750_000]
        );
    }

    #[test]
    fn nothing_is_taken_before_it_is_due() {
        let mut dues = Dues::new(
            Time::ZERO,
            vec![stage(1.0, 9)],
            Pacing::Even,
            Stream { number: 1, of: 2 },
            1,
        );
        assert_eq!(dues.take(Time::from_micros(999_999)), None);
        assert_eq!(
            dues.take(Time::from_micros(1_000_000)),
            Some(Time::from_micros(1_000_000))
        );
        assert_eq!(dues.next(), Some(Time::from_micros(3_000_000)));
    }

    #[test]
    fn people_come_at_about_the_rate_and_not_like_a_clock() {
        let dues = all(&[stage(1000.0, 20)], Pacing::Poisson, 2);
        assert!((19_000..21_000).contains(&dues.len()), "{}", dues.len());
        let gaps: Vec<f64> = dues.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!(
            (0.9..1.1).contains(&(variance.sqrt() / mean)),
            "{}",
            variance.sqrt() / mean
        );
    }
}
