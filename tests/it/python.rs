//! A conversation of a Phoenix client for Python with the reference server. It needs Python 3.11 and the packages of
//! `tests/python/requirements.txt`, which `.ci/run` installs; without them the test says so and is skipped.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::load::serve_with;

const TOLD: &str = "join SUBSCRIBED
echo ok
echo_error error
broadcast ok
ignore timeout
join SUBSCRIBED
present ana online
join SUBSCRIBED
present ana online; bea online
update ok
present ana online; bea busy
present ana online
crash CHANNEL_ERROR SUBSCRIBED
echo ok
disconnect CHANNEL_ERROR SUBSCRIBED
echo ok
leave CLOSED
";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

/// Python with the packages beside the script.
fn python() -> Command {
    let mut python = Command::new("python3");
    python
        .current_dir(folder())
        .env("PYTHONPATH", folder().join("site-packages"));
    python
}

/// Whether the conversation can be played here. What is missing is written past the harness, which shows nothing of a test
/// that passes.
fn can_play() -> bool {
    let imports = python().args(["-c", "import realtime"]).output();
    if imports.is_ok_and(|output| output.status.success()) {
        return true;
    }
    // The message is lost if stderr is closed.
    let _ = writeln!(
        std::io::stderr(),
        "skipped: no client for Python is played, `python3 -m pip install --target tests/python/site-packages \
         --requirement tests/python/requirements.txt` installs one"
    );
    false
}

/// What the client is told by a server.
fn told(faults: &[&str]) -> String {
    let server = serve_with(faults);
    let output = python()
        .args(["conversation.py", &format!("http://{}", server.address())])
        .output()
        .expect("python3 was there a moment ago");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn a_client_for_python_joins_pushes_sees_presence_and_comes_back() {
    if can_play() {
        assert_eq!(told(&[]), TOLD);
    }
}
