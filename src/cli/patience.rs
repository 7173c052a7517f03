//! The one place that waits for something that cannot be waited for: it looks again and again, up to a limit.

use std::time::Duration;

/// How long until it looks again.
const INTERVAL: Duration = Duration::from_millis(20);

/// Looks until there is something to see, or the time is over.
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
