//! Tests the suite itself: for each fault of the reference server, a case that cites its rule fails.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use phxproof::Target;
use phxproof::conformance::internal::{
    Case, CheckSettings, Host, Lending, Lent, Pending, Restarts, built_in, check, find_rule, select,
};
use phxproof::conformance::{CaseResult, HeldTo, RunResult, Verdict};
use phxproof::internal::stream::{Certificates, ClientTls, NetworkSettings, OwnAuthority, ServerTls, Trust};
use phxproof::internal::transport::Transport;
use phxproof::profile::{Difference, Gate, Profile, Side};
use phxproof::scenario::internal::Restart;
use phxproof::server::faults::{self, Fault, Needs};
use phxproof::server::{Server, ServerSettings};

mod suite;

/// The case that kills the server.
const KILL: &str = "lifetime/kill";

/// The cases that cite a rule of the fault.
fn citing(fault: &Fault) -> Vec<Arc<Case>> {
    let cites = |case: &&Arc<Case>| {
        case.rules()
            .iter()
            .any(|rule| fault.rules.contains(&rule.as_str()))
    };
    built_in().iter().filter(cites).cloned().collect()
}

/// How long a server with a fault has for an answer: long enough on a busy machine, short enough for answers that never come.
const PATIENCE: Duration = Duration::from_secs(4);

/// How many faults are tried at the same time; with more of them the clients would be late.
const AT_A_TIME: usize = 32;

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
struct Restarted {
    settings: Mutex<ServerSettings>,
    server: RefCell<Option<Server>>,
    /// The transport over which it is checked.
    transport: Cell<Transport>,
    _folder: tempfile::TempDir,
}

impl Restarted {
    fn start(faults: Vec<&'static Fault>, profile: Profile) -> Rc<Self> {
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
fn run(
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

/// Faults that show only if messages come close together or if cases interleave in a certain order: each case runs
/// several times.
const DEPEND_ON_TIMING: [&str; 3] = ["replies-swapped", "broadcast-swapped", "slow-join-overtaken"];

/// Faults whose own rule is broken in some case, but the first cause that the run reports is the rule of a consequence.
const TOLD_BY_A_CONSEQUENCE: [&str; 4] = [
    "tls-first-record-only",
    "broadcast-in-one-version",
    "crash-ends-nothing",
    "duplicate-join-keeps-old-running",
];

/// Why a fault is not noticed, if it is not.
fn missed(fault: &'static Fault) -> Option<String> {
    let cases = citing(fault);
    if cases.is_empty() {
        return Some(format!("{}: no case cites {:?}", fault.id, fault.rules));
    }
    let server = Restarted::start(vec![fault], Profile::DEFAULT);
    let repeat = if DEPEND_ON_TIMING.contains(&fault.id) {
        10
    } else {
        1
    };
    let mut result = run(&server, cases, None, PATIENCE, repeat);
    // A server in this process cannot be killed, so that it says goodbye where none is expected.
    for case in result.cases.iter_mut().filter(|case| &*case.id == KILL) {
        (case.close_verdict, case.close_finding) = (Verdict::Pass, None);
    }
    if result.held_to != HeldTo::Likeness(Profile::DEFAULT) {
        return Some(format!(
            "{}: taken for another version: {:?}",
            fault.id, result.held_to
        ));
    }
    let fails = |verdict| verdict == Verdict::Fail;
    let failed = result
        .cases
        .iter()
        .any(|case| fails(case.verdict) || fails(case.close_verdict));
    let first_cause = result.broken().first().map(|(rule, _)| (*rule).to_owned());
    let named = if TOLD_BY_A_CONSEQUENCE.contains(&fault.id) {
        result.broken().iter().any(|(rule, _)| fault.rules.contains(rule))
    } else {
        first_cause
            .as_deref()
            .is_some_and(|rule| fault.rules.contains(&rule))
    };
    if failed && named {
        return None;
    }
    if failed {
        return Some(format!(
            "{}: the first cause is told to be {first_cause:?}, of {:?}; expected {:?}",
            fault.id,
            result.broken(),
            fault.rules
        ));
    }
    let verdicts: Vec<String> = result
        .cases
        .iter()
        .map(|case| format!("{} {}", case.id, case.verdict.name()))
        .collect();
    Some(format!(
        "{}: none of these fails: {}",
        fault.id,
        verdicts.join(", ")
    ))
}

#[test]
fn every_fault_is_noticed_without_a_profile_and_its_rule_named_as_the_first_cause() {
    let faults: Vec<&Fault> = faults::all().collect();
    assert!(faults.len() >= 150, "only {} faults", faults.len());
    let next = AtomicUsize::new(0);
    let missed: Vec<String> = std::thread::scope(|scope| {
        let (next, faults) = (&next, &faults);
        let work = move || {
            let number = || next.fetch_add(1, Ordering::Relaxed);
            let mine = std::iter::repeat_with(number).map_while(|number| faults.get(number));
            mine.filter_map(|fault| missed(fault)).collect::<Vec<_>>()
        };
        let runs: Vec<_> = (0..AT_A_TIME).map(|_| scope.spawn(work)).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    assert!(
        missed.is_empty(),
        "{} of {} faults are missed:\n{}",
        missed.len(),
        faults.len(),
        missed.join("\n")
    );
}

/// The plays of the cases over WebSocket and over long poll.
fn over_both(cases: &[Arc<Case>]) -> Vec<Arc<Case>> {
    let plays = cases.iter().map(|case| case.over_all(&Transport::ALL).unwrap());
    plays.flatten().collect()
}

#[test]
fn a_server_without_a_fault_holds_every_promise_of_every_profile() {
    for profile in Profile::RECORDED {
        let server = Restarted::start(Vec::new(), profile);
        let result = run(
            &server,
            over_both(&select(&[], &[KILL.to_owned()], &[]).unwrap()),
            Some(HeldTo::Profile(profile)),
            Duration::from_secs(20),
            1,
        );
        result.assert_held();
        let not_promised = |case: &&CaseResult| {
            let note = case.note.as_deref().unwrap_or_default();
            note.contains(" does not promise longpoll-")
        };
        let skipped = result
            .cases
            .iter()
            .filter(|case| case.verdict == Verdict::Skipped);
        assert_eq!(skipped.filter(|case| !not_promised(case)).count(), 0, "{profile}");
    }
}

/// What is wrong with the verdicts on a release without a fault over a transport, if no profile is given. All cases are
/// played that releases answer differently and that the transport carries.
fn misjudged(profile: Profile, transport: Transport) -> Vec<String> {
    let differing = built_in().iter().filter(|case| !case.differs_by().is_empty());
    let carried = differing.filter(|case| case.transports().any(|it| it == transport));
    let plays = carried.map(|case| case.over(transport).map(Arc::new).unwrap());
    let differing = plays.collect();
    let server = Restarted::start(Vec::new(), profile);
    server.transport.set(transport);
    let result = run(&server, differing, None, Duration::from_secs(20), 1);
    let mut wrong = Vec::new();
    if result.held_to != HeldTo::Likeness(profile) {
        wrong.push(format!(
            "{profile} over {transport}: taken for {:?}",
            result.held_to
        ));
    }
    // A push that is lost fails, whatever the version.
    let lost = Difference::Gate(Gate::NullJoinRef);
    let loses = |case: &CaseResult| {
        let built_in = built_in().iter().find(|it| it.id == case.id).unwrap();
        built_in.differs_by().contains(&lost) && lost.side(profile) == Side::Otherwise
    };
    for case in &result.cases {
        let expected = if loses(case) { Verdict::Fail } else { Verdict::Pass };
        if (case.verdict, case.close_verdict) != (expected, Verdict::Pass) {
            wrong.push(format!(
                "{profile} over {transport}: {} {:?} {:?}",
                case.id,
                case.verdict,
                case.message()
            ));
        }
    }
    let warned: Vec<&str> = result.warnings.iter().map(|warning| &*warning.id).collect();
    let traps = [Gate::DisconnectCode, Gate::OriginPerMount];
    let fallen = traps.into_iter().filter(|gate| !gate.holds_in(profile.phoenix()));
    // Over long poll, the strict mount may get the first upgrade; the server then applies its origins to all mounts.
    let shows = |gate: &Gate| *gate != Gate::OriginPerMount || transport == Transport::WebSocket;
    let fallen = fallen.filter(shows);
    if warned != fallen.map(Gate::rule).collect::<Vec<_>>() {
        wrong.push(format!("{profile} over {transport}: warned of {warned:?}"));
    }
    wrong
}

#[test]
fn every_release_is_recognised_and_held_to_its_own_answers() {
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = Profile::candidates()
            .flat_map(|profile| Transport::ALL.map(|transport| (profile, transport)))
            .map(|(profile, transport)| scope.spawn(move || misjudged(profile, transport)))
            .collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_of_a_fault_and_of_a_case_is_in_the_catalogue() {
    let of_faults =
        faults::all().flat_map(|fault| fault.rules.iter().map(|rule| (*rule, fault.id.to_owned())));
    let cases = built_in();
    let of_cases = cases.iter().flat_map(|case| {
        case.rules()
            .iter()
            .map(|rule| (rule.as_str(), case.id.to_string()))
    });
    let unknown: Vec<_> = of_faults
        .chain(of_cases)
        .filter(|(rule, _)| find_rule(rule).is_none())
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
