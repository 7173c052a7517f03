//! Estimates how long a scenario takes, so that the longest ones can start first.

use std::time::Duration;

use super::{Connect, MountPath, Program, What};

/// The estimate adds one second for each MiB of the largest message.
const MIB: usize = 1 << 20;
/// The idle timeout of `fast_socket`.
const IDLE_TIMEOUT: Duration = Duration::from_secs(2);
/// The window of a poll at `fast_socket`.
const POLL_WINDOW: Duration = Duration::from_secs(1);
/// A server that ends and starts again.
const RESTART: Duration = Duration::from_secs(2);

impl Program {
    /// About how long it takes, as far as its steps tell. Only the order in which cases start depends on it.
    pub(crate) fn expected_duration(&self) -> Duration {
        let is_quick = self.acts().any(|act| is_at_fast_socket(&act.what));
        let time = |what: &What| match what {
            What::Sleep(time) | What::ReceiveNothing(_, time) => *time,
            What::Restart(_) => RESTART,
            What::Http(http) if http.path.has("/fast_socket/") => POLL_WINDOW,
            What::Closed(..) if is_quick => IDLE_TIMEOUT,
            _ => Duration::ZERO,
        };
        let steps: Duration = self.acts().map(|act| time(&act.what)).sum();
        let transfer = u64::try_from(self.largest_message() / MIB).unwrap_or(u64::MAX);
        steps + Duration::from_secs(transfer)
    }
}

fn is_at_fast_socket(what: &What) -> bool {
    match what {
        What::Connect(
            _,
            Connect {
                mount: MountPath::Instead(name),
                ..
            },
        ) => name == "fast_socket",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::read;
    use super::*;

    fn expected(steps: &str) -> Duration {
        let source = format!("about: A.\nsteps:\n  - ana: connect\n{steps}");
        read("a.yaml", &source).expect("a scenario").expected_duration()
    }

    #[test]
    fn waits_restarts_and_large_messages_take_time() {
        assert_eq!(expected("  - ana: heartbeat\n"), Duration::ZERO);
        assert_eq!(
            expected("  - repeat: 3\n    steps:\n      - sleep: 700ms\n"),
            Duration::from_millis(2100)
        );
        assert_eq!(expected("  - restart: term\n  - ana: closed\n"), RESTART);
        assert_eq!(
            expected("  - bea: { connect: fast_socket }\n  - bea: closed\n"),
            IDLE_TIMEOUT
        );
        assert_eq!(expected("  - http: GET /fast_socket/longpoll\n"), POLL_WINDOW);
        let large = "  - ana: { raw: { text: \"{{'x' * 2097152}}\" } }\n";
        assert_eq!(expected(large), Duration::from_secs(2));
    }
}
