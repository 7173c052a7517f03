//! README.md and the documents under docs/ are executed: their files are written, their commands run in their order, and
//! the output that they show is what the commands print.
//!
//! Each document is a test of its own, in a folder of its own. A fence `yaml NAME` or `toml NAME` is a file of that name.
//! Every `sh` fence is run, line by line, unless it gives a reason after `not run here: `; a command must end with 0, or with
//! N after `# exits N`; one that ends in `&` is a server. `mix phx.server` is the reference server. A `text` fence is output
//! of the commands before it, and `json NAME` or `csv NAME` are parts of a file that they wrote: each of its lines must come,
//! in this order. `…` stands for what is left out, and numbers, their units and bars may differ.

mod fences; // the fenced blocks of a document
mod links; // every link and every path leads somewhere
mod newcomer; // does what the fences say
pub(crate) mod output; // what was printed, beside what is shown

use std::fs;
use std::path::Path;

use fences::fences;
use newcomer::Newcomer;

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
    capacity_does_what_it_says: "docs/capacity.md",
    ci_does_what_it_says: "docs/ci.md",
    conformance_does_what_it_says: "docs/conformance.md",
    fuzz_does_what_it_says: "docs/fuzz.md",
    fuzzing_ourselves_does_what_it_says: "docs/fuzzing-ourselves.md",
    journeys_does_what_it_says: "docs/journeys.md",
    diff_does_what_it_says: "docs/diff.md",
    judge_does_what_it_says: "docs/judge.md",
    library_does_what_it_says: "docs/library.md",
    load_does_what_it_says: "docs/load.md",
    prove_does_what_it_says: "docs/prove.md",
    mutations_does_what_it_says: "docs/mutations.md",
    record_does_what_it_says: "docs/record.md",
    results_does_what_it_says: "docs/results.md",
    scenarios_does_what_it_says: "docs/scenarios.md",
    server_does_what_it_says: "docs/server.md",
    tls_does_what_it_says: "docs/tls.md",
    worker_does_what_it_says: "docs/worker.md",
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
