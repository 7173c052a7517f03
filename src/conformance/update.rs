//! Writes recorded answers as pending fixtures, `NAME.snap.new`, and accepts pending ones. Never overwrites an accepted
//! one.

use std::io;
use std::path::{Path, PathBuf};

use super::catalogue::Case;
use super::judge::Judgement;
use super::log::Log;
use super::outcome::{HeldTo, Verdict};
use super::settings::{CheckSettings, Update};
use super::snapshot::{self, FixtureOrigin};
use crate::profile::Profile;
use crate::transport::Transport;

/// Writes a pending fixture if it is requested and needed; returns its path, or the error.
pub(super) fn write(
    case: &Case,
    settings: &CheckSettings,
    held_to: HeldTo,
    log: &Log,
    judgement: &Judgement,
) -> Option<Result<String, String>> {
    // If a step failed, the answers are not worth keeping.
    let played = !matches!(judgement.close_verdict, Verdict::Undecided);
    let agrees = matches!(
        (judgement.verdict, judgement.close_verdict),
        (Verdict::Pass, Verdict::Pass)
    );
    let wanted = match settings.update {
        Update::No => false,
        Update::Missing => !case.has_fixture(),
        Update::All => !case.has_fixture() || !agrees,
    };
    if !wanted || !played {
        return None;
    }
    let path = path_of(case, held_to, over(case));
    let hidden: Vec<String> = case.program.hide.iter().map(ToString::to_string).collect();
    let said_by = match held_to {
        HeldTo::Profile(profile) => profile.to_string(),
        HeldTo::Likeness(_) | HeldTo::TheLine => settings.target.url(),
    };
    let origin = FixtureOrigin {
        source: &case.program.path,
        description: case.about(),
        said_by: &said_by,
        hidden: &hidden,
    };
    let pending = snapshot::pending(&path);
    Some(match save(&pending, &snapshot::write(&origin, log)) {
        Ok(()) => Ok(pending.display().to_string()),
        Err(error) => Err(format!("could not write {}: {error}", pending.display())),
    })
}

/// The transport in the name of a new fixture. One without a transport applies to all that have none of their own, so it is
/// the first that a case gets. A case that names its transports is played once.
fn over(case: &Case) -> Option<Transport> {
    let names_it = case.program.bound_to().is_some() || case.program.transports().next().is_some();
    let has_own = case.transport != Transport::WebSocket && case.has_fixture() && !names_it;
    has_own.then_some(case.transport)
}

fn path_of(case: &Case, held_to: HeldTo, over: Option<Transport>) -> PathBuf {
    let own = match held_to {
        HeldTo::Profile(profile) if profile != Profile::DEFAULT => Some(profile),
        _ => None,
    };
    case.place.of(&case.id, own, over)
}

fn save(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

/// Accepts the pending fixtures of these cases; returns their paths.
///
/// # Errors
/// If a file cannot be renamed; those before it are accepted then.
pub fn accept(cases: &[std::sync::Arc<Case>]) -> io::Result<Vec<PathBuf>> {
    let mut accepted = Vec::new();
    for case in cases {
        let profiles = || Profile::known().map(HeldTo::Profile);
        let names = [None, over(case)].into_iter();
        let places = names.flat_map(|over| profiles().map(move |held_to| (held_to, over)));
        for (held_to, over) in places {
            let path = path_of(case, held_to, over);
            let pending = snapshot::pending(&path);
            if pending.exists() {
                std::fs::rename(&pending, &path)?;
                accepted.push(path);
            }
        }
    }
    Ok(accepted)
}
