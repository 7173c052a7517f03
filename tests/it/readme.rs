//! The pages, taken at their word: what they name is there. And README.md above all: its files are written, its commands run in their order, and what it shows of their
//! output is what they print.
//!
//! In the README, a fence `yaml NAME` or `toml NAME` is a file of that name; every `sh` fence is run, line by line,
//! unless it says why `not here`; a command is expected to end with 0, or with N after `# exits N`; one that ends in `&` is
//! a server. A `text` fence is output of the commands before it: each of its lines must come, in this order, `…`
//! stands for whatever is left out, and numbers (of dots, too) may differ.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// A fenced block: what stands behind its backticks, and what is in it.
struct Fence {
    info: String,
    text: String,
}

/// A folder to follow the README in.
struct Newcomer {
    folder: TempDir,
    servers: Vec<Child>,
    /// The ports of the README, and those that the servers really have.
    ports: Vec<(String, String)>,
    /// What the commands of the last fence printed.
    output: String,
    complaints: Vec<String>,
}

#[test]
fn the_readme_does_what_it_says() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let mut newcomer = Newcomer::new();
    for fence in fences(&page) {
        newcomer.follow(&fence);
    }
    let complaints = std::mem::take(&mut newcomer.complaints);
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
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

/// Runs of digits, and of dots with the blanks behind them, become one of each: a column is as wide as what is in it.
fn without_numbers(line: &str) -> String {
    let mut out = String::new();
    for c in line.trim_end().chars() {
        let (c, like) = match c {
            '0'..='9' => ('0', "0"),
            '.' => ('.', "."),
            ' ' if out.ends_with(['.', ' ']) => (' ', ". "),
            other => (other, ""),
        };
        if !out.ends_with(|last| like.contains(last)) {
            out.push(c);
        }
    }
    out
}

impl Newcomer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            folder,
            servers: Vec::new(),
            ports: Vec::new(),
            output: String::new(),
            complaints: Vec::new(),
        }
    }

    fn follow(&mut self, fence: &Fence) {
        let (kind, rest) = fence.info.split_once(' ').unwrap_or((&fence.info, ""));
        match (kind, rest) {
            ("yaml" | "toml", name) => {
                let text = self.with_real_ports(&fence.text);
                fs::write(self.folder.path().join(name), text).unwrap();
            }
            ("sh", "") => {
                self.output.clear();
                for line in fence.text.replace("\\\n", "").lines() {
                    self.run(line);
                }
            }
            ("sh", reason) if reason.starts_with("not run here: ") => {}
            ("text", _) => {
                if let Some(line) = missing(&fence.text, &self.output) {
                    let mut complaint = format!("no command printed `{line}`, but:\n");
                    let _ = write!(complaint, "{}", self.output);
                    self.complaints.push(complaint);
                }
            }
            ("rust,no_run", _) => {} // Compiled as a doctest of the library.
            _ => self
                .complaints
                .push(format!("nobody tries the fence `{}`", fence.info)),
        }
    }

    fn run(&mut self, line: &str) {
        let (line, code) = command(line);
        // What Cargo itself does is tried by whoever runs this test.
        let line = line.replace("cargo run --release -- ", "phxproof ");
        if line.starts_with("cargo ") {
            return;
        }
        if let Some(server) = line.strip_suffix('&') {
            self.serve(server.trim());
            return;
        }
        let output = self.shell(&self.with_real_ports(&line)).output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        if output.status.code() != Some(code) {
            self.complaints.push(format!(
                "`{line}` ended with {}, not {code}:\n{said}",
                output.status
            ));
        }
        self.output.push_str(&said);
    }

    /// Starts a server on any free port instead of the one that the README gives it.
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
        command.env("PATH", format!("{}:{path}", binary.parent().unwrap().display()));
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

#[test]
fn what_the_pages_name_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    let mut lost = Vec::new();
    for page in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = fs::read_to_string(root.join(page)).unwrap();
        for path in paths(&text) {
            named += 1;
            if !root.join(path).exists() {
                lost.push(format!("{page} names `{path}`"));
            }
        }
    }
    assert!(named > 40, "only {named} paths were found");
    assert!(lost.is_empty(), "{}", lost.join("\n"));
}

#[test]
fn every_part_is_on_the_code_map() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = fs::read_to_string(root.join("ARCHITECTURE.md")).unwrap();
    let lost: Vec<_> = fs::read_dir(root.join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "lib.rs" && !map.contains(&format!("`src/{name}")))
        .collect();
    assert!(
        lost.is_empty(),
        "ARCHITECTURE.md does not say what is in {lost:?}"
    );
}

/// Paths into the repository: what is linked to, and what stands in backticks and begins like one. Words in capitals
/// are to be filled in.
fn paths(page: &str) -> Vec<&str> {
    const TOP: [&str; 7] = [
        "src/",
        "tests/",
        "scenarios/",
        "fixtures/",
        "examples/",
        "benches/",
        ".ci/",
    ];
    let to_fill_in = |path: &str| {
        ["FAMILY", "CASE", "SERVER"]
            .iter()
            .any(|word| path.contains(word))
    };
    let code = page.split('`').skip(1).step_by(2);
    let code = code.filter(|it| TOP.iter().any(|top| it.starts_with(top)) && !to_fill_in(it));
    let links = page.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let links = links
        .map(|(path, _)| path)
        .filter(|path| !path.starts_with('#') && !path.contains("://"));
    code.chain(links).collect()
}

#[test]
fn a_path_is_found_in_backticks_and_in_links() {
    let page =
        "`src/a.rs` of `fixtures/FAMILY/CASE.snap`, [b](c/d.md), [e](#f), [g](https://h), `i`, `tests/j`";
    assert_eq!(paths(page), ["src/a.rs", "tests/j", "c/d.md"]);
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
        missing("all held: 9 pass, in 1 s", output),
        Some("all held: 9 pass, in 1 s")
    );
    assert_eq!(missing("all …\nchecking …", output), Some("checking …"));
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
