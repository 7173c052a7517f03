//! Counts messages by event name.

use std::collections::BTreeMap;

/// Message counts by event name. The number of names is limited, so a hostile server cannot make it grow without
/// bound.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ByEvent(BTreeMap<Box<str>, u64>);

impl ByEvent {
    const MOST: usize = 100;
    const LONGEST: usize = 100;
    const OTHERS: &'static str = "(others)";

    /// Counts one message.
    pub(super) fn count(&mut self, event: &str) {
        self.add(event, 1);
    }

    fn add(&mut self, event: &str, times: u64) {
        if let Some(count) = self.0.get_mut(event) {
            *count += times;
            return;
        }
        let name = if self.0.len() < Self::MOST && event.len() <= Self::LONGEST {
            event
        } else {
            Self::OTHERS
        };
        *self.0.entry(name.into()).or_default() += times;
    }

    /// Adds the counts of another.
    pub(super) fn merge(&mut self, other: &Self) {
        for (event, count) in &other.0 {
            self.add(event, *count);
        }
    }

    /// Each event with its count.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(event, count)| (&**event, *count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_server_cannot_make_events_grow_without_bound() {
        let mut events = ByEvent::default();
        (0..1000).for_each(|number| events.count(&format!("event {number}")));
        events.count(&"x".repeat(1 << 20));
        assert!(events.iter().count() <= ByEvent::MOST + 1);
        assert_eq!(events.iter().map(|it| it.1).sum::<u64>(), 1001);
    }
}
