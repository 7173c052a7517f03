//! Plays a transcript: nothing is sent before all that came before it was seen.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use phxproof::server::{Server, ServerSettings};

use super::actor::Actor;
use super::compare::{Ids, differences};
use super::transcript::{Content, Line, Seen, Sent, Transcript, What};

/// Plays it against a server of its own; an error says what differed.
pub(super) fn play(
    transcript: &Transcript,
    settings: &ServerSettings,
    patience: Duration,
) -> Result<(), String> {
    let server = Server::start(settings).map_err(|error| error.to_string())?;
    let outcome = Play::new(server.address(), &transcript.case, patience).run(&transcript.lines);
    server.drain();
    server.join();
    outcome
}

struct Play<'a> {
    address: SocketAddr,
    case: &'a str,
    patience: Duration,
    actors: BTreeMap<&'a str, Actor>,
    expected: BTreeMap<&'a str, Vec<&'a Seen>>,
    ids: Ids,
}

impl<'a> Play<'a> {
    fn new(address: SocketAddr, case: &'a str, patience: Duration) -> Self {
        Self {
            address,
            case,
            patience,
            actors: BTreeMap::new(),
            expected: BTreeMap::new(),
            ids: Ids::default(),
        }
    }

    fn run(mut self, lines: &'a [Line]) -> Result<(), String> {
        for Line { actor, what } in lines {
            if let What::Saw(seen) = what {
                self.expected.entry(actor).or_default().push(seen);
                continue;
            }
            self.catch_up()?;
            self.act(actor, what);
        }
        self.catch_up()?;
        // A server that pings goes on pinging.
        if self.case != "events/ping" {
            self.actors.values_mut().for_each(Actor::rest);
        }
        self.compare()
    }

    fn act(&mut self, actor: &'a str, what: &'a What) {
        match what {
            What::Connect { target, headers } => {
                let target = with_token_of_today(self.address, self.case, target);
                let version = if self.case == "handshake/bad-ws-version" {
                    "12"
                } else {
                    "13"
                };
                let mut connection = Actor::connect(self.address, &target, headers, version);
                connection.waits_for(self.patience);
                self.actors.insert(actor, connection);
            }
            What::Request { head, body } => {
                self.actors
                    .insert(actor, Actor::request(self.address, head, body));
            }
            What::Send(sent) => {
                let sender = self.actors.get_mut(actor).expect("an actor connects first");
                match sent {
                    Sent::Message(Content::Text(text)) => {
                        sender.send(&Sent::Message(Content::Text(self.ids.put_into(text))));
                    }
                    other => sender.send(other),
                }
            }
            What::Saw(_) => {}
        }
    }

    /// Waits until everybody has seen as much as was seen then.
    fn catch_up(&mut self) -> Result<(), String> {
        for (name, actor) in &mut self.actors {
            let expected = self.expected.get(name).map_or(&[][..], |expected| expected);
            if !actor.sees(expected.len()) {
                return Err(format!(
                    "{name} saw {:#?}\nand waited for all of {expected:#?}",
                    actor.seen
                ));
            }
            self.ids.learn(expected, &actor.seen);
        }
        Ok(())
    }

    fn compare(&self) -> Result<(), String> {
        for (name, actor) in &self.actors {
            let expected = self.expected.get(name).map_or(&[][..], |expected| expected);
            if let Some(difference) = differences(expected, &actor.seen) {
                return Err(format!("{name}: {difference}"));
            }
        }
        Ok(())
    }
}

/// Tokens grow old, so a good one is fetched anew, for the same name.
pub(super) fn with_token_of_today(address: SocketAddr, case: &str, target: &str) -> String {
    let Some((before, token)) = target.split_once("token=SFMyNTY.") else {
        return target.to_owned();
    };
    if case == "handshake/tampered-token" {
        return target.to_owned();
    }
    let name = name_in(token);
    match Actor::request(address, &format!("GET /token/{name}"), "")
        .seen
        .pop()
    {
        Some(Seen::Status(200, token)) => format!("{before}token={token}"),
        other => panic!("no token for {name}: {other:?}"),
    }
}

/// The name in a token's payload, `{name, signed_at, max_age}` in Erlang's external format: after the tag `m` and
/// four bytes of length.
fn name_in(token: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let payload = token.split('.').next().unwrap_or_default();
    let bytes = URL_SAFE_NO_PAD.decode(payload).expect("a payload in base64");
    let at = bytes.iter().position(|&byte| byte == b'm').expect("a binary") + 1;
    let length = bytes[at..]
        .first_chunk()
        .map(|length| u32::from_be_bytes(*length))
        .expect("a length") as usize;
    String::from_utf8(bytes[at + 4..at + 4 + length].to_vec()).expect("a name is text")
}
