//! Compares the client with recordings of phoenix.js 1.8.16 in random sessions (`phoenix_js/record.mjs` made
//! `phoenix_js/sessions.txt`). The client must send the same frames at the same millisecond in the same
//! order, and report the same events.

use std::time::Duration;

use super::wire;
use crate::client::reference::NamedJoin;
use crate::client::{ChannelId, ChannelState, ClientContext, CloseCause, Config, Event, Outbox, Ref, Socket};
use crate::clock::Time;
use crate::protocol::{CLOSE, Message, Payload};

/// One line of a recording.
#[derive(Clone, Copy)]
struct Line<'a> {
    at: u64,
    kind: &'a str,
    what: &'a str,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Self {
        let (at, rest) = line.split_once(' ').expect("a time and more");
        let (kind, what) = rest.split_once(' ').expect("a kind and more");
        let at = at.parse().expect("milliseconds");
        Self { at, kind, what }
    }
}

/// The client's actions in the notation of the recording.
#[derive(Default)]
struct Told {
    at: u64,
    lines: Vec<String>,
    pushes: Vec<Ref>,
}

impl Told {
    fn tell(&mut self, what: impl AsRef<str>) {
        self.lines.push(format!("{} out {}", self.at, what.as_ref()));
    }

    fn number(&self, push: Ref) -> usize {
        self.pushes
            .iter()
            .position(|&known| known == push)
            .expect("a push of this session")
    }
}

impl Outbox for Told {
    fn connect(&mut self) {
        self.tell("connect");
    }

    fn close(&mut self, code: Option<u16>, reason: &str) {
        self.tell(code.map_or("close".to_owned(), |code| format!("close {code} {reason}")));
    }

    fn transmit(&mut self, message: &Message<'_>) {
        self.tell(format!("send {}", wire::encode(message)));
    }

    fn event(&mut self, event: Event<'_>) {
        let line = match event {
            Event::Opened => "opened".to_owned(),
            Event::Joined {
                channel, response, ..
            } => format!("joined {} {}", channel.0, wire::json(response)),
            Event::JoinRefused {
                channel, response, ..
            } => {
                format!("refused {} {}", channel.0, wire::json(response))
            }
            Event::JoinTimedOut { channel, .. } => format!("join-timed-out {}", channel.0),
            Event::Errored { channel, .. } => format!("errored {}", channel.0),
            Event::Closed {
                channel,
                cause: CloseCause::Server,
            } => format!("closed {}", channel.0),
            Event::Reply {
                push,
                status,
                response,
                ..
            } => {
                format!("reply {} {status} {}", self.number(push), wire::json(response))
            }
            Event::PushTimedOut { push, .. } => format!("push-timed-out {}", self.number(push)),
            Event::Message { channel, message } => {
                format!(
                    "message {} {}",
                    channel.0,
                    message.event.as_str().unwrap_or_default()
                )
            }
            Event::Disconnected { .. }
            | Event::HeartbeatAnswered { .. }
            | Event::HeartbeatTimedOut { .. }
            | Event::Closed { .. }
            | Event::Dropped { .. } => return,
        };
        self.tell(line);
    }
}

struct Replay {
    config: Config,
    socket: Socket,
    told: Told,
}

impl Replay {
    fn session<'a>(lines: impl Iterator<Item = Line<'a>>) -> Vec<String> {
        let mut replay = Self {
            config: Config::phoenix_js(),
            socket: Socket::new(),
            told: Told::default(),
        };
        for line in lines.filter(|line| line.kind == "do") {
            replay.pass_time(line.at);
            replay.act(line.what);
        }
        replay.told.lines
    }

    fn pass_time(&mut self, until: u64) {
        while let Some(at) = self.socket.next_deadline(&self.config) {
            let at = at.as_micros() / 1000;
            if at > until {
                break;
            }
            self.told.at = at;
            self.call(Socket::handle_timeout);
        }
        self.told.at = until;
    }

    fn call<R>(&mut self, verb: impl FnOnce(&mut Socket, &mut ClientContext<'_>) -> R) -> R {
        let mut context = ClientContext {
            config: &self.config,
            now: Time::ZERO + Duration::from_millis(self.told.at),
            out: &mut self.told,
        };
        verb(&mut self.socket, &mut context)
    }

    fn act(&mut self, what: &str) {
        let (verb, with) = what.split_once(' ').unwrap_or((what, ""));
        match verb {
            "connect" => self.call(Socket::connect),
            "disconnect" => self.call(|socket, context| socket.disconnect(context, None, "")),
            "open" => self.call(Socket::handle_open),
            "closed" => self.call(Socket::handle_closed),
            "join" => self.join(with),
            "push" => self.push(channel(with)),
            "leave" => drop(self.call(|socket, context| socket.leave(context, channel(with)))),
            "message" => self.message(with),
            "end" => {}
            other => panic!("unknown verb {other}"),
        }
    }

    fn join(&mut self, topic: &str) {
        let params = format!(r#"{{"k":{}}}"#, self.socket.next_channel);
        self.call(|socket, context| socket.join(context, topic.into(), params.into()));
    }

    fn push(&mut self, channel: ChannelId) {
        let payload = format!(r#"{{"n":{}}}"#, self.told.pushes.len());
        let push = self.call(|socket, context| socket.push(context, channel, "ev", Payload::Json(&payload)));
        self.told.pushes.push(
            push.unwrap_or_else(|| panic!("{} the channel is over; {:#?}", self.told.at, self.told.lines)),
        );
    }

    fn message(&mut self, text: &str) {
        // phoenix.js forgets a channel when it is left; this client does so when the server replies.
        let message = wire::decode(text);
        let mut channels = self.socket.channels.iter();
        let closes_left = message.event == CLOSE.into()
            && channels.any(|channel| {
                matches!(channel.state, ChannelState::Leaving { .. })
                    && channel.is_in(NamedJoin::of(&message.join_ref))
            });
        let before = self.told.lines.len();
        self.call(|socket, context| socket.handle_message(context, &message));
        if closes_left {
            self.told.lines.truncate(before);
        }
    }
}

fn channel(number: &str) -> ChannelId {
    ChannelId(number.parse().expect("the number of a channel"))
}

/// Sorts the lines for comparison: frames keep their order, while events of the same millisecond may come in
/// any order, because callbacks run in the order of registration.
fn in_order(mut lines: Vec<String>) -> Vec<String> {
    let is_frame = |line: &String| {
        [" out send", " out connect", " out close "]
            .iter()
            .any(|kind| line.contains(kind))
    };
    let moment = |line: &str| Line::parse(line).at;
    lines.sort_by_key(|line| {
        (
            moment(line),
            !is_frame(line),
            (!is_frame(line)).then(|| line.clone()),
        )
    });
    lines
}

fn check(session: &str) {
    let (seed, lines) = session.split_once('\n').expect("a seed and lines");
    let recorded = in_order(
        lines
            .lines()
            .filter(|line| line.contains(" out "))
            .map(str::to_owned)
            .collect(),
    );
    let ours = in_order(Replay::session(lines.lines().map(Line::parse)));
    for (number, (ours, recorded)) in ours.iter().zip(&recorded).enumerate() {
        assert_eq!(ours, recorded, "session {seed}, line {number} of what was done");
    }
    assert_eq!(ours.len(), recorded.len(), "session {seed}");
}

fn check_all(sessions: &str) {
    let mut count = 0;
    for session in sessions.split("session ").skip(1) {
        check(session);
        count += 1;
    }
    assert!(count > 0, "no session was recorded");
}

#[test]
fn the_machine_lives_through_recorded_sessions_as_phoenix_js_does() {
    check_all(include_str!("phoenix_js/sessions.txt"));
}
