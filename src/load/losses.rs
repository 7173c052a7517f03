//! Measures how long each lost connection had been idle. If nearly all were idle for the same time, something between
//! the generator and the server cuts idle connections; if a heartbeat was overdue, the generator itself is to blame.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::timers::LATE_TIMER;
use super::traffic::Traffic;
use crate::clock::Time;

/// The resolution of idle times: a tenth of a second.
const STEP: Duration = Duration::from_millis(100);
/// With fewer losses, a common idle time may be chance.
const FEWEST: u64 = 3;
/// A connection that was lost sooner than this after a frame was not idle.
const SHORTEST: Duration = Duration::from_millis(500);

/// The lost connections of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Losses {
    /// Losses that are not the generator's fault, by tenths of a second since the last frame.
    by_silence: BTreeMap<u64, u64>,
    /// The greatest delay of an overdue heartbeat among the lost connections.
    latest_heartbeat: Duration,
}

/// The cause of a lost connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LostBy {
    /// The server, or something between the generator and the server.
    Others,
    /// The generator: it had not sent a heartbeat that was due.
    LateHeartbeat,
}

impl Losses {
    /// Counts a connection that is lost now, and returns the cause.
    pub(super) fn count(&mut self, traffic: Traffic, now: Time, heartbeat: Duration) -> LostBy {
        let late = traffic.unspoken(now).saturating_sub(heartbeat);
        if late > LATE_TIMER {
            self.latest_heartbeat = self.latest_heartbeat.max(late);
            return LostBy::LateHeartbeat;
        }
        let steps = traffic.quiet(now).as_micros() / STEP.as_micros();
        let steps = u64::try_from(steps).unwrap_or(u64::MAX);
        *self.by_silence.entry(steps).or_default() += 1;
        LostBy::Others
    }

    /// Explains why `own` losses say nothing about the server; `None` if there are none.
    pub(super) fn why_own(&self, own: u64) -> Option<String> {
        (own > 0).then(|| {
            format!(
                "{own} connections were lost while this process was late with their heartbeat, by up to {:.1} s; ask for \
                 fewer sockets, or a longer --heartbeat if the server allows one",
                self.latest_heartbeat.as_secs_f64()
            )
        })
    }

    /// Adds the losses of another.
    pub(super) fn merge(&mut self, other: &Self) {
        for (steps, count) in &other.by_silence {
            *self.by_silence.entry(*steps).or_default() += count;
        }
        self.latest_heartbeat = self.latest_heartbeat.max(other.latest_heartbeat);
    }

    /// Whether nearly all of `lost` losses came after the same idle time.
    pub(super) fn idle(&self, lost: u64, heartbeat: Duration) -> Option<IdleCut> {
        // Tolerance: half a second or a twentieth of the time, whichever is more.
        let width = |start: u64| (start / 20).max(5);
        let within = |start: u64| {
            let counts = self.by_silence.range(start..=start + width(start));
            counts.map(|(_, count)| count).sum::<u64>()
        };
        let (start, count) = self
            .by_silence
            .keys()
            .map(|start| (*start, within(*start)))
            .max_by_key(|(_, count)| *count)?;
        let mut median = count.div_ceil(2);
        let steps = self.by_silence.range(start..).find(|(_, here)| {
            median = median.saturating_sub(**here);
            median == 0
        });
        let quiet = STEP.mul_f64(*steps?.0 as f64);
        (lost >= FEWEST && count * 10 >= lost * 9 && quiet >= SHORTEST).then_some(IdleCut {
            losses: lost,
            same: count,
            quiet_s: quiet.as_secs_f64(),
            heartbeat_s: heartbeat.as_secs_f64(),
        })
    }
}

/// Connections that were cut after the same idle time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IdleCut {
    /// The number of lost connections.
    pub losses: u64,
    /// How many were lost after the same idle time.
    pub same: u64,
    /// The idle time after the last frame, in seconds.
    pub quiet_s: f64,
    /// The heartbeat interval, in seconds.
    pub heartbeat_s: f64,
}

impl fmt::Display for IdleCut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (losses, same) = (self.losses, self.same);
        match losses == same {
            true => write!(f, "all {losses} losses")?,
            false => write!(f, "{same} of {losses} losses")?,
        }
        write!(
            f,
            " came {:.1} s after the last frame: something in between cuts idle connections; heartbeat {} s",
            self.quiet_s, self.heartbeat_s
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARTBEAT: Duration = Duration::from_secs(30);

    fn losses(millis: &[u64]) -> Losses {
        let mut losses = Losses::default();
        for millis in millis {
            let now = Time::from_micros(millis * 1000);
            // Its heartbeats were sent in time, and it sent nothing else.
            losses.count(Traffic::since(Time::ZERO), now, Duration::MAX);
        }
        losses
    }

    #[test]
    fn losses_after_the_same_silence_are_told_with_it() {
        let idle = losses(&[30_010, 30_040, 30_020, 29_990])
            .idle(4, HEARTBEAT)
            .unwrap();
        assert_eq!(
            idle.to_string(),
            "all 4 losses came 30.0 s after the last frame: something in between cuts idle connections; heartbeat 30 s"
        );
    }

    #[test]
    fn nearly_all_is_enough_and_most_is_not() {
        let mut twenty = vec![60_000; 19];
        twenty.push(10);
        let idle = losses(&twenty).idle(20, HEARTBEAT).unwrap();
        assert!(idle.to_string().starts_with("19 of 20 losses came 60.0 s"));
        twenty.extend([4_000, 8_000, 12_000]);
        assert_eq!(losses(&twenty).idle(23, HEARTBEAT), None);
        // The idle time of two further losses is unknown.
        assert_eq!(losses(&[30_000; 9]).idle(11, HEARTBEAT), None);
    }

    #[test]
    fn connections_that_were_busy_or_few_say_nothing() {
        assert_eq!(losses(&[10; 40]).idle(40, HEARTBEAT), None);
        assert_eq!(losses(&[30_000; 2]).idle(2, HEARTBEAT), None);
        assert_eq!(Losses::default().idle(0, HEARTBEAT), None);
    }

    #[test]
    fn a_loss_whose_heartbeat_was_overdue_is_this_process_s_own() {
        let mut losses = Losses::default();
        let mut after = |seconds: u64| {
            let now = Time::from_micros(seconds * 1_000_000);
            losses.count(Traffic::since(Time::ZERO), now, HEARTBEAT)
        };
        assert_eq!(after(30), LostBy::Others);
        assert_eq!(after(31), LostBy::Others);
        assert_eq!(after(42), LostBy::LateHeartbeat);
        assert_eq!(losses.why_own(0), None);
        let mut all = Losses::default();
        all.merge(&losses);
        let said = all.why_own(1).unwrap();
        assert!(said.contains("by up to 12.0 s"), "{said}");
    }
}
