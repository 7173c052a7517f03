//! The picture of a terminal in README.md: what the tool prints, as SVG.
//! `PHXPROOF_WRITE_PICTURE=1 cargo test picture` takes it anew, in a terminal that the program `script` of util-linux lends.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anstyle_svg::{Term, WIN10_CONSOLE};
use phxproof::server::{Server, ServerSettings, faults};

use crate::documents::output::without_numbers;

/// What the picture shows.
const COMMAND: &str = "phxproof check 'join/push*' --target ws://127.0.0.1:4001/socket";
/// The rule that the server breaks in it.
const FAULT: &str = "stale-join-ref-served";
/// How wide the terminal is.
const COLUMNS: u32 = 100;

#[test]
fn the_picture_shows_what_the_tool_prints() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.svg");
    let server = Server::start(&ServerSettings {
        faults: vec![faults::find(FAULT).unwrap()],
        ..ServerSettings::default()
    })
    .unwrap();
    let port = format!(":{}/", server.address().port());
    let command = COMMAND.replace(":4001/", &port);
    if std::env::var_os("PHXPROOF_WRITE_PICTURE").is_some() {
        let printed = printed(&format!(
            "script -qec \"stty cols {COLUMNS}; {command} --color always 2>/dev/null\" /dev/null"
        ));
        let printed = printed.replace("\r\n", "\n").replace(&port, ":4001/");
        let term = Term::new().palette(WIN10_CONSOLE).min_width_px(0);
        fs::write(&path, term.render_svg(&format!("$ {COMMAND}\n{printed}"))).unwrap();
    }
    let fresh = format!("$ {COMMAND}\n{}", printed(&command).replace(&port, ":4001/"));
    server.drain();
    server.join();

    let shown = text_of(&fs::read_to_string(&path).unwrap());
    assert_eq!(
        words(&shown),
        words(&fresh),
        "docs/check.svg is stale: PHXPROOF_WRITE_PICTURE=1 cargo test picture"
    );
}

/// What a command line prints on stdout.
fn printed(line: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_phxproof"));
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", line])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{path}", binary.parent().unwrap().display()))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The text that an SVG shows.
fn text_of(svg: &str) -> String {
    let (_, drawn) = svg.split_once("</style>").unwrap();
    let mut text = String::new();
    let mut inside = false;
    for c in drawn.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
}

/// A text without what differs from run to run, and without blanks: a terminal breaks lines that a pipe does not.
fn words(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    without_numbers(&words.join(" ")).replace(' ', "")
}

#[test]
fn the_text_of_an_svg_is_found() {
    let svg =
        "<svg><style> .fg { fill: #AAA } </style><text><tspan x=\"1\">a &lt; {{b}}</tspan>\n</text></svg>";
    assert_eq!(words(&text_of(svg)), "a<{{b}}");
    assert_eq!(words("one,\n  two in 17 ms"), words("one, two in 1.2 s"));
}
