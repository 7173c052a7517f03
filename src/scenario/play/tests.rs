//! Tests of plays in which the test acts as driver and server.

mod fallback;

use std::sync::Arc;
use std::time::Duration;

use super::command::{Attempt, RequestId};
use super::{Blame, Command, Happening, LinkId, Play, PlayStatus, Purpose, Setting};
use crate::clock::Time;
use crate::protocol::Vsn;
use crate::scenario::read;
use crate::transport::{Ending, Incoming, Outgoing, Response};
use crate::wire::websocket::Coding;

/// A play whose commands the test checks, and whose reports the test makes up.
struct Table {
    play: Play,
    now: Time,
}

const ANA: LinkId = LinkId {
    actor: 0,
    number: 1,
    attempt: Attempt::First,
};

impl Table {
    fn new(source: &str) -> Self {
        Self::on_a_line(source, Duration::ZERO)
    }

    fn on_a_line(source: &str, round_trip: Duration) -> Self {
        let program = read("test.yaml", source).unwrap_or_else(|error| panic!("{error}"));
        let mut play = Play::new(Arc::new(program), setting(round_trip));
        play.begin(Time::ZERO);
        Self {
            play,
            now: Time::ZERO,
        }
    }

    /// The texts that were sent since the last call.
    fn sent(&mut self) -> Vec<String> {
        let mut sent = Vec::new();
        while let Some(command) = self.play.next_command() {
            match command {
                Command::Send(_, Outgoing::Text(text)) => sent.push(text),
                Command::Connect(id, _) => self.play.handle(Happening::Opened(id, Coding::Plain), self.now),
                other => sent.push(format!("{other:?}")),
            }
        }
        sent
    }

    fn answer_http(&mut self) -> &mut Self {
        let answer = Response {
            status: 200,
            headers: Vec::new(),
            body: Vec::new(),
            truncated: None,
        };
        self.play
            .handle(Happening::Http(RequestId(1), Ok(answer)), self.now);
        self
    }

    fn hear(&mut self, text: &str) -> &mut Self {
        self.play.handle(
            Happening::Incoming(ANA, Incoming::Text(text.to_owned())),
            self.now,
        );
        self
    }

    fn pass(&mut self, time: Duration) -> &mut Self {
        self.now = self.now + time;
        self.play.handle_timeout(self.now);
        self
    }

    fn failure(&self) -> (&str, &str, Blame) {
        match self.play.progress() {
            PlayStatus::Failed(failure) => (&failure.what, &failure.at, failure.blame),
            other => panic!("{other:?}"),
        }
    }
}

fn setting(round_trip: Duration) -> Setting {
    Setting {
        timeout: Duration::from_secs(5),
        round_trip,
        vsn: Vsn::V2,
        offers: Vec::new(),
        first_fresh: 100,
        first_user: 0,
        purpose: Purpose::Case,
    }
}

const JOIN_AND_ECHO: &str = "about: x\nfresh: [room]\ngiven:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n\
                             steps:\n  - ana: { push: echo, with: { a: 1 }, reply: { ok: { a: 1 } } }\n";

const JOINED: &str = r#"["1","1","lab:100","phx_reply",{"response":{},"status":"ok"}]"#;

#[test]
fn a_conversation_that_holds_ends_with_a_last_heartbeat() {
    let mut table = Table::new(JOIN_AND_ECHO);
    assert_eq!(table.sent(), [r#"["1","1","lab:100","phx_join",{}]"#]);
    table.hear(JOINED);
    assert_eq!(table.sent(), [r#"["1","2","lab:100","echo",{"a":1}]"#]);
    table.hear(r#"["1","2","lab:100","phx_reply",{"response":{"a":1},"status":"ok"}]"#);
    assert_eq!(table.sent(), [r#"[null,"settle","phoenix","heartbeat",{}]"#]);
    assert!(matches!(table.play.progress(), PlayStatus::Settling));
    table.hear(r#"[null,"settle","phoenix","phx_reply",{"response":{},"status":"ok"}]"#);
    assert!(matches!(table.play.progress(), PlayStatus::Over));
}

#[test]
fn what_is_given_blames_nobody_and_a_step_blames_the_server() {
    let mut table = Table::new(JOIN_AND_ECHO);
    table.sent();
    table.pass(Duration::from_secs(5));
    assert_eq!(
        table.failure(),
        ("nothing came within 5s", "test.yaml:5:10", Blame::Nobody)
    );
    let mut table = Table::new(JOIN_AND_ECHO);
    table.sent();
    table.hear(JOINED).sent();
    table.hear(r#"["1","2","lab:100","phx_reply",{"response":{"a":2},"status":"ok"}]"#);
    assert_eq!(
        table.failure(),
        (
            "`a` of the response is 2, expected 1",
            "test.yaml:7:10",
            Blame::Server
        )
    );
}

#[test]
fn a_reply_with_another_ref_is_no_answer_and_is_shown() {
    let mut table = Table::new(JOIN_AND_ECHO);
    table.sent();
    table.hear(JOINED).sent();
    table.hear(r#"["1","9","lab:100","phx_reply",{"response":{"a":1},"status":"ok"}]"#);
    assert!(matches!(table.play.progress(), PlayStatus::Playing));
    table.pass(Duration::from_secs(5));
    let PlayStatus::Failed(failure) = table.play.progress() else {
        panic!()
    };
    assert!(failure.actual.contains("\"9\""), "{failure:?}");
}

#[test]
fn answers_in_order_notices_two_that_were_swapped() {
    let mut table = Table::new(
        "about: x\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n\
         \x20 - repeat: 2\n    counting: n\n    answers: in order\n    together:\n      - ana: { push: echo, with: { n: \"{{n}}\" } }\n",
    );
    table.sent();
    table.hear(JOINED);
    assert_eq!(
        table.sent(),
        [
            r#"["1","2","lab:100","echo",{"n":0}]"#,
            r#"["1","3","lab:100","echo",{"n":1}]"#
        ]
    );
    table.hear(r#"["1","3","lab:100","phx_reply",{"response":{},"status":"ok"}]"#);
    table.hear(r#"["1","2","lab:100","phx_reply",{"response":{},"status":"ok"}]"#);
    assert_eq!(
        table.failure().0,
        "the answers came in another order than the messages were sent"
    );
}

#[test]
fn answers_in_order_holds_an_http_answer_against_a_reply() {
    const SOURCE: &str = "about: x\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n\
                          \x20 - answers: in order\n    together:\n      - ana: { push: echo }\n      - sleep: 1ms\n      \
                          - http: GET /x\n";
    let begun = || {
        let mut table = Table::new(SOURCE);
        table.sent();
        table.hear(JOINED);
        table.sent();
        table.pass(Duration::from_millis(1));
        table
    };
    let reply = r#"["1","2","lab:100","phx_reply",{"response":{},"status":"ok"}]"#;
    let mut table = begun();
    table.hear(reply).answer_http();
    assert!(
        matches!(table.play.progress(), PlayStatus::Settling | PlayStatus::Over),
        "{:?}",
        table.play.progress()
    );
    let mut table = begun();
    table.answer_http().hear(reply);
    assert_eq!(table.failure().1, "test.yaml:10:9");
}

#[test]
fn a_connection_that_ends_ends_the_wait_at_once() {
    let mut table = Table::new(JOIN_AND_ECHO);
    table.sent();
    table.hear(JOINED).sent();
    let ending = Ending::CloseFrame {
        code: Some(1011),
        reason: String::new(),
    };
    table
        .play
        .handle(Happening::Incoming(ANA, Incoming::Closed(ending)), table.now);
    assert_eq!(table.failure().0, "the connection ended before this came");
}

#[test]
fn a_flood_is_left() {
    let mut table = Table::new(JOIN_AND_ECHO);
    table.sent();
    for _ in 0..6_000 {
        table.hear(r#"[null,null,"spam","spam",{}]"#);
    }
    assert!(
        table
            .failure()
            .0
            .starts_with("the server said more than any case asks for")
    );
}

#[test]
fn receive_nothing_sees_what_came_before_it() {
    let mut table = Table::new(
        "about: x\nsteps:\n  - ana: connect\n  - sleep: 1s\n  - ana: { receive-nothing: 200ms }\n",
    );
    table.sent();
    table
        .hear(r#"[null,null,"room","news",{}]"#)
        .pass(Duration::from_secs(1));
    assert_eq!(table.failure().0, "a message came where none should");
}

const SECOND: Duration = Duration::from_secs(1);

fn asked_to_sleep() -> Table {
    let mut table = Table::new(
        "about: x\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n  \
         - ana: { push: sleep, with: { ms: 3000 }, reply: none }\n  - ana: { push: ack }\n",
    );
    table.sent();
    table.hear(JOINED);
    table
}

#[test]
fn what_the_scenario_asks_the_server_to_sleep_comes_on_top_of_the_timeout() {
    let mut table = asked_to_sleep();
    table.pass(SECOND * 7);
    assert_eq!(table.play.progress(), PlayStatus::Playing);
    table.pass(SECOND);
    let (what, ..) = table.failure();
    assert_eq!(
        what,
        "nothing came within 5s beyond the 3s that the scenario itself takes"
    );
}

#[test]
fn a_number_too_large_for_a_time_is_not_waited_for() {
    let mut table = Table::new(
        "about: x\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n  \
         - ana: { push: echo, with: { ms: 1700000000000 } }\n",
    );
    table.sent();
    table.hear(JOINED).pass(SECOND * 5);
    assert_eq!(table.failure().0, "nothing came within 5s");
}

#[test]
fn a_timer_that_pushes_is_given_its_interval() {
    let mut table = Table::new(
        "about: x\nfresh: [room]\nsteps:\n  - ana: connect\n  \
         - ana: { join: \"lab:{{room}}\", with: { ping_ms: 8000 } }\n  - ana: { receive: ping }\n",
    );
    table.sent();
    table.hear(JOINED).pass(SECOND * 12);
    assert_eq!(table.play.progress(), PlayStatus::Playing);
    table.pass(SECOND);
    assert_eq!(
        table.failure().0,
        "nothing came within 5s beyond the 8s that the scenario itself takes"
    );
}

#[test]
fn a_message_is_waited_for_while_its_bytes_come_but_not_for_ever() {
    let mut table = Table::new(JOIN_AND_ECHO);
    table.sent();
    table.hear(JOINED);
    for _ in 0..14 {
        table.play.handle(Happening::Moving(ANA), table.now);
        table.pass(SECOND * 4);
        assert_eq!(table.play.progress(), PlayStatus::Playing, "{:?}", table.now);
    }
    table.play.handle(Happening::Moving(ANA), table.now);
    table.pass(SECOND * 4);
    assert_eq!(table.failure().0, "nothing came within 5s");
}

#[test]
fn a_message_that_stops_coming_is_waited_for_as_long_as_one_that_never_began() {
    let mut table = Table::new(JOIN_AND_ECHO);
    table.sent();
    table.hear(JOINED).pass(SECOND * 4);
    table.play.handle(Happening::Moving(ANA), table.now);
    table.pass(SECOND * 4);
    assert_eq!(table.play.progress(), PlayStatus::Playing);
    table.pass(SECOND);
    assert_eq!(table.failure().0, "nothing came within 5s");
}

#[test]
fn a_silence_begins_when_what_was_sent_can_have_been_answered() {
    let source = "about: x\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\", reply: none }\n  \
                  - ana: { receive-nothing: 1s }\n";
    let mut table = Table::on_a_line(source, SECOND * 2);
    table.sent();
    table.pass(SECOND * 2);
    assert_eq!(table.play.progress(), PlayStatus::Playing);
    table.hear(JOINED);
    assert_eq!(table.failure().0, "a message came where none should");
}

#[test]
fn what_is_answered_in_order_has_its_time_from_the_answer_before() {
    let source = "about: x\nfresh: [room]\ngiven:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\nsteps:\n  \
                  - together:\n      - ana: { push: ack }\n      - ana: { push: ack }\n    answers: in order\n";
    let answer =
        |number: u32| format!(r#"["1","{number}","lab:100","phx_reply",{{"response":{{}},"status":"ok"}}]"#);
    let table = || {
        let mut table = Table::new(source);
        table.sent();
        table.hear(JOINED).sent();
        table
    };
    let mut slow = table();
    slow.pass(Duration::from_secs(4)).hear(&answer(2));
    slow.pass(Duration::from_secs(4)).hear(&answer(3));
    assert!(matches!(slow.play.progress(), PlayStatus::Settling));
    let mut silent = table();
    silent.pass(Duration::from_secs(4)).hear(&answer(2));
    silent.pass(Duration::from_secs(5));
    assert_eq!(silent.failure().0, "nothing came within 5s");
}
