//! What a server fell short in.

use crate::load::{ObjectiveOutcome, ObjectiveUnit};

/// What a server fell short in, in one trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A time was longer than an objective allows.
    Latency,
    /// Something was lost, refused or wrong.
    Errors,
}

impl Cause {
    /// What a trial missed: errors weigh more than times.
    pub(super) fn of(objectives: &[ObjectiveOutcome], reasons: usize) -> Self {
        let missed = objectives.iter().filter(|it| !it.held && it.value.is_some());
        let late = missed.filter(|it| it.unit == ObjectiveUnit::Us).count();
        if reasons > late {
            Self::Errors
        } else {
            Self::Latency
        }
    }
}
