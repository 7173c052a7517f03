//! Pushes of which nobody said whether they are answered. If none of an event ever is, its handler does not reply, which is
//! worth a note; a single answer makes the silence to others a failure.

use super::counts::Counts;

/// What became of the pushes of an event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Pushes whose answer is waited for.
    pub(super) awaited: u64,
    /// Those of them whose answer did not come in time.
    pub(super) awaited_missing: u64,
    /// Other pushes whose answer did not come in time, though their connection lasted.
    pub(super) unawaited_missing: u64,
    /// Answers to pushes of which they were waited for.
    pub(super) answered: u64,
    /// Answers to others.
    pub(super) unawaited_answered: u64,
    /// All pushes.
    pub(super) sent: u64,
}

impl LeftOut {
    pub(super) const fn add(&mut self, other: &Self) {
        self.awaited += other.awaited;
        self.awaited_missing += other.awaited_missing;
        self.unawaited_missing += other.unawaited_missing;
        self.answered += other.answered;
        self.unawaited_answered += other.unawaited_answered;
        self.sent += other.sent;
    }

    /// Whether the event is answered, as far as is known.
    pub(super) const fn replies(&self) -> Replies {
        if self.sent > 0 && self.answered + self.unawaited_answered == 0 {
            Replies::Never
        } else {
            Replies::Some
        }
    }

    /// Corrects counts in which only the answers that were waited for stand. Tells whether the event is never answered.
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

/// Whether an event is answered.
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
