//! The script of a troublemaker, and a record of its deeds.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use super::super::conversation::Conversation;
use super::super::schedule::{Place, Schedule};
use super::trouble::{Manner, Trouble};
use crate::clock::Time;
use crate::dice::Dice;
use crate::statistics::Arm;

/// The deeds a second of all troublemakers together.
const TROUBLE_PER_SECOND: f64 = 60.0;
/// One of them does something no more often than this.
const SHORTEST_PERIOD: Duration = Duration::from_millis(100);

/// The time between two sockets that stop reading.
const BETWEEN_DEAF: Duration = Duration::from_millis(1_500);

/// The deeds of all troublemakers.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    /// The count of each kind of trouble.
    pub(super) rude: BTreeMap<&'static str, u64>,
    /// The count of polite deeds.
    pub(super) polite: u64,
    /// When the last socket stopped reading.
    pub(super) deaf: Time,
    /// Troublemakers that could not go on; what kept them is an oddity.
    pub(super) broken_off: u64,
}

/// A troublemaker.
pub(super) struct Troublemaker {
    pub(super) talk: Conversation,
    pub(super) schedule: Rc<Schedule>,
    pub(super) troubles: Vec<Trouble>,
    pub(super) deeds: Rc<RefCell<Deeds>>,
}

impl Troublemaker {
    /// Makes trouble until the treatment ends. `index` is the number among all troublemakers, of which there are `count`.
    pub(super) async fn make_trouble(mut self, index: usize, count: usize, mut dice: Dice) -> Conversation {
        let period = Duration::from_secs_f64(count as f64 / TROUBLE_PER_SECOND).max(SHORTEST_PERIOD);
        let mut intended = self.schedule.treats_from() + dice.shorter_than(period);
        let mut turn = index;
        while intended < self.schedule.treats_until() {
            self.talk.until(intended).await;
            let Place::Block(_, arm) = self.schedule.place(self.talk.member.site.now()) else {
                break;
            };
            if !self.act(turn, arm).await {
                self.deeds.borrow_mut().broken_off += 1;
                break;
            }
            turn += 1;
            intended = intended.max(self.talk.member.site.now()) + period;
        }
        self.talk.until(self.schedule.end()).await;
        self.talk.member.settle().await;
        self.talk.listen();
        self.talk
    }

    /// The trouble whose turn it is. Sockets stop reading seldom: megabytes that come at once keep this process busy, too.
    fn next_trouble(&self, turn: usize) -> Trouble {
        let trouble = self.troubles[turn % self.troubles.len()];
        if trouble != Trouble::StopReading {
            return trouble;
        }
        let now = self.talk.member.site.now();
        let mut deeds = self.deeds.borrow_mut();
        if now.since(deeds.deaf) < BETWEEN_DEAF {
            return Trouble::Flood;
        }
        deeds.deaf = now;
        trouble
    }

    /// Does one thing and says something afterwards. Returns whether it can go on.
    async fn act(&mut self, turn: usize, arm: Arm) -> bool {
        let trouble = self.next_trouble(turn);
        let manner = match arm {
            Arm::Treated => Manner::Rude,
            Arm::Control => Manner::Polite,
        };
        match manner {
            Manner::Rude => *self.deeds.borrow_mut().rude.entry(trouble.name()).or_default() += 1,
            Manner::Polite => self.deeds.borrow_mut().polite += 1,
        }
        trouble.act(&mut self.talk, manner).await.is_ok() && self.talk.say().await.is_ok()
    }
}
