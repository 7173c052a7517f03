//! Every transcript, frame by frame or answer by answer, against the reference server with the profile of the recorded one.

mod actor;
mod behaviour;
mod compare;
mod faults;
mod longpoll;
mod player;
mod raw;
pub(crate) mod transcript;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use phxproof::profile::Profile;
use phxproof::server::ServerSettings;

/// What this test cannot play, and why.
const LEFT_OUT: [(&str, &str); 2] = [
    ("longpoll/", "played in longpoll/recorded.rs"),
    ("lifetime/restart", "ends the server in between"),
];

fn check(server: &str, profile: Profile) {
    let cases: Vec<_> = transcript::of(server)
        .into_iter()
        .filter(|transcript| !LEFT_OUT.iter().any(|(case, _)| transcript.case.starts_with(case)))
        .collect();
    let settings = ServerSettings {
        profile,
        ..ServerSettings::default()
    };
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(transcript) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(difference) = player::play(transcript, &settings, actor::PATIENCE) {
                        let failure = format!("{server}/{}: {difference}", transcript.case);
                        failures.lock().expect("no thread panics").push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no thread panics");
    assert!(
        failures.is_empty(),
        "{} of {} differ:\n{}",
        failures.len(),
        cases.len(),
        failures.join("\n")
    );
}

#[test]
fn phoenix_1_8_12_on_bandit() {
    check("1.8.12-bandit", Profile::BANDIT_1_8_12);
}

#[test]
fn phoenix_1_8_12_on_cowboy() {
    check("1.8.12-cowboy", Profile::COWBOY_1_8_12);
}

#[test]
fn phoenix_1_8_9_on_bandit() {
    check("1.8.9-bandit", Profile::BANDIT_1_8_9);
}

#[test]
fn phoenix_1_7_21_on_cowboy() {
    check("1.7.21-cowboy", Profile::COWBOY_1_7_21);
}
