//! Tests the target before a load: one client of each scenario connects and joins, so that a missing server
//! or a refused join is reported in one sentence, and no load starts.

use super::super::complaint::Complaint;
use super::super::exit::CliError;
use super::super::interrupt::Stop;
use super::super::{args, wait};
use crate::conformance::{self, EntranceError, enter, server_header};
use crate::load::{self, LoadSettings};

/// Waits for the target if requested, and tries one client of each scenario. Returns the target's `server` header.
pub(in super::super) async fn got_in(
    how: &args::Target,
    settings: &LoadSettings,
    stop: &Stop,
) -> Result<Option<String>, CliError> {
    let entering = async {
        if let Some(limit) = how.wait_for {
            wait::wait_for(limit, &settings.target, how).await?;
        }
        preflight(settings).await
    };
    tokio::select! {
        said = entering => said.map_err(CliError::Undone),
        () = stop.clone().asked() => Err(CliError::undone("ended before a client got in")),
    }
}

/// Lets one client of each scenario connect and join. Returns the `server` header of the target, if it sends one.
async fn preflight(settings: &LoadSettings) -> Result<Option<String>, Complaint> {
    let plain = conformance::CheckSettings {
        vsn: settings.vsn,
        params: settings.params.clone(),
        headers: settings.headers.clone(),
        timeout: settings.timeout,
        ..conformance::CheckSettings::new(settings.target.clone(), Vec::new())
    };
    for (number, share) in (0..).zip(&settings.shares) {
        let entrance = load::entrance(settings, share).map_err(|why| Complaint::new(why.to_string()))?;
        let Some(entrance) = entrance else { continue };
        // The numbers for names in a run start far above these.
        let first_fresh = settings.seed % 1_000_000_000 + number * 1000;
        enter(plain.clone(), entrance, first_fresh)
            .await
            .map_err(|why| complaint(&why, settings))?;
    }
    Ok(server_header(&plain).await)
}

fn complaint(why: &EntranceError, settings: &LoadSettings) -> Complaint {
    let complaint = Complaint::new(why.to_string());
    let named = matches!(why, EntranceError::JoinRefused { .. }) && settings.instead.topic.is_some();
    match why.next() {
        Some(_) if named => {
            complaint.next("this is the topic of --topic: may it be joined, and with these --join-params?")
        }
        Some(next) => complaint.next(next),
        None => complaint,
    }
}
