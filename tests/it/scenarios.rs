//! The scenarios that the binary carries: each file reads without a problem, and each case is called after its path and
//! cites rules that exist.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use phxproof::conformance::internal::{built_in, find_rule};
use phxproof::scenario::internal::Color;
use phxproof::scenario::read;

/// Every scenario file: its id, which is its path without the ending, and its text.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut paths = Vec::new();
    collect(&root, &mut paths);
    paths.sort();
    paths
        .into_iter()
        .map(|path| {
            let id = path
                .strip_prefix(&root)
                .expect("collected below it")
                .with_extension("");
            let source = fs::read_to_string(&path).expect("a readable scenario");
            (id.display().to_string(), source)
        })
        .collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|it| it == "yaml") {
            paths.push(path);
        }
    }
}

#[test]
fn every_scenario_reads_without_a_problem() {
    let problems: Vec<String> = files()
        .iter()
        .filter_map(|(id, source)| read(&format!("scenarios/{id}.yaml"), source).err())
        .map(|error| error.render(Color::Never))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn every_file_is_a_case_called_after_its_path_in_small_words() {
    let small = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let ids: Vec<String> = files().into_iter().map(|it| it.0).collect();
    let odd: Vec<&String> = ids
        .iter()
        .filter(|id| id.split('/').count() != 2 || !id.split('/').all(small))
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
    let known: HashSet<&str> = built_in().iter().map(|case| &*case.id).collect();
    // Those of a swarm are played by `load`, which has a test of its own.
    let cases = ids.iter().filter(|id| !id.starts_with("load/"));
    let missing: Vec<&String> = cases.filter(|id| !known.contains(id.as_str())).collect();
    assert!(missing.is_empty(), "files that are no case: {missing:?}");
}

#[test]
fn every_case_says_what_it_needs_and_cites_rules_that_exist() {
    let mut complaints = Vec::new();
    for case in built_in() {
        if case.rules().is_empty() || case.level().is_none() {
            complaints.push(format!("{}: no rules, or no level", case.id));
        }
        let unknown = case.rules().iter().filter(|id| find_rule(id).is_none());
        complaints.extend(unknown.map(|id| format!("{}: there is no rule {id}", case.id)));
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}
