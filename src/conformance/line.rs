//! The line to the target: how long a round trip takes, and what follows from that for the waits and the bounds of a run.

use std::time::Duration;

use super::settings::{CheckSettings, Safety};
use crate::clock::Clock;
use crate::protocol::{Field, Frame, FrameKind, HEARTBEAT, Message, PHOENIX_TOPIC, Payload, Vsn};
use crate::transport::{Connection, Incoming, Outgoing};

/// So many heartbeats are sent to measure it, one after the other.
const HEARTBEATS: usize = 5;
/// And no more once that has taken so long.
const LONGEST_MEASURE: Duration = Duration::from_secs(3);
/// A heartbeat is waited for at least so long.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);
/// A slower answer says more about the server than about the line.
const SLOWEST: Duration = Duration::from_secs(2);

/// Each wait is longer by so many round trips.
const FOR_EACH_WAIT: u32 = 10;
/// The longest that a wait becomes on a server that is slow to let somebody in, unless a longer timeout is asked for.
const LONGEST_SCALED: Duration = Duration::from_secs(10);
/// A faster line counts as one without any delay, so that waits are as long as was asked for: on a busy machine the
/// loopback may take as long.
const NOTABLE: Duration = Duration::from_millis(50);

/// A run ends after this long, and so many round trips, whatever the server does; at most after the longest.
const RUN: Duration = Duration::from_secs(60);
const FOR_EACH_RUN: u32 = 200;
const LONGEST_RUN: Duration = Duration::from_secs(6 * 60);
/// A run whose waits are long by the user's wish is longer, too.
const TIMEOUTS_OF_A_RUN: u32 = 11;

/// What a target offers is looked for no longer than this, and so many round trips.
const LOOK: Duration = Duration::from_secs(15);
const FOR_EACH_LOOK: u32 = 50;

/// How many cases run side by side unless said: they spend their time waiting for answers. Fewer where others use the
/// server, too.
const JOBS: usize = 16;
const JOBS_WHERE_SAFE: usize = 8;

const MILLISECOND: Duration = Duration::from_millis(1);
const TENTH: Duration = Duration::from_millis(100);

/// How fast the line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// From the client to the server and back.
    round_trip: Duration,
    /// How long it took until the first client was let in.
    opening: Duration,
}

impl Line {
    /// Measures it by heartbeats over a connection that took `opening` to open. A server that answers none of them is
    /// judged by that alone.
    pub(super) async fn measure(
        mut connection: Connection,
        vsn: Vsn,
        clock: Clock,
        opening: Duration,
    ) -> Self {
        let mut took = Vec::new();
        let begun = clock.now();
        let patience = (opening * 4).max(LEAST_PATIENCE);
        while took.len() < HEARTBEATS && clock.now().since(begun) < LONGEST_MEASURE {
            let reference = (took.len() + 1).to_string();
            let sent = clock.now();
            let beat = heartbeat(&mut connection, vsn, &reference);
            match tokio::time::timeout(patience, beat).await {
                Ok(true) => took.push(clock.now().since(sent)),
                Ok(false) | Err(_) => break,
            }
        }
        Self::of(took, opening)
    }

    /// The median counts: one answer that was late tells nothing.
    fn of(mut took: Vec<Duration>, opening: Duration) -> Self {
        took.sort_unstable();
        let median = took.get(took.len() / 2).copied();
        let round_trip = up_to(MILLISECOND, median.unwrap_or(opening).min(SLOWEST));
        Self {
            round_trip: if round_trip < NOTABLE {
                Duration::ZERO
            } else {
                round_trip
            },
            opening,
        }
    }

    /// From the client to the server and back, in whole milliseconds; nothing on a fast line.
    pub(super) const fn round_trip(&self) -> Duration {
        self.round_trip
    }

    /// How long each wait may take where `timeout` was asked for.
    pub(super) fn wait(&self, timeout: Duration) -> Duration {
        let opening = up_to(TENTH, (self.opening * 10).min(LONGEST_SCALED));
        let on_this_line = if self.round_trip.is_zero() {
            timeout
        } else {
            up_to(TENTH, timeout + self.round_trip * FOR_EACH_WAIT)
        };
        on_this_line.max(opening)
    }

    /// How long the whole run may take.
    pub(super) fn run(&self, settings: &CheckSettings) -> Duration {
        let longest = self.run_once(settings);
        match settings.max_time {
            Some(longest) => longest,
            None => longest.saturating_mul(settings.repeat),
        }
    }

    /// How long it may take if each case runs once.
    pub(super) fn run_once(&self, settings: &CheckSettings) -> Duration {
        settings.max_time.unwrap_or_else(|| {
            let usual = RUN + self.round_trip * FOR_EACH_RUN;
            usual.max(settings.timeout * TIMEOUTS_OF_A_RUN).min(LONGEST_RUN)
        })
    }

    /// How long it may take to find out what a target offers.
    pub(super) fn look(&self) -> Duration {
        LOOK + self.round_trip * FOR_EACH_LOOK
    }

    /// How many cases run side by side. A server that others use is not hurried.
    pub(super) fn jobs(&self, settings: &CheckSettings) -> usize {
        settings.jobs.unwrap_or(match settings.safety {
            Safety::All => JOBS,
            Safety::Safe => JOBS_WHERE_SAFE,
        })
    }
}

/// Rounded up to whole units, so that a person can read it.
fn up_to(unit: Duration, time: Duration) -> Duration {
    let units = time.as_micros().div_ceil(unit.as_micros());
    unit * u32::try_from(units).unwrap_or(u32::MAX)
}

/// Sends a heartbeat; says whether its answer came.
async fn heartbeat(connection: &mut Connection, vsn: Vsn, reference: &str) -> bool {
    let message = Message {
        join_ref: Field::Null,
        reference: reference.into(),
        topic: PHOENIX_TOPIC.into(),
        event: HEARTBEAT.into(),
        payload: Payload::Json("{}"),
    };
    let mut bytes = Vec::new();
    let outgoing = match vsn.encode_from_client(&message, &mut bytes) {
        Ok(FrameKind::Text) => Outgoing::Text(String::from_utf8_lossy(&bytes).into_owned()),
        Ok(FrameKind::Binary) => Outgoing::Binary(bytes),
        Err(_) => return false,
    };
    if connection.send(outgoing).await.is_err() {
        return false;
    }
    loop {
        match connection.next().await {
            Incoming::Text(text) => {
                let answer = vsn.decode_from_server(Frame::Text(&text));
                if answer.is_ok_and(|answer| answer.reference.as_str() == Some(reference)) {
                    return true;
                }
            }
            Incoming::Closed(_) => return false,
            Incoming::Binary(_) | Incoming::Ping(_) | Incoming::Pong(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Target;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn line(round_trip: Duration) -> Line {
        Line::of(vec![round_trip; 3], round_trip * 2)
    }

    fn settings(url: &str) -> CheckSettings {
        CheckSettings::new(Target::parse(url).unwrap(), Vec::new())
    }

    #[test]
    fn one_late_answer_makes_no_slow_line() {
        let times = vec![ms(60), ms(900), ms(70), ms(60), ms(60)];
        assert_eq!(Line::of(times, ms(100)).round_trip(), ms(60));
        assert_eq!(Line::of(vec![ms(30)], ms(60)).round_trip(), Duration::ZERO);
        assert_eq!(Line::of(Vec::new(), ms(90)).round_trip(), ms(90));
        assert_eq!(Line::of(Vec::new(), ms(7000)).round_trip(), SLOWEST);
    }

    #[test]
    fn waits_are_as_asked_for_on_a_fast_line_and_longer_on_a_slow_one() {
        assert_eq!(line(ms(1)).wait(ms(5000)), ms(5000));
        assert_eq!(line(ms(300)).wait(ms(5000)), ms(8000));
        assert_eq!(line(ms(301)).wait(ms(5000)), ms(8100));
        assert_eq!(Line::of(vec![ms(1)], ms(800)).wait(ms(5000)), ms(8000));
        assert_eq!(Line::of(vec![ms(1)], ms(4000)).wait(ms(5000)), ms(10_000));
    }

    #[test]
    fn a_run_takes_a_minute_and_two_hundred_round_trips_unless_said() {
        let mut settings = settings("ws://127.0.0.1/socket");
        assert_eq!(line(Duration::ZERO).run(&settings), ms(60_000));
        assert_eq!(line(ms(300)).run(&settings), ms(120_000));
        assert_eq!(line(ms(2000)).run(&settings), ms(360_000));
        settings.timeout = ms(10_000);
        assert_eq!(line(Duration::ZERO).run(&settings), ms(110_000));
        settings.max_time = Some(ms(900_000));
        assert_eq!(line(ms(300)).run(&settings), ms(900_000));
        settings.max_time = Some(ms(1000));
        assert_eq!(line(ms(300)).run(&settings), ms(1000));
    }

    #[test]
    fn fewer_cases_run_side_by_side_where_others_use_the_server() {
        let mut here = settings("ws://127.0.0.1/socket");
        assert_eq!(line(ms(1)).jobs(&here), 16);
        assert_eq!(line(ms(100)).jobs(&here), 16);
        assert_eq!(line(ms(900)).jobs(&settings("ws://10.0.0.1/socket")), 8);
        here.jobs = Some(3);
        assert_eq!(line(ms(900)).jobs(&here), 3);
    }
}
