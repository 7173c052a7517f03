//! The `record` command: listens as a proxy before a server until it is to end, and writes the scenario and its fixture.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{self, Record};
use super::check::{Server, server};
use super::complaint::Complaint;
use super::exit::{CliError, Exit};
use super::interrupt::{InOrder, Stop};
use super::quoting::quoted;
use super::{config, output};
use crate::clock::Clock;
use crate::descriptors;
use crate::record::{
    Draft, Heard, Loosened, Pauses, RecordedScenario, Recorder, RecorderError, Replayed, fixture, play_again,
    scenario,
};
use crate::scenario::ScenarioError;
use crate::transport::{Endpoint, Target};

/// The validated arguments.
struct Job {
    target: Target,
    host: String,
    port: u16,
    files: Files,
    lasts: Option<Duration>,
    second_run: SecondRun,
    pauses: Pauses,
    /// The flags by which `check` reaches the target.
    flags: String,
}

/// Whether the scenario is played once more.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SecondRun {
    Yes,
    No,
}

/// What happens to files that are there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Kept,
    Overwritten,
}

/// The files to write, which exist and are empty until then.
struct Files {
    scenario: PathBuf,
    fixture: PathBuf,
    /// Those that this run made and has not written yet.
    made: Vec<PathBuf>,
}

/// Records until a signal arrives or the time is over.
pub(super) fn run(typed: Record) -> Result<Exit, CliError> {
    let in_order = InOrder::listen()?;
    let file = config::SettingsFile::load(typed.config.config.as_deref())?;
    let job = Job::new(file.recording(typed)?)?;
    descriptors::raise_limit();
    in_order.run(|stop| record(job, stop))
}

async fn record(job: Job, stop: Stop) -> Result<Exit, CliError> {
    let clock = Clock::start();
    let recorder = Recorder::start(&job.host, job.port, job.target.clone(), clock).await;
    let recorder = recorder.map_err(|why| refused(&why))?;
    output::print(&format_args!("listening on http://{}\n", recorder.address()))?;
    output::note(&format!(
        "recording what passes to {}; connect clients to ws://{}{}, and end with ctrl-c",
        job.target,
        recorder.address(),
        job.target.mount()
    ));
    let end = async {
        match job.lasts {
            Some(time) => tokio::select! {
                () = stop.asked() => {}
                () = tokio::time::sleep(time) => {}
            },
            None => stop.asked().await,
        }
    };
    let heard = recorder.record(end).await;
    if !heard.has_said_anything() {
        let what = "nothing was recorded, as no client said anything on the socket";
        let next = format!(
            "connect a client to the address above, at the path {}",
            job.target.mount()
        );
        return Err(CliError::Undone(Complaint::new(what).next(next)));
    }
    write(job, &heard, clock).await
}

/// Writes the scenario and its fixture.
async fn write(mut job: Job, heard: &Heard, clock: Clock) -> Result<Exit, CliError> {
    let url = job.target.url();
    let draft = Draft::new(heard, job.pauses, &url);
    let (loosened, doubts) = match job.second_run {
        SecondRun::No => (draft.loosened(), Vec::new()),
        SecondRun::Yes => second_run(&job, &draft, clock).await?,
    };
    let scenario = scenario(&draft, &loosened);
    let path = job.files.scenario.display().to_string();
    let fixture = fixture(&draft, &scenario, &path).map_err(mistake)?;
    save(&job.files.scenario, &scenario.text)?;
    save(&job.files.fixture, &fixture)?;
    job.files.made.clear();
    output::print(&format_args!(
        "recorded {} connections, {} messages: {path} and {}\n",
        heard.connections(),
        heard.messages(),
        job.files.fixture.display()
    ))?;
    output::note(&next_step(&job, &scenario));
    for doubt in &doubts {
        output::note(doubt);
    }
    Ok(if doubts.is_empty() {
        Exit::Held
    } else {
        Exit::Undecided
    })
}

/// Plays the scenario again; returns what differs, and what a replay will stumble over.
async fn second_run(job: &Job, draft: &Draft<'_>, clock: Clock) -> Result<(Loosened, Vec<String>), CliError> {
    output::note("playing the recording once more, to find what differs");
    let endpoint = Endpoint {
        target: job.target.clone(),
        params: Vec::new(),
        headers: Vec::new(),
    };
    match play_again(draft, endpoint, clock).await.map_err(mistake)? {
        Replayed::Compared(loosened, left) => {
            let doubt =
                |what: &String| format!("the second run differs in a way that cannot be left out: {what}");
            output::note(&left_out(&loosened));
            Ok((loosened, left.iter().map(doubt).collect()))
        }
        Replayed::Failed(why) => {
            let doubt = format!("the second run did not come to its end, so nothing was compared: {why}");
            Ok((draft.loosened(), vec![doubt]))
        }
    }
}

/// The places that the comparison leaves out, as the scenario hides them.
fn left_out(loosened: &Loosened) -> String {
    let places: Vec<String> = loosened.pointers().collect();
    match places.as_slice() {
        [] => "nothing differs, so the comparison leaves nothing out".to_owned(),
        places => format!("left out of the comparison (`hide:`): {}", places.join(", ")),
    }
}

/// The command that plays the scenario.
fn next_step(job: &Job, scenario: &RecordedScenario) -> String {
    let variables = scenario
        .variables
        .iter()
        .map(|(name, _)| format!(" --var {name}=…"));
    format!(
        "try: phxproof check {} --target {}{}{}",
        quoted(&job.files.scenario.display().to_string()),
        job.target.url(),
        job.flags,
        variables.collect::<String>()
    )
}

/// The text that was written cannot be read: not the user's mistake.
fn mistake(error: ScenarioError) -> CliError {
    CliError::undone(format!(
        "what was recorded cannot be written as a scenario: {error}"
    ))
}

fn save(path: &Path, text: &str) -> Result<(), CliError> {
    fs::write(path, text).map_err(|why| {
        CliError::Undone(
            Complaint::new(format!("cannot write the recording: {why}")).place(path.display().to_string()),
        )
    })
}

fn refused(error: &RecorderError) -> CliError {
    let complaint = Complaint::new(error.to_string());
    match error {
        RecorderError::Listen { .. } => CliError::Usage(complaint.next("--listen 0 picks a free port")),
        RecorderError::Target(_) | RecorderError::TargetTimeout(_) => {
            CliError::Undone(complaint.next("start the server first"))
        }
    }
}

impl Job {
    fn new(typed: Record) -> Result<Self, CliError> {
        let target = args::Target {
            target: typed.target,
            network: typed.network,
            ..args::Target::default()
        };
        if target.target.is_none() {
            let complaint = Complaint::new("nothing says which server is to be recorded");
            return Err(complaint
                .expected("--target URL, as ws://127.0.0.1:4000/socket")
                .into());
        }
        let flags = super::check::network_flags(&target.network);
        let Server::There(target) = server(&target, None)? else {
            return Err(Complaint::new("a recording needs a server that runs already").into());
        };
        let existing = if typed.force {
            Existing::Overwritten
        } else {
            Existing::Kept
        };
        Ok(Self {
            target,
            host: typed.host.unwrap_or_else(|| "127.0.0.1".to_owned()),
            port: typed.listen,
            files: Files::make(&typed.save, existing)?,
            lasts: typed.lasts,
            second_run: if typed.twice {
                SecondRun::Yes
            } else {
                SecondRun::No
            },
            pauses: typed.pauses.map_or(Pauses::LeftOut, Pauses::From),
            flags,
        })
    }
}

impl Files {
    /// Makes sure that both files can be written, before anything is recorded.
    fn make(scenario: &Path, existing: Existing) -> Result<Self, Complaint> {
        let mut files = Self {
            scenario: scenario.to_owned(),
            fixture: scenario.with_extension("snap"),
            made: Vec::new(),
        };
        if !scenario.extension().is_some_and(|it| it == "yaml" || it == "yml") {
            return Err(
                Complaint::new(format!("{} is no name of a scenario file", scenario.display()))
                    .expected("a name that ends in .yaml, as in --save talk.yaml"),
            );
        }
        for path in [files.scenario.clone(), files.fixture.clone()] {
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    files.made.push(path);
                    // Nothing is written yet, so nothing can be lost.
                    let _ = file.flush();
                }
                Err(why) if why.kind() == ErrorKind::AlreadyExists && existing == Existing::Overwritten => {
                    writable(&path)?
                }
                Err(why) => return Err(unwritable(&path, &why)),
            }
        }
        Ok(files)
    }
}

impl Drop for Files {
    /// Removes the files that this run made and did not write, however it ends.
    fn drop(&mut self) {
        for path in &self.made {
            // An empty file that is left does no harm.
            let _ = fs::remove_file(path);
        }
    }
}

fn writable(path: &Path) -> Result<(), Complaint> {
    OpenOptions::new()
        .append(true)
        .open(path)
        .map(drop)
        .map_err(|why| unwritable(path, &why))
}

fn unwritable(path: &Path, why: &std::io::Error) -> Complaint {
    match why.kind() {
        ErrorKind::AlreadyExists => Complaint::new(format!("{} exists already", path.display()))
            .next("--force overwrites it, or --save names another file"),
        _ => Complaint::new(format!("cannot write the recording: {why}")).place(path.display().to_string()),
    }
}
