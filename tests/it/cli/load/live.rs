//! `load --live`: the page, its events, the rate, and the requests that are refused.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStderr, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{assert_said, phxproof, said_anywhere, terminate};

/// A load, or another command, that goes on until it is terminated, and that is watched.
pub(super) struct Watched {
    folder: TempDir,
    child: Child,
    stderr: BufReader<ChildStderr>,
    at: SocketAddr,
}

impl Watched {
    pub(super) fn start(args: &[&str]) -> Self {
        Self::run(&[&["load", "echo", "--sockets", "5", "--duration", "1h"], args].concat())
    }

    /// Another command.
    fn run(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = phxproof(folder.path(), &[args, &["--live", "--out", "out"]].concat())
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
    pub(super) fn ask(&self, request: &str, headers: &str, body: &str) -> (u16, String) {
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

    pub(super) fn events(&self) -> Events {
        let mut stream = TcpStream::connect(self.at).unwrap();
        write!(stream, "GET /events HTTP/1.1\r\nHost: {}\r\n\r\n", self.at).unwrap();
        Events(BufReader::new(stream))
    }

    /// Ends the run in order, and returns its stderr.
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
        // A run that is killed would leave its reference server behind.
        if let Ok(None) = self.child.try_wait() {
            terminate(&self.child);
            let _ = self.child.wait();
        }
    }
}

/// The server-sent events of a page.
pub(super) struct Events(BufReader<TcpStream>);

impl Events {
    /// The page of the next event of this name that holds a text; events before it are skipped.
    pub(super) fn wait_for(&mut self, wanted: &str, text: &str) -> String {
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

/// The value of a tile of the page.
fn tile<'p>(page: &'p str, name: &str) -> &'p str {
    let (_, rest) = page.split_once(&format!("<span>{name}</span><b>")).unwrap();
    rest.split_once('<').unwrap().0
}

#[test]
fn a_rate_that_is_changed_holds_from_then_on_and_is_told_everywhere() {
    let mut run = Watched::start(&["--rate", "50"]);
    let mut events = run.events();
    let page = events.wait_for("page", "sends a second</span>");
    let before: f64 = tile(&page, "sends a second").parse().unwrap();
    assert!(before < 200.0, "{before}");
    assert_eq!(
        run.ask("GET /rate", "", ""),
        (200, "{\"rate\":50.0}\n".to_owned())
    );
    let own = format!("Origin: http://{}\r\n", run.at);
    assert_eq!(
        run.ask("PUT /rate", &own, "{\"rate\": 400}"),
        (200, "{\"rate\":400.0}\n".to_owned())
    );
    let page = events.wait_for("page", "class=\"change\"");
    assert!(page.contains("value=\"400\""), "{page}");
    // A second that was sent at the new rate has ended.
    let mut faster = before;
    while faster < before + 50.0 {
        faster = tile(&events.wait_for("page", ""), "sends a second")
            .replace(',', "")
            .parse()
            .unwrap();
    }
    run.end();
    let result: Value = serde_json::from_str(&run.file("result.json")).unwrap();
    let changes = result["rate_changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{result}");
    assert_eq!(changes[0]["sends_per_s"], 400.0);
    let series = run.file("series.csv");
    let column = series
        .lines()
        .next()
        .unwrap()
        .split(',')
        .position(|it| it == "rate")
        .unwrap();
    let rates: Vec<&str> = series
        .lines()
        .map(|line| line.split(',').nth(column).unwrap())
        .collect();
    assert!(rates.contains(&"50") && rates.contains(&"400"), "{series}");
    let report = run.file("report.html");
    assert!(report.contains("400 sends a second from here on"));
    assert!(report.contains("the rate was changed once"));
}

#[test]
fn a_foreign_page_and_a_bad_rate_change_nothing() {
    let run = Watched::start(&["--rate", "50"]);
    let put = |headers: &str, body: &str| run.ask("PUT /rate", headers, body).0;
    assert_eq!(put("Origin: http://evil.example\r\n", "400"), 403);
    assert_eq!(put("Sec-Fetch-Site: cross-site\r\n", "400"), 403);
    assert_eq!(
        put("Host: evil.example\r\nOrigin: http://evil.example\r\n", "400"),
        421
    );
    assert_eq!(["", "fast", "0", "-5"].map(|rate| put("", rate)), [400; 4]);
    assert_eq!(put("", &"1".repeat(2000)), 413);
    assert_eq!(run.ask("POST /rate", "", "400").0, 405);
    assert_eq!(run.ask("GET /rate", "", "").1, "{\"rate\":50.0}\n");
}

#[test]
fn a_closed_model_and_stages_refuse_another_rate() {
    let stages = "load: {stages: [{rate: 10, for: 30m}, {rate: 20, for: 30m}]}\n";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("staged.yaml");
    let echo = include_str!("../../../../scenarios/load/echo.yaml");
    let (before, _) = echo.split_once("load:").unwrap();
    fs::write(&file, format!("{before}{stages}")).unwrap();
    let closed = Watched::start(&["--rate", "max"]);
    let staged = Watched::run(&["load", file.to_str().unwrap(), "--sockets", "5"]);
    for (run, why) in [(closed, "--rate max"), (staged, "has stages")] {
        let (status, said) = run.ask("PUT /rate", "", "400");
        assert_eq!(status, 409);
        assert!(said.contains(why), "{said}");
        assert!(!run.ask("GET /", "", "").1.contains("<form"));
    }
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

#[test]
fn experiments_are_followed_and_their_page_becomes_the_report() {
    let mut run = Watched::run(&["prove", "delivery", "--sockets", "20", "--max-time", "10m"]);
    let mut events = run.events();
    let page = events.wait_for("page", "verdict open\">delivery");
    assert!(page.contains("the reference server") && !page.contains("<form"));
    assert_eq!(run.ask("PUT /rate", "", "5").0, 404);
    run.end();
    assert_eq!(events.wait_for("over", ""), run.file("report.html"));
}

#[test]
fn a_search_is_followed_trial_by_trial_and_its_page_becomes_the_report() {
    let mut run = Watched::run(&[
        "capacity",
        "--by",
        "rate",
        "--sockets",
        "10",
        "--max",
        "1000",
        "--trial",
        "1s",
    ]);
    let mut events = run.events();
    let page = events.wait_for("page", "<h2>Every trial");
    assert!(
        page.contains("verdict open\">trial ") && page.contains("<svg "),
        "{page}"
    );
    run.end();
    assert_eq!(events.wait_for("over", ""), run.file("report.html"));
}
