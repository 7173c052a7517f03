//! The script by which action.yml installs phxproof: it takes the binary of a release, and refuses one whose checksum is wrong.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const TARGET: &str = "x86_64-unknown-linux-musl";

/// Serves the files of a folder over HTTP; returns the URL. The thread ends with the process.
fn released(folder: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
            let path = first.split(' ').nth(1).unwrap().trim_start_matches('/');
            let (status, body) = match fs::read(folder.join(path)) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", Vec::new()),
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
        }
    });
    url
}

/// A release `v1` whose program prints a line.
fn release() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "mkdir v1 && printf '#!/bin/sh\\necho released\\n' > phxproof && chmod +x phxproof &&
         tar -czf v1/phxproof-{TARGET}.tar.gz phxproof && cd v1 &&
         sha256sum phxproof-{TARGET}.tar.gz > phxproof-{TARGET}.tar.gz.sha256"
    );
    let made = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .status();
    assert!(made.unwrap().success());
    folder
}

fn install(home: &Path, releases: &str) -> Output {
    Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.github/install.sh"))
        .env("HOME", home)
        .env("RELEASES", releases)
        .env("REF", "v1")
        // Nothing can be built here, so a script that falls back to a build fails.
        .env("SOURCE", home)
        .output()
        .unwrap()
}

/// The script knows only binaries for Linux, and needs curl.
fn can_be_tried() -> bool {
    let curl = Command::new("curl").arg("--version").output();
    cfg!(all(target_os = "linux", target_arch = "x86_64")) && curl.is_ok_and(|it| it.status.success())
}

#[test]
fn the_action_installs_the_binary_of_a_release() {
    if !can_be_tried() {
        return println!("skipped: it needs curl, and Linux on x86_64");
    }
    let (release, home) = (release(), tempfile::tempdir().unwrap());
    let installed = install(home.path(), &released(release.path()));
    assert!(
        installed.status.success(),
        "{}",
        String::from_utf8_lossy(&installed.stderr)
    );
    let said = Command::new(home.path().join(".phxproof/bin/phxproof"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout), "released\n");
}

#[test]
fn the_action_refuses_a_binary_that_was_changed() {
    if !can_be_tried() {
        return println!("skipped: it needs curl, and Linux on x86_64");
    }
    let (release, home) = (release(), tempfile::tempdir().unwrap());
    let archive = release.path().join(format!("v1/phxproof-{TARGET}.tar.gz"));
    let mut bytes = fs::read(&archive).unwrap();
    bytes.push(0);
    fs::write(&archive, bytes).unwrap();
    let installed = install(home.path(), &released(release.path()));
    let told = String::from_utf8_lossy(&installed.stderr);
    assert!(
        !installed.status.success() && told.contains("checksum did NOT match"),
        "{told}"
    );
    assert!(!home.path().join(".phxproof/bin/phxproof").exists());
}
