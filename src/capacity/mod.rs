//! Finds the most that a server holds within objectives: sockets, joins a second, messages a second, or subscribers of one
//! topic. Each trial is a load test; a search decides which load is tried next.

mod dimension;
mod event;
mod fit;
mod forecast;
mod goal;
mod judge;
mod limit;
mod little;
mod result;
mod run;
mod search;
mod settings;
mod trial;

pub use dimension::Dimension;
pub use event::CapacityEvent;
pub use fit::{Estimate, Fit};
pub use forecast::{Forecast, Resource};
pub use goal::{Goal, TrialVerdict};
pub use limit::Limit;
pub use little::Little;
pub use result::{CapacityConclusion, CapacityResult};
pub use run::run;
pub use search::{Bounds, Inversion, Soak};
pub use settings::{CapacitySettings, Most};
pub use trial::{ProcessUse, Trial, TrialPurpose, TrialServer};

/// The types from which the tests of the reports make up searches.
#[cfg(test)]
pub use {fit::NoFit, result::Ended};
