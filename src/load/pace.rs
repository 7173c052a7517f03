//! Computes the intended times of events from the start time and the rate. It never reads the clock, so a late
//! generator cannot hide its delay.

use std::collections::VecDeque;
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
    stages: VecDeque<RateStage>,
    stage: Option<RateStage>,
    stage_start: Time,
    end: Time,
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
        let end = stages.iter().fold(start, |at, stage| at + stage.duration);
        let mut stages = VecDeque::from(stages);
        let mut dues = Self {
            stage: stages.pop_front(),
            stages,
            stage_start: start,
            end,
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

    /// From `at` to the end, events come at this rate. What is due before `at` stays as it is.
    pub(super) fn change(&mut self, at: Time, rate: f64) {
        if at >= self.end {
            return;
        }
        let rest = RateStage {
            rate,
            duration: self.end.since(at),
        };
        let mut start = self.stage_start;
        let mut before = VecDeque::new();
        for stage in self.stage.take().into_iter().chain(self.stages.drain(..)) {
            let duration = stage.duration.min(at.since(start));
            start = start + stage.duration;
            before.push_back(RateStage { duration, ..stage });
        }
        if before.is_empty() {
            // This stream had no event left.
            self.stage_start = at;
        }
        self.stages = before;
        self.stages.push_back(rest);
        self.stage = self.stages.pop_front();
        if self.next.is_none_or(|next| next >= at) {
            self.step();
        }
    }

    /// From now on, evenly and without an end, events come at this rate. The wait for the next one goes on: what is left of it
    /// is shortened or stretched.
    pub(super) fn retune(&mut self, now: Time, rate: f64) {
        const FOR_EVER: Duration = Duration::from_secs(1 << 32);
        let left = match (self.next, self.stage) {
            (Some(next), Some(stage)) => next.since(now).as_secs_f64() * stage.rate,
            _ => 1.0,
        };
        self.stages.clear();
        (self.count, self.elapsed, self.next, self.stage) = (0, 0.0, None, None);
        if rate > 0.0 {
            self.stage_start = now + Duration::from_secs_f64((left / rate).min(FOR_EVER.as_secs_f64()));
            self.stage = Some(RateStage {
                rate,
                duration: FOR_EVER,
            });
            (self.end, self.stream.number) = (self.stage_start + FOR_EVER, 0);
            self.step();
        }
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
            self.stage = self.stages.pop_front();
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

    fn changed(rate: f64, changes: &[(u64, f64)], of: usize) -> Vec<u64> {
        let streams = (0..of).map(|number| {
            let stream = Stream { number, of };
            let mut dues = Dues::new(Time::ZERO, vec![stage(rate, 4)], Pacing::Even, stream, 1);
            let mut taken = Vec::new();
            for (millis, rate) in changes {
                // A change is known shortly before it holds.
                let now = Time::from_micros(millis * 1000 - 60_000);
                taken.extend(std::iter::from_fn(|| dues.take(now)));
                dues.change(Time::from_micros(millis * 1000), *rate);
            }
            taken.extend(std::iter::from_fn(|| dues.take(END)));
            taken
        });
        let mut all: Vec<u64> = streams.flatten().map(|it| it.as_micros() / 1000).collect();
        all.sort_unstable();
        all
    }

    #[test]
    fn a_change_holds_from_its_time_on_for_all_streams() {
        for of in [1, 2, 3] {
            let dues = changed(2.0, &[(1_250, 4.0), (2_100, 1.0)], of);
            assert_eq!(
                dues,
                [0, 500, 1000, 1250, 1500, 1750, 2000, 2100, 3100],
                "{of} streams"
            );
        }
    }

    #[test]
    fn a_stream_that_had_no_event_left_goes_on_after_a_change() {
        assert_eq!(changed(0.1, &[(2_000, 1.0)], 2), [0, 2000, 3000]);
    }

    #[test]
    fn a_change_that_is_known_late_loses_no_event_before_it() {
        let stream = Stream { number: 0, of: 1 };
        let mut dues = Dues::new(Time::ZERO, vec![stage(2.0, 3)], Pacing::Even, stream, 1);
        dues.change(Time::from_micros(1_100_000), 4.0);
        dues.change(Time::from_micros(1_700_000), 1.0);
        dues.change(Time::from_micros(9_000_000), 9.0);
        let taken: Vec<u64> = std::iter::from_fn(|| dues.take(END))
            .map(|it| it.as_micros() / 1000)
            .collect();
        assert_eq!(taken, [0, 500, 1000, 1100, 1350, 1600, 1700, 2700]);
    }

    #[test]
    fn a_rate_that_follows_something_bunches_no_events_however_often_it_changes() {
        let stream = Stream { number: 1, of: 1 };
        let mut dues = Dues::new(Time::ZERO, Vec::new(), Pacing::Even, stream, 1);
        let mut taken = Vec::new();
        // A fifth of an event a second, then a half; then none, then two.
        let rates = [0.2, 0.2, 0.2, 0.2, 0.2, 0.5, 0.5, 0.0, 2.0, 2.0];
        for (second, rate) in (0..).zip(rates) {
            let now = Time::from_micros(second * 1_000_000);
            taken.extend(std::iter::from_fn(|| dues.take(now)));
            dues.retune(now, rate);
        }
        taken.extend(std::iter::from_fn(|| dues.take(Time::from_micros(10_000_000))));
        let taken: Vec<u64> = taken.into_iter().map(|it| it.as_micros() / 1000).collect();
        assert_eq!(taken, [5000, 7000, 8500, 9000, 9500, 10_000]);
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
