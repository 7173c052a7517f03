//! The watch page of `serve` and its client in two windows of headless Chromium, over cuts and restarts of the server. It needs Node
//! and Chromium; without them the test says so and is skipped.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// The names under which Chromium is installed.
const CHROMIUM: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

fn starts(program: &str) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| output.status.success())
}

/// The name of Chromium, if the page can be opened here. What is missing is written past the harness, which shows nothing of a
/// test that passes.
fn chromium() -> Option<&'static str> {
    let chromium = CHROMIUM.into_iter().find(|name| starts(name));
    let missing = match chromium {
        Some(_) if starts("node") => return chromium,
        Some(_) => "Node (`node`)",
        None => "Chromium (`chromium`)",
    };
    // The message is lost if stderr is closed.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: the watch page is not opened, {missing} is missing"
    );
    None
}

#[test]
fn two_windows_of_the_page_see_every_annotation_once_over_cuts_and_restarts() {
    let Some(chromium) = chromium() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new("node")
        .arg("two_windows.mjs")
        .args([env!("CARGO_BIN_EXE_phxproof"), chromium])
        .arg(folder.path())
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page"))
        .output()
        .expect("node was there a moment ago");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    insta::assert_snapshot!(text(&output.stdout) + &text(&output.stderr));
}
