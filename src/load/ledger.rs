//! Tracks which broadcast each socket should receive. Each broadcast carries a [`Mark`]: its sender, its intended
//! time, and its number within its topic and within its sender. A receiver keeps the highest number and the gaps
//! before it, in 16 bytes while there are no gaps. Broadcasts whose fate cannot be known are in doubt; the ledger
//! never guesses.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

mod receive_window;
mod topics;

pub(super) use receive_window::{Arrival, Gone, ReceiveWindow};
pub(super) use topics::{Remembered, Topics};

/// Identifies a broadcast, wherever an application puts the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The run; marks of other runs are ignored.
    pub(super) run: u64,
    /// The topic.
    pub(super) topic: u64,
    /// The number within the topic, from 0.
    pub(super) of_topic: u32,
    /// The socket that sent it.
    pub(super) sender: u32,
    /// The number within the sender, from 0.
    pub(super) of_sender: u32,
    /// The intended time of the send, in microseconds.
    pub(super) intended: u64,
}

impl Mark {
    /// Appends `~run.topic.of_topic.sender.of_sender.intended~`, which needs no escape in JSON.
    pub(super) fn write(&self, out: &mut String) {
        let numbers = [
            self.run,
            self.topic,
            self.of_topic.into(),
            self.sender.into(),
            self.of_sender.into(),
            self.intended,
        ];
        let (mut before, mut digits) = ('~', itoa::Buffer::new());
        for number in numbers {
            out.push(before);
            out.push_str(digits.format(number));
            before = '.';
        }
        out.push('~');
    }

    /// Finds the first mark of this run in a payload.
    pub(super) fn find(payload: &[u8], run: u64) -> Option<Self> {
        let mut rest = payload;
        loop {
            rest = &rest[memchr::memchr(b'~', rest)? + 1..];
            if let Some(mark) = Self::parse(rest).filter(|mark| mark.run == run) {
                return Some(mark);
            }
        }
    }

    /// Parses a mark without its first `~`.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let mut at = 0;
        let mut number = |end: u8| {
            let mut value = 0_u64;
            let start = at;
            loop {
                let byte = *bytes.get(at)?;
                at += 1;
                match byte {
                    b'0'..=b'9' => value = value.checked_mul(10)?.checked_add(u64::from(byte - b'0'))?,
                    _ if byte == end && at - start > 1 => return Some(value),
                    _ => return None,
                }
            }
        };
        Some(Self {
            run: number(b'.')?,
            topic: number(b'.')?,
            of_topic: u32::try_from(number(b'.')?).ok()?,
            sender: u32::try_from(number(b'.')?).ok()?,
            of_sender: u32::try_from(number(b'.')?).ok()?,
            intended: number(b'~')?,
        })
    }
}

/// State that all shards share: how many broadcasts were sent on the shared topics, and which of them are in doubt.
#[derive(Debug, Default)]
pub(super) struct Common {
    sent: Box<[AtomicU32]>,
    doubts: Mutex<BTreeMap<u64, Vec<u32>>>,
    /// What the shards have published about the last broadcasts of each topic.
    told: Mutex<BTreeMap<u64, Remembered>>,
    /// For each event without a declared reply: whether the run waits for a reply.
    awaits: Box<[AtomicBool]>,
}

impl Common {
    pub(super) fn new(shared_topics: usize, silent: &[bool]) -> Self {
        Self {
            awaits: silent.iter().map(|silent| AtomicBool::new(!silent)).collect(),
            sent: (0..shared_topics).map(|_| AtomicU32::new(0)).collect(),
            doubts: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// Whether replies to an event are awaited.
    pub(super) fn awaits(&self, event: u16) -> bool {
        self.awaits[usize::from(event)].load(Ordering::Relaxed)
    }

    /// Marks that an event does get replies.
    pub(super) fn hear_answer(&self, event: u16) {
        self.awaits[usize::from(event)].store(true, Ordering::Relaxed);
    }

    /// Allocates the next number of a topic.
    fn next(&self, topic: usize) -> u32 {
        self.sent[topic].fetch_add(1, Ordering::SeqCst)
    }

    /// How many broadcasts a topic has had.
    fn sent(&self, topic: usize) -> u32 {
        self.sent[topic].load(Ordering::SeqCst)
    }

    /// Marks a broadcast as in doubt: its push was refused or never answered.
    pub(super) fn doubt(&self, topic: u64, of_topic: u32) {
        let mut doubts = self.doubts.lock().unwrap_or_else(PoisonError::into_inner);
        doubts.entry(topic).or_default().push(of_topic);
    }

    /// All broadcasts in doubt, by topic, in order. Complete only after all senders have stopped.
    pub(super) fn doubts(&self) -> BTreeMap<u64, Vec<u32>> {
        let mut doubts = self.doubts.lock().unwrap_or_else(PoisonError::into_inner).clone();
        doubts.values_mut().for_each(|list| list.sort_unstable());
        doubts
    }
}

/// Where the broadcast count of a topic is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    /// Shared by all shards.
    Shared(usize),
    /// In the shard of its instance.
    Own(usize),
}

#[cfg(test)]
mod tests;
