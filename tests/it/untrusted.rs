//! Every fuzz target over its seeds, and over a few hundred mutations of them. `docs/fuzzing-ourselves.md` says how the targets are
//! run for longer.

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use phxproof::internal::untrusted::{READERS, read};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// The most bytes of a seed.
const LARGEST_SEED: u64 = 32 << 10;

/// One test for each target, so that they run side by side.
macro_rules! targets {
    ($($test:ident: $name:literal,)*) => {
        const TARGETS: &[&str] = &[$($name),*];
        $(#[test]
        fn $test() {
            seeds_and_mutations($name);
        })*
    };
}

targets! {
    the_client_bears_any_server: "client",
    compressed_messages_of_any_bytes_are_bounded: "deflate",
    any_frames_are_read_the_same_in_any_pieces: "frames",
    any_answers_are_read_the_same_in_any_pieces: "http_answers",
    any_requests_are_read_the_same_in_any_pieces: "http_requests",
    long_poll_bears_any_bodies: "long_poll",
    messages_that_are_decoded_can_be_encoded: "messages",
    plays_bear_any_server: "plays",
    any_recording_is_a_scenario: "recordings",
    any_text_is_a_scenario_or_has_problems: "scenarios",
}

#[test]
fn every_reader_has_a_test_a_fuzz_target_and_seeds() {
    let readers: BTreeSet<String> = READERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let tested: BTreeSet<String> = TARGETS.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(readers, tested);
    assert_eq!(readers, names_in("fuzz/seeds"));
    assert_eq!(readers, names_in("fuzz/.cargo-fuzz/targets"));
    let manifest = fs::read_to_string(root().join("fuzz/.cargo-fuzz/Cargo.toml")).unwrap();
    for name in readers {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
    }
}

/// The files and folders in a folder, without their extensions.
fn names_in(folder: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let name = |path: PathBuf| path.file_stem().unwrap().to_string_lossy().into_owned();
    entries.map(|entry| name(entry.unwrap().path())).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn seeds_and_mutations(name: &'static str) {
    let seeds = seeds(name);
    for (path, seed) in &seeds {
        let panicked = catch_unwind(|| read(name, seed)).is_err();
        assert!(!panicked, "{} breaks the target {name}", path.display());
    }
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(seed in any::<Index>(), other in any::<Index>(), edits in vec(edit(), 1..6))| {
        let (_, other) = other.get(&seeds);
        let mut bytes = seed.get(&seeds).1.clone();
        for edit in &edits {
            edit.apply(&mut bytes, other);
        }
        let panicked = catch_unwind(|| read(name, &bytes)).is_err();
        prop_assert!(
            !panicked,
            "the target {} breaks on this input; save it as a seed: {}",
            name,
            bytes.escape_ascii()
        );
    });
}

fn seeds(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = root().join("fuzz/seeds").join(name);
    let mut seeds = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        assert!(
            bytes.len() as u64 <= LARGEST_SEED,
            "{} is too large",
            path.display()
        );
        seeds.push((path, bytes));
    }
    seeds.sort();
    seeds
}

/// A change of a few bytes.
#[derive(Clone, Debug)]
enum Edit {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, usize),
    /// The begin of this seed, and the end of another one.
    Splice(Index, Index),
}

fn edit() -> impl Strategy<Value = Edit> {
    let odd = prop_oneof![
        any::<u8>(),
        prop::sample::select(b"\0\x01\x7f\x80\xff\"\\{}[]:,\r\n -0".to_vec())
    ];
    prop_oneof![
        (any::<Index>(), odd.clone()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (any::<Index>(), vec(odd, 1..5)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), 1_usize..20).prop_map(|(at, length)| Edit::Remove(at, length)),
        (any::<Index>(), 1_usize..60).prop_map(|(at, length)| Edit::Repeat(at, length)),
        any::<(Index, Index)>().prop_map(|(at, from)| Edit::Splice(at, from)),
    ]
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>, other: &[u8]) {
        let place = |index: &Index, length: usize| index.index(length + 1);
        let length = bytes.len();
        match self {
            Self::Replace(at, byte) => {
                if let Some(place) = bytes.get_mut(place(at, length)) {
                    *place = *byte;
                }
            }
            Self::Insert(at, more) => {
                let at = place(at, length);
                bytes.splice(at..at, more.iter().copied());
            }
            Self::Remove(at, most) => {
                let at = place(at, length);
                bytes.drain(at..(at + most).min(length));
            }
            Self::Repeat(at, most) => {
                let at = place(at, length);
                bytes.extend_from_within(at..(at + most).min(length));
            }
            Self::Splice(at, from) => {
                bytes.truncate(place(at, length));
                bytes.extend_from_slice(&other[place(from, other.len())..]);
            }
        }
    }
}
