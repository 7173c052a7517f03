//! `serve --tls`, and `serve` with a certificate from files.

use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::served;
use crate::cli::{Served, said};

#[test]
fn a_server_with_an_authority_of_its_own_says_how_to_trust_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut served = Served::start(folder.path(), &["--tls"]);
    assert!(
        served.first_line.starts_with("listening on https://127.0.0.1:"),
        "{}",
        served.first_line
    );
    let mut hint = String::new();
    BufReader::new(served.child.stderr.as_mut().unwrap())
        .read_line(&mut hint)
        .unwrap();
    let typed = hint.trim().strip_prefix("try: phxproof ").unwrap().split(' ');
    let args: Vec<&str> = typed
        .chain(["join/*", "binary/*", "videos/*", "--quiet"])
        .collect();
    assert_eq!(args[2], served.target());
    let said = said(folder.path(), &args);
    assert!(said.ends_with("--- exit 0\n"), "{said}");
    let file = Path::new(args[4]);
    assert!(file.exists());
    assert_eq!(served.terminate(), Some(0));
    assert!(!file.exists());
}

#[test]
fn a_server_with_a_certificate_from_files_speaks_tls_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let (_served, flags) = served(folder.path());
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let args = [&["check", "heartbeat/*", "--quiet"][..], &flags].concat();
    let said = said(folder.path(), &args);
    assert!(said.ends_with("--- exit 0\n"), "{said}");
}
