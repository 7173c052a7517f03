//! Follows a document as a newcomer does: writes its files, runs its commands in their order, and notes what differs.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use super::fences::{Fence, command};
use super::output::missing;

/// What a load says where other work kept this machine from sending on time: it proves nothing then, and what it printed is
/// not compared.
const LATE: &str = "this process was late";

/// What stands in for `mix`, as the tests need no Elixir.
const MIX: &str = "#!/bin/sh\nexec phxproof serve --port \"$PORT\" --store annotations.db\n";

/// A folder to follow a document in.
pub(super) struct Newcomer {
    folder: TempDir,
    servers: Vec<Child>,
    /// The ports in the document, and those that the servers really have.
    ports: Vec<(String, String)>,
    /// The commands of the `sh` fences, and those that workflows of CI systems show.
    ran: Vec<String>,
    in_workflows: Vec<String>,
    compared: Compared,
    /// What the commands of the last fence printed.
    output: String,
    complaints: Vec<String>,
}

/// Whether the outputs of the last `sh` fence are compared with what the document shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Yes,
    No,
}

impl Newcomer {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mix = folder.path().join("bin/mix");
        fs::create_dir(folder.path().join("bin")).unwrap();
        fs::write(&mix, MIX).unwrap();
        fs::set_permissions(&mix, fs::Permissions::from_mode(0o755)).unwrap();
        Self {
            folder,
            servers: Vec::new(),
            ports: Vec::new(),
            ran: Vec::new(),
            in_workflows: Vec::new(),
            compared: Compared::Yes,
            output: String::new(),
            complaints: Vec::new(),
        }
    }

    pub(super) fn follow(&mut self, fence: &Fence) {
        let (kind, rest) = fence.info.split_once(' ').unwrap_or((&fence.info, ""));
        match (kind, rest) {
            ("yaml" | "toml", name) if !name.is_empty() => self.write(name, &fence.text),
            ("sh", "") => {
                self.output.clear();
                self.compared = Compared::Yes;
                for line in fence.text.replace("\\\n", "").lines() {
                    self.run(line);
                }
            }
            ("sh", reason) if reason.starts_with("not run here: ") => {}
            ("text" | "json" | "csv", _) if self.compared == Compared::No => {}
            ("text", "") => {
                if let Some(line) = missing(&fence.text, &self.output) {
                    let mut complaint = format!("no command printed `{line}`, but:\n");
                    let _ = write!(complaint, "{}", self.output);
                    self.complaints.push(complaint);
                }
            }
            ("json" | "csv", name) if !name.is_empty() => {
                let written = fs::read_to_string(self.folder.path().join(name)).unwrap_or_default();
                if let Some(line) = missing(&fence.text, &written) {
                    self.complaints
                        .push(format!("`{line}` is not in {name}, but:\n{written}"));
                }
            }
            ("rust" | "rust,no_run", _) => {} // Compiled as a doctest of the library.
            _ => self
                .complaints
                .push(format!("nobody tries the fence `{}`", fence.info)),
        }
    }

    /// Writes a file. Commands in the workflow of a CI system are noted, as one of the `sh` fences must run them.
    fn write(&mut self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, self.with_real_ports(text)).unwrap();
        if !name.starts_with('.') {
            return;
        }
        if let Err(error) = serde_saphyr::from_str::<serde_json::Value>(text) {
            self.complaints.push(format!("{name} is not YAML: {error}"));
        }
        let commands = text.lines().map(|line| {
            let line = line.trim_start().trim_start_matches("- ");
            line.strip_prefix("run: ").unwrap_or(line).to_owned()
        });
        self.in_workflows
            .extend(commands.filter(|line| line.starts_with("phxproof ")));
    }

    /// What was not as the document says.
    pub(super) fn complaints(&mut self) -> Vec<String> {
        let mut complaints = std::mem::take(&mut self.complaints);
        for command in self.in_workflows.iter().filter(|it| !self.ran.contains(it)) {
            complaints.push(format!("a workflow runs `{command}`, which no `sh` fence runs"));
        }
        complaints
    }

    fn run(&mut self, line: &str) {
        let (line, code) = command(line);
        // What Cargo itself does is tried by whoever runs this test.
        if line.is_empty() || line.starts_with("cargo ") {
            return;
        }
        self.ran.push(line.to_owned());
        if let Some(server) = line.strip_suffix('&') {
            self.serve(server.trim());
            return;
        }
        if line.contains("--exec") {
            self.free_port(line);
        }
        let line = self.with_real_ports(line);
        let mut output = self.shell(&line).output().unwrap();
        let is_load = line.starts_with("phxproof load ");
        let is_search = line.starts_with("phxproof capacity ");
        let is_late = |output: &Output| {
            // A search survives late trials, unless there are too many.
            let may_be = is_load || is_search && output.status.code() != Some(code);
            may_be && String::from_utf8_lossy(&output.stdout).contains(LATE)
        };
        for _ in 0..2 {
            if is_late(&output) {
                output = self.shell(&line).output().unwrap();
            }
        }
        if is_late(&output) {
            self.compared = Compared::No;
            return;
        }
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(code) {
            self.complaints.push(format!(
                "`{line}` ended with {}, not {code}:\n{said}",
                output.status
            ));
        }
        self.output.push_str(&said);
    }

    /// Starts a server on any free port instead of the one that the document gives it.
    fn serve(&mut self, line: &str) {
        let port = line
            .split_once("--port ")
            .map_or("4000", |(_, rest)| rest.split(' ').next().unwrap_or_default());
        let line = format!("exec {} --port 0", line.replace(&format!("--port {port}"), ""));
        let mut server = self.shell(&line).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(server.stdout.take().unwrap())
            .read_line(&mut said)
            .unwrap();
        let real = said.trim().rsplit(':').next().unwrap_or_default().to_owned();
        self.servers.push(server);
        self.ports.push((format!(":{port}/"), format!(":{real}/")));
    }

    /// Has the server that a command is going to start listen on a free port, instead of the one in the document.
    fn free_port(&mut self, line: &str) {
        let (_, rest) = line.split_once("127.0.0.1:").expect("the target of --exec");
        let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        self.ports
            .push((format!(":{port}/"), format!(":{}/", free.port())));
    }

    fn with_real_ports(&self, text: &str) -> String {
        self.ports
            .iter()
            .fold(text.to_owned(), |text, (shown, real)| text.replace(shown, real))
    }

    fn shell(&self, line: &str) -> Command {
        let binary = Path::new(env!("CARGO_BIN_EXE_phxproof"));
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new("sh");
        command
            .args(["-c", line])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env("NO_COLOR", "1");
        let (own, built) = (self.folder.path().join("bin"), binary.parent().unwrap());
        command.env("PATH", format!("{}:{}:{path}", own.display(), built.display()));
        command
    }
}

impl Drop for Newcomer {
    fn drop(&mut self) {
        for server in &mut self.servers {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}
