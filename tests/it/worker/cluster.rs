//! A Locust master and its workers as processes on loopback.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use phxproof::internal::{Clock, Time};
use phxproof::server::Server;

/// No test waits longer for what it waits for.
const PATIENCE: Duration = Duration::from_secs(60);

fn packages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/locust/site-packages")
}

fn python() -> Command {
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", packages());
    python
}

/// Whether a master can run here. What is missing is written past the harness, which shows nothing of a test that passes.
pub(super) fn can_play() -> bool {
    let imports = python().args(["-c", "import locust"]).output();
    if imports.is_ok_and(|output| output.status.success()) {
        return true;
    }
    // The message is lost if stderr is closed.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: no Locust master is run, `python3 -m pip install --target tests/locust/site-packages --requirement \
         tests/locust/requirements.txt` installs one"
    );
    false
}

/// A port that was free a moment ago: Locust takes no port 0.
pub(super) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

pub(super) fn phxproof(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_phxproof"))
        .args(args)
        .output()
        .unwrap()
}

/// A process whose stderr is read as it comes.
struct Process {
    child: Child,
    lines: Receiver<String>,
    said: String,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                // Nobody listens after a test.
                let _ = sender.send(line);
            }
        });
        Self {
            child,
            lines,
            said: String::new(),
        }
    }

    /// Waits until it says this, unless it has said so before.
    fn has_said(&mut self, what: &str) {
        if !self.said.contains(what) {
            self.says(what);
        }
    }

    /// Waits until it says this.
    fn says(&mut self, what: &str) {
        let clock = Clock::start();
        loop {
            let wait = PATIENCE.saturating_sub(clock.now().since(Time::ZERO));
            let line = self.lines.recv_timeout(wait);
            let line = line.unwrap_or_else(|_| panic!("it never said `{what}`:\n{}", self.said));
            self.said.push_str(&line);
            self.said.push('\n');
            if line.contains(what) {
                return;
            }
        }
    }

    /// Waits until it has ended.
    fn ends(&mut self) -> i32 {
        let clock = Clock::start();
        loop {
            let wait = PATIENCE.saturating_sub(clock.now().since(Time::ZERO));
            match self.lines.recv_timeout(wait) {
                Ok(line) => {
                    self.said.push_str(&line);
                    self.said.push('\n');
                }
                // Its stderr is closed.
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => break,
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => panic!("it did not end:\n{}", self.said),
            }
        }
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A master and its workers.
pub(super) struct Cluster {
    target: String,
    scenarios: Vec<String>,
    folder: tempfile::TempDir,
    port: u16,
    env: BTreeMap<String, String>,
    master: Option<Process>,
    workers: BTreeMap<String, Process>,
}

impl Cluster {
    pub(super) fn new(server: &Server, scenarios: &[&str]) -> Self {
        Self {
            target: format!("ws://{}/socket", server.address()),
            scenarios: scenarios.iter().map(|it| (*it).to_owned()).collect(),
            folder: tempfile::tempdir().unwrap(),
            port: free_port(),
            env: BTreeMap::new(),
            master: None,
            workers: BTreeMap::new(),
        }
    }

    /// The folder with the results of the process of this name.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn env(&mut self, name: &str, value: &str) {
        self.env.insert(name.to_owned(), value.to_owned());
    }

    pub(super) fn write_locustfile(&self, more: &[&str]) {
        let (file, out) = (self.folder("locustfile.py"), self.folder("merged"));
        let typed = [
            "worker",
            "--write-locustfile",
            file.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
        ];
        let scenarios: Vec<&str> = self.scenarios.iter().map(|it| &**it).collect();
        let output = phxproof(&[&typed, more, &scenarios].concat());
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    pub(super) fn locustfile(&self, text: &str) {
        fs::write(self.folder("locustfile.py"), text).unwrap();
    }

    /// Starts a master that waits for so many workers, and has so many users come at once.
    pub(super) fn master(&mut self, workers: u32, users: u32, more: &[&str]) {
        let stdout = File::create(self.folder("master.out")).unwrap();
        let mut python = python();
        python
            .args([
                "-m",
                "locust",
                "--master",
                "--headless",
                "--master-bind-host",
                "127.0.0.1",
            ])
            .args(["--master-bind-port", &self.port.to_string(), "-f"])
            .arg(self.folder("locustfile.py"))
            .args(["--expect-workers", &workers.to_string()])
            .args(["-u", &users.to_string(), "-r", &users.to_string()])
            .args(more)
            .envs(&self.env)
            .stdout(stdout);
        self.master = Some(Process::start(&mut python));
    }

    /// The stdout of the master so far.
    pub(super) fn stdout(&self) -> String {
        fs::read_to_string(self.folder("master.out")).unwrap()
    }

    /// A worker in the closed model, whose verdict does not depend on how busy this machine is.
    pub(super) fn worker(&mut self, name: &str, more: &[&str]) {
        let mut worker = Command::new(env!("CARGO_BIN_EXE_phxproof"));
        worker
            .args([
                "worker",
                "--locust",
                &format!("127.0.0.1:{}", self.port),
                "--target",
                &self.target,
            ])
            .args(["--rate-per-socket", "max", "--shards", "2", "-v", "--out"])
            .arg(self.folder(name))
            .args(&self.scenarios)
            .args(more)
            .stdout(Stdio::null());
        self.workers.insert(name.to_owned(), Process::start(&mut worker));
    }

    fn the_master(&mut self) -> &mut Process {
        self.master.as_mut().expect("it was started")
    }

    fn the_worker(&mut self, name: &str) -> &mut Process {
        self.workers.get_mut(name).expect("it was started")
    }

    pub(super) fn master_says(&mut self, what: &str) {
        self.the_master().says(what);
    }

    pub(super) fn worker_says(&mut self, name: &str, what: &str) {
        self.the_worker(name).says(what);
    }

    /// The stderr of a worker so far.
    pub(super) fn said(&self, name: &str) -> &str {
        &self.workers[name].said
    }

    /// Waits until the master has kept a message of this worker, and returns the worker's name at the master.
    pub(super) fn await_messages_of(&mut self, name: &str) -> String {
        self.worker_says(name, " as ");
        let said = self.said(name).lines().last().unwrap_or_default();
        let (_, id) = said.rsplit_once(" as ").expect("it tells its name");
        let id = id.to_owned();
        self.the_master().has_said(&format!("results of {id} come in"));
        id
    }

    /// The result in the last message of the worker that has this name at the master.
    pub(super) fn last_message_of(&self, id: &str) -> Value {
        let file = self.folder("merged").join("workers").join(format!("{id}.jsonl"));
        let lines = fs::read_to_string(file).unwrap();
        let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        serde_json::from_str(last["result"].as_str().unwrap()).unwrap()
    }

    pub(super) fn kill(&mut self, name: &str) {
        drop(self.workers.remove(name));
    }

    pub(super) fn kill_master(&mut self) {
        drop(self.master.take());
    }

    /// SIGTERM, which ends the test in order.
    pub(super) fn stop_master(&mut self) {
        let id = self.the_master().child.id();
        let id = rustix::process::Pid::from_raw(i32::try_from(id).unwrap()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
    }

    /// Waits until the master and its workers have ended: the exit code of the master, and what it said.
    pub(super) fn ends(&mut self) -> (i32, String) {
        let master = self.the_master();
        let ended = (master.ends(), master.said.clone());
        for worker in self.workers.values_mut() {
            worker.ends();
        }
        ended
    }
}
