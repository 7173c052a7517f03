//! The cause of a missed trial: latency or errors.

use crate::load::{ObjectiveOutcome, ObjectiveUnit};

/// The reason why a server missed a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// A time was longer than an objective allows.
    Latency,
    /// Something was lost, refused or wrong.
    Errors,
}

impl Cause {
    /// The cause of a missed trial. It is `Errors` if any of the reasons is something else than a latency objective.
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
