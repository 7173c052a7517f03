//! The topics of a shard: how many broadcasts each has had, and the senders and times of the last ones.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::PoisonError;

use super::{Common, Mark, Topic};
use crate::clock::Time;

/// How many of the last broadcasts are remembered for a shared topic. They are needed to tell a reordering by one
/// sender from a race between two senders, which is not an error, and to report the sender and time of a lost
/// broadcast.
const REMEMBERED: usize = 65_536;
/// The same for a topic of an instance's own; there may be a million of these.
const REMEMBERED_OF_OWN: usize = 64;

/// The topics of a shard.
#[derive(Debug)]
pub(crate) struct Topics<'c> {
    common: &'c Common,
    own: Box<[u32]>,
    remembered: BTreeMap<u64, Remembered>,
}

/// The last broadcasts of a topic: the number of the first, then consecutive entries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remembered {
    first: u32,
    list: VecDeque<Broadcast>,
}

/// What is remembered of one broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Broadcast {
    sender: u32,
    /// The lowest bit says whether a socket of this shard has received it. The other bits hold the intended time in
    /// milliseconds, which is enough for 24 days.
    when: u32,
}

impl Broadcast {
    const UNKNOWN: Self = Self {
        sender: u32::MAX,
        when: 0,
    };

    fn new(mark: &Mark, heard: Heard) -> Self {
        let when = u32::try_from(mark.intended / 1000 * 2).unwrap_or(u32::MAX - 1);
        Self {
            sender: mark.sender,
            when: when | u32::from(heard == Heard::Yes),
        }
    }

    fn known(self) -> Option<Self> {
        (self != Self::UNKNOWN).then_some(self)
    }

    const fn is_heard(self) -> bool {
        self.when & 1 == 1
    }

    /// The intended time of the send.
    fn at(self) -> Time {
        Time::from_micros(u64::from(self.when / 2) * 1000)
    }
}

/// Whether a socket of this shard has received a broadcast, which proves that the server sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Yes,
    No,
}

impl Remembered {
    fn end(&self) -> u32 {
        self.first
            .saturating_add(u32::try_from(self.list.len()).unwrap_or(u32::MAX))
    }

    fn get(&self, number: u32) -> Option<Broadcast> {
        let at = number.checked_sub(self.first)?;
        self.list.get(at as usize).and_then(|it| it.known())
    }

    /// Remembers one more broadcast, and forgets the oldest beyond `most`.
    fn put(&mut self, number: u32, broadcast: Broadcast, most: usize) {
        let end = self.end();
        if number >= end {
            let gap = number - end;
            if gap as usize > most {
                self.list.clear();
                self.first = number;
            } else {
                let unknown = std::iter::repeat_n(Broadcast::UNKNOWN, gap as usize);
                self.list.extend(unknown);
            }
            self.list.push_back(broadcast);
            while self.list.len() > most {
                self.list.pop_front();
                self.first += 1;
            }
        } else if let Some(place) = number
            .checked_sub(self.first)
            .and_then(|at| self.list.get_mut(at as usize))
            && !place.is_heard()
        {
            *place = broadcast;
        }
    }
}

impl<'c> Topics<'c> {
    /// Topics, `own` of which belong to single instances.
    pub(crate) fn new(common: &'c Common, own: usize) -> Self {
        Self {
            common,
            own: vec![0; own].into(),
            remembered: BTreeMap::new(),
        }
    }

    /// How many broadcasts a topic has had.
    pub(crate) fn sent(&self, topic: Topic) -> u32 {
        match topic {
            Topic::Shared(index) => self.common.sent(index),
            Topic::Own(index) => self.own[index],
        }
    }

    /// Allocates the number of the next broadcast of a topic.
    pub(crate) fn next(&mut self, topic: Topic) -> u32 {
        match topic {
            Topic::Shared(index) => self.common.next(index),
            Topic::Own(index) => {
                self.own[index] += 1;
                self.own[index] - 1
            }
        }
    }

    /// Remembers a broadcast that arrived and whose number this run allocated.
    pub(crate) fn note(&mut self, mark: &Mark) {
        self.remember(mark, Heard::Yes);
    }

    /// Remembers a push that this shard sent and that will be broadcast.
    pub(crate) fn note_sent(&mut self, mark: &Mark) {
        self.remember(mark, Heard::No);
    }

    fn remember(&mut self, mark: &Mark, heard: Heard) {
        let most = if self.is_shared(mark.topic) {
            REMEMBERED
        } else {
            REMEMBERED_OF_OWN
        };
        let remembered = self.remembered.entry(mark.topic).or_default();
        remembered.put(mark.of_topic, Broadcast::new(mark, heard), most);
    }

    fn is_shared(&self, topic: u64) -> bool {
        topic < self.common.sent.len() as u64
    }

    /// Publishes what this shard remembers of the shared topics.
    pub(crate) fn tell(&self) {
        let mut told = self.common.told.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = self.remembered.range(..self.common.sent.len() as u64);
        for (topic, remembered) in shared {
            let sum = told.entry(*topic).or_default();
            for (number, broadcast) in (remembered.first..).zip(&remembered.list) {
                if let Some(broadcast) = broadcast.known() {
                    sum.put(number, broadcast, REMEMBERED);
                }
            }
        }
    }

    /// Reads what all shards have published.
    pub(crate) fn learn(&mut self) {
        let told = self.common.told.lock().unwrap_or_else(PoisonError::into_inner);
        for (topic, remembered) in &*told {
            self.remembered.insert(*topic, remembered.clone());
        }
    }

    /// Those of the numbers that this sender sent, as far as this shard knows.
    pub(super) fn of_sender(
        &self,
        topic: u64,
        sender: u32,
        numbers: Range<u32>,
    ) -> impl Iterator<Item = u32> {
        let remembered = self.remembered.get(&topic);
        remembered.into_iter().flat_map(move |remembered| {
            let skipped = numbers.start.saturating_sub(remembered.first);
            let known =
                (remembered.first + skipped..numbers.end).zip(remembered.list.iter().skip(skipped as usize));
            known
                .filter(move |(_, known)| known.sender == sender)
                .map(|(number, _)| number)
        })
    }

    /// The sender of this broadcast, if a socket of this shard has received it.
    pub(super) fn heard_sender(&self, topic: u64, of_topic: u32) -> Option<u32> {
        let known = self.remembered.get(&topic)?.get(of_topic)?;
        known.is_heard().then_some(known.sender)
    }

    /// Clips a range of numbers to what is remembered of a topic.
    pub(crate) fn within(&self, topic: u64, numbers: &Range<u32>) -> Range<u32> {
        let remembered = self.remembered.get(&topic).map_or(0..0, |it| it.first..it.end());
        let start = numbers.start.max(remembered.start).min(numbers.end);
        start..numbers.end.min(remembered.end).max(start)
    }

    /// The sender and the intended time of this broadcast, as far as this shard knows.
    pub(crate) fn sent_by(&self, topic: u64, of_topic: u32) -> Option<(u32, Time)> {
        let known = self.remembered.get(&topic)?.get(of_topic)?;
        Some((known.sender, known.at()))
    }
}
