//! `--exec CMD`: starts the server under test, waits until it answers, restarts it if a case asks for it, and
//! stops it at the end.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::sync::Mutex;

use super::complaint::Complaint;
use super::group::Group;
use super::patience;
use crate::conformance::{Host, Lending, Lent, Pending, Restarts};
use crate::driver::Hold;
use crate::report::Folder;
use crate::scenario::Restart;
use crate::transport::{self, Limits, Target};

/// How long a server may take until it answers, unless `--wait-for` is given.
pub(super) const STARTS_WITHIN: Duration = Duration::from_secs(20);
/// The timeout of one attempt to reach it.
const ATTEMPT: Duration = Duration::from_secs(1);

/// A server that a command starts.
pub(super) struct Exec {
    started: Rc<Started>,
}

struct Started {
    command: String,
    target: Target,
    log: Log,
    starts_within: Duration,
    group: Mutex<Option<Group>>,
}

/// The log file for the output of the server.
#[derive(Debug)]
pub(super) struct Log {
    /// Its path, for messages.
    path: PathBuf,
    /// The open file.
    file: File,
}

impl Log {
    /// `server.log` in the folder of the results.
    pub(super) fn new(folder: &Folder) -> Result<Self, Complaint> {
        let name = "server.log";
        let file = folder.file(name).map_err(|why| Complaint::new(why.to_string()))?;
        Ok(Self {
            path: folder.path().join(name),
            file,
        })
    }
}

impl Exec {
    /// Starts the server, and returns when it answers.
    pub(super) async fn start(
        command: &str,
        target: &Target,
        log: Log,
        starts_within: Duration,
    ) -> Result<Self, Complaint> {
        let address = (target.host(), target.port());
        let there = tokio::time::timeout(ATTEMPT, TcpStream::connect(address)).await;
        if matches!(there, Ok(Ok(_))) {
            let what = format!(
                "something listens at {}:{} already, before --exec started anything",
                address.0, address.1
            );
            return Err(Complaint::new(what).next("stop it, leave --exec out, or choose another port"));
        }
        let command = command.replace("{port}", &target.port().to_string());
        let started = Started {
            command,
            target: target.clone(),
            log,
            starts_within,
            group: Mutex::new(None),
        };
        started.start().await?;
        Ok(Self {
            started: Rc::new(started),
        })
    }

    /// The process id of the server, if it can be determined.
    pub(super) async fn pid(&self) -> Option<u32> {
        self.started.pid().await
    }

    /// Stops the server.
    pub(super) async fn stop(self) {
        self.started.stop(Restart::Term).await;
    }
}

impl Started {
    async fn start(&self) -> Result<(), Complaint> {
        let mut slot = self.group.lock().await;
        let failed = |why| Complaint::new(format!("cannot start the command of --exec: {why}"));
        let output = || self.log.file.try_clone().map(Stdio::from);
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(&self.command)
            .env("PORT", self.target.port().to_string())
            .stdin(Stdio::null())
            .stdout(output().map_err(failed)?)
            .stderr(output().map_err(failed)?);
        let group = slot.insert(Group::start(&mut command).map_err(failed)?);
        let answer = patience::until(self.starts_within, async || match group.ended() {
            Some(status) => Some(Err(status)),
            None => answers(&self.target).await.then_some(Ok(())),
        });
        let what = match answer.await {
            Some(Ok(())) => return Ok(()),
            Some(Err(status)) => format!(
                "the command of --exec ended before {} answered: {status}",
                self.target
            ),
            None => format!(
                "the server of --exec did not answer at {} within {}",
                self.target,
                humantime::format_duration(self.starts_within)
            ),
        };
        *slot = None;
        Err(Complaint::new(what)
            .actual(last_words(&self.log.path))
            .place(self.log.path.display().to_string()))
    }

    async fn pid(&self) -> Option<u32> {
        self.group.lock().await.as_ref()?.largest()
    }

    async fn stop(&self, how: Restart) {
        if let Some(mut group) = self.group.lock().await.take() {
            group.stop(how).await;
        }
    }
}

/// Whether there is any HTTP response.
async fn answers(target: &Target) -> bool {
    let request = transport::Request {
        method: "GET".to_owned(),
        path_and_query: format!("{}/websocket", target.mount()),
        headers: Vec::new(),
        body: Vec::new(),
        limits: Limits::default(),
        deadline: ATTEMPT,
    };
    transport::request(target, &request).await.is_ok()
}

/// The last lines that the server printed.
fn last_words(log: &Path) -> String {
    const SHOWN: usize = 3;
    let text = std::fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        return "it printed nothing".to_owned();
    }
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}

impl Host for Exec {
    fn restarts(&self) -> Restarts {
        Restarts::Alone
    }

    fn lend(&self) -> Lending {
        let started = Rc::clone(&self.started);
        Box::pin(async move {
            if started.group.lock().await.is_none() {
                started.start().await.map_err(|complaint| complaint.to_string())?;
            }
            let lent: Box<dyn Lent> = Box::new(LentExec { started });
            Ok(lent)
        })
    }
}

struct LentExec {
    started: Rc<Started>,
}

impl Lent for LentExec {
    fn target(&self) -> Target {
        self.started.target.clone()
    }

    fn restart(&mut self, how: Restart) -> Pending<'_, Result<(), String>> {
        Box::pin(async move {
            self.started.stop(how).await;
            self.started
                .start()
                .await
                .map_err(|complaint| complaint.to_string())
        })
    }

    fn hold(&mut self, hold: Hold) -> Pending<'_, Result<(), String>> {
        Box::pin(async move {
            match &*self.started.group.lock().await {
                Some(group) => group.hold(hold),
                None => return Err("the command of --exec has ended".to_owned()),
            }
            Ok(())
        })
    }

    fn pid(&self) -> Pending<'_, Option<u32>> {
        Box::pin(self.started.pid())
    }
}
