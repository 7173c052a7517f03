//! Behaviours that Phoenix leaves open. A server that was started with a seed decides each of them at random, and counts
//! it; any other server never shows them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

/// One thing that Phoenix leaves open: it happens, or it does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freedom {
    /// The subscription of a channel that has ended lives on for a while.
    DeadSubscription,
    /// A client that left gets the presence_diff of its own leave.
    OwnLeave,
    /// The session hears late that a channel has ended, and so does its client; a push in between is lost.
    LateEnd,
    /// What waits at a channel is handled before the next join of its topic ends it.
    QueueBeforeRejoin,
    /// A presence_state is computed and sent some time after the channel has tracked.
    LateState,
    /// A presence_diff is sent some time after what it tells of, and all later ones with it.
    LateDiff,
    /// The presence_diff of an update is sent before the reply to the update.
    DiffBeforeReply,
    /// The metas of one key stand in another order than they were tracked in.
    MetaOrder,
    /// A timer is late, so that two of its messages come together.
    LateTimer,
}

impl Freedom {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 9] = [
        Self::DeadSubscription,
        Self::OwnLeave,
        Self::LateEnd,
        Self::QueueBeforeRejoin,
        Self::LateState,
        Self::LateDiff,
        Self::DiffBeforeReply,
        Self::MetaOrder,
        Self::LateTimer,
    ];

    /// What happened, in a few words.
    pub const fn about(self) -> &'static str {
        match self {
            Self::DeadSubscription => "subscriptions lived on after their channel had ended",
            Self::OwnLeave => "clients that left got the presence_diff of their own leave",
            Self::LateEnd => "ends of channels were told late",
            Self::QueueBeforeRejoin => "queues were handled before the next join of their topic",
            Self::LateState => "presence_states were computed late",
            Self::LateDiff => "presence_diffs came late",
            Self::DiffBeforeReply => "presence_diffs of updates came before the reply",
            Self::MetaOrder => "presence_states had the metas of a key in another order",
            Self::LateTimer => "messages of timers came together with the next one",
        }
    }

    /// The longest delay, where there is one.
    const fn longest(self) -> Duration {
        match self {
            Self::DeadSubscription | Self::LateState => Duration::from_millis(20),
            Self::LateEnd | Self::LateDiff => Duration::from_millis(10),
            Self::LateTimer => Duration::from_millis(100),
            Self::OwnLeave | Self::QueueBeforeRejoin | Self::DiffBeforeReply | Self::MetaOrder => {
                Duration::ZERO
            }
        }
    }
}

/// Whether something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Happened,
    DidNot,
}

/// How often each freedom was taken, over all shards.
#[derive(Debug, Default)]
pub struct Tally([Count; Freedom::ALL.len()]);

/// Occasions, and how often it happened.
#[derive(Debug, Default)]
struct Count {
    happened: AtomicU64,
    occasions: AtomicU64,
}

impl Tally {
    /// How often it happened, and of how many occasions.
    pub fn of(&self, freedom: Freedom) -> (u64, u64) {
        let count = &self.0[freedom as usize];
        (
            count.happened.load(Ordering::Relaxed),
            count.occasions.load(Ordering::Relaxed),
        )
    }

    fn add(&self, freedom: Freedom, outcome: Outcome) {
        let count = &self.0[freedom as usize];
        count.occasions.fetch_add(1, Ordering::Relaxed);
        if outcome == Outcome::Happened {
            count.happened.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Decides what Phoenix leaves open. Each shard has its own.
#[derive(Debug, Default)]
pub(crate) struct Chance(Option<Box<Dice>>);

#[derive(Debug)]
struct Dice {
    random: Xoshiro256PlusPlus,
    tally: Arc<Tally>,
}

impl Chance {
    /// The dice of one shard; without a seed nothing ever happens.
    pub(crate) fn of(seed: Option<u64>, shard: usize, tally: &Arc<Tally>) -> Self {
        Self(seed.map(|seed| {
            Box::new(Dice {
                random: Xoshiro256PlusPlus::seed_from_u64(seed.wrapping_add(shard as u64)),
                tally: Arc::clone(tally),
            })
        }))
    }

    /// Whether nothing is left to chance.
    pub(crate) const fn is_off(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it happens this time.
    pub(crate) fn happens(&mut self, freedom: Freedom) -> bool {
        let Some(dice) = &mut self.0 else { return false };
        let outcome = if dice.random.next_u64() >> 63 == 0 {
            Outcome::DidNot
        } else {
            Outcome::Happened
        };
        dice.tally.add(freedom, outcome);
        outcome == Outcome::Happened
    }

    /// How late it happens, in whole milliseconds, if it happens this time.
    pub(crate) fn delay(&mut self, freedom: Freedom) -> Option<Duration> {
        if !self.happens(freedom) {
            return None;
        }
        let longest = u64::try_from(freedom.longest().as_millis()).unwrap_or(1).max(1);
        let dice = self.0.as_mut()?;
        Some(Duration::from_millis(1 + dice.random.next_u64() % longest))
    }

    /// The lateness of a timer that goes off at this interval, if it is late this time: it then comes with its next
    /// message.
    pub(crate) fn late_timer(&mut self, interval: Duration) -> Option<Duration> {
        self.happens(Freedom::LateTimer)
            .then(|| interval.min(Freedom::LateTimer.longest()))
    }

    /// Counts what followed from earlier decisions.
    pub(crate) fn note(&self, freedom: Freedom, outcome: Outcome) {
        if let Some(dice) = &self.0 {
            dice.tally.add(freedom, outcome);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chance(seed: u64) -> (Chance, Arc<Tally>) {
        let tally = Arc::default();
        (Chance::of(Some(seed), 0, &tally), tally)
    }

    #[test]
    fn nothing_happens_without_a_seed() {
        let tally = Arc::default();
        let mut chance = Chance::of(None, 0, &tally);
        assert!((0..100).all(|_| !chance.happens(Freedom::LateEnd)));
        chance.note(Freedom::OwnLeave, Outcome::Happened);
        assert!(Freedom::ALL.iter().all(|&freedom| tally.of(freedom) == (0, 0)));
    }

    #[test]
    fn everything_follows_from_the_seed() {
        let delays = |seed| {
            let mut chance = chance(seed).0;
            (0..100)
                .map(|_| chance.delay(Freedom::LateState))
                .collect::<Vec<_>>()
        };
        assert_eq!(delays(7), delays(7));
        assert_ne!(delays(7), delays(8));
    }

    #[test]
    fn shards_decide_apart() {
        let tally = Arc::default();
        let decisions = |shard| {
            let mut chance = Chance::of(Some(7), shard, &tally);
            (0..100)
                .map(|_| chance.happens(Freedom::LateDiff))
                .collect::<Vec<_>>()
        };
        assert_ne!(decisions(0), decisions(1));
    }

    #[test]
    fn each_goes_either_way_in_at_least_a_quarter_of_its_occasions() {
        for (seed, freedom) in (1..).zip(Freedom::ALL) {
            let (mut chance, tally) = chance(seed);
            for _ in 0..200 {
                chance.happens(freedom);
            }
            let (happened, occasions) = tally.of(freedom);
            assert_eq!(occasions, 200);
            assert!((50..=150).contains(&happened), "{freedom:?}: {happened}");
        }
    }

    #[test]
    fn a_dead_subscription_lives_for_up_to_twenty_milliseconds() {
        let mut chance = chance(3).0;
        let lives: Vec<_> = (0..2000)
            .filter_map(|_| chance.delay(Freedom::DeadSubscription))
            .collect();
        assert_eq!(lives.iter().max(), Some(&Duration::from_millis(20)));
        assert_eq!(lives.iter().min(), Some(&Duration::from_millis(1)));
    }
}
