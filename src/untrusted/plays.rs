//! Scenarios that are played to a server that says anything: the interpreter, its templates and its patterns.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Time;
use crate::protocol::Vsn;
use crate::scenario::{Command, Happening, LinkId, Offer, Play, Purpose, Setting, read};
use crate::session::{Ending, Incoming};
use crate::transport::RequestError;
use crate::wire::websocket::Coding;

/// The separator between the scenario and the lines of the server.
const SERVER: &str = "\n# the server\n";
/// The most commands that are carried out, and the most timers that run.
const MOST: usize = 300;

/// Plays a scenario. Behind a line `# the server` each line is a message to all connections: a text, or bytes behind `b`. The
/// line `cut` ends the connections.
pub(super) fn plays(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let (scenario, server) = text.split_once(SERVER).unwrap_or((&text, ""));
    let Ok(program) = read("nowhere/scenario.yaml", scenario) else {
        return;
    };
    let mut run = PlayRun {
        play: Play::new(Arc::new(program), setting()),
        open: Vec::new(),
        now: Time::ZERO,
    };
    run.play.begin(run.now);
    run.carry_out();
    for line in server.lines() {
        run.say(line);
        run.carry_out();
    }
    run.let_time_pass();
}

fn setting() -> Setting {
    Setting {
        timeout: Duration::from_secs(1),
        round_trip: Duration::ZERO,
        vsn: Vsn::V2,
        offers: vec![(Offer::Mount, "/socket".into()), (Offer::Topic, "t".into())],
        first_fresh: 1,
        first_user: 0,
        purpose: Purpose::Case,
    }
}

/// A play whose server accepts every connection and answers no request.
struct PlayRun {
    play: Play,
    open: Vec<LinkId>,
    now: Time,
}

impl PlayRun {
    fn tell(&mut self, happening: Happening) {
        self.play.handle(happening, self.now);
    }

    /// Does what the play asks for.
    fn carry_out(&mut self) {
        for _ in 0..MOST {
            match self.play.next_command() {
                None => return,
                Some(Command::Connect(link, _)) => {
                    self.open.push(link);
                    self.tell(Happening::Opened(link, Coding::Plain));
                }
                Some(Command::Send(..)) => {}
                Some(Command::Http(request, _)) => {
                    let refused = RequestError::Unsendable {
                        what: "the request".to_owned(),
                        why: "there is no server".to_owned(),
                    };
                    self.tell(Happening::Http(request, Err(refused)));
                }
                Some(Command::Restart(_)) => self.tell(Happening::Restarted(Ok(()))),
            }
        }
    }

    /// The server says a line to all connections.
    fn say(&mut self, line: &str) {
        for link in self.open.clone() {
            let incoming = match (line, line.strip_prefix('b')) {
                ("cut", _) => Incoming::Closed(Ending::Eof),
                (_, Some(bytes)) => Incoming::Binary(bytes.as_bytes().to_vec()),
                (text, None) => Incoming::Text(text.to_owned()),
            };
            self.tell(Happening::Incoming(link, incoming));
        }
        if line == "cut" {
            self.open.clear();
        }
    }

    /// The server says no more: the play waits until it gives up.
    fn let_time_pass(&mut self) {
        for _ in 0..MOST {
            let Some(at) = self.play.deadline() else {
                break;
            };
            self.now = self.now.max(at);
            self.play.handle_timeout(self.now);
            self.carry_out();
        }
    }
}
