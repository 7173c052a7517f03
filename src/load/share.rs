//! Divides the sockets and sends of a run among its scenarios.

use std::sync::Arc;

use super::catalogue::built_in;
use crate::scenario::Program;

/// A scenario of a run, with its weight.
#[derive(Clone, Debug)]
pub struct Share {
    /// The name in results.
    pub name: Arc<str>,
    /// The scenario.
    pub program: Arc<Program>,
    /// Its share of all sockets and sends, relative to the weights of the other scenarios.
    pub weight: u32,
    /// The meaning of a missing reply if the scenario does not declare one.
    pub silence: Silence,
}

/// The meaning of a push that never gets a reply, if the scenario does not declare one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// The handler may not reply; most handlers do not.
    MayBeMeant,
    /// It is a failure: the scenario is written for a channel that replies.
    IsFailure,
}

impl Share {
    /// A scenario named after its file, with the weight from its `load:` section; the default is 1.
    pub fn new(program: Arc<Program>) -> Self {
        let is_built_in = built_in().iter().any(|it| Arc::ptr_eq(&it.program, &program));
        Self {
            name: Arc::clone(&program.path),
            weight: program.load().weight.unwrap_or(1),
            silence: match is_built_in {
                true => Silence::IsFailure,
                false => Silence::MayBeMeant,
            },
            program,
        }
    }
}

/// Divides a whole by weights; the remainder goes to those with the largest fractions.
pub(super) fn divide(whole: u32, weights: &[u32]) -> Vec<u32> {
    let sum: u64 = weights.iter().copied().map(u64::from).sum::<u64>().max(1);
    let exact = |weight: &u32| u64::from(whole) * u64::from(*weight);
    let mut parts: Vec<u64> = weights.iter().map(|weight| exact(weight) / sum).collect();
    let mut by_lack: Vec<usize> = (0..weights.len()).collect();
    by_lack.sort_by_key(|&index| std::cmp::Reverse(exact(&weights[index]) % sum));
    let left = u64::from(whole) - parts.iter().sum::<u64>();
    for &index in by_lack.iter().cycle().take(usize::try_from(left).unwrap_or(0)) {
        parts[index] += 1;
    }
    parts
        .into_iter()
        .map(|part| u32::try_from(part).unwrap_or(u32::MAX))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_lost_in_a_division() {
        assert_eq!(divide(1000, &[3, 1]), [750, 250]);
        assert_eq!(divide(10, &[1, 1, 1]), [4, 3, 3]);
        assert_eq!(divide(7, &[97, 3]), [7, 0]);
        assert_eq!(
            divide(u32::MAX, &[u32::MAX, u32::MAX]),
            [u32::MAX / 2 + 1, u32::MAX / 2]
        );
    }
}
