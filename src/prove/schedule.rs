//! The times of an experiment: a time before the treatment, pairs of treated and control blocks in a random order, a time after.

use std::time::Duration;

use crate::clock::Time;
use crate::dice::Dice;
use crate::statistics::Arm;

/// The parts of an experiment.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    begin: Time,
    before: Duration,
    block: Duration,
    /// The treated block of each pair comes first, or second.
    treated_first: Vec<bool>,
    after: Duration,
}

/// The part of an experiment in which a moment lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Nothing has been treated yet.
    Before,
    /// In a block of this pair.
    Block(usize, Arm),
    /// The treatment is over.
    After,
}

impl Schedule {
    /// A schedule with this many pairs of blocks.
    pub(super) fn new(
        begin: Time,
        (before, block, after): (Duration, Duration, Duration),
        pairs: usize,
        dice: &mut Dice,
    ) -> Self {
        Self {
            begin,
            before,
            block,
            treated_first: (0..pairs).map(|_| dice.below(2) == 0).collect(),
            after,
        }
    }

    pub(super) const fn begin(&self) -> Time {
        self.begin
    }

    pub(super) const fn block(&self) -> Duration {
        self.block
    }

    pub(super) fn pairs(&self) -> usize {
        self.treated_first.len()
    }

    /// When the treatment begins.
    pub(super) fn treats_from(&self) -> Time {
        self.begin + self.before
    }

    /// When the treatment ends.
    pub(super) fn treats_until(&self) -> Time {
        let blocks = u32::try_from(self.pairs() * 2).unwrap_or(u32::MAX);
        self.treats_from() + self.block * blocks
    }

    pub(super) fn end(&self) -> Time {
        self.treats_until() + self.after
    }

    /// The part of an experiment in which a moment lies.
    pub(super) fn place(&self, at: Time) -> Place {
        if at < self.treats_from() {
            return Place::Before;
        }
        let micros = self.block.as_micros().max(1);
        let number = at.since(self.treats_from()).as_micros() / micros;
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let Some(treated_first) = self.treated_first.get(number / 2) else {
            return Place::After;
        };
        let is_first = number.is_multiple_of(2);
        Place::Block(
            number / 2,
            if is_first == *treated_first {
                Arm::Treated
            } else {
                Arm::Control
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pair_has_a_block_of_each_kind_between_the_times_before_and_after() {
        let second = Duration::from_secs(1);
        let begin = Time::from_micros(500_000);
        let schedule = Schedule::new(begin, (second * 3, second, second * 2), 20, &mut Dice::new(7, 0));
        assert_eq!(schedule.place(begin), Place::Before);
        assert_eq!(schedule.end(), begin + second * 45);
        let mut firsts = 0;
        for pair in 0..20 {
            let at = schedule.treats_from() + second * (2 * pair) + second / 2;
            let arms = [at, at + second].map(|at| schedule.place(at));
            let treated = Place::Block(pair as usize, Arm::Treated);
            let control = Place::Block(pair as usize, Arm::Control);
            assert!(
                arms == [treated, control] || arms == [control, treated],
                "{arms:?}"
            );
            firsts += u32::from(arms[0] == treated);
        }
        assert!(
            (4..=16).contains(&firsts),
            "{firsts} of 20 begin with the treated block"
        );
        assert_eq!(schedule.place(schedule.treats_until()), Place::After);
    }
}
