//! Starts the reference server as the server under test: in this process for most cases, and in a process of
//! its own for swarms and for cases that stop the server.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use super::complaint::Complaint;
use super::group::Group;
use crate::conformance::{Host, Lending, Lent, Pending, Restarts};
use crate::driver::Hold;
use crate::profile::Profile;
use crate::scenario::Restart;
use crate::server::{Server, ServerSettings};
use crate::transport::Target;

/// How long a server may take to start or to stop.
const LIMIT: Duration = Duration::from_secs(20);

/// A server in this process.
pub(super) struct Embedded {
    server: Server,
    target: Target,
    profile: Profile,
    /// Removed when the server has stopped.
    store: Scratch,
}

impl Embedded {
    /// Starts it on a free port.
    pub(super) fn start(profile: Profile) -> Result<Self, Complaint> {
        let failed = |why: String| Complaint::new(format!("cannot start the reference server: {why}"));
        let store = Scratch::new().map_err(|why| failed(why.to_string()))?;
        let settings = ServerSettings {
            store: Some(store.store()),
            profile,
            ..ServerSettings::default()
        };
        let server = Server::start(&settings).map_err(|why| failed(why.to_string()))?;
        let target = target(&server.address().to_string()).map_err(failed)?;
        Ok(Self {
            server,
            target,
            profile,
            store,
        })
    }

    /// Its address.
    pub(super) fn target(&self) -> &Target {
        &self.target
    }

    /// Stops it.
    pub(super) async fn stop(self) {
        self.server.drain();
        let joined = tokio::task::spawn_blocking(move || self.server.join());
        // A server that does not stop in time ends with this process.
        let _ = tokio::time::timeout(LIMIT, joined).await;
        drop(self.store);
    }
}

/// Reads the address from the first line of `serve`.
fn target(address: &str) -> Result<Target, String> {
    Target::parse(&format!("ws://{address}/socket")).map_err(|why| why.to_string())
}

impl Host for Embedded {
    fn restarts(&self) -> Restarts {
        Restarts::OfItsOwn
    }

    fn lend(&self) -> Lending {
        let profile = self.profile;
        Box::pin(async move {
            let lent: Box<dyn Lent> = Box::new(OwnServer::start(profile, 1).await?);
            Ok(lent)
        })
    }
}

/// A server in a process of its own.
pub(super) struct OwnServer {
    group: Group,
    address: String,
    target: Target,
    profile: Profile,
    shards: usize,
    store: Scratch,
}

impl OwnServer {
    /// Starts it on a free port with this many threads.
    pub(super) async fn start(profile: Profile, shards: usize) -> Result<Self, String> {
        let store = Scratch::new().map_err(|why| why.to_string())?;
        let (group, address) = serve(profile, shards, &store, "127.0.0.1:0").await?;
        let target = target(&address)?;
        Ok(Self {
            group,
            address,
            target,
            profile,
            shards,
            store,
        })
    }

    /// Its address.
    pub(super) fn at(&self) -> &Target {
        &self.target
    }

    /// Its process id.
    pub(super) fn pid(&self) -> Option<u32> {
        self.group.largest()
    }

    /// Stops it.
    pub(super) async fn stop(mut self) {
        self.group.stop(Restart::Term).await;
    }
}

impl Lent for OwnServer {
    fn target(&self) -> Target {
        self.target.clone()
    }

    fn restart(&mut self, how: Restart) -> Pending<'_, Result<(), String>> {
        Box::pin(async move {
            self.group.stop(how).await;
            (self.group, self.address) = serve(self.profile, self.shards, &self.store, &self.address).await?;
            Ok(())
        })
    }

    fn hold(&mut self, hold: Hold) -> Pending<'_, Result<(), String>> {
        self.group.hold(hold);
        Box::pin(async { Ok(()) })
    }

    fn pid(&self) -> Pending<'_, Option<u32>> {
        let pid = Self::pid(self);
        Box::pin(async move { pid })
    }
}

/// Starts `serve` at `address`, and waits until it prints its address.
async fn serve(
    profile: Profile,
    shards: usize,
    store: &Scratch,
    address: &str,
) -> Result<(Group, String), String> {
    let program = std::env::current_exe().map_err(|why| format!("this program is not to be found: {why}"))?;
    let port = address.rsplit_once(':').map_or("0", |(_, port)| port);
    let mut command = Command::new(program);
    command
        .args(["serve", "--port", port, "--profile", profile.name()])
        .args(["--shards", &shards.to_string(), "--store"])
        .arg(store.store());
    // The user's settings file must not apply to this server.
    command.current_dir(&store.folder);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut group = Group::start(&mut command).map_err(|why| format!("it cannot be started: {why}"))?;
    let first = tokio::time::timeout(LIMIT, first_line(group.child())).await;
    match first
        .map_err(|_| "it did not say where it listens".to_owned())?
        .strip_prefix("listening on http://")
    {
        Some(address) => Ok((group, address.trim().to_owned())),
        None => Err(last_words(group.child()).await),
    }
}

async fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    if let Some(stdout) = &mut child.stdout {
        // A server prints a line once it listens. Without one it has ended, and its stderr has the reason.
        let _ = BufReader::new(stdout).read_line(&mut line).await;
    }
    line
}

async fn last_words(child: &mut Child) -> String {
    let mut text = String::new();
    if let Some(stderr) = &mut child.stderr {
        let _ = tokio::time::timeout(LIMIT, stderr.take(64 << 10).read_to_string(&mut text)).await;
    }
    if text.trim().is_empty() {
        "it ended without a word".to_owned()
    } else {
        text.trim().to_owned()
    }
}

/// A temporary folder for a store, which is removed with its content.
#[derive(Debug)]
struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    fn new() -> std::io::Result<Self> {
        let number = SysRng.try_next_u64().map_err(std::io::Error::other)?;
        let folder = std::env::temp_dir().join(format!("phxproof-{number:016x}"));
        std::fs::create_dir(&folder)?;
        Ok(Self { folder })
    }

    fn store(&self) -> PathBuf {
        self.folder.join("annotations.sqlite")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A file that is left in a temporary folder does no harm.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
