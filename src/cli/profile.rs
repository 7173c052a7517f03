//! Parses the names of profiles.

use super::complaint::Complaint;
use crate::profile::Profile;
use crate::scenario::nearest;

/// The name that asks `check` to find out which profile a server behaves like.
pub(super) const AUTO: &str = "auto";

/// The profile with that name.
pub(super) fn named(name: &str) -> Result<Profile, Complaint> {
    name.parse()
        .map_err(|_| unknown(name).expected("one of `phxproof list profiles`"))
}

/// The profile with that name, or none for `auto`.
pub(super) fn named_or_auto(name: &str) -> Result<Option<Profile>, Complaint> {
    match name {
        AUTO => Ok(None),
        name => name
            .parse()
            .map(Some)
            .map_err(|_| unknown(name).expected("auto, or one of `phxproof list profiles`")),
    }
}

fn unknown(name: &str) -> Complaint {
    Complaint::new(format!("no profile is named `{name}`"))
        .did_you_mean(nearest(name, Profile::known().map(Profile::name)))
}
