//! Turns the flags and settings of `check` into the settings of a run. Finds every mistake before anything runs.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::super::args::{self, LevelArg, OutputArg, TransportArg, UpdateArg, VsnArg};
use super::super::complaint::Complaint;
use super::super::exec::STARTS_WITHIN;
use super::super::exit::CliError;
use super::super::{profile, results, wait};
use super::server::{Server, server};
use crate::conformance::{
    self, Case, CaseError, CheckSettings, HEARTBEAT, HeldTo, IdleSettings, Room, Safety, SelectError,
    SnapshotError, StopAt, Strictness, Update, WATCHED_FOR,
};
use crate::profile::Profile;
use crate::protocol::Vsn;
use crate::report::Folder;
use crate::scenario::Level;
use crate::transport::{ConnectRequest, Endpoint, Target, Transport, Upgrade};

/// The validated arguments of a `check`.
pub(super) struct Job {
    /// The server under test.
    pub(super) server: Server,
    /// The selected cases.
    pub(super) cases: Vec<Arc<Case>>,
    /// Whether to accept fixtures instead of running cases.
    pub(super) accept: bool,
    /// How the results are printed.
    pub(super) format: OutputArg,
    /// The seed of all random choices.
    pub(super) seed: u64,
    /// The transport of all cases that name none. `None`: these cases are played over both.
    pub(super) transport: Option<Transport>,
    held_to: Option<HeldTo>,
    room: Option<Room>,
    meant: args::Check,
}

impl Job {
    /// Validates the arguments from the command line and the settings file.
    pub(super) fn new(meant: args::Check) -> Result<Self, CliError> {
        let wish = ProfileChoice::of(&meant.judging)?;
        let server = server(&meant.target, wish.named())?.over(meant.transport.map(TransportArg::meant));
        let cases =
            conformance::select(&meant.cases, &meant.exclude, &meant.target.variables).map_err(unselected)?;
        let transports = transports(&server, meant.transport);
        let cases = over(&cases, &transports)
            .map_err(|why| unselected(SelectError::Case(CaseError::Snapshot(why))))?;
        let levels: Vec<Level> = meant.level.iter().map(|level| level.meant()).collect();
        some_of_levels(&cases, &levels)?;
        Ok(Self {
            held_to: held_to(&server, wish, strictness(&meant)),
            server,
            cases,
            accept: meant.accept,
            format: meant.format.unwrap_or_default(),
            seed: results::seed(&meant.results)?,
            transport: match transports[..] {
                [only] => Some(only),
                _ => None,
            },
            room: room(&meant.room)?,
            meant,
        })
    }

    /// The settings of the run, for a server at `target`.
    pub(super) fn settings(&self, target: &Target) -> CheckSettings {
        let meant = &self.meant;
        let levels: Vec<Level> = meant.level.iter().map(|level| level.meant()).collect();
        let usual = CheckSettings::new(target.clone(), self.cases.clone());
        CheckSettings {
            vsn: meant.target.vsn.map_or(usual.vsn, VsnArg::meant),
            params: meant.target.params.clone(),
            headers: meant.target.all_headers(),
            timeout: meant.timeout.unwrap_or(usual.timeout),
            max_time: meant.max_time,
            jobs: meant.jobs.map(usize::from),
            retries: meant.retries.unwrap_or(usual.retries),
            repeat: meant.repeat.unwrap_or(usual.repeat),
            stop: if meant.fail_fast {
                StopAt::FirstFailure
            } else {
                StopAt::End
            },
            levels: (!levels.is_empty()).then_some(levels),
            held_to: self.held_to,
            strict: self.strict(),
            safety: match (meant.safe, meant.no_safe) {
                (true, _) => Safety::Safe,
                (false, true) => Safety::All,
                (false, false) => usual.safety,
            },
            room: self.room.clone(),
            seed: self.seed,
            update: match meant.update {
                None => Update::No,
                Some(UpdateArg::Missing) => Update::Missing,
                Some(UpdateArg::All) => Update::All,
            },
            known: meant.known.as_slice().into(),
            idle: meant.idle.then(|| self.idle()),
            ..usual
        }
    }

    /// The settings of the measurement of idle time-outs.
    fn idle(&self) -> IdleSettings {
        IdleSettings {
            transports: self.transport.map_or(Transport::ALL.to_vec(), |only| vec![only]),
            longest: self.meant.max_time.unwrap_or(WATCHED_FOR),
            heartbeat: HEARTBEAT,
        }
    }

    /// Waits until the target answers, if the user asked for that.
    pub(super) async fn wait(&self, target: &Target) -> Result<(), Complaint> {
        let how = &self.meant.target;
        match how.wait_for {
            None => Ok(()),
            Some(limit) => wait::wait_for(limit, target, how).await,
        }
    }

    /// How long a server started by --exec may take until it answers.
    pub(super) fn starts_within(&self) -> Duration {
        self.meant.target.wait_for.unwrap_or(STARTS_WITHIN)
    }

    /// Whether `non-strict` counts as `fail`.
    pub(super) fn strict(&self) -> Strictness {
        strictness(&self.meant)
    }

    /// The profile that the server is held to, as far as it is known before the server was contacted.
    pub(super) fn held_to(&self) -> HeldTo {
        self.held_to.unwrap_or(HeldTo::TheLine)
    }

    /// The folder for the results.
    pub(super) fn folder(&self, started_at: SystemTime) -> Folder {
        results::folder(&self.meant.results, "check", started_at)
    }
}

/// The transports over which cases are played.
fn transports(server: &Server, wish: Option<TransportArg>) -> Vec<Transport> {
    match (wish, server) {
        (Some(wish), _) => vec![wish.meant()],
        (None, Server::Embedded(_)) => Transport::ALL.to_vec(),
        (None, Server::There(target) | Server::Exec(target, _)) => vec![target.transport()],
    }
}

/// The plays of the cases over these transports.
fn over(cases: &[Arc<Case>], transports: &[Transport]) -> Result<Vec<Arc<Case>>, SnapshotError> {
    let mut all = Vec::with_capacity(cases.len());
    for case in cases {
        all.extend(case.over_all(transports)?);
    }
    Ok(all)
}

const fn strictness(meant: &args::Check) -> Strictness {
    if meant.judging.strict {
        Strictness::Strict
    } else {
        Strictness::Lenient
    }
}

/// The profile that the user asked for.
#[derive(Clone, Copy)]
enum ProfileChoice {
    /// This one.
    Named(Profile),
    /// The one that the server behaves like.
    Auto,
    /// None was named.
    Unsaid,
}

impl ProfileChoice {
    fn of(typed: &args::Judging) -> Result<Self, Complaint> {
        let Some(name) = &typed.profile else {
            return Ok(Self::Unsaid);
        };
        Ok(profile::named_or_auto(name)?.map_or(Self::Auto, Self::Named))
    }

    const fn named(self) -> Option<Profile> {
        match self {
            Self::Named(profile) => Some(profile),
            Self::Auto | Self::Unsaid => None,
        }
    }
}

/// The profile that the server is held to, unless it has to be detected.
fn held_to(server: &Server, wish: ProfileChoice, strict: Strictness) -> Option<HeldTo> {
    let unsaid = match server {
        Server::Embedded(_) => Some(Profile::DEFAULT),
        Server::There(_) | Server::Exec(..) => (strict == Strictness::Strict).then_some(Profile::DEFAULT),
    };
    let profile = match wish {
        ProfileChoice::Named(profile) => Some(profile),
        ProfileChoice::Auto => None,
        ProfileChoice::Unsaid => unsaid,
    };
    profile.map(HeldTo::Profile)
}

fn room(typed: &args::Room) -> Result<Option<Room>, Complaint> {
    let Some(topic) = &typed.topic else {
        let needs_topic = [
            ("--join-params", typed.join_params.is_some()),
            ("--other-topic", typed.other_topic.is_some()),
            ("--other-join-params", typed.other_join_params.is_some()),
            ("--push", typed.push.is_some()),
            ("--unknown-topic", typed.unknown_topic.is_some()),
        ];
        return match needs_topic.iter().find(|(_, given)| *given) {
            None => Ok(None),
            Some((flag, _)) => Err(Complaint::new(format!(
                "{flag} says nothing without a topic that may be joined"
            ))
            .expected("--topic T beside it")),
        };
    };
    if typed.other_join_params.is_some() && typed.other_topic.is_none() {
        return Err(
            Complaint::new("--other-join-params says nothing without a second topic")
                .expected("--other-topic T beside it"),
        );
    }
    Ok(Some(Room {
        topic: topic.clone(),
        join_params: typed.join_params.clone().unwrap_or_else(|| serde_json::json!({})),
        other_topic: typed.other_topic.clone(),
        other_join_params: typed.other_join_params.clone(),
        push: typed.push.clone(),
        unknown_topic: typed.unknown_topic.clone(),
    }))
}

/// Refuses a run without any case, because it would prove nothing.
fn some_of_levels(cases: &[Arc<Case>], levels: &[Level]) -> Result<(), Complaint> {
    let runs = |case: &Arc<Case>| case.level().is_none_or(|level| levels.contains(&level));
    if levels.is_empty() || cases.iter().any(runs) {
        return Ok(());
    }
    let mut there: Vec<&str> = Vec::new();
    for name in cases.iter().filter_map(|case| case.level()).map(Level::name) {
        if !there.contains(&name) {
            there.push(name);
        }
    }
    let wanted: Vec<&str> = levels.iter().map(|level| level.name()).collect();
    Err(Complaint::new(format!(
        "no case that was asked for is of level {}",
        wanted.join(" or ")
    ))
    .actual(format!("cases of level {}", there.join(", "))))
}

fn unselected(error: SelectError) -> CliError {
    match error {
        SelectError::Case(CaseError::Scenario(error)) => error.into(),
        SelectError::NoMatch { pattern, .. } if Path::new(&pattern).is_dir() => {
            Complaint::new(format!("`{pattern}` is a directory"))
                .expected("an id or a glob of `phxproof list cases`, or scenario files of your own")
                .next(format!(
                    "name the files, as in {}/*.yaml",
                    pattern.trim_end_matches('/')
                ))
                .into()
        }
        SelectError::NoMatch { pattern, nearest } => Complaint::new(format!("no case matches `{pattern}`"))
            .expected("an id or a glob of `phxproof list cases`, or a scenario file of your own")
            .did_you_mean(nearest.as_deref())
            .into(),
        SelectError::Case(CaseError::Snapshot(why)) => Complaint::new(why.to_string())
            .next("mend the fixture; or delete it, and write a new one with --update missing")
            .into(),
        SelectError::Directory { path } => Complaint::new(format!("`{path}` is a directory"))
            .expected(format!("the scenario files in it, as {path}/*.yaml"))
            .into(),
        SelectError::Case(_) | SelectError::NoGlob { .. } | SelectError::AllExcluded => {
            Complaint::new(error.to_string()).into()
        }
    }
}

impl VsnArg {
    /// The serializer.
    pub(in super::super) const fn meant(self) -> Vsn {
        match self {
            Self::V1 => Vsn::V1,
            Self::V2 => Vsn::V2,
        }
    }
}

impl args::Target {
    /// The upgrade request of a probe: only the serializer, connect params and headers from the command line.
    pub(in super::super) fn upgrade(&self, target: &Target, deadline: Duration) -> Upgrade {
        let endpoint = Endpoint {
            target: target.clone(),
            params: self.params.clone(),
            headers: self.all_headers(),
        };
        let vsn = self.vsn.map(VsnArg::meant).unwrap_or_default();
        Upgrade::new(&ConnectRequest::default().at(&endpoint, vsn), deadline)
    }
}

impl TransportArg {
    /// The transport.
    pub(in super::super) const fn meant(self) -> Transport {
        match self {
            Self::WebSocket => Transport::WebSocket,
            Self::LongPoll => Transport::LongPoll,
        }
    }
}

impl LevelArg {
    const fn meant(self) -> Level {
        match self {
            Self::Wire => Level::Wire,
            Self::Room => Level::Room,
            Self::Lab => Level::Lab,
            Self::Presence => Level::Presence,
            Self::Rumbl => Level::Rumbl,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(target: Option<&str>, judging: args::Judging) -> Job {
        let target = args::Target {
            target: target.map(str::to_owned),
            ..args::Target::default()
        };
        Job::new(args::Check {
            target,
            judging,
            ..args::Check::default()
        })
        .unwrap()
    }

    fn judging(profile: Option<&str>, strict: Strictness) -> args::Judging {
        args::Judging {
            profile: profile.map(str::to_owned),
            strict: strict == Strictness::Strict,
        }
    }

    #[test]
    fn a_server_is_held_to_what_the_design_says() {
        let (elsewhere, old) = (Some("ws://10.0.0.1/socket"), Some("phoenix-1.7.21-cowboy"));
        let held_to = |target, profile, strict| job(target, judging(profile, strict)).held_to;
        let (default, old_profile) = (
            HeldTo::Profile(Profile::DEFAULT),
            HeldTo::Profile(Profile::COWBOY_1_7_21),
        );
        assert_eq!(held_to(None, None, Strictness::Lenient), Some(default));
        assert_eq!(held_to(None, old, Strictness::Lenient), Some(old_profile));
        assert_eq!(held_to(elsewhere, None, Strictness::Lenient), None);
        assert_eq!(held_to(elsewhere, None, Strictness::Strict), Some(default));
        assert_eq!(held_to(elsewhere, old, Strictness::Strict), Some(old_profile));
        assert_eq!(held_to(elsewhere, Some("auto"), Strictness::Strict), None);
        assert_eq!(held_to(None, Some("auto"), Strictness::Lenient), None);
    }

    #[test]
    fn a_server_elsewhere_is_spared_unless_told_otherwise() {
        let safety = |url: &str, no_safe| {
            let job = job(Some(url), args::Judging::default());
            let job = Job {
                meant: args::Check {
                    no_safe,
                    ..args::Check::default()
                },
                ..job
            };
            job.settings(&Target::parse(url).unwrap()).safety
        };
        assert_eq!(safety("ws://10.0.0.1/socket", false), Safety::Safe);
        assert_eq!(safety("ws://10.0.0.1/socket", true), Safety::All);
        assert_eq!(safety("ws://127.0.0.1/socket", false), Safety::All);
    }
}
