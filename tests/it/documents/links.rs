//! What the documents name is there: paths in backticks, links, headings behind `#`, and each part of `src/` on the code map.

use std::fs;

use super::{DOCUMENTS, root};

#[test]
fn what_the_pages_name_is_there() {
    const OTHERS: [&str; 7] = [
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "examples/beam/README.md",
        "examples/grafana/README.md",
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
