//! The floors of the house: which folder of `src/` may use which other one, and which crates.

use std::fs;
use std::path::Path;

use super::{code, files, found, is_test, without_comments};

/// The folders and files of `src/`, and on which floor they are. Each uses only what is below it.
const FLOORS: [(&str, u8); 30] = [
    ("beam", 1),
    ("clock", 0),
    ("descriptors", 0),
    ("dice", 0),
    ("process", 0),
    ("profile", 0),
    ("live", 1),
    ("protocol", 1),
    ("statistics", 1),
    ("wire", 1),
    ("client", 2),
    ("session", 2),
    ("stream", 2),
    ("transport", 3),
    ("scenario", 4),
    ("driver", 5),
    ("conformance", 6),
    ("judge", 6),
    ("load", 6),
    ("server", 6),
    ("capacity", 7),
    ("fuzz", 7),
    ("locust", 7),
    ("prove", 7),
    ("record", 7),
    ("witness", 7),
    ("report", 8),
    ("untrusted", 8),
    ("cli", 9),
    ("main", 10),
];
/// The crates of `[dependencies]`, and the parts that may use each. [`ANYWHERE`] are those that every part
/// may use; `csv` and `http` are also the names of modules of ours.
const CRATES: [(&str, &[&str]); 49] = [
    ("annotate_snippets", &["scenario"]),
    ("anstream", &["report", "cli"]),
    ("anstyle", &["report", "cli"]),
    (
        "base64",
        &[
            "live", "wire", "session", "stream", "scenario", "server", "record", "report", "witness",
        ],
    ),
    ("clap", &["cli"]),
    ("clap_complete", &["cli"]),
    ("cookie", &["scenario"]),
    ("flate2", &["wire"]),
    ("futures_util", &["judge", "locust"]),
    ("globset", &["conformance"]),
    ("hdrhistogram", &["statistics", "load", "prove", "report"]),
    ("hmac", &["server"]),
    ("httparse", &["live", "wire", "server", "record"]),
    ("httpdate", &["scenario", "server"]),
    (
        "humantime",
        &[
            "stream",
            "transport",
            "scenario",
            "conformance",
            "load",
            "report",
            "cli",
            "witness",
        ],
    ),
    ("include_dir", &["conformance", "load"]),
    ("indicatif", &["report"]),
    ("itoa", &["load"]),
    ("memchr", &["protocol", "wire", "load", "untrusted"]),
    ("mio", &["stream", "load", "server"]),
    ("pbkdf2", &["server"]),
    (
        "percent_encoding",
        &["transport", "judge", "server", "record", "report"],
    ),
    ("quick_junit", &["report"]),
    ("proptest", &["fuzz"]),
    ("rand", &["transport", "conformance", "fuzz", "cli"]),
    (
        "rand_xoshiro",
        &["statistics", "capacity", "conformance", "dice", "load", "server"],
    ),
    ("rcgen", &["stream"]),
    ("regex", &["scenario"]),
    ("rmpv", &["locust"]),
    ("rusqlite", &["server"]),
    ("rustix", &["descriptors", "process", "load", "cli"]),
    ("rustls", &["stream"]),
    ("rustls_native_certs", &["stream"]),
    ("scraper", &["scenario"]),
    ("semver", &["server"]),
    (
        "serde",
        &[
            "wire",
            "scenario",
            "conformance",
            "report",
            "cli",
            "witness",
            "untrusted",
        ],
    ),
    (
        "serde_json",
        &[
            "beam",
            "live",
            "wire",
            "scenario",
            "conformance",
            "fuzz",
            "load",
            "locust",
            "prove",
            "record",
            "report",
            "cli",
            "witness",
            "untrusted",
        ],
    ),
    ("serde_saphyr", &["scenario", "conformance"]),
    ("sha1", &["wire"]),
    ("sha2", &["live", "conformance", "server"]),
    ("similar", &["conformance"]),
    ("slab", &["server"]),
    ("socket2", &["load", "server"]),
    ("strsim", &["scenario"]),
    ("terminal_size", &["report"]),
    (
        "tokio",
        &[
            "live",
            "stream",
            "transport",
            "driver",
            "conformance",
            "fuzz",
            "judge",
            "load",
            "locust",
            "prove",
            "record",
            "cli",
            "witness",
        ],
    ),
    ("tokio_tungstenite", &["judge"]),
    ("toml", &["cli"]),
    ("zeromq", &["locust"]),
];
const ANYWHERE: [&str; 3] = ["csv", "http", "thiserror"];
/// The front doors, which may name every part.
const FRONT_DOORS: [&str; 2] = ["src/lib.rs", "src/main.rs"];

#[test]
fn each_file_uses_only_what_its_floor_allows() {
    let complaints: Vec<_> = files()
        .iter()
        .filter(|(path, _)| path.ends_with(".rs"))
        .flat_map(|(path, text)| [floors(path, text), crates(path, text)].concat())
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_dependency_has_its_parts() {
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let (_, rest) = manifest
        .split_once("\n[dependencies]\n")
        .expect("it has dependencies");
    let (dependencies, _) = rest.split_once("\n[dev-dependencies]\n").expect("it has tests");
    let named = dependencies.lines().filter_map(|line| line.split_once(" = "));
    let named: Vec<_> = named.map(|(name, _)| name.replace('-', "_")).collect();
    let known: Vec<_> = CRATES.iter().map(|it| it.0).chain(ANYWHERE).collect();
    let unknown: Vec<_> = named
        .iter()
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    let gone: Vec<_> = known
        .iter()
        .filter(|name| !named.iter().any(|it| it == *name))
        .collect();
    assert!(
        unknown.is_empty() && gone.is_empty(),
        "not in CRATES: {unknown:?}; no dependency: {gone:?}"
    );
}

/// Uses of `crate::part` must go down, or stay in the same part.
fn floors(path: &str, text: &str) -> Vec<String> {
    let Some(inside) = path.strip_prefix("src/").filter(|_| !FRONT_DOORS.contains(&path)) else {
        return Vec::new();
    };
    let part = inside.split(['/', '.']).next().unwrap_or_default();
    let Some(own) = floor_of(part) else {
        return vec![format!(
            "{path}:1: `{part}` is on no floor; add it to FLOORS in tests/it/tidy/floors.rs"
        )];
    };
    let mut complaints = Vec::new();
    for (at, used) in uses(text) {
        match floor_of(&used) {
            _ if used == part => {}
            Some(floor) if floor < own => {}
            Some(floor) => complaints.push(format!(
                "{path}:{at}: {part} (floor {own}) uses {used} (floor {floor}); move the shared part down"
            )),
            None => complaints.push(format!(
                "{path}:{at}: {part} uses `crate::{used}`, which is on no floor"
            )),
        }
    }
    complaints
}

/// A crate of [`CRATES`] is used only where it may be; tests may hold their part against any.
fn crates(path: &str, text: &str) -> Vec<String> {
    let Some(inside) = path
        .strip_prefix("src/")
        .filter(|_| !FRONT_DOORS.contains(&path) && !is_test(path))
    else {
        return Vec::new();
    };
    let part = inside.split(['/', '.']).next().unwrap_or_default();
    let code = code(text);
    let mut complaints = Vec::new();
    for (name, parts) in CRATES {
        let used = [format!("{name}::")];
        let at = found(&code, &used).next().map(|(at, _)| at);
        if let Some(at) = at.filter(|_| !parts.contains(&part)) {
            complaints.push(format!(
                "{path}:{at}: {part} uses {name}, which only {} may; see CRATES in tests/it/tidy/floors.rs",
                parts.join(", ")
            ));
        }
    }
    complaints
}

fn floor_of(part: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == part)
        .map(|(_, floor)| *floor)
}

/// Line and name of each part that code names after `crate::`, also within braces; comments may name any.
fn uses(text: &str) -> Vec<(usize, String)> {
    let code = without_comments(text);
    let mut found = Vec::new();
    for (start, prefix) in code.match_indices("crate::") {
        let rest = &code[start + prefix.len()..];
        let at = code[..start].matches('\n').count() + 1;
        match rest.strip_prefix('{') {
            Some(group) => found.extend(first_names(group).into_iter().map(|name| (at, name))),
            None => found.push((at, first_word(rest))),
        }
    }
    found
}

/// The names that a group `{a::b, c::{d, e}}` begins with: `a` and `c`.
fn first_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut expected = true;
    for (at, c) in group.char_indices() {
        match c {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => expected = true,
            _ if expected && !c.is_whitespace() => {
                names.push(first_word(&group[at..]));
                expected = false;
            }
            _ => {}
        }
    }
    names
}

pub(super) fn first_word(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

#[test]
fn a_crate_on_the_wrong_floor_is_found() {
    let text = "//! Head.\nuse tokio::net::TcpStream;\n";
    assert_eq!(
        crates("src/client/socket.rs", text),
        [
            "src/client/socket.rs:2: client uses tokio, which only live, stream, transport, driver, conformance, fuzz, judge, load, locust, prove, record, cli, witness may; see CRATES \
             in tests/it/tidy/floors.rs"
        ]
    );
    for path in ["src/transport/open.rs", "src/client/tests.rs", "src/lib.rs"] {
        assert!(crates(path, text).is_empty(), "{path}");
    }
    assert!(crates("src/client/socket.rs", "use tokio_util::codec;").is_empty());
}

#[test]
fn a_use_upwards_or_sideways_is_found() {
    let complaint =
        "src/protocol/frame.rs:2: protocol (floor 1) uses client (floor 2); move the shared part down";
    assert_eq!(
        floors(
            "src/protocol/frame.rs",
            "//! Frames.\nuse crate::client::Socket;\n"
        ),
        [complaint]
    );
    assert_eq!(
        floors("src/load/mod.rs", "use crate::{clock, server::{a, b}};").len(),
        1
    );
    assert_eq!(floors("src/clock.rs", "fn f() { crate::cli::run() }").len(), 1);
    assert_eq!(
        floors(
            "src/load/mod.rs",
            "use crate::{\n    clock,\n    cli::{a, b},\n    fuzz,\n};"
        )
        .len(),
        2
    );
}

#[test]
fn a_use_downwards_or_within_is_right() {
    let text = "use crate::{clock, protocol::{a, b}, client};\npub(in crate::load) fn f() {}\n";
    assert_eq!(floors("src/load/mod.rs", text), [""; 0]);
    assert_eq!(
        floors("src/protocol/mod.rs", "// as crate::client does\n"),
        [""; 0]
    );
    assert_eq!(floors("src/lib.rs", "use crate::cli;"), [""; 0]);
    assert_eq!(floors("tests/it/main.rs", "use crate::cli;"), [""; 0]);
}

#[test]
fn a_part_without_a_floor_is_found() {
    assert_eq!(floors("src/util.rs", "").len(), 1);
    assert_eq!(floors("src/load/mod.rs", "use crate::util;").len(), 1);
}
