//! Finds modules of a folder that use each other in a circle: none of them can be understood without all others.

use std::collections::{BTreeMap, BTreeSet};

use super::floors::first_word;
use super::{code, files, is_test};

/// A module as its path: `["load", "role"]`.
type Module = Vec<String>;
/// The modules of a folder, and which of them each uses.
type Folders = BTreeMap<Module, BTreeMap<String, BTreeSet<String>>>;

#[test]
fn no_modules_use_each_other_in_a_circle() {
    assert_eq!(
        circles(&files()),
        [],
        "these modules use each other in a circle; move what they share into a module of its own"
    );
}

/// Each circle with its folder.
fn circles(files: &[(String, String)]) -> Vec<(String, BTreeSet<String>)> {
    let mut found = Vec::new();
    for (folder, uses) in folders(files) {
        let mut left: BTreeSet<&String> = uses.keys().collect();
        while let Some(module) = left.pop_first() {
            let circle: BTreeSet<String> = reached(&uses, module)
                .into_iter()
                .filter(|other| reached(&uses, other).contains(module))
                .collect();
            left.retain(|other| !circle.contains(*other));
            if circle.len() > 1 {
                found.push((folder.join("::"), circle));
            }
        }
    }
    found
}

/// The modules that one uses, and those that they use.
fn reached(uses: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(module) = open.pop() {
        for next in uses.get(module).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    reached
}

/// Which modules of each folder use which others. What a module takes from its folder by name counts for the module in
/// which it stands.
fn folders(files: &[(String, String)]) -> Folders {
    let modules: BTreeMap<Module, String> = files
        .iter()
        .filter_map(|(path, text)| Some((module_of(path)?, code(text))))
        .collect();
    let mut exported: BTreeMap<(Module, String), Module> = BTreeMap::new();
    for (module, text) in &modules {
        for path in paths(text) {
            if let Some((from, Some(name))) = resolve(&modules, module, &path)
                && from.starts_with(module)
            {
                exported.insert((module.clone(), name), from);
            }
        }
    }
    let mut folders = Folders::new();
    for (module, text) in &modules {
        for path in paths(text) {
            let Some((mut used, name)) = resolve(&modules, module, &path) else {
                continue;
            };
            while let Some(from) = name
                .as_ref()
                .and_then(|it| exported.get(&(used.clone(), it.clone())))
                && used != *from
            {
                used.clone_from(from);
            }
            let shared = module.iter().zip(&used).take_while(|(a, b)| a == b).count();
            if let (Some(one), Some(other)) = (module.get(shared), used.get(shared)) {
                let uses = folders.entry(module[..shared].to_vec()).or_default();
                uses.entry(one.clone()).or_default().insert(other.clone());
            }
        }
    }
    folders
}

/// `["load", "role"]` for `src/load/role.rs`; nothing for tests and the front doors.
fn module_of(path: &str) -> Option<Module> {
    let inside = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    let mut module: Module = inside.split('/').map(str::to_owned).collect();
    module.pop_if(|last| last == "mod");
    (!is_test(path) && inside != "lib" && inside != "main").then_some(module)
}

/// The module in which a path ends, and the name that it means there.
fn resolve(
    modules: &BTreeMap<Module, String>,
    here: &Module,
    path: &[String],
) -> Option<(Module, Option<String>)> {
    let (first, rest) = path.split_first()?;
    let mut whole = match first.as_str() {
        "crate" => rest.to_vec(),
        "self" | "super" => {
            let up = path.iter().filter(|it| *it == "super").count();
            let rest = path.iter().filter(|it| *it != "super" && *it != "self");
            let base = here.len().checked_sub(up)?;
            here[..base].iter().chain(rest).cloned().collect()
        }
        _ => [here.as_slice(), path].concat(),
    };
    let mut name = None;
    while !whole.is_empty() && !modules.contains_key(&whole) {
        name = whole.pop();
    }
    (whole != *here && !whole.is_empty()).then_some((whole, name))
}

/// All paths of a file that may lead to a module: those of `use`, and those that begin with `crate`, `super` or `self`.
fn paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for word in ["use ", "crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(word) {
            let before = code[..at].chars().next_back();
            let is_begin = before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':');
            if is_begin {
                let begin = if word == "use " { at + word.len() } else { at };
                read(&code[begin..], &[], &mut paths);
            }
        }
    }
    paths
}

/// Reads a path with its groups, such as `a::{b, c::d}`; returns what follows it.
fn read<'a>(mut text: &'a str, before: &[String], paths: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = before.to_vec();
    loop {
        text = text.trim_start();
        if let Some(mut group) = text.strip_prefix('{') {
            loop {
                group = read(group, &path, paths).trim_start();
                match group.strip_prefix(',') {
                    Some(rest) => group = rest,
                    None => return group.strip_prefix('}').unwrap_or(group),
                }
            }
        }
        let word = first_word(text);
        text = &text[word.len()..];
        let is_empty = word.is_empty();
        if !is_empty && word != "self" || path.is_empty() && word == "self" {
            path.push(word);
        }
        match text.strip_prefix("::") {
            Some(rest) if !is_empty => text = rest,
            _ => break,
        }
    }
    if let Some(renamed) = text.trim_start().strip_prefix("as ") {
        text = &renamed[first_word(renamed).len()..];
    }
    if path.len() > before.len() || text.starts_with(['}', ',']) && !path.is_empty() {
        paths.push(path);
    }
    text
}

#[test]
fn a_circle_is_found_and_a_chain_is_not() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let chain = [
        file(
            "src/load/mod.rs",
            "mod one;\nmod two;\nmod three;\npub use three::Third;",
        ),
        file("src/load/one.rs", "use super::two::Second;"),
        file(
            "src/load/two.rs",
            "use crate::clock::Time;\nuse super::three::{self, Third};",
        ),
        file("src/load/three.rs", "// use super::one::First;\n"),
    ];
    assert_eq!(circles(&chain), []);
    let closed_by = |text: &str| {
        let mut files = chain.to_vec();
        files.push(file("src/load/three/deep.rs", text));
        circles(&files)
    };
    let all = ["one", "three", "two"].map(str::to_owned).into();
    let circle = [("load".to_owned(), all)];
    assert_eq!(closed_by("use super::super::one::First;"), circle);
    assert_eq!(closed_by("fn f() { crate::load::one::first() }"), circle);
    assert_eq!(
        closed_by("use crate::{clock, load::{one::{First, other}}};"),
        circle
    );
    assert_eq!(
        closed_by("#[cfg(test)]\nmod tests {\n use crate::load::one;\n}"),
        []
    );
    // A name that the folder hands on belongs to the module in which it stands.
    let mut files = chain.to_vec();
    files[3].1 = "use crate::load::one::First;".to_owned();
    files[2].1 = "use super::Third;".to_owned();
    assert_eq!(circles(&files), circle);
}
