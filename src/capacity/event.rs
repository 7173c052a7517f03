//! The events that a search reports while it goes on.

use super::result::CapacityResult;
use super::trial::{Trial, TrialPurpose};
use crate::load::PhaseProgress;

/// An event of a search.
#[derive(Clone, Copy, Debug)]
pub enum CapacityEvent<'a> {
    /// A trial begins.
    Trying {
        /// Its number, from 1.
        number: usize,
        /// Its purpose.
        purpose: TrialPurpose,
        /// The load.
        load: u64,
    },
    /// The progress of the trial; sent a few times a second.
    Progress(PhaseProgress),
    /// A trial is over.
    Tried(&'a Trial),
    /// The result so far, without a fit and without forecasts.
    SoFar(&'a CapacityResult),
}
