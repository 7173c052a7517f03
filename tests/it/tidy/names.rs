//! Checks that type names are unique in the crate apart from known ones, and that the glossary of ARCHITECTURE.md has
//! each term once and names types that exist.

use std::collections::BTreeMap;

use super::floors::first_word;
use super::{code, files, is_test};

/// Names that still stand for several types, at least one of which is in the reference server, and for how many. This
/// list only shrinks.
const KNOWN: [(&str, usize); 17] = [
    ("Answer", 3),
    ("Body", 3),
    ("ChannelId", 2),
    ("Connection", 2),
    ("Ending", 2),
    ("Malformed", 2),
    ("OpenError", 2),
    ("Parsed", 2),
    ("Raised", 2),
    ("Received", 2),
    ("Ref", 2),
    ("ReplyTo", 2),
    ("Request", 3),
    ("Response", 2),
    ("Upgrade", 2),
    ("Version", 2),
    ("WebSocket", 2),
];

#[test]
fn no_new_name_stands_for_several_types() {
    let files = files();
    let types = types(&files);
    let allowed = |name: &str| KNOWN.iter().find(|it| it.0 == name).map_or(1, |it| it.1);
    let new: Vec<_> = types
        .iter()
        .filter(|(name, places)| places.len() > allowed(name))
        .collect();
    assert!(new.is_empty(), "rename one of each by what it is: {new:#?}");
    let count = |name: &str| types.get(name).map_or(0, Vec::len);
    let fewer: Vec<_> = KNOWN
        .iter()
        .map(|&(name, known)| (name, known, count(name)))
        .filter(|(_, known, now)| now < known)
        .collect();
    assert!(
        fewer.is_empty(),
        "these names stand for fewer types now; correct KNOWN in tests/it/tidy/names.rs: {fewer:?}"
    );
}

#[test]
fn every_type_of_the_glossary_exists() {
    let files = files();
    let page = &files
        .iter()
        .find(|it| it.0 == "ARCHITECTURE.md")
        .expect("it is there")
        .1;
    let terms = glossary(page);
    assert!(terms.len() >= 20, "the glossary has {} terms", terms.len());
    let types = types(&files);
    let unknown: Vec<_> = terms
        .iter()
        .flat_map(|term| &term.types)
        .filter(|name| !types.contains_key(*name))
        .collect();
    assert!(
        unknown.is_empty(),
        "the glossary names types that do not exist: {unknown:?}"
    );
}

#[test]
fn no_term_of_the_glossary_stands_there_twice() {
    let files = files();
    let page = &files
        .iter()
        .find(|it| it.0 == "ARCHITECTURE.md")
        .expect("it is there")
        .1;
    let mut names: Vec<_> = glossary(page).into_iter().map(|term| term.name).collect();
    let sorted = names.is_sorted();
    names.dedup();
    assert!(sorted && names.len() == glossary(page).len(), "{names:?}");
}

/// The types that the whole crate may see, and the files in which they stand.
fn types(files: &[(String, String)]) -> BTreeMap<String, Vec<&str>> {
    let mut types: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (path, text) in files {
        if !path.starts_with("src/") || !path.ends_with(".rs") || is_test(path) {
            continue;
        }
        for line in code(text).lines() {
            let rest = line.trim_start();
            let Some(rest) = rest
                .strip_prefix("pub ")
                .or_else(|| rest.strip_prefix("pub(crate) "))
            else {
                continue;
            };
            let kinds = ["struct ", "enum ", "trait ", "type "];
            if let Some(name) = kinds.iter().find_map(|kind| rest.strip_prefix(kind)) {
                types.entry(first_word(name)).or_default().push(path);
            }
        }
    }
    types
}

/// A line of the glossary.
struct Term {
    name: String,
    types: Vec<String>,
}

/// The lines of the table below `## Glossary`: a term, its types, what it means.
fn glossary(page: &str) -> Vec<Term> {
    let section = page.split_once("\n## Glossary\n").map_or("", |(_, rest)| rest);
    let section = section
        .split_once("\n## ")
        .map_or(section, |(section, _)| section);
    let rows = section.lines().filter(|line| line.starts_with("| "));
    rows.skip(1)
        .filter_map(|row| {
            let mut cells = row.trim_matches('|').split('|').map(str::trim);
            let (name, types) = (cells.next()?, cells.next()?);
            if name.starts_with("---") {
                return None;
            }
            let types = types.split('`').skip(1).step_by(2).map(str::to_owned).collect();
            Some(Term {
                name: name.to_owned(),
                types,
            })
        })
        .collect()
}

#[test]
fn a_name_of_two_types_is_found() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let files = [
        file(
            "src/load/a.rs",
            "pub struct Settings {}\nstruct Own;\n// pub enum Said {}",
        ),
        file(
            "src/server/b.rs",
            "pub(crate) enum Settings {}\npub(super) struct Own;",
        ),
        file("src/server/tests.rs", "pub struct Settings;"),
    ];
    let found = types(&files);
    assert_eq!(found["Settings"], ["src/load/a.rs", "src/server/b.rs"]);
    assert_eq!(found.len(), 1);
}

#[test]
fn the_glossary_is_read_up_to_the_next_chapter() {
    let page = "# A\n\n## Glossary\n\n| term | type | meaning |\n| --- | --- | --- |\n| shard | `Shard`, `Core` | a thread |\n\
                | swarm | | all |\n\n## More\n\n| x | `Y` | z |\n";
    let terms = glossary(page);
    assert_eq!(terms.len(), 2);
    assert_eq!(
        (terms[0].name.as_str(), terms[0].types.join(" ")),
        ("shard", "Shard Core".to_owned())
    );
    assert!(terms[1].types.is_empty());
}
