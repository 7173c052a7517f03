//! Every recorded long poll conversation, against the reference server with the profile of the recorded one. Free are the
//! tokens and the times.

use std::collections::BTreeMap;
use std::thread;

use phxproof::profile::Profile;
use phxproof::server::{Server, ServerSettings};
use serde_json::Value;

use super::super::player::with_token_of_today;
use super::super::transcript::lines_of;
use super::client::Connection;
use super::{Seen, expect, on};

/// Plays a conversation: each request is sent once the one before was answered.
pub(super) fn play(lines: &[Value], settings: &ServerSettings) -> Seen {
    on(settings, |server| Play::new(server).run(lines))
}

struct Play<'s> {
    server: &'s Server,
    connections: BTreeMap<String, Connection>,
    /// The tokens of sessions, by those that they had then.
    tokens: BTreeMap<String, String>,
}

impl<'s> Play<'s> {
    fn new(server: &'s Server) -> Self {
        Self {
            server,
            connections: BTreeMap::new(),
            tokens: BTreeMap::new(),
        }
    }

    fn run(mut self, lines: &[Value]) -> Seen {
        let case = text(&lines[0], "case");
        for line in &lines[1..] {
            let address = self.server.address();
            let actor = self.connections.entry(text(line, "actor"));
            let connection = actor.or_insert_with(|| Connection::open(address));
            if line["dir"] == ">" {
                let mut request = text(line, "http");
                for (then, now) in &self.tokens {
                    request = request.replace(then, now);
                }
                if self.tokens.values().all(|token| !request.contains(token)) {
                    request = with_token_of_today(address, &case, &request);
                }
                let headers = line["headers"].as_array().into_iter().flatten();
                let headers: Vec<_> = headers.filter_map(Value::as_str).collect();
                connection.send(&request, &headers, line["body"].as_str());
                continue;
            }
            let answer = connection.answer();
            if answer.status == 500 {
                self.connections.remove(&text(line, "actor"));
            }
            let mut body = text(line, "body");
            if let Some(then) = token_in(&body) {
                let now = self.tokens.entry(then.clone()).or_insert_with(|| answer.token());
                body = body.replace(&then, now);
            }
            expect(
                (
                    u64::from(answer.status),
                    answer.header("content-type"),
                    &answer.body,
                ),
                (
                    line["status"].as_u64().expect("a status"),
                    line["type"].as_str(),
                    &body,
                ),
            )?;
        }
        Ok(())
    }
}

fn text(line: &Value, key: &str) -> String {
    line[key].as_str().unwrap_or_default().to_owned()
}

fn token_in(body: &str) -> Option<String> {
    let body: Value = serde_json::from_str(body).ok()?;
    body["token"].as_str().map(str::to_owned)
}

fn check(recorded: &str, profile: Profile) {
    let settings = ServerSettings {
        profile,
        ..ServerSettings::default()
    };
    let conversations = lines_of(recorded, "longpoll");
    assert_eq!(conversations.len(), 7);
    let failures: Vec<_> = thread::scope(|scope| {
        let plays = conversations
            .iter()
            .map(|lines| scope.spawn(|| (text(&lines[0], "case"), play(lines, &settings))));
        let plays: Vec<_> = plays.collect();
        plays
            .into_iter()
            .map(|play| play.join().expect("no play panics"))
            .filter(|(_, seen)| seen.is_err())
            .collect()
    });
    assert!(failures.is_empty(), "{recorded}: {failures:#?}");
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
