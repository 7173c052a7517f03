//! Tracks pushes for which the scenario does not say whether they get a reply. If no push of an event gets one, its
//! handler does not reply, and the result contains a note. If at least one push gets a reply, every missing reply is
//! a failure.

use super::counts::{Counts, counters};

counters! {
    /// The outcome of the pushes of an event.
    pub(super) struct LeftOut {
        /// Pushes whose reply is awaited.
        pub(super) awaited: u64,
        /// Awaited replies that did not arrive in time.
        pub(super) awaited_missing: u64,
        /// Replies that were not awaited and did not arrive in time, although the connection lasted.
        pub(super) unawaited_missing: u64,
        /// Awaited replies that arrived.
        pub(super) answered: u64,
        /// Replies that arrived without being awaited.
        pub(super) unawaited_answered: u64,
        /// All pushes.
        pub(super) sent: u64,
    }
}

impl LeftOut {
    /// Whether the event gets replies, as far as is known.
    pub(super) const fn replies(&self) -> Replies {
        if self.sent > 0 && self.answered + self.unawaited_answered == 0 {
            Replies::Never
        } else {
            Replies::Some
        }
    }

    /// Corrects counts that include only awaited replies. Returns whether the event ever gets a reply.
    pub(super) const fn correct(&self, counts: &mut Counts) -> Replies {
        if matches!(self.replies(), Replies::Never) {
            counts.replies_missing = counts.replies_missing.saturating_sub(self.awaited_missing);
            counts.replies_expected = counts.replies_expected.saturating_sub(self.awaited);
            let open = self.awaited.saturating_sub(self.awaited_missing);
            counts.replies_in_doubt = counts.replies_in_doubt.saturating_sub(open);
            return Replies::Never;
        }
        counts.replies += self.unawaited_answered;
        counts.replies_missing += self.unawaited_missing;
        counts.replies_expected += self.unawaited_answered + self.unawaited_missing;
        Replies::Some
    }
}

/// Whether an event gets replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replies {
    Some,
    Never,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_is_never_answered_is_not_missing() {
        let mut counts = Counts {
            replies_expected: 9,
            replies: 2,
            replies_missing: 4,
            replies_in_doubt: 3,
            ..Counts::default()
        };
        let event = LeftOut {
            awaited: 7,
            awaited_missing: 4,
            sent: 20,
            ..LeftOut::default()
        };
        assert_eq!(event.correct(&mut counts), Replies::Never);
        assert_eq!(
            (
                counts.replies_expected,
                counts.replies_missing,
                counts.replies_in_doubt
            ),
            (2, 0, 0)
        );
    }

    #[test]
    fn a_single_answer_makes_silence_a_failure() {
        let mut counts = Counts::default();
        let event = LeftOut {
            unawaited_missing: 19,
            unawaited_answered: 1,
            sent: 20,
            ..LeftOut::default()
        };
        assert_eq!(event.correct(&mut counts), Replies::Some);
        assert_eq!(
            (counts.replies_expected, counts.replies, counts.replies_missing),
            (20, 1, 19)
        );
    }
}
