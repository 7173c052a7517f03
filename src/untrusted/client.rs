//! The client as a state machine, while a server says anything.

use std::sync::Arc;
use std::time::Duration;

use crate::client::{ClientContext, Config, Event, Outbox, Socket};
use crate::clock::Time;
use crate::protocol::{Frame, Message, Payload, Vsn};

/// The most steps of a script.
const MOST_STEPS: usize = 200;

/// Plays the input as a script, a step a line, to a client that behaves like phoenix.js, and to one that does nothing by itself.
///
/// | begin of the line | step |
/// | --- | --- |
/// | `j`, `p`, `l` | the user joins a topic, pushes to it or leaves it; the next character is the topic |
/// | `h` | the user sends a heartbeat |
/// | `w` | so many milliseconds pass |
/// | `c` | the connection ends |
/// | `<` | the server sends the rest of the line as a text |
/// | `b` | the server sends the rest of the line as a binary frame |
pub(super) fn client(input: &[u8]) {
    for config in [Config::phoenix_js(), Config::scripted()] {
        for vsn in [Vsn::V1, Vsn::V2] {
            let mut run = ClientRun::new(&config, vsn);
            run.tell(Socket::connect);
            for line in input.split(|&byte| byte == b'\n').take(MOST_STEPS) {
                if let Some((&verb, rest)) = line.split_first() {
                    run.step(verb, rest);
                }
            }
        }
    }
}

struct ClientRun<'c> {
    config: &'c Config,
    vsn: Vsn,
    socket: Socket,
    now: Time,
    asked: ClientAsked,
    /// The number of actions of the user. No message of a server makes the client do more than that.
    done: usize,
}

/// The requests of the client in one step.
#[derive(Default)]
struct ClientAsked {
    vsn: Vsn,
    connects: usize,
    frames: usize,
    events: usize,
}

impl<'c> ClientRun<'c> {
    fn new(config: &'c Config, vsn: Vsn) -> Self {
        Self {
            config,
            vsn,
            socket: Socket::new(),
            now: Time::ZERO,
            asked: ClientAsked::default(),
            done: 0,
        }
    }

    fn step(&mut self, verb: u8, rest: &[u8]) {
        match verb {
            b'j' => self.user(
                |socket, context, topic| {
                    socket.join(context, topic.clone(), "{}".into());
                },
                rest,
            ),
            b'p' => self.user(
                |socket, context, topic| {
                    if let Some(channel) = socket.channel(topic) {
                        socket.push(context, channel, "ev", Payload::EMPTY);
                    }
                },
                rest,
            ),
            b'l' => self.user(
                |socket, context, topic| {
                    if let Some(channel) = socket.channel(topic) {
                        socket.leave(context, channel);
                    }
                },
                rest,
            ),
            b'h' => {
                self.done += 1;
                self.tell(|socket, context| {
                    socket.heartbeat(context);
                });
            }
            b'w' => self.wait(rest),
            b'c' => self.tell(Socket::handle_closed),
            b'<' => {
                if let Ok(text) = std::str::from_utf8(rest) {
                    self.hear(Frame::Text(text));
                }
            }
            b'b' => self.hear(Frame::Binary(rest)),
            _ => {}
        }
    }

    fn user(&mut self, act: impl FnOnce(&mut Socket, &mut ClientContext<'_>, &Arc<str>), rest: &[u8]) {
        self.done += 1;
        let topic: Arc<str> = String::from_utf8_lossy(&rest[..rest.len().min(1)]).into();
        self.tell(|socket, context| act(socket, context, &topic));
    }

    /// Time passes, timer by timer.
    fn wait(&mut self, millis: &[u8]) {
        let millis = std::str::from_utf8(millis)
            .ok()
            .and_then(|it| it.trim().parse().ok());
        let end = self.now + Duration::from_millis(millis.unwrap_or(1).min(100_000));
        // Each timer is at least a microsecond; the shortest waits of phoenix.js have ten milliseconds.
        for _ in 0..MOST_STEPS {
            match self.socket.next_deadline(self.config) {
                Some(at) if at <= end => self.now = self.now.max(at),
                _ => break,
            }
            self.tell(Socket::handle_timeout);
            let next = self.socket.next_deadline(self.config);
            assert!(
                next.is_none_or(|next| next > self.now),
                "a timer is due again at once"
            );
        }
        self.now = self.now.max(end);
    }

    fn hear(&mut self, frame: Frame<'_>) {
        let Ok(message) = self.vsn.decode_from_server(frame) else {
            return;
        };
        self.tell(|socket, context| socket.handle_message(context, &message));
        let asked = &self.asked;
        assert_eq!(asked.connects, 0, "a message makes a client connect");
        assert!(
            asked.frames <= self.done && asked.events <= self.done + 1,
            "a message makes a client do more than its user asked for"
        );
    }

    /// Calls the client, and opens the connection that it asks for.
    fn tell(&mut self, call: impl FnOnce(&mut Socket, &mut ClientContext<'_>)) {
        self.asked = ClientAsked {
            vsn: self.vsn,
            ..ClientAsked::default()
        };
        let mut context = ClientContext {
            config: self.config,
            now: self.now,
            out: &mut self.asked,
        };
        call(&mut self.socket, &mut context);
        if self.asked.connects > 0 {
            let mut opened = ClientAsked {
                vsn: self.vsn,
                ..ClientAsked::default()
            };
            let mut context = ClientContext {
                config: self.config,
                now: self.now,
                out: &mut opened,
            };
            self.socket.handle_open(&mut context);
        }
    }
}

impl Outbox for ClientAsked {
    fn connect(&mut self) {
        self.connects += 1;
    }

    fn close(&mut self, _: Option<u16>, _: &str) {}

    fn transmit(&mut self, message: &Message<'_>) {
        self.frames += 1;
        let mut bytes = Vec::new();
        let sent = self.vsn.encode_from_client(message, &mut bytes);
        sent.expect("a client sends what can be encoded");
    }

    fn event(&mut self, _: Event<'_>) {
        self.events += 1;
    }
}
