//! The JSON Schema that editors use: fresh, and agreeing with the reader on every scenario that the binary carries.

use std::path::{Path, PathBuf};

use phxproof::scenario::internal::schema;

fn scenarios() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// `PHXPROOF_WRITE_SCHEMA=1 cargo test schema` writes it anew.
#[test]
fn the_file_is_what_the_tables_say() {
    let path = scenarios().join("schema.json");
    let fresh = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var_os("PHXPROOF_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap();
    assert!(
        written == fresh,
        "scenarios/schema.json is stale: PHXPROOF_WRITE_SCHEMA=1 cargo test schema"
    );
}

#[test]
fn every_built_in_scenario_is_valid() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let options = serde_saphyr::options! {
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    };
    let mut invalid = Vec::new();
    for case in phxproof::conformance::internal::built_in() {
        let value: serde_json::Value =
            serde_saphyr::from_str_with_options(&case.source, options.clone()).unwrap();
        invalid.extend(
            validator
                .iter_errors(&value)
                .map(|error| format!("{}: {error}", case.id)),
        );
    }
    assert!(invalid.is_empty(), "{}", invalid.join("\n"));
}
