//! The scenarios that the binary carries: each reads without a problem, is called after its path, and names the
//! rules that it checks.

use std::fs;
use std::path::{Path, PathBuf};

use phxproof::scenario::{Color, read};

/// Every scenario file: its id, which is its path without the ending, and its text.
fn all() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let id = path.strip_prefix(&root).unwrap().with_extension("");
            (
                id.to_str().unwrap().to_owned(),
                fs::read_to_string(&path).unwrap(),
            )
        })
        .collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            files.push(path);
        }
    }
}

#[test]
fn every_scenario_reads_without_a_problem() {
    let problems: Vec<String> = all()
        .iter()
        .filter_map(|(id, source)| read(&format!("scenarios/{id}.yaml"), source).err())
        .map(|error| error.render(Color::Never))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn every_id_is_a_family_and_a_case_in_small_words() {
    let small = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let odd: Vec<String> = all()
        .into_iter()
        .map(|it| it.0)
        .filter(|id| id.split('/').count() != 2 || !id.split('/').all(small))
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
}
