//! `--beam HOST:PORT`: asks the Erlang VM of the server for its figures while a run goes on.

use super::complaint::Complaint;
use super::interrupt::Stop;
use super::under_test::elsewhere;
use crate::beam::{BeamAddress, BeamError, BeamWatch};

/// Refuses an address of another machine, which takes `--yes`.
pub(super) fn check_beam(beam: Option<&BeamAddress>) -> Result<(), Complaint> {
    match beam {
        Some(address) if !address.is_loopback() => {
            let named = format!("{address} of --beam");
            Err(elsewhere(&named, "it would be asked once a second"))
        }
        Some(_) | None => Ok(()),
    }
}

/// Asks for the first time. If nobody answers, or something else does, nothing is to be measured.
pub(super) async fn watch_beam(
    beam: Option<&BeamAddress>,
    stop: &Stop,
) -> Result<Option<BeamWatch>, Complaint> {
    let Some(address) = beam.cloned() else {
        return Ok(None);
    };
    let asked = address.clone();
    let asking = tokio::task::spawn_blocking(move || BeamWatch::start(&asked));
    let started = tokio::select! {
        started = asking => started.map_err(|why| Complaint::new(why.to_string()))?,
        () = stop.clone().asked() => return Err(Complaint::new("ended before --beam answered")),
    };
    started.map(Some).map_err(|why| {
        let complaint = Complaint::new(format!("--beam {address}: {why}"));
        match why {
            BeamError::NobodyThere(_) | BeamError::Foreign(_) => complaint.next(
                "start PhxproofBeam (examples/beam/phxproof_beam.ex) in the application, and name the port that it logs",
            ),
            BeamError::NoThread(_) => complaint,
        }
    })
}
