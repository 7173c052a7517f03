//! Backoff tables: how long a client waits before each reconnect or rejoin.

use std::time::Duration;

/// A wait for each try. Tries count from 1, as in the `tries` of phoenix.js.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backoff {
    steps: Box<[Duration]>,
    afterwards: Duration,
}

impl Backoff {
    /// Waits as in the table, then `afterwards` for each further try.
    pub fn new(steps: impl Into<Box<[Duration]>>, afterwards: Duration) -> Self {
        Self {
            steps: steps.into(),
            afterwards,
        }
    }

    /// Never tries again.
    pub fn never() -> Self {
        Self::new([], Duration::MAX)
    }

    /// 10, 50, 100, 150, 200, 250, 500, 1000, 2000, then 5000 ms (`reconnectAfterMs` in `socket.js`).
    pub fn reconnect() -> Self {
        let steps = [10, 50, 100, 150, 200, 250, 500, 1000, 2000];
        Self::new(steps.map(Duration::from_millis), Duration::from_secs(5))
    }

    /// 1, 2, 5, then 10 seconds (`rejoinAfterMs` in `socket.js`).
    pub fn rejoin() -> Self {
        Self::new([1, 2, 5].map(Duration::from_secs), Duration::from_secs(10))
    }

    /// The time that a client waits before this attempt. After [`Duration::MAX`] it does not try again.
    pub fn delay(&self, attempt: u32) -> Duration {
        let step = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        self.steps.get(step).copied().unwrap_or(self.afterwards)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(backoff: &Backoff, tries: u32) -> Vec<u128> {
        (1..=tries)
            .map(|attempt| backoff.delay(attempt).as_millis())
            .collect()
    }

    #[test]
    fn a_client_reconnects_ever_later_up_to_five_seconds() {
        assert_eq!(
            millis(&Backoff::reconnect(), 11),
            [10, 50, 100, 150, 200, 250, 500, 1000, 2000, 5000, 5000]
        );
    }

    #[test]
    fn a_channel_rejoins_ever_later_up_to_ten_seconds() {
        assert_eq!(millis(&Backoff::rejoin(), 5), [1000, 2000, 5000, 10_000, 10_000]);
    }

    #[test]
    fn without_a_table_there_is_no_next_try() {
        assert_eq!(Backoff::never().delay(1), Duration::MAX);
        assert_eq!(Backoff::never().delay(u32::MAX), Duration::MAX);
    }
}
