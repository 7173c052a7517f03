//! The rules of the house that the compiler does not know: module heads, lengths of files, unfinished work.
//! Each check is a function over a path and its text, and is itself seen to fail below.

mod circles; // no circles within a folder
mod floors; // which part uses which, and which crates
mod names; // one name for one type, and the glossary

use std::fs;
use std::path::Path;

/// The most lines of a source file, and of a file of tests.
const MOST_LINES: usize = 400;
const MOST_LINES_OF_TESTS: usize = 800;
/// Half of the source files have fewer lines.
const MEDIAN_LINES: usize = 200;
/// The most lines of README.md: what does not fit belongs into a document under docs/.
const MOST_LINES_OF_README: usize = 250;
/// What marks unfinished or silenced code; in two halves, so that this file does not find itself.
const UNFINISHED: [(&str, &str); 7] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X"),
    ("to", "do!"),
    ("unimple", "mented!"),
    ("#[ig", "nore"),
    ("[al", "low("),
];
/// Where a machine keeps its files; in two halves as well.
const MACHINE_PATHS: [(&str, &str); 3] = [("/wo", "rk/"), ("/ho", "me/"), ("/ro", "ot/")];
/// What holds no source of ours; `.git` is a file in a worktree.
const NOT_OURS: [&str; 5] = ["target", "reports", "node_modules", "site-packages", ".git"];

#[test]
fn rust_files_keep_the_rules_of_the_house() {
    let complaints: Vec<_> = files()
        .iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .flat_map(|(path, text)| [head(path, text), length(path, text)].concat())
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn the_readme_is_short() {
    let complaints: Vec<_> = files()
        .iter()
        .filter(|(path, _)| path == "README.md")
        .flat_map(|(_, text)| readme(text))
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn half_of_the_source_files_are_short() {
    let mut lengths: Vec<_> = files()
        .iter()
        .filter(|(path, _)| path.starts_with("src/") && path.ends_with(".rs") && !is_test(path))
        .map(|(_, text)| text.lines().count())
        .collect();
    assert!(median(&mut lengths) < MEDIAN_LINES, "{lengths:?}");
}

#[test]
fn nothing_is_left_unfinished_or_silenced() {
    let complaints: Vec<_> = files()
        .iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .flat_map(|(path, text)| unfinished(path, text))
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    let complaints: Vec<_> = files()
        .iter()
        .flat_map(|(path, text)| machine_paths(path, text))
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.ends_with("/tests.rs") || path.contains("/tests/")
}

/// The text of a file with its comments blank.
fn without_comments(text: &str) -> String {
    let code = text.lines().map(|line| {
        if line.trim_start().starts_with("//") {
            ""
        } else {
            line
        }
    });
    code.collect::<Vec<_>>().join("\n")
}

/// The code of a file without comments, and without the tests at its end.
fn code(text: &str) -> String {
    let mut code = without_comments(text);
    if let Some(at) = code.find("#[cfg(test)]\nmod tests {") {
        code.truncate(at);
    }
    code
}

/// A file says what it is for before it does anything.
fn head(path: &str, text: &str) -> Vec<String> {
    if text
        .lines()
        .find(|line| !line.trim().is_empty())
        .is_some_and(|line| line.starts_with("//! "))
    {
        return Vec::new();
    }
    vec![format!(
        "{path}:1: no module head; begin with `//! ` and what the file is for"
    )]
}

/// A file that grows too long is split before it hurts.
fn length(path: &str, text: &str) -> Vec<String> {
    let most = if is_test(path) {
        MOST_LINES_OF_TESTS
    } else {
        MOST_LINES
    };
    let lines = text.lines().count();
    if lines <= most {
        return Vec::new();
    }
    vec![format!(
        "{path}:{lines}: {lines} lines, {most} is the most; split it at a seam that has a name"
    )]
}

fn median(lengths: &mut [usize]) -> usize {
    lengths.sort_unstable();
    lengths[lengths.len() / 2]
}

/// README.md is what a newcomer reads to the end.
fn readme(text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines <= MOST_LINES_OF_README {
        return Vec::new();
    }
    vec![format!(
        "README.md:{lines}: {lines} lines, {MOST_LINES_OF_README} is the most; move a section into docs/"
    )]
}

/// The one test that takes too long for every run.
const RUNS_WHEN_ASKED: &str = "tests/it/faults/suite.rs";

/// Nothing is put off, and no lint or test is silenced.
fn unfinished(path: &str, text: &str) -> Vec<String> {
    let marks = UNFINISHED.map(|(left, right)| format!("{left}{right}"));
    found(text, &marks)
        .filter(|(_, mark)| path != RUNS_WHEN_ASKED || !mark.ends_with("nore"))
        .map(|(at, mark)| {
            format!("{path}:{at}: `{mark}`; finish it, or `#[expect(..., reason = \"...\")]` it")
        })
        .collect()
}

/// No path works only where it was written.
fn machine_paths(path: &str, text: &str) -> Vec<String> {
    let places = MACHINE_PATHS.map(|(left, right)| format!("{left}{right}"));
    found(text, &places)
        .map(|(at, place)| format!("{path}:{at}: names `{place}`; nobody else has that folder"))
        .collect()
}

/// Line and needle of each needle that stands by itself and not at the end of a longer word.
fn found<'a>(text: &'a str, needles: &'a [String]) -> impl Iterator<Item = (usize, &'a str)> {
    text.lines().enumerate().flat_map(move |(at, line)| {
        needles
            .iter()
            .filter(|needle| stands_alone(line, needle))
            .map(move |needle| (at + 1, needle.as_str()))
    })
}

fn stands_alone(line: &str, needle: &str) -> bool {
    let of_a_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(needle).any(|(at, _)| {
        let begins = !line[..at].ends_with(of_a_word);
        let ends = !needle.ends_with(of_a_word) || !line[at + needle.len()..].starts_with(of_a_word);
        begins && ends
    })
}

/// Every text file of the project, as a path from its root and its text.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    collect(root, root, &mut files);
    assert!(
        files.iter().any(|(path, _)| path == "src/lib.rs"),
        "no source found below {}",
        root.display()
    );
    files
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("the project's own folder is readable") {
        let path = entry.expect("the project's own folder is readable").path();
        if NOT_OURS.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let name = path
                .strip_prefix(root)
                .unwrap_or(&path)
                .to_string_lossy()
                .replace('\\', "/");
            files.push((name, text));
        }
    }
}

#[test]
fn a_file_without_a_head_is_found() {
    assert_eq!(head("src/a.rs", "use std::fmt;\n//! Too late.\n").len(), 1);
    assert_eq!(head("src/a.rs", "").len(), 1);
    assert_eq!(head("src/a.rs", "\n//! What it is for.\n"), [""; 0]);
}

#[test]
fn a_file_that_is_too_long_is_found() {
    let lines = |n| "\n".repeat(n);
    assert_eq!(length("src/a.rs", &lines(401)).len(), 1);
    assert_eq!(length("src/a.rs", &lines(400)), [""; 0]);
    assert_eq!(length("src/a/tests.rs", &lines(800)), [""; 0]);
    assert_eq!(length("tests/it/a.rs", &lines(801)).len(), 1);
}

#[test]
fn the_median_is_the_middle_one() {
    assert_eq!(median(&mut [300, 10, 250]), 250);
}

#[test]
fn a_readme_that_is_too_long_is_found() {
    assert_eq!(readme(&"\n".repeat(251)).len(), 1);
    assert_eq!(readme(&"\n".repeat(250)), [""; 0]);
}

#[test]
fn unfinished_work_is_found_where_it_stands_alone() {
    for (left, right) in UNFINISHED {
        let line = format!("    {left}{right}");
        assert_eq!(unfinished("src/a.rs", &line).len(), 1, "{line}");
    }
    for (left, right) in &UNFINISHED[..5] {
        let within_a_word = format!("mas{left}{right}n");
        assert_eq!(unfinished("src/a.rs", &within_a_word), [""; 0], "{within_a_word}");
    }
    let lower = format!("{}{}", UNFINISHED[2].0, UNFINISHED[2].1).to_lowercase();
    assert_eq!(unfinished("src/a.rs", &lower), [""; 0]);
    let silenced = format!("#!{}{}dead_code)]", UNFINISHED[6].0, UNFINISHED[6].1);
    assert_eq!(unfinished("src/a.rs", &silenced).len(), 1);
}

#[test]
fn a_place_on_a_machine_is_found_and_a_path_of_a_url_is_not() {
    let place = format!("{}{}me", MACHINE_PATHS[1].0, MACHINE_PATHS[1].1);
    assert_eq!(
        machine_paths("README.md", &format!("see `{place}/notes`")).len(),
        1
    );
    assert_eq!(
        machine_paths("README.md", &format!("https://phxproof.example{place}")),
        [""; 0]
    );
}
