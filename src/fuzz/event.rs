//! The events of a run.

use super::generate::Offers;
use crate::profile::Profile;

/// An event of a run.
#[derive(Clone, Debug)]
pub enum FuzzEvent<'a> {
    /// The server is known, and the first conversations begin.
    Started {
        /// Its URL.
        target: &'a str,
        /// The version that it is held to.
        profile: Profile,
        /// The second server with the version that it is like, if two are compared.
        other: Option<(String, Profile)>,
        /// The channels that it has.
        offers: Offers,
    },
    /// One more conversation was played.
    Played {
        /// How many so far.
        conversations: u64,
        /// How many of them failed.
        failed: u64,
    },
    /// A failure is being shrunk.
    Shrinking {
        /// The difference from the prediction.
        told: &'a str,
    },
}
