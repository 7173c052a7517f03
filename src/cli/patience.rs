//! Polling with a time limit, for conditions that have no event to wait for.

use std::time::Duration;

/// The time between two polls.
const INTERVAL: Duration = Duration::from_millis(20);

/// Polls until there is a result, or the time is over.
pub(super) async fn until<T>(limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    };
    tokio::time::timeout(limit, looking).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn it_looks_until_there_is_something_or_gives_up() {
        let mut looks = 0;
        let seen = until(Duration::from_secs(60), async || {
            looks += 1;
            (looks == 3).then_some("seen")
        });
        assert_eq!(seen.await, Some("seen"));
        assert_eq!(until(Duration::ZERO, async || None::<()>).await, None);
    }
}
