//! README.md and the documents under docs/ are executed: their files are written, their commands run in their order, and
//! the output that they show is what the commands print. Every link between documents leads somewhere.
//!
//! Each document is a test of its own, in a folder of its own. A fence `yaml NAME` or `toml NAME` is a file of that name.
//! Every `sh` fence is run, line by line, unless it gives a reason after `not run here: `; a command must end with 0, or with
//! N after `# exits N`; one that ends in `&` is a server. `mix phx.server` is the reference server. A `text` fence is output of the commands before it, and `json NAME`
//! or `csv NAME` are parts of a file that they wrote: each of its lines must come, in this order. `…` stands for what is left
//! out, and numbers, their units and bars may differ.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// What a load says where other work kept this machine from sending on time: it proves nothing then, and what it printed is
/// not compared.
const LATE: &str = "this process was late";

/// What stands in for `mix`, as the tests need no Elixir.
const MIX: &str = "#!/bin/sh\nexec phxproof serve --port \"$PORT\" --store annotations.db\n";

/// A fenced block: what stands behind its backticks, and what is in it.
struct Fence {
    info: String,
    text: String,
}

/// A folder to follow a document in.
struct Newcomer {
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

/// One test for each document, so that they run side by side.
macro_rules! documents {
    ($($test:ident: $path:literal,)*) => {
        const DOCUMENTS: &[&str] = &[$($path),*];
        $(#[test]
        fn $test() {
            follow($path);
        })*
    };
}

documents! {
    the_readme_does_what_it_says: "README.md",
    the_index_does_what_it_says: "docs/README.md",
    ci_does_what_it_says: "docs/ci.md",
    conformance_does_what_it_says: "docs/conformance.md",
    library_does_what_it_says: "docs/library.md",
    load_does_what_it_says: "docs/load.md",
    mutations_does_what_it_says: "docs/mutations.md",
    results_does_what_it_says: "docs/results.md",
    scenarios_does_what_it_says: "docs/scenarios.md",
    server_does_what_it_says: "docs/server.md",
}

/// Does what the document says, and fails with everything that was not so.
fn follow(path: &str) {
    let page = fs::read_to_string(root().join(path)).unwrap();
    let mut newcomer = Newcomer::new();
    for fence in fences(&page) {
        newcomer.follow(&fence);
    }
    let complaints = newcomer.complaints();
    assert!(complaints.is_empty(), "{path}:\n{}", complaints.join("\n"));
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fences(page: &str) -> Vec<Fence> {
    let mut fences = Vec::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            fences.push(Fence {
                info: info.to_owned(),
                text: text.join("\n"),
            });
        }
    }
    fences
}

/// A line of a shell without its comment, and the exit code that it should have.
fn command(line: &str) -> (&str, i32) {
    let (command, comment) = line.split_once("  #").unwrap_or((line, ""));
    let code = comment
        .trim()
        .strip_prefix("exits ")
        .map_or(0, |code| code.parse().expect("a number"));
    (command.trim(), code)
}

/// Whether the lines of `shown` are in `output`, in this order; the first one that is not.
fn missing<'a>(shown: &'a str, output: &str) -> Option<&'a str> {
    let mut rest = output.lines().map(without_numbers);
    shown.lines().filter(|line| line.trim() != "…").find(|line| {
        let wanted = without_numbers(line);
        let (begin, open) = wanted
            .strip_suffix('…')
            .map_or((&*wanted, false), |begin| (begin, true));
        !rest.any(|line| line == begin || (open && line.starts_with(begin)))
    })
}

/// The line without what differs from run to run: numbers with their units, runs of dots and blanks, bars of a histogram.
pub(crate) fn without_numbers(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line.trim_end().chars().peekable();
    while let Some(c) = rest.next() {
        let within_a_number = out.ends_with('0') && rest.peek().is_some_and(char::is_ascii_digit);
        let (c, like) = match c {
            '0'..='9' | '–' => ('0', "0"),
            '.' | ',' if within_a_number => ('0', "0"),
            '.' => ('.', "."),
            ' ' if out.ends_with(['.', ' ']) => (' ', ". "),
            '▁'..='█' => (' ', " "),
            other => (other, ""),
        };
        if !out.ends_with(|last| like.contains(last)) {
            out.push(c);
        }
    }
    let words: Vec<_> = out.trim_end().split(' ').collect();
    let is_unit = |at: usize| at > 0 && words[at - 1].ends_with('0') && TIMES.contains(&words[at]);
    let kept: Vec<_> = (0..words.len())
        .filter(|at| !is_unit(*at))
        .map(|at| words[at])
        .collect();
    kept.join(" ")
}

/// Units of times, also at the end of a part of a sentence.
const TIMES: [&str; 6] = ["µs", "ms", "s", "µs,", "ms,", "s,"];

impl Newcomer {
    fn new() -> Self {
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

    fn follow(&mut self, fence: &Fence) {
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
    fn complaints(&mut self) -> Vec<String> {
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
        let is_late = |output: &Output| is_load && String::from_utf8_lossy(&output.stdout).contains(LATE);
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

/// Whether the outputs of the last `sh` fence are compared with what the document shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Compared {
    Yes,
    No,
}

#[test]
fn every_document_is_followed() {
    let mut found: Vec<_> = fs::read_dir(root().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md"))
        .map(|name| format!("docs/{name}"))
        .collect();
    found.push("README.md".to_owned());
    found.sort();
    let mut followed = DOCUMENTS.to_vec();
    followed.sort_unstable();
    assert_eq!(found, followed, "name each document in `documents!`");
}

#[test]
fn the_index_names_every_document() {
    let index = fs::read_to_string(root().join("docs/README.md")).unwrap();
    let lost: Vec<_> = DOCUMENTS
        .iter()
        .filter_map(|path| path.strip_prefix("docs/"))
        .filter(|name| *name != "README.md" && !index.contains(&format!("]({name})")))
        .collect();
    assert!(lost.is_empty(), "docs/README.md does not link to {lost:?}");
}

#[test]
fn what_the_pages_name_is_there() {
    const OTHERS: [&str; 5] = [
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "examples/phoenix-target/README.md",
        "tests/transcripts/README.md",
    ];
    let mut named = 0;
    let mut lost = Vec::new();
    for page in DOCUMENTS.iter().chain(&OTHERS) {
        let text = fs::read_to_string(root().join(page)).unwrap();
        for path in code_paths(&text) {
            named += 1;
            if !root().join(path).exists() {
                lost.push(format!("{page} names `{path}`"));
            }
        }
        for link in links(&text) {
            named += 1;
            if !leads_somewhere(page, &text, link) {
                lost.push(format!("{page} links to `{link}`"));
            }
        }
    }
    assert!(named > 40, "only {named} paths were found");
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

/// Whether a link of `page` leads to a file and, after `#`, to one of its headings.
fn leads_somewhere(page: &str, text: &str, link: &str) -> bool {
    let (path, section) = link.split_once('#').unwrap_or((link, ""));
    let folder = root().join(page).parent().unwrap().to_owned();
    if !path.is_empty() && !folder.join(path).exists() {
        return false;
    }
    section.is_empty()
        || if path.is_empty() {
            has_section(text, section)
        } else {
            fs::read_to_string(folder.join(path)).is_ok_and(|text| has_section(&text, section))
        }
}

/// Whether a heading of `text` has this anchor: in small letters, blanks as dashes, without any other punctuation.
fn has_section(text: &str, anchor: &str) -> bool {
    text.lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim())
        .any(|heading| {
            let words = heading.to_lowercase().replace(' ', "-");
            words
                .chars()
                .filter(|c| c.is_alphanumeric() || "-_".contains(*c))
                .eq(anchor.chars())
        })
}

#[test]
fn every_part_is_on_the_code_map() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let lost: Vec<_> = fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "lib.rs" && !map.contains(&format!("`src/{name}")))
        .collect();
    assert!(
        lost.is_empty(),
        "ARCHITECTURE.md does not say what is in {lost:?}"
    );
}

/// Paths into the repository in backticks. Words in capitals are to be filled in.
fn code_paths(page: &str) -> impl Iterator<Item = &str> {
    const TOP: [&str; 8] = [
        "src/",
        "tests/",
        "scenarios/",
        "fixtures/",
        "examples/",
        "benches/",
        "docs/",
        ".ci/",
    ];
    let to_fill_in = |path: &str| {
        ["FAMILY", "CASE", "SERVER"]
            .iter()
            .any(|word| path.contains(word))
    };
    let code = page.split('`').skip(1).step_by(2);
    code.filter(move |it| TOP.iter().any(|top| it.starts_with(top)) && !to_fill_in(it))
}

/// Where the links of a page lead, within the repository.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let links = page.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    links.map(|(link, _)| link).filter(|link| !link.contains("://"))
}

#[test]
fn paths_are_found_in_backticks_and_in_links() {
    let page =
        "`src/a.rs` of `fixtures/FAMILY/CASE.snap`, [b](c/d.md), [e](#f), [g](https://h), `i`, `tests/j`";
    assert_eq!(code_paths(page).collect::<Vec<_>>(), ["src/a.rs", "tests/j"]);
    assert_eq!(links(page).collect::<Vec<_>>(), ["c/d.md", "#f"]);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text = "# Load\n\n## What a swarm cannot do, yet\n";
    for (link, leads) in [
        ("#what-a-swarm-cannot-do-yet", true),
        ("#what-a-swarm-can-do", false),
        ("README.md", true),
        ("lost.md", false),
        ("../README.md#phxproof", true),
        ("../README.md#lost", false),
    ] {
        assert_eq!(leads_somewhere("docs/load.md", text, link), leads, "{link}");
    }
}

#[test]
fn output_that_was_not_printed_is_found() {
    let output = "checking ws://127.0.0.1:4123/socket\n  join  ..   9 pass\nall held: 9 pass, in 1.25 s\n";
    assert_eq!(
        missing(
            "checking ws://127.0.0.1:4000/socket\n…\nall held: 124 pass, in 4.3 s",
            output
        ),
        None
    );
    assert_eq!(missing("  join  ..  12 pass\nall …", output), None);
    assert_eq!(
        missing("all held: 9 fail, in 1 s", output),
        Some("all held: 9 fail, in 1 s")
    );
    assert_eq!(missing("all …\nchecking …", output), Some("checking …"));
}

#[test]
fn numbers_units_and_bars_may_differ() {
    let row = "  reply              600   326 µs  2.01 ms  4.58 ms        –  9.11 ms  ▁▇█";
    assert_eq!(without_numbers(row), " reply 0 0 0 0 0 0");
    assert_eq!(
        without_numbers("  reply            1,600   1.2 s  2 ms  3 ms  4 ms  9 ms"),
        without_numbers(row)
    );
    assert_ne!(without_numbers("600 sent"), without_numbers("600 lost"));
}

#[test]
fn a_command_says_how_it_should_end() {
    assert_eq!(
        command("phxproof check x.yaml    # exits 64"),
        ("phxproof check x.yaml", 64)
    );
    assert_eq!(
        command("phxproof check      # the main job"),
        ("phxproof check", 0)
    );
}

#[test]
fn a_fence_begins_and_ends() {
    let found = fences("a\n```yaml b.yaml\nc: d\n```\ne\n```sh\nf\ng\n```\n");
    let found: Vec<_> = found.iter().map(|it| (&*it.info, &*it.text)).collect();
    assert_eq!(found, [("yaml b.yaml", "c: d"), ("sh", "f\ng")]);
}
