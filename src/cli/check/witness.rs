//! `check --witness`: finds phoenix.js before the run, and has it play the cases that failed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::args;
use super::super::complaint::Complaint;
use super::super::interrupt::Stop;
use super::Job;
use crate::conformance::{Case, CheckEvent, Host, RunResult};
use crate::report::{CheckJob, Reporters};
use crate::transport::Target;
use crate::witness::{NotFound, PhoenixJs, Witness, WitnessNetwork};

/// phoenix.js, and how it reaches the server.
pub(super) type FoundClient = (PhoenixJs, WitnessNetwork);

/// Finds phoenix.js, if the user asked for it.
pub(super) fn find(meant: &args::Check) -> Result<Option<FoundClient>, Complaint> {
    let Some(folder) = &meant.witness else {
        return Ok(None);
    };
    let network = &meant.target.network;
    let unable = [
        ("--cert", network.cert.is_some()),
        ("--resolve", !network.resolve.is_empty()),
        ("--proxy", network.proxy.is_some()),
    ];
    if let Some((flag, _)) = unable.iter().find(|(_, given)| *given) {
        let what = format!("--witness cannot be used with {flag}: phoenix.js has no such setting");
        return Err(Complaint::new(what).next(format!("leave --witness or {flag} out")));
    }
    let client = PhoenixJs::find(folder).map_err(|why| {
        let complaint = Complaint::new(why.to_string());
        match why {
            NotFound::NoPackage(_) => complaint
                .expected("it in node_modules, assets/node_modules or deps, as Phoenix projects have it")
                .next("`npm install phoenix`, or --witness=FOLDER with the folder that has it"),
            NotFound::NoNode(_) | NotFound::OldNode(_) => {
                complaint.next("install Node, or leave --witness out")
            }
            NotFound::Unclear(_) => complaint,
        }
    })?;
    let reach = WitnessNetwork {
        insecure: network.insecure,
        cacert: network.cacert.clone(),
    };
    Ok(Some((client, reach)))
}

/// Has phoenix.js play the cases that failed, and notes its testimony on each.
pub(super) async fn hear(
    found: &FoundClient,
    job: &Job,
    (target, host): (&Target, &dyn Host),
    (reporters, stop): (&mut Reporters<CheckJob>, &Stop),
    run: &mut RunResult,
) {
    let cases = in_turn(run, &job.cases);
    let (client, reach) = found.clone();
    let witness = Witness::new(client, reach, job.settings(target));
    let of = cases.len();
    let heard = witness.hear(&cases, host, |played| {
        reporters.event(&CheckEvent::Witness { played, of });
    });
    let heard = tokio::select! {
        heard = heard => heard,
        () = stop.clone().asked() => return,
    };
    for (case, testimony) in cases.iter().zip(heard) {
        let result = run.cases.iter_mut().find(|result| result.name() == case.name());
        if let Some(result) = result {
            result.testimony = Some(testimony);
        }
    }
}

/// The cases that failed: first one for each rule that is broken, then a second one, and so on, as time may not suffice for all.
fn in_turn(run: &RunResult, cases: &[Arc<Case>]) -> Vec<Arc<Case>> {
    let mut seen: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    let mut failed: Vec<(usize, &Arc<Case>)> = Vec::new();
    for result in run.failed() {
        let turn = seen.entry(result.broken()).or_default();
        let case = cases.iter().find(|case| case.name() == result.name());
        failed.extend(case.map(|case| (*turn, case)));
        *turn += 1;
    }
    failed.sort_by_key(|(turn, _)| *turn);
    failed.into_iter().map(|(_, case)| Arc::clone(case)).collect()
}
