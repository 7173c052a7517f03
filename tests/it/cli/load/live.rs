//! `load` as somebody who watches it sees it: the page, its events, and what is refused.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Stdio};

use tempfile::TempDir;

use crate::cli::{assert_said, phxproof, said_anywhere, terminate};

/// A load that goes on until it is terminated, and that is watched.
struct Watched {
    folder: TempDir,
    child: Child,
    stderr: BufReader<ChildStderr>,
    at: SocketAddr,
}

impl Watched {
    fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let usual = [
            "load",
            "echo",
            "--sockets",
            "5",
            "--duration",
            "1h",
            "--live",
            "--out",
            "out",
        ];
        let mut child = phxproof(folder.path(), &[&usual, args].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        stderr.read_line(&mut line).unwrap();
        let at = line.trim().strip_prefix("live page: http://").expect(&line);
        Self {
            at: at.trim_end_matches('/').parse().unwrap(),
            folder,
            child,
            stderr,
        }
    }

    /// The answer to a request: its status, and its body.
    fn ask(&self, request: &str, headers: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.at).unwrap();
        let host = match headers.contains("Host: ") {
            true => String::new(),
            false => format!("Host: {}\r\n", self.at),
        };
        let length = body.len();
        write!(
            stream,
            "{request} HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, body.to_owned())
    }

    fn events(&self) -> Events {
        let mut stream = TcpStream::connect(self.at).unwrap();
        write!(stream, "GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", self.at).unwrap();
        Events(BufReader::new(stream))
    }

    /// Ends the run in order; what it said on stderr.
    fn end(&mut self) -> String {
        terminate(&self.child);
        let mut said = String::new();
        self.stderr.read_to_string(&mut said).unwrap();
        self.child.wait().unwrap();
        said
    }

    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join("out").join(name)).unwrap()
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The server-sent events of a page.
struct Events(BufReader<TcpStream>);

impl Events {
    /// The page of the next event of this name that holds a text; events before it are skipped.
    fn wait_for(&mut self, wanted: &str, text: &str) -> String {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            assert!(
                self.0.read_line(&mut line).unwrap() > 0,
                "no event {wanted} with `{text}` came"
            );
            if let Some(it) = line.strip_prefix("event: ") {
                name = it.trim().to_owned();
            } else if let Some(data) = line.strip_prefix("data: ") {
                let page: String = serde_json::from_str(data).unwrap();
                if name == wanted && page.contains(text) {
                    return page;
                }
            }
        }
    }
}

#[test]
fn the_page_follows_the_run_and_becomes_its_report() {
    let mut run = Watched::start(&["--rate", "50"]);
    let mut events = run.events();
    let page = events.wait_for("page", "running for");
    assert!(
        page.contains("5 of 5 sockets joined") && page.contains("<svg "),
        "{page}"
    );
    assert!(!page.contains("exit code") && page.contains("when the run is over"));
    let (status, asked) = run.ask("GET /", "", "");
    assert_eq!(status, 200);
    assert!(
        asked.contains("<script>") && asked.contains("running for"),
        "{asked}"
    );
    let (status, head) = run.ask("HEAD /", "", "");
    assert_eq!((status, head.len()), (200, 0));
    run.end();
    let last = events.wait_for("over", "");
    assert_eq!(last, run.file("report.html"));
    assert!(last.contains("cut short") && !last.contains("<script"));
}

#[test]
fn a_foreign_name_and_other_paths_and_methods_are_refused() {
    let run = Watched::start(&[]);
    assert_eq!(run.ask("GET /", "Host: evil.example\r\n", "").0, 421);
    assert_eq!(run.ask("GET /result.json", "", "").0, 404);
    assert_eq!(run.ask("POST /", "", "x").0, 405);
    assert_eq!(run.ask("what", "", "").0, 400);
}

#[test]
fn a_run_that_cannot_take_place_says_so_on_its_page() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = format!("ws://{}/socket", closed.local_addr().unwrap());
    let mut run = Watched::start(&["--target", &target]);
    let mut events = run.events();
    events.wait_for("page", "about to begin");
    drop(closed);
    run.end();
    let last = events.wait_for("over", "");
    assert_eq!(last, run.file("report.html"));
}

#[test]
fn an_address_that_is_in_use_or_is_none_is_wrong_usage() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("--live={}", taken.local_addr().unwrap());
    let said =
        [&*taken, "--live=somewhere"].map(|live| said_anywhere(&["load", "echo", live, "--out", "out"]));
    assert_said!(said.concat());
}
