//! Scenario files.

use crate::scenario::{Color, read};

/// Reads the input as a scenario, and shows its problems.
pub(super) fn scenarios(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else {
        return;
    };
    if let Err(error) = read("nowhere/scenario.yaml", text) {
        assert!(!error.problems().is_empty());
        for color in [Color::Never, Color::Always] {
            assert!(!error.render(color).is_empty());
        }
    }
}
