//! Which share of a swarm plays which scenario.

use std::sync::Arc;

use super::catalogue::built_in;
use crate::scenario::Program;

/// A scenario of a swarm, and its weight among all of them.
#[derive(Clone, Debug)]
pub struct Share {
    /// How results call it.
    pub name: Arc<str>,
    /// What is played.
    pub program: Arc<Program>,
    /// How many of all sockets, and of all sends, compared with the weights of the others.
    pub weight: u32,
    /// What it means if a push is never answered of which the scenario does not say whether it is.
    pub silence: Silence,
}

/// What it means if a push is never answered, and the scenario does not say whether it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Its handler may not reply, as most do not.
    MayBeMeant,
    /// The scenario is written for a channel that answers.
    IsFailure,
}

impl Share {
    /// A scenario with the path of its file as its name, and the weight that its `load:` section says; 1 if it says none.
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

/// Divides a whole by weights; the rest of the division goes to those who lack most.
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
