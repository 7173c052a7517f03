//! Runs a command in a process group of its own, so that everything it starts can be ended with it.

use std::io;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitOptions, kill_process_group, test_kill_process_group, waitpgid};
use tokio::process::{Child, Command};

use super::patience;
use crate::driver::Hold;
use crate::process::{group_of, usage_of};
use crate::scenario::Restart;

/// How long a server has to drain after SIGTERM.
const DRAIN: Duration = Duration::from_secs(15);
/// How long the kernel may take to end processes after SIGKILL.
const KILLED: Duration = Duration::from_secs(5);

/// A running command with all processes that it started.
#[derive(Debug)]
pub(super) struct Group {
    child: Child,
    id: Option<Pid>,
}

impl Group {
    /// Starts it.
    pub(super) fn start(command: &mut Command) -> io::Result<Self> {
        adopt_orphans();
        let child = command.process_group(0).spawn()?;
        let id = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        Ok(Self { child, id })
    }

    /// The process of the command itself.
    pub(super) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// The process of the group with the most memory, which is the server if a shell or a script started it.
    /// Nothing if no process is left, or if the system does not tell.
    pub(super) fn largest(&self) -> Option<u32> {
        let group = self.id?.as_raw_nonzero().get();
        let processes = std::fs::read_dir("/proc").ok()?;
        processes
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok())
            .filter(|pid| group_of(*pid) == Some(group))
            .max_by_key(|pid| usage_of(*pid).map(|usage| usage.rss_bytes))
    }

    /// The exit status of the command, once no process of the group is running.
    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.try_wait().ok().flatten()?;
        self.is_empty().then_some(status)
    }

    /// Whether no process is left. Call it only after the command itself has been waited for.
    fn is_empty(&self) -> bool {
        // A process that has ended exists until its parent waits for it.
        while let Some(id) = self.id
            && matches!(waitpgid(id, WaitOptions::NOHANG), Ok(Some(_)))
        {}
        self.id.is_none_or(|id| test_kill_process_group(id).is_err())
    }

    /// Stops all processes: with SIGTERM, and then with SIGKILL if that was not enough; or at once with
    /// SIGKILL.
    pub(super) async fn stop(&mut self, how: Restart) {
        if how == Restart::Term {
            self.signal(Signal::TERM);
            // A process that is held gets SIGTERM only once it goes on.
            self.signal(Signal::CONT);
            if self.gone(DRAIN).await {
                return;
            }
        }
        self.signal(Signal::KILL);
        self.gone(KILLED).await;
    }

    /// Holds all processes, or lets them go on.
    pub(super) fn hold(&self, hold: Hold) {
        self.signal(match hold {
            Hold::Still => Signal::STOP,
            Hold::GoesOn => Signal::CONT,
        });
    }

    async fn gone(&mut self, limit: Duration) -> bool {
        let gone = patience::until(limit, async || self.ended()).await.is_some();
        if gone {
            // The number may be used by another process group from now on.
            self.id = None;
        }
        gone
    }

    fn signal(&self, signal: Signal) {
        if let Some(id) = self.id {
            // This fails only if no process is left.
            let _ = kill_process_group(id, signal);
        }
    }
}

/// Makes orphaned processes of the command children of this process, so that it can wait for them. Their
/// parent would otherwise be init, which in many containers never waits for them.
fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // If this is not permitted, waiting only takes longer.
    let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;

    use std::process::Stdio;

    use super::*;

    fn start(script: &str) -> Group {
        Group::start(
            Command::new("sh")
                .arg("-c")
                .arg(script)
                .stdin(Stdio::null())
                .stdout(Stdio::null()),
        )
        .unwrap()
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_a_command_started_ends_with_it() {
        let mut group = start("sleep 600 & sleep 600; true");
        assert!(group.ended().is_none());
        group.stop(Restart::Term).await;
        assert!(group.is_empty());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_group_that_is_held_ends_by_sigterm_all_the_same() {
        let mut group = start("sleep 600; true");
        group.hold(Hold::Still);
        group.stop(Restart::Term).await;
        let status = group.ended().unwrap();
        assert_eq!(status.signal(), Some(Signal::TERM.as_raw()));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test(flavor = "current_thread")]
    async fn the_server_is_found_behind_the_shell_that_started_it() {
        let mut group = start("sleep 600 & sleep 600; true");
        assert!(group.largest().is_some());
        group.stop(Restart::Kill).await;
        assert_eq!(group.largest(), None);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_group_that_is_dropped_is_killed() {
        let group = start("trap '' TERM; sleep 600 & sleep 600; true");
        let id = group.id.unwrap();
        drop(group);
        let gone = async || {
            let _ = waitpgid(id, WaitOptions::NOHANG);
            test_kill_process_group(id).is_err().then_some(())
        };
        assert!(patience::until(KILLED, gone).await.is_some());
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_command_that_ended_by_itself_tells_how() {
        let mut group = start("exit 7");
        let status = patience::until(KILLED, async || group.ended()).await.unwrap();
        assert_eq!(status.code(), Some(7));
    }
}
