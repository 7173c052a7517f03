//! A queue that keeps a single entry inline. Nearly every socket of a swarm has one channel and at most one push in
//! flight, and so owns no heap for either.

use std::collections::VecDeque;
use std::{iter, slice};

/// A queue that usually holds at most one entry.
#[derive(Clone, Debug, Default)]
pub(super) enum Few<T> {
    #[default]
    None,
    One(T),
    Many(VecDeque<T>),
}

impl<T> Few<T> {
    /// The capacity that is kept when the queue is empty, so that a few pushes at a time do not allocate
    /// repeatedly.
    const KEPT: usize = 4;

    pub(super) fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(_) => 1,
            Self::Many(entries) => entries.len(),
        }
    }

    pub(super) fn push_back(&mut self, entry: T) {
        match std::mem::take(self) {
            Self::None => *self = Self::One(entry),
            Self::One(first) => {
                let mut entries = VecDeque::with_capacity(Self::KEPT);
                entries.extend([first, entry]);
                *self = Self::Many(entries);
            }
            Self::Many(mut entries) => {
                entries.push_back(entry);
                *self = Self::Many(entries);
            }
        }
    }

    pub(super) fn remove(&mut self, index: usize) -> Option<T> {
        match std::mem::take(self) {
            Self::One(only) if index == 0 => Some(only),
            Self::Many(mut entries) => {
                let removed = entries.remove(index);
                if !entries.is_empty() || entries.capacity() <= Self::KEPT {
                    *self = Self::Many(entries);
                }
                removed
            }
            unchanged => {
                *self = unchanged;
                None
            }
        }
    }

    pub(super) fn get(&self, index: usize) -> Option<&T> {
        match self {
            Self::One(only) if index == 0 => Some(only),
            Self::Many(entries) => entries.get(index),
            Self::None | Self::One(_) => None,
        }
    }

    pub(super) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        match self {
            Self::One(only) if index == 0 => Some(only),
            Self::Many(entries) => entries.get_mut(index),
            Self::None | Self::One(_) => None,
        }
    }

    pub(super) fn iter(&self) -> iter::Chain<slice::Iter<'_, T>, slice::Iter<'_, T>> {
        let (front, back) = match self {
            Self::None => (&[] as &[T], &[] as &[T]),
            Self::One(only) => (slice::from_ref(only), &[] as &[T]),
            Self::Many(entries) => entries.as_slices(),
        };
        front.iter().chain(back)
    }

    /// Bytes of heap for the entries themselves, without what the entries own.
    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::None | Self::One(_) => 0,
            Self::Many(entries) => entries.capacity() * size_of::<T>(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::FileFailurePersistence;

    use super::*;

    #[test]
    fn one_entry_owns_no_heap() {
        let mut few = Few::None;
        few.push_back(1_u64);
        assert_eq!(few.heap_bytes(), 0);
        few.remove(0);
        assert_eq!(few.heap_bytes(), 0);
    }

    #[test]
    fn room_for_a_few_is_kept_and_room_for_a_crowd_given_back() {
        let mut few = Few::None;
        let fill = |few: &mut Few<u64>, count| {
            (0..count).for_each(|entry| few.push_back(entry));
            (0..count).for_each(|entry| assert_eq!(few.remove(0), Some(entry)));
        };
        fill(&mut few, 4);
        assert_eq!(few.heap_bytes(), 4 * size_of::<u64>());
        fill(&mut few, 100);
        assert_eq!(few.heap_bytes(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
            ..ProptestConfig::default()
        })]

        #[test]
        fn it_behaves_as_a_queue(steps in prop::collection::vec(prop::option::of(0_usize..8), 0..60)) {
            let mut few = Few::None;
            let mut model = Vec::new();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Some(index) if index < model.len() => {
                        prop_assert_eq!(few.remove(index), Some(model.remove(index)));
                    }
                    Some(index) => prop_assert_eq!(few.remove(index), None),
                    None => {
                        few.push_back(number);
                        model.push(number);
                    }
                }
                prop_assert_eq!(few.len(), model.len());
                prop_assert_eq!(few.iter().copied().collect::<Vec<_>>(), model.clone());
                prop_assert_eq!(few.get(1), model.get(1));
                prop_assert_eq!(few.get_mut(0), model.get_mut(0));
            }
        }
    }
}
