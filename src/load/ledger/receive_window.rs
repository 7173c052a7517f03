//! Tracks which broadcasts of a topic one receiver has received, and which are missing.

use std::ops::Range;

use super::{Mark, Topics};

/// The most gaps that a receiver remembers; older gaps are counted as missing.
const MOST_GAPS: usize = 4096;

/// What a receiver has received on a topic since it joined.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReceiveWindow {
    /// The number of the first broadcast that was sent after the receiver had joined.
    since: u32,
    /// One more than the highest number received.
    next: u32,
    /// The gaps before that, in order; usually none.
    #[expect(
        clippy::box_collection,
        reason = "a million receivers have no gaps, and eight bytes are enough to say so"
    )]
    gaps: Option<Box<Vec<Range<u32>>>>,
}

/// How a broadcast arrived at its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// Expected, and in order.
    InOrder,
    /// Expected, but after a later one from the same sender.
    Reordered,
    /// The receiver has had it before.
    Duplicate,
    /// It was under way while the receiver joined.
    InDoubt,
}

/// What is known when a receive window ends: the missing broadcasts and those in doubt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gone {
    /// The missing numbers, in order; usually none.
    pub(crate) missing: Vec<Range<u32>>,
    pub(crate) in_doubt: u64,
}

impl Gone {
    /// How many broadcasts are missing.
    pub(crate) fn count_missing(&self) -> u64 {
        self.missing.iter().map(|range| range.len() as u64).sum()
    }

    /// Adds a missing number, which must be higher than those before.
    fn miss(&mut self, number: u32) {
        match self.missing.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => self.missing.push(number..number + 1),
        }
    }

    /// Counts a range as missing, except for the numbers in doubt, which must be sorted.
    fn settle(&mut self, range: &Range<u32>, doubts: &[u32]) {
        let first = doubts.partition_point(|it| *it < range.start);
        let mut start = range.start;
        let doubtful = doubts[first..].iter().take_while(|it| **it < range.end);
        // The same number may be in doubt twice.
        for number in doubtful.copied() {
            if number < start {
                continue;
            }
            self.in_doubt += 1;
            self.push(start..number);
            start = number + 1;
        }
        self.push(start..range.end);
    }

    fn push(&mut self, range: Range<u32>) {
        if !range.is_empty() {
            self.missing.push(range);
        }
    }
}

impl ReceiveWindow {
    /// The window of a receiver that joined after `sent` broadcasts.
    pub(crate) fn since(sent: u32) -> Self {
        Self {
            since: sent,
            next: sent,
            gaps: None,
        }
    }

    /// Receives a broadcast.
    pub(crate) fn take(&mut self, mark: &Mark, topics: &Topics<'_>) -> (Arrival, Gone) {
        let number = mark.of_topic;
        if number < self.since {
            return (Arrival::InDoubt, Gone::default());
        }
        if number >= self.next {
            let gone = self.leave_out(self.next..number);
            self.next = number + 1;
            return (Arrival::InOrder, gone);
        }
        let arrival = match self.fill(number) {
            false => Arrival::Duplicate,
            true if self.overtaken_by_own_sender(mark, topics) => Arrival::Reordered,
            true => Arrival::InOrder,
        };
        (arrival, Gone::default())
    }

    /// Receives a broadcast without a mark, counted as the next one. Broadcasts beyond the number sent were under way
    /// while the receiver joined, or do not belong to this run.
    pub(crate) fn take_next(&mut self, sent: u32) -> Arrival {
        if self.next >= sent {
            return Arrival::InDoubt;
        }
        self.next += 1;
        Arrival::InOrder
    }

    /// Ends the window because the receiver leaves or lost its connection. A gap is missing if a later broadcast of
    /// the same sender arrived. All other gaps are in doubt: they may have been under way, and so may those just
    /// before the last arrival.
    pub(crate) fn cut(&self, topic: u64, topics: &Topics<'_>, sent: u32) -> Gone {
        let mut gone = Gone {
            in_doubt: u64::from(sent.saturating_sub(self.next)),
            ..Gone::default()
        };
        let (fresh, old): (Vec<_>, Vec<_>) = self.gaps().cloned().partition(|gap| gap.end + 1 == self.next);
        gone.in_doubt += fresh.iter().map(|gap| gap.len() as u64).sum::<u64>();
        for number in old.into_iter().flatten() {
            let sender = topics.heard_sender(topic, number);
            let known = sender.is_some_and(|sender| self.had_later_of(sender, topic, number, topics));
            match known {
                true => gone.miss(number),
                false => gone.in_doubt += 1,
            }
        }
        gone
    }

    /// Ends the window because the run is over and everything has had time to arrive; `doubts` are those of the
    /// topic, sorted.
    pub(crate) fn settle(&self, sent: u32, doubts: &[u32]) -> Gone {
        let mut gone = Gone::default();
        let tail = self.next..sent.max(self.next);
        for range in self.gaps().chain([&tail]) {
            gone.settle(range, doubts);
        }
        gone
    }

    /// Whether all broadcasts have arrived.
    pub(crate) fn is_complete(&self, sent: u32) -> bool {
        self.gaps.is_none() && self.next >= sent
    }

    fn gaps(&self) -> impl Iterator<Item = &Range<u32>> {
        self.gaps.iter().flat_map(|gaps| gaps.iter())
    }

    fn leave_out(&mut self, range: Range<u32>) -> Gone {
        let mut gone = Gone::default();
        if range.is_empty() {
            return gone;
        }
        let gaps = self.gaps.get_or_insert_default();
        if gaps.len() >= MOST_GAPS {
            gone.push(gaps.remove(0));
        }
        gaps.push(range);
        gone
    }

    /// Removes a number from the gaps; returns whether it was in one.
    fn fill(&mut self, number: u32) -> bool {
        let Some(gaps) = &mut self.gaps else { return false };
        let index = gaps.partition_point(|gap| gap.end <= number);
        let Some(gap) = gaps.get(index).filter(|gap| gap.contains(&number)).cloned() else {
            return false;
        };
        let parts = [gap.start..number, number + 1..gap.end];
        gaps.splice(index..=index, parts.into_iter().filter(|part| !part.is_empty()));
        if gaps.is_empty() {
            self.gaps = None;
        }
        true
    }

    fn overtaken_by_own_sender(&self, mark: &Mark, topics: &Topics<'_>) -> bool {
        self.had_later_of(mark.sender, mark.topic, mark.of_topic, topics)
    }

    fn had_later_of(&self, sender: u32, topic: u64, number: u32, topics: &Topics<'_>) -> bool {
        topics
            .of_sender(topic, sender, number + 1..self.next)
            .any(|later| !self.lacks(later))
    }

    fn lacks(&self, number: u32) -> bool {
        self.gaps().any(|gap| gap.contains(&number))
    }
}
