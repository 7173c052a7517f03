//! The line to the target: how long a round trip takes, and how much longer each wait may take for that.

use std::time::Duration;

use crate::clock::Clock;
use crate::protocol::{Frame, FrameKind, Message, Vsn};
use crate::transport::{Connection, Incoming, Outgoing};

/// How many heartbeats measure the line, one after the other.
const HEARTBEATS: usize = 5;
/// No further heartbeat is sent after this long.
const LONGEST_MEASURE: Duration = Duration::from_secs(3);
/// The answer to a heartbeat is waited for at least this long.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);
/// A slower answer says more about the server than about the line.
const SLOWEST: Duration = Duration::from_secs(2);

/// Each wait is longer by so many round trips.
const FOR_EACH_WAIT: u32 = 10;
/// The longest wait that follows from a slow connect. A longer timeout from the user is not shortened.
const LONGEST_SCALED: Duration = Duration::from_secs(10);
/// A faster line counts as one without any delay, so that waits are as long as was asked for: on a busy machine the
/// loopback may take as long.
const NOTABLE: Duration = Duration::from_millis(50);

/// What a target offers is looked for no longer than this, and so many round trips.
const LOOK: Duration = Duration::from_secs(15);
const FOR_EACH_LOOK: u32 = 50;

const MILLISECOND: Duration = Duration::from_millis(1);
const TENTH: Duration = Duration::from_millis(100);

/// How fast the line is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// From the client to the server and back.
    round_trip: Duration,
    /// How long it took until the first client was let in.
    opening: Duration,
}

impl Line {
    /// Measures it by heartbeats over a connection that took `opening` to open. A server that answers none of them is
    /// judged by that alone.
    pub(crate) async fn measure(
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
            let beat = answers_heartbeat(&mut connection, vsn, &reference);
            match tokio::time::timeout(patience, beat).await {
                Ok(true) => took.push(clock.now().since(sent)),
                Ok(false) | Err(_) => break,
            }
        }
        Self::of(took, opening)
    }

    /// The median counts: one answer that was late tells nothing.
    pub(crate) fn of(mut took: Vec<Duration>, opening: Duration) -> Self {
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
    pub(crate) const fn round_trip(&self) -> Duration {
        self.round_trip
    }

    /// How long each wait may take if the user asked for `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) -> Duration {
        let opening = up_to(TENTH, (self.opening * 10).min(LONGEST_SCALED));
        let on_this_line = if self.round_trip.is_zero() {
            timeout
        } else {
            up_to(TENTH, timeout + self.round_trip * FOR_EACH_WAIT)
        };
        on_this_line.max(opening)
    }

    /// How long it may take to find out what a target offers.
    pub(crate) fn look(&self) -> Duration {
        LOOK + self.round_trip * FOR_EACH_LOOK
    }
}

/// Rounded up to whole units, so that a person can read it.
fn up_to(unit: Duration, time: Duration) -> Duration {
    let units = time.as_micros().div_ceil(unit.as_micros());
    unit * u32::try_from(units).unwrap_or(u32::MAX)
}

/// A message of a client as a transport sends it; nothing if it has no frame.
pub(crate) fn outgoing(vsn: Vsn, message: &Message<'_>) -> Option<Outgoing> {
    let mut bytes = Vec::new();
    match vsn.encode_from_client(message, &mut bytes).ok()? {
        FrameKind::Text => Some(Outgoing::Text(String::from_utf8_lossy(&bytes).into_owned())),
        FrameKind::Binary => Some(Outgoing::Binary(bytes)),
    }
}

/// Sends a heartbeat; says whether its answer came before the connection ended.
pub(crate) async fn answers_heartbeat(connection: &mut Connection, vsn: Vsn, reference: &str) -> bool {
    let Some(outgoing) = outgoing(vsn, &Message::heartbeat(reference)) else {
        return false;
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

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn line(round_trip: Duration) -> Line {
        Line::of(vec![round_trip; 3], round_trip * 2)
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
}
