//! `serve --judge`: judges the clients that connect, until SIGTERM or ctrl-c.

use super::args::Serve;
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::interrupt::Interrupts;
use super::output;
use crate::descriptors;
use crate::judge::{ClientJudge, ClientSummary, JudgeLimits, JudgeNews};

/// Judges clients until a signal arrives.
pub(super) fn run(typed: &Serve, host: &str, port: u16) -> Result<Exit, CliError> {
    let limits = typed
        .clients
        .timeout
        .map_or_else(JudgeLimits::default, JudgeLimits::new);
    descriptors::raise_limit();
    super::runtime()?.block_on(async {
        let mut interrupts = Interrupts::listen()?;
        let judge = ClientJudge::listen(host, port, limits)
            .await
            .map_err(|why| Complaint::new(why.to_string()))?;
        let address = judge.address();
        output::print(&format_args!("listening on http://{address}\n"))?;
        output::note(&format!(
            "connect a client to ws://{address}/socket with the connect param client=NAME"
        ));
        let mut printed = Ok(());
        let clients = judge
            .serve(interrupts.next(), |news| {
                if printed.is_ok() {
                    printed = tell(&news);
                }
            })
            .await;
        printed?;
        for client in &clients {
            output::print(&format_args!("{client}\n"))?;
        }
        Ok(exit(&clients))
    })
}

/// The name of a setting that the judge cannot use, if there is one. A flag and its key in the settings file have the same name.
pub(super) fn unusable(settings: &Serve) -> Option<&'static str> {
    let given = [
        ("store", settings.store.is_some()),
        ("profile", settings.profile.is_some()),
        ("fault", !settings.faults.is_empty()),
        ("one-in", settings.one_in.is_some()),
        ("chance", settings.chance),
        ("seed", settings.seed.is_some()),
        ("shards", settings.shards.is_some()),
        ("tls", settings.tls.tls),
        ("tls-cert", settings.tls.cert.is_some()),
        ("tls-key", settings.tls.key.is_some()),
    ];
    let mut unusable = given.into_iter().filter(|(_, given)| *given);
    unusable.next().map(|(name, _)| name)
}

/// The complaint about a setting that the judge cannot use: a flag or a key.
pub(super) fn refused(setting: &str) -> Complaint {
    Complaint::new(format!(
        "--judge leads clients through situations of its own, without {setting}"
    ))
    .expected("--host, --port and --timeout beside --judge, and no other setting of `serve`")
}

fn tell(news: &JudgeNews) -> Result<(), CliError> {
    match news {
        JudgeNews::Verdict { name, verdict } => output::print(&format_args!("{name}: {verdict}\n")),
        JudgeNews::Over(client) => output::print(&format_args!("{}\n", client.in_one_line())),
        JudgeNews::Beside { name } => {
            output::note(&format!(
                "{name} uses two connections at once; if these are two clients, give each a connect param of its \
                 own, such as client=NAME"
            ));
            Ok(())
        }
        JudgeNews::NotPhoenix(why) => {
            output::note(&format!(
                "a request was refused, as only WebSocket clients are judged: {why}"
            ));
            Ok(())
        }
    }
}

fn exit(clients: &[ClientSummary]) -> Exit {
    if clients.iter().any(ClientSummary::broke_a_promise) {
        Exit::FellShort
    } else if clients.is_empty() || clients.iter().any(|client| client.cut_short_in.is_some()) {
        Exit::Undecided
    } else {
        Exit::Held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::rules::{self, Party};
    use crate::judge;

    #[test]
    fn what_is_judged_is_a_rule_about_clients() {
        for id in judge::rules() {
            let party = rules::find(id).map(|rule| rule.party());
            assert_eq!(party, Some(Party::Client), "{id}");
        }
    }

    #[test]
    fn a_client_that_was_cut_short_decides_nothing() {
        let client = |cut_short_in| ClientSummary {
            name: "ana".to_owned(),
            verdicts: Vec::new(),
            cut_short_in,
        };
        assert_eq!(exit(&[]), Exit::Undecided);
        assert_eq!(exit(&[client(None)]), Exit::Held);
        assert_eq!(exit(&[client(None), client(Some("cut"))]), Exit::Undecided);
    }
}
