//! Plays with `fallback`: when a client stays on its WebSocket, when it falls back, and what it sends again.

use std::sync::Arc;
use std::time::Duration;

use super::super::command::{Attempt, Command, Happening, LinkId, Reached};
use super::super::{Noted, Play, PlayStatus};
use super::setting;
use crate::clock::Time;
use crate::scenario::read;
use crate::transport::{Ending, Incoming, Outgoing, Transport};
use crate::wire::websocket::Coding;

const PING: &str = r#"[null,"settle","phoenix","heartbeat",{}]"#;
const PONG: &str = r#"[null,"settle","phoenix","phx_reply",{"response":{},"status":"ok"}]"#;
const JOIN: &str = r#"["1","1","lab:a","phx_join",{}]"#;
const JOINED: &str = r#"["1","1","lab:a","phx_reply",{"response":{},"status":"ok"}]"#;

fn begun(steps: &str) -> Play {
    let source = format!("about: x\nsteps:\n{steps}");
    let program = read("test.yaml", &source).unwrap_or_else(|error| panic!("{error}"));
    let mut play = Play::new(Arc::new(program), setting(Duration::ZERO));
    play.begin(Time::ZERO);
    play
}

fn at(millis: u64) -> Time {
    Time::ZERO + Duration::from_millis(millis)
}

const fn ana(attempt: Attempt) -> LinkId {
    LinkId {
        actor: 0,
        number: 1,
        attempt,
    }
}
const WEBSOCKET: LinkId = ana(Attempt::First);
const LONG_POLL: LinkId = ana(Attempt::Fallback);

/// The commands in short, such as `connect longpoll`, `send TEXT` and `cut`.
fn commands(play: &mut Play) -> Vec<String> {
    let command = |command| match command {
        Command::Connect(_, options) => format!(
            "connect {}",
            options.request.transport.map_or("anywhere", Transport::name)
        ),
        Command::Send(id, Outgoing::Text(text)) => match id.attempt {
            Attempt::First => text,
            Attempt::Fallback => format!("longpoll {text}"),
        },
        Command::Send(WEBSOCKET, Outgoing::Cut) => "cut".to_owned(),
        other => format!("{other:?}"),
    };
    std::iter::from_fn(|| play.next_command()).map(command).collect()
}

fn hear(play: &mut Play, id: LinkId, text: &str, now: Time) {
    play.handle(Happening::Incoming(id, Incoming::Text(text.to_owned())), now);
}

fn open(play: &mut Play, id: LinkId, now: Time) {
    play.handle(Happening::Opened(id, Coding::Plain), now);
}

/// What was noted of the choice.
fn choice(play: &Play) -> &str {
    let mut choices = play
        .recording()
        .entries
        .iter()
        .filter_map(|entry| match &entry.what {
            Noted::Settled(why) => Some(why.as_str()),
            _ => None,
        });
    choices.next().expect("a choice")
}

#[track_caller]
fn assert_failed(play: &Play, expected: &str) {
    match play.progress() {
        PlayStatus::Failed(failure) => assert_eq!(failure.what, expected),
        other => panic!("{other:?}"),
    }
}

const CONNECT: &str = "  - ana: { connect: socket, fallback: 500ms }\n";
const TO_WEBSOCKET: &str = "  - ana: { connect: socket, fallback: 500ms, settles-on: websocket }\n";
const TO_LONG_POLL: &str = "  - ana: { connect: socket, fallback: 500ms, settles-on: longpoll }\n";

#[test]
fn a_websocket_that_answers_the_ping_is_kept_and_the_delay_is_told() {
    let mut play = begun(&format!("{TO_WEBSOCKET}  - ana: {{ join: \"lab:a\" }}\n"));
    assert_eq!(commands(&mut play), ["connect websocket"]);
    open(&mut play, WEBSOCKET, at(100));
    assert_eq!(commands(&mut play), [PING]);
    assert_eq!(play.deadline(), Some(at(600)));
    hear(&mut play, WEBSOCKET, PONG, at(250));
    assert_eq!(
        choice(&play),
        "over WebSocket: it answered the health ping after 150 ms"
    );
    assert_eq!(commands(&mut play), [JOIN]);
}

#[test]
fn a_websocket_that_does_not_open_or_answer_in_time_is_given_up() {
    for opens in [false, true] {
        let mut play = begun(TO_LONG_POLL);
        commands(&mut play);
        let why = if opens {
            open(&mut play, WEBSOCKET, at(0));
            assert_eq!(commands(&mut play), [PING]);
            "over long poll: the WebSocket did not answer the health ping within 500 ms"
        } else {
            "over long poll: the WebSocket did not open within 500 ms"
        };
        play.handle_timeout(at(499));
        assert_eq!(commands(&mut play), [""; 0]);
        play.handle_timeout(at(500));
        assert_eq!(commands(&mut play), ["cut", "connect longpoll"]);
        assert_eq!(choice(&play), why);
        // What still comes over the WebSocket does not count.
        hear(&mut play, WEBSOCKET, PONG, at(501));
        play.handle(
            Happening::Incoming(WEBSOCKET, Incoming::Closed(Ending::Cut)),
            at(501),
        );
        assert_eq!(commands(&mut play), [""; 0]);
        open(&mut play, LONG_POLL, at(502));
        // The heartbeat at the end of a play.
        assert_eq!(commands(&mut play), [format!("longpoll {PING}")]);
    }
}

#[test]
fn a_websocket_that_fails_is_given_up_at_once() {
    let unanswered = Happening::Unanswered(WEBSOCKET, "why".to_owned(), Reached::Somebody);
    let reset = Happening::Incoming(WEBSOCKET, Incoming::Closed(Ending::Reset));
    for (happening, why) in [(unanswered, "why"), (reset, "the server reset it")] {
        let mut play = begun(TO_LONG_POLL);
        commands(&mut play);
        play.handle(happening, at(3));
        assert_eq!(commands(&mut play), ["cut", "connect longpoll"]);
        assert_eq!(
            choice(&play),
            format!("over long poll: the WebSocket failed: {why}")
        );
    }
}

#[test]
fn joins_that_start_with_the_connect_are_sent_before_the_ping_and_again_over_long_poll() {
    for answered in [false, true] {
        let mut play = begun(
            "  - together:\n      - ana: { connect: socket, fallback: 500ms }\n      - ana: { join: \"lab:a\" }\n  \
             - ana: { receive-nothing: 100ms }\n",
        );
        assert_eq!(commands(&mut play), ["connect websocket", JOIN]);
        open(&mut play, WEBSOCKET, at(0));
        assert_eq!(commands(&mut play), [PING]);
        if answered {
            hear(&mut play, WEBSOCKET, JOINED, at(400));
        }
        play.handle_timeout(at(500));
        let again = format!("longpoll {JOIN}");
        assert_eq!(commands(&mut play), ["cut", "connect longpoll", &again]);
        open(&mut play, LONG_POLL, at(510));
        hear(&mut play, LONG_POLL, JOINED, at(520));
        play.handle_timeout(at(650));
        assert!(
            matches!(play.progress(), PlayStatus::Settling),
            "{:?}",
            play.progress()
        );
    }
}

#[test]
fn a_client_remembers_that_it_fell_back() {
    let mut play = begun(&format!("{CONNECT}  - ana: cut\n{TO_LONG_POLL}"));
    commands(&mut play);
    play.handle_timeout(at(500));
    commands(&mut play);
    open(&mut play, LONG_POLL, at(501));
    let after: Vec<String> = commands(&mut play);
    assert_eq!(after.last().map(String::as_str), Some("connect longpoll"));
}

#[test]
fn the_wrong_transport_is_told() {
    let mut play = begun(TO_WEBSOCKET);
    play.handle_timeout(at(500));
    open(&mut play, LONG_POLL, at(501));
    assert_failed(&play, "the client fell back to long poll");
    let mut play = begun(TO_LONG_POLL);
    open(&mut play, WEBSOCKET, at(1));
    hear(&mut play, WEBSOCKET, PONG, at(2));
    assert_failed(&play, "the client stayed on WebSocket");
}

#[test]
fn a_websocket_that_breaks_soon_after_it_answered_is_given_up_and_a_closed_one_is_not() {
    let ends = [
        (Ending::Eof, 499, "connect longpoll"),
        (Ending::Reset, 500, "open"),
        (
            Ending::CloseFrame {
                code: Some(1001),
                reason: String::new(),
            },
            100,
            "open",
        ),
    ];
    for (ending, when, expected) in ends {
        let mut play = begun(&format!(
            "{CONNECT}  - ana: {{ join: \"lab:a\" }}\n  - sleep: 1s\n"
        ));
        open(&mut play, WEBSOCKET, at(0));
        hear(&mut play, WEBSOCKET, PONG, at(1));
        hear(&mut play, WEBSOCKET, JOINED, at(2));
        commands(&mut play);
        play.handle(Happening::Incoming(WEBSOCKET, Incoming::Closed(ending)), at(when));
        let said = commands(&mut play);
        let again = format!("longpoll {JOIN}");
        match expected {
            "open" => assert_eq!(said, [""; 0]),
            connect => assert_eq!(said, ["cut", connect, &again]),
        }
    }
}
