//! Names of profiles as they are typed.

use super::complaint::Complaint;
use crate::profile::Profile;
use crate::scenario::nearest;

/// The profile of that name.
pub(super) fn named(name: &str) -> Result<Profile, Complaint> {
    name.parse().map_err(|_| {
        let names = Profile::ALL.map(Profile::name);
        Complaint::new(format!("no profile is named `{name}`"))
            .expected(names.join(", "))
            .did_you_mean(nearest(name, names))
    })
}
