//! Untouched conversations: each says something at its intended times, whatever else goes on, and its times are kept by block.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::conversation::Conversation;
use super::schedule::{Place, Schedule};
use crate::dice::Dice;
use crate::statistics::PairedBlocks;

/// The most messages a second of all untouched conversations together.
const MOST_PER_SECOND: f64 = 2_500.0;
/// One conversation sends no faster than this.
const SHORTEST_PERIOD: Duration = Duration::from_millis(200);

/// The parts that the untouched conversations of an experiment share.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) schedule: Rc<Schedule>,
    pub(super) times: Rc<RefCell<PairedBlocks>>,
    period: Duration,
}

impl Watch {
    /// For this many conversations.
    pub(super) fn new(schedule: &Rc<Schedule>, conversations: usize) -> Self {
        let period = Duration::from_secs_f64(conversations as f64 / MOST_PER_SECOND);
        Self {
            schedule: Rc::clone(schedule),
            times: Rc::new(RefCell::new(PairedBlocks::new(schedule.block()))),
            period: period.max(SHORTEST_PERIOD),
        }
    }

    /// The messages a second that they send together.
    pub(super) fn rate(&self, conversations: usize) -> f64 {
        conversations as f64 / self.period.as_secs_f64()
    }

    /// Converses until the end. What is late is measured from its intended time, so that a stall shows in full.
    pub(super) async fn converse(self, mut talk: Conversation, mut dice: Dice) -> Conversation {
        let mut intended = self.schedule.begin() + dice.shorter_than(self.period);
        while intended < self.schedule.end() {
            talk.until(intended).await;
            if !talk.member.is_open() {
                break;
            }
            if let Ok(at) = talk.say().await
                && let Place::Block(pair, arm) = self.schedule.place(intended)
            {
                let micros = u64::try_from(at.since(intended).as_micros()).unwrap_or(u64::MAX);
                let pair = u32::try_from(pair).unwrap_or(u32::MAX);
                let begin_of_pair = self.schedule.block() * pair;
                self.times.borrow_mut().record(arm, begin_of_pair, micros);
            }
            intended = intended + self.period;
        }
        talk.until(self.schedule.end()).await;
        talk.member.settle().await;
        talk.listen();
        talk
    }
}
