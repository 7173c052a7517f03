//! The `serve` command: runs the reference server in the foreground until SIGTERM or ctrl-c.

use std::env;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;

use rand::TryRng as _;
use rand::rngs::SysRng;

use super::args::{self, Serve};
use super::complaint::Complaint;
use super::config;
use super::exit::{CliError, Exit};
use super::interrupt::Interrupts;
use super::quoting::quoted;
use super::{judge, network, output, profile, results};
use crate::descriptors;
use crate::profile::Profile;
use crate::scenario::nearest;
use crate::server::faults::{self, Fault, Needs};
use crate::server::{Descriptors, Freedom, Mishap, Server, ServerSettings, StartError, Tally};
use crate::stream::{OwnAuthority, ServerTls};

/// The default port, which is also that of new Phoenix applications.
const USUAL_PORT: u16 = 4000;

/// Serves until a signal arrives.
pub(super) fn run(typed: Serve) -> Result<Exit, CliError> {
    let file = config::SettingsFile::load(typed.config.config.as_deref())?;
    let flag = judge::unusable(&typed).map(|name| format!("--{name}"));
    let typed = file.serve(typed);
    if typed.clients.judge {
        let key = || judge::unusable(&typed).map(|name| format!("the key `{name}` of the settings file"));
        if let Some(setting) = flag.or_else(key) {
            return Err(judge::refused(&setting).into());
        }
        let host = typed.host.clone().unwrap_or(ServerSettings::default().host);
        return judge::run(&typed, &host, typed.port.unwrap_or(USUAL_PORT));
    }
    if typed.clients.timeout.is_some() {
        let complaint = Complaint::new("--timeout is how long --judge waits, which was not asked for");
        return Err(complaint.expected("--judge beside it").into());
    }
    let (settings, authority) = settings(typed)?;
    descriptors::raise_limit();
    let runtime = super::runtime()?;
    runtime.block_on(async {
        // Before the server starts, so that no signal is missed.
        let mut interrupts = Interrupts::listen()?;
        let server = Server::start(&settings).map_err(|error| refused(&error))?;
        let (http, ws) = match settings.tls {
            Some(_) => ("https", "wss"),
            None => ("http", "ws"),
        };
        output::print(&format_args!("listening on {http}://{}\n", server.address()))?;
        let trust = authority.as_ref().map(AuthorityFile::trust).unwrap_or_default();
        let target = format!("{ws}://{}/socket", server.address());
        output::note(&format!("try: phxproof check --target {target}{trust}"));
        output::note(&format!(
            "or open {http}://{}/ in two windows of a browser",
            server.address()
        ));
        if let Some(seed) = settings.chance {
            output::note(&format!("what Phoenix leaves open happens by seed {seed}"));
        }
        interrupts.next().await;
        let planted = server.planted();
        let tally = server.tally();
        server.drain();
        let ended = tokio::task::spawn_blocking(move || server.join());
        tokio::select! {
            _ = ended => {}
            () = interrupts.next() => {}
        }
        if let Some((mishap, planted)) = planted {
            tell(mishap, planted.count())?;
        }
        if let Some(tally) = tally {
            tell_chance(&tally);
        }
        Ok(Exit::Held)
    })
}

/// Prints what a delivery fault did, for comparison with what a swarm noticed.
fn tell(mishap: Mishap, count: u64) -> Result<(), CliError> {
    let deliveries = if count == 1 { "delivery" } else { "deliveries" };
    let what = match mishap {
        Mishap::Lost => "lost",
        Mishap::Doubled => "doubled",
        Mishap::Swapped => "swapped",
        Mishap::Misdelivered => "misdelivered",
    };
    output::print(&format_args!("planted: {count} {deliveries} {what}\n"))
}

/// Prints how often each behaviour occurred that Phoenix leaves open.
fn tell_chance(tally: &Tally) {
    output::note("left to chance:");
    for freedom in Freedom::ALL {
        let (happened, occasions) = tally.of(freedom);
        output::note(&format!("  {happened} of {occasions} {}", freedom.about()));
    }
}

/// The file of the authority of `--tls`; removed when dropped.
struct AuthorityFile(PathBuf);

impl AuthorityFile {
    /// Makes an authority and a certificate for a server at `host`.
    fn make(host: &str) -> Result<(Self, ServerTls), CliError> {
        let undone = |why: String| CliError::undone(why);
        let mut names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        if !names.iter().any(|name| name == host) {
            names.push(host.to_owned());
        }
        let authority = OwnAuthority::new(&names).map_err(|why| undone(why.to_string()))?;
        let tls = ServerTls::new(&authority.server).map_err(|why| undone(why.to_string()))?;
        let unwritten = |why: String| undone(format!("cannot write the certificate of the authority: {why}"));
        let number = SysRng.try_next_u64().map_err(|why| unwritten(why.to_string()))?;
        let path = env::temp_dir().join(format!("phxproof-authority-{number:016x}.pem"));
        File::create_new(&path)
            .and_then(|mut file| file.write_all(authority.certificate.as_bytes()))
            .map_err(|why| unwritten(why.to_string()))?;
        Ok((Self(path), tls))
    }

    /// The flag with which clients trust it.
    fn trust(&self) -> String {
        format!(" --cacert {}", quoted(&self.0.display().to_string()))
    }
}

impl Drop for AuthorityFile {
    fn drop(&mut self) {
        // A file that is left in a temporary folder does no harm.
        let _ = fs::remove_file(&self.0);
    }
}

fn settings(typed: Serve) -> Result<(ServerSettings, Option<AuthorityFile>), CliError> {
    let usual = ServerSettings::default();
    let named = typed.faults.iter().map(|typed| fault(typed));
    let named = named.collect::<Result<Vec<_>, _>>()?;
    let faults: Vec<&'static Fault> = named.iter().map(|(fault, _)| *fault).collect();
    let values = named
        .into_iter()
        .filter_map(|(fault, value)| Some((fault, value?)));
    let fault_values = values.collect();
    if typed.one_in.is_some() && !faults.iter().any(|fault| fault.is_of_deliveries()) {
        return Err(no_delivery().into());
    }
    if typed.seed.is_some() && !typed.chance {
        let complaint = Complaint::new("--seed is the seed of --chance, which was not asked for");
        return Err(complaint.expected("--chance beside it").into());
    }
    let seeded = args::Results {
        seed: typed.seed,
        ..args::Results::default()
    };
    let chance = typed.chance.then(|| results::seed(&seeded)).transpose()?;
    let host = typed.host.unwrap_or(usual.host);
    let (authority, tls) = if typed.tls.tls {
        let (authority, tls) = AuthorityFile::make(&host)?;
        (Some(authority), Some(tls))
    } else {
        let (certificate, key) = (typed.tls.cert.as_deref(), typed.tls.key.as_deref());
        (None, network::server_tls(certificate, key)?)
    };
    if tls.is_none()
        && let Some(fault) = faults.iter().find(|fault| fault.needs == Some(Needs::Tls))
    {
        let complaint = Complaint::new(format!("the fault {} shows only over TLS", fault.id));
        return Err(complaint.expected("--tls beside it").into());
    }
    let settings = ServerSettings {
        host,
        port: typed.port.unwrap_or(USUAL_PORT),
        store: typed.store,
        profile: typed
            .profile
            .as_deref()
            .map(profile::named)
            .transpose()?
            .unwrap_or(Profile::DEFAULT),
        faults,
        fault_values,
        one_in: typed.one_in,
        chance,
        shards: typed.shards.map_or(usual.shards, usize::from),
        descriptors: Descriptors::Shard,
        tls,
    };
    Ok((settings, authority))
}

/// A fault as typed: its name, or its name and value, as in slow-above=500.
fn fault(typed: &str) -> Result<(&'static Fault, Option<u64>), Complaint> {
    let (name, value) = match typed.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (typed, None),
    };
    let fault = faults::find(name).ok_or_else(|| {
        Complaint::new(format!("no fault is named `{name}`"))
            .expected("one of `phxproof list faults`")
            .did_you_mean(nearest(name, faults::all().map(|fault| fault.id)))
    })?;
    let Some(value) = value else {
        return Ok((fault, None));
    };
    let Some(takes) = fault.value else {
        return Err(
            Complaint::new(format!("the fault {name} takes no value")).expected(format!("--fault {name}"))
        );
    };
    let number = value.parse().map_err(|_| {
        Complaint::new(format!("`{value}` is not a value of the fault {name}"))
            .expected(format!("{}, as in {name}=500", takes.about))
    })?;
    Ok((fault, Some(number)))
}

fn no_delivery() -> Complaint {
    let names: Vec<_> = faults::all()
        .filter(|fault| fault.is_of_deliveries())
        .map(|fault| fault.id)
        .collect();
    Complaint::new("--one-in says how rarely a fault of deliveries strikes, and there is none")
        .expected(format!("--fault with one of {}", names.join(", ")))
}

/// Errors that the user can correct are wrong usage; a shortage of the system is not.
fn refused(error: &StartError) -> CliError {
    let complaint = Complaint::new(error.to_string());
    match error {
        StartError::Host { .. }
        | StartError::InUse { .. }
        | StartError::Listen { .. }
        | StartError::Store(_) => CliError::Usage(complaint),
        _ => CliError::Undone(complaint),
    }
}
