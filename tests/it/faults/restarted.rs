//! A reference server in this process that can be started again, and runs of `check` against it: for the tests of the suite
//! itself and for `benches/faults.rs`, which include this file.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use phxproof::Target;
use phxproof::conformance::internal::{Case, CheckSettings, Host, Lending, Lent, Pending, Restarts, check};
use phxproof::conformance::{HeldTo, RunResult};
use phxproof::internal::stream::{Certificates, ClientTls, NetworkSettings, OwnAuthority, ServerTls, Trust};
use phxproof::internal::transport::Transport;
use phxproof::profile::Profile;
use phxproof::scenario::internal::Restart;
use phxproof::server::faults::{Fault, Needs};
use phxproof::server::{Server, ServerSettings};

/// The case that kills the server.
pub const KILL: &str = "lifetime/kill";

/// How long a server with a fault has for an answer: long enough on a busy machine, short enough for answers that never come.
pub const PATIENCE: Duration = Duration::from_secs(4);

/// Faults that show only if messages come close together or if cases interleave in a certain order: each case runs
/// several times.
pub const DEPEND_ON_TIMING: [&str; 3] = ["replies-swapped", "broadcast-swapped", "slow-join-overtaken"];

/// The plays of the cases over WebSocket and over long poll.
pub fn over_both(cases: &[Arc<Case>]) -> Vec<Arc<Case>> {
    let plays = cases.iter().map(|case| case.over_all(&Transport::ALL).unwrap());
    plays.flatten().collect()
}

/// How long a run may take. Several run at the same time, and other programs use the machine as well.
const LONGEST: Duration = Duration::from_secs(900);

/// An address of its own for each server, so that nobody takes its port while it is being started again. Elsewhere
/// than on Linux there is one loopback address, and the risk.
fn own_address() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(256);
    let [group, number] = NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    if cfg!(target_os = "linux") {
        format!("127.0.{group}.{number}")
    } else {
        "127.0.0.1".to_owned()
    }
}

/// A server in this process that can be ended and started again on the same port and store. What is killed here is
/// dropped as it is, which undoes what was not written.
pub struct Restarted {
    settings: Mutex<ServerSettings>,
    server: RefCell<Option<Server>>,
    /// The transport over which it is checked.
    pub transport: Cell<Transport>,
    _folder: tempfile::TempDir,
}

impl Restarted {
    pub fn start(faults: Vec<&'static Fault>, profile: Profile) -> Rc<Self> {
        let folder = tempfile::tempdir().unwrap();
        let store = Some(folder.path().join("annotations.db"));
        let mut settings = ServerSettings {
            host: own_address(),
            faults,
            profile,
            store,
            ..ServerSettings::default()
        };
        if settings
            .faults
            .iter()
            .any(|fault| fault.needs == Some(Needs::Tls))
        {
            let own = OwnAuthority::new(&["localhost".to_owned()]).unwrap();
            settings.tls = Some(ServerTls::new(&own.server).unwrap());
        }
        let server = Server::start(&settings).unwrap();
        settings.port = server.address().port();
        Rc::new(Self {
            settings: Mutex::new(settings),
            server: RefCell::new(Some(server)),
            transport: Cell::new(Transport::WebSocket),
            _folder: folder,
        })
    }

    fn target(&self) -> Target {
        let settings = self.settings.lock().unwrap();
        let place = format!("{}:{}/socket", settings.host, settings.port);
        if settings.tls.is_none() {
            let target = Target::parse(&format!("ws://{place}")).unwrap();
            return target.over(self.transport.get());
        }
        let trust = Trust {
            certificates: Certificates::Insecure,
            ..Trust::default()
        };
        let network = NetworkSettings {
            tls: Some(ClientTls::new(&trust).unwrap()),
            ..NetworkSettings::default()
        };
        Target::parse(&format!("wss://{place}"))
            .unwrap()
            .reached_by(network)
    }

    fn end(&self) {
        if let Some(server) = self.server.take() {
            server.drain();
            server.join();
        }
    }
}

/// Lends the one server to the cases that restart it.
struct Lends(Rc<Restarted>);

impl Host for Lends {
    fn restarts(&self) -> Restarts {
        Restarts::Alone
    }

    fn lend(&self) -> Lending {
        let lent: Box<dyn Lent> = Box::new(Lends(Rc::clone(&self.0)));
        Box::pin(async { Ok(lent) })
    }
}

impl Lent for Lends {
    fn target(&self) -> Target {
        self.0.target()
    }

    fn restart(&mut self, _how: Restart) -> Pending<'_, Result<(), String>> {
        Box::pin(async {
            let ended = Rc::clone(&self.0);
            ended.end();
            let settings = ended.settings.lock().unwrap().clone();
            let server = Server::start(&settings).map_err(|error| error.to_string())?;
            ended.server.replace(Some(server));
            Ok(())
        })
    }
}

/// Runs cases against a server of their own, which is held to the version that it behaves like unless one is said.
pub fn run(
    server: &Rc<Restarted>,
    cases: Vec<Arc<Case>>,
    held_to: Option<HeldTo>,
    timeout: Duration,
    repeat: u32,
) -> RunResult {
    let settings = CheckSettings {
        held_to,
        timeout,
        repeat,
        max_time: Some(LONGEST),
        ..CheckSettings::new(server.target(), cases)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let host = Lends(Rc::clone(server));
    let result = runtime
        .block_on(check(settings, &host, &mut |_| {}, std::future::pending()))
        .unwrap();
    server.end();
    result
}

/// Tries faults, so many at the same time, and returns what `each` returns for them.
pub fn side_by_side<T: Send>(
    faults: &[&'static Fault],
    at_a_time: usize,
    each: impl Fn(&'static Fault) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (next, each) = (&next, &each);
        let work = move || {
            let number = || next.fetch_add(1, Ordering::Relaxed);
            let mine = std::iter::repeat_with(number).map_while(|number| faults.get(number));
            mine.map(|fault| each(fault)).collect::<Vec<_>>()
        };
        let runs: Vec<_> = (0..at_a_time).map(|_| scope.spawn(work)).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    })
}
