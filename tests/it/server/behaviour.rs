//! What no transcript shows: several shards, the end of a server, pipelining, readers that do not read.

use std::net::TcpListener;

use phxproof::profile::Profile;
use phxproof::server::{Server, ServerSettings, StartError, faults};

use super::actor::Actor;
use super::transcript::{Content, Seen, Sent};

const V2: &str = "/socket/websocket?vsn=2.0.0";

fn start(settings: &ServerSettings) -> Server {
    Server::start(settings).expect("a free port")
}

/// Ends a server that nobody talks to any more.
fn end<T>(server: Server, actors: T) {
    drop(actors);
    server.drain();
    server.join();
}

fn connect(server: &Server, target: &str) -> Actor {
    let actor = Actor::connect(server.address(), target, &[], "13");
    assert_eq!(actor.seen, [Seen::Open]);
    actor
}

/// A connection that has joined, with all that it saw taken away.
fn joined(server: &Server, topic: &str) -> Actor {
    let mut actor = connect(server, V2);
    say(&mut actor, &format!(r#"["1","1","{topic}","phx_join",{{}}]"#));
    assert_eq!(
        heard(&mut actor, 1),
        [format!(r#"["1","1","{topic}","phx_reply",{OK_PARAMS}]"#)]
    );
    actor
}

const OK_PARAMS: &str = r#"{"response":{"params":{}},"status":"ok"}"#;
const OK: &str = r#"{"response":{},"status":"ok"}"#;
const UNMATCHED: &str = r#"{"response":{"reason":"unmatched topic"},"status":"error"}"#;

fn say(actor: &mut Actor, text: &str) {
    actor.send(&Sent::Message(Content::Text(text.to_owned())));
}

/// What `GET /token/…` answers.
fn token(server: &Server, asked: &str) -> String {
    let mut asking = Actor::request(server.address(), &format!("GET /token/{asked}"), "");
    match asking.seen.pop() {
        Some(Seen::Status(200, token)) => token,
        other => panic!("no token: {other:?}"),
    }
}

/// The next so many texts, which are then forgotten.
fn heard(actor: &mut Actor, count: usize) -> Vec<String> {
    actor.seen.retain(|seen| *seen == Seen::Open);
    assert!(actor.sees(1 + count), "saw only {:?}", actor.seen);
    actor.seen.drain(1..).map(text).collect()
}

/// All that was said before the answer to a ping.
fn heard_so_far(actor: &mut Actor) -> Vec<String> {
    actor.seen.retain(|seen| *seen == Seen::Open);
    actor.rest();
    actor.seen.drain(1..).map(text).collect()
}

fn text(seen: Seen) -> String {
    match seen {
        Seen::Message(Content::Text(text)) => text,
        other => format!("{other:?}"),
    }
}

#[test]
fn a_broadcast_reaches_all_shards_once_and_in_order() {
    let server = start(&ServerSettings {
        shards: 3,
        ..ServerSettings::default()
    });
    let mut listeners: Vec<_> = (0..12).map(|_| joined(&server, "lab:room")).collect();
    let mut sender = joined(&server, "lab:room");
    for n in 0..20 {
        say(
            &mut sender,
            &format!(r#"["1","{n}","lab:room","broadcast_from",{{"n":{n}}}]"#),
        );
    }
    let expected: Vec<_> = (0..20)
        .map(|n| format!(r#"[null,null,"lab:room","broadcasted",{{"n":{n}}}]"#))
        .collect();
    for listener in &mut listeners {
        assert_eq!(heard(listener, 20), expected);
        assert_eq!(heard_so_far(listener), [""; 0]);
    }
    end(server, (listeners, sender));
}

#[test]
fn what_came_right_before_a_close_frame_is_handled() {
    let server = start(&ServerSettings::default());
    let mut listener = joined(&server, "lab:room");
    let mut sender = joined(&server, "lab:room");
    let push = |n| {
        let text = format!(r#"["1","{n}","lab:room","broadcast_from",{{"n":{n}}}]"#);
        Sent::Message(Content::Text(text))
    };
    sender.send_at_once(&[push(0), push(1), push(2), Sent::Close(1000)]);
    let expected = [0, 1, 2].map(|n| format!(r#"[null,null,"lab:room","broadcasted",{{"n":{n}}}]"#));
    assert_eq!(heard(&mut listener, 3), expected);
    end(server, (listener, sender));
}

#[test]
fn a_disconnect_reaches_all_shards() {
    let server = start(&ServerSettings {
        shards: 3,
        ..ServerSettings::default()
    });
    let (dave, other) = (token(&server, "dave"), token(&server, "other"));
    let mut daves: Vec<_> = (0..8)
        .map(|_| connect(&server, &format!("{V2}&token={dave}")))
        .collect();
    let mut other = connect(&server, &format!("{V2}&token={other}"));
    Actor::request(server.address(), "POST /disconnect/dave", "");
    for dave in &mut daves {
        assert_eq!(heard(dave, 2), ["Close(1001)", "End"]);
    }
    assert_eq!(heard_so_far(&mut other), [""; 0]);
    end(server, (daves, other));
}

#[test]
fn a_token_is_good_for_fourteen_days() {
    let server = start(&ServerSettings::default());
    let let_in = |asked: &str| {
        let target = format!("{V2}&token={}", token(&server, asked));
        Actor::connect(server.address(), &target, &[], "13").seen
    };
    let fourteen_days = 14 * 24 * 60 * 60;
    assert_eq!(let_in(&format!("dave?age={}", fourteen_days - 60)), [Seen::Open]);
    let old = let_in(&format!("dave?age={}", fourteen_days + 1));
    assert!(matches!(old[..], [Seen::Status(403, _)]), "{old:?}");
    for odd in ["x", "-1", ""] {
        let refused = Actor::request(server.address(), &format!("GET /token/dave?age={odd}"), "");
        assert!(
            matches!(refused.seen[..], [Seen::Status(400, _)]),
            "{odd}: {:?}",
            refused.seen
        );
    }
    end(server, ());
}

#[test]
fn a_server_that_ends_says_1012_to_those_who_have_joined() {
    for profile in [Profile::BANDIT_1_8_12, Profile::COWBOY_1_8_12] {
        let server = start(&ServerSettings {
            profile,
            shards: 2,
            ..ServerSettings::default()
        });
        let mut member = joined(&server, "lab:room");
        let mut sleeper = joined(&server, "lab:room");
        let mut guest = connect(&server, V2);
        say(&mut sleeper, r#"["1","2","lab:room","sleep",{"ms":50}]"#);
        say(&mut sleeper, r#"[null,"3","phoenix","heartbeat",{}]"#);
        assert_eq!(heard(&mut sleeper, 1).len(), 1);
        server.drain();
        assert_eq!(heard(&mut member, 2), ["Close(1012)", "End"]);
        let slept = r#"["1","2","lab:room","phx_reply",{"response":{"slept":50},"status":"ok"}]"#;
        assert_eq!(heard(&mut sleeper, 3), [slept, "Close(1012)", "End"]);
        match profile {
            Profile::BANDIT_1_8_12 => assert_eq!(heard(&mut guest, 2), ["Close(1000)", "End"]),
            _ => assert_eq!(heard(&mut guest, 1), ["End"]),
        }
        drop((member, sleeper, guest));
        server.join();
    }
}

#[test]
fn a_port_in_use_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port();
    for shards in [1, 2] {
        let settings = ServerSettings {
            port,
            shards,
            ..ServerSettings::default()
        };
        let error = Server::start(&settings)
            .map(|_| ())
            .expect_err("the port is in use");
        assert!(matches!(error, StartError::InUse { .. }), "{error:?}");
        assert!(error.to_string().contains("choose another port"), "{error}");
    }
}

#[test]
fn a_host_that_is_none_is_named() {
    let settings = ServerSettings {
        host: "no host at all".to_owned(),
        ..ServerSettings::default()
    };
    let error = Server::start(&settings)
        .map(|_| ())
        .expect_err("there is no such host");
    assert!(
        error
            .to_string()
            .starts_with("`no host at all` is no address to listen on"),
        "{error}"
    );
}

/// Sends several texts in one write.
fn say_at_once(actor: &mut Actor, texts: &[&str]) {
    let messages: Vec<_> = texts
        .iter()
        .map(|text| Sent::Message(Content::Text((*text).to_owned())))
        .collect();
    actor.send_at_once(&messages);
}

#[test]
fn a_leave_with_a_join_behind_it_is_never_answered() {
    let server = start(&ServerSettings::default());
    let mut actor = joined(&server, "lab:room");
    say_at_once(
        &mut actor,
        &[
            r#"["1","2","lab:room","phx_leave",{}]"#,
            r#"["3","3","lab:room","phx_join",{}]"#,
        ],
    );
    let reply = format!(r#"["3","3","lab:room","phx_reply",{OK_PARAMS}]"#);
    assert_eq!(
        heard_so_far(&mut actor),
        [reply.as_str(), r#"["1","1","lab:room","phx_close",{}]"#]
    );
    end(server, actor);
}

#[test]
fn a_join_behind_an_annotation_sees_it() {
    let server = start(&ServerSettings::default());
    let mut actor = connect(&server, V2);
    say(&mut actor, r#"["1","1","videos:1","phx_join",{}]"#);
    heard(&mut actor, 1);
    say_at_once(
        &mut actor,
        &[
            r#"["1","2","videos:1","new_annotation",{"body":"x","at":1}]"#,
            r#"["3","3","videos:+1","phx_join",{}]"#,
        ],
    );
    let heard = heard_so_far(&mut actor);
    assert!(
        heard
            .iter()
            .any(|text| text.starts_with(r#"["3","3""#) && text.contains(r#""body":"x""#)),
        "{heard:?}"
    );
    end(server, actor);
}

#[test]
fn pushes_behind_a_crash_are_lost_and_later_ones_unmatched() {
    let server = start(&ServerSettings::default());
    let mut actor = joined(&server, "lab:room");
    say_at_once(
        &mut actor,
        &[
            r#"["1","2","lab:room","crash",{}]"#,
            r#"["1","3","lab:room","ack",{}]"#,
        ],
    );
    assert_eq!(
        heard_so_far(&mut actor),
        [r#"["1","1","lab:room","phx_error",{"reason":"channel_crash"}]"#]
    );
    say(&mut actor, r#"["1","4","lab:room","ack",{}]"#);
    assert_eq!(
        heard_so_far(&mut actor),
        [format!(r#"[null,"4","lab:room","phx_reply",{UNMATCHED}]"#)]
    );
    end(server, actor);
}

#[test]
fn a_slow_join_holds_back_broadcasts_to_its_siblings() {
    let server = start(&ServerSettings::default());
    let (mut slow, mut other) = (joined(&server, "lab:room"), joined(&server, "lab:room"));
    say(&mut slow, r#"["2","2","lab:slow","phx_join",{"delay_ms":100}]"#);
    say(&mut other, r#"["1","2","lab:room","broadcast_from",{}]"#);
    assert_eq!(
        heard(&mut other, 1),
        [format!(r#"["1","2","lab:room","phx_reply",{OK}]"#)]
    );
    let reply = r#"["2","2","lab:slow","phx_reply",{"response":{"params":{"delay_ms":100}},"status":"ok"}]"#;
    assert_eq!(
        heard(&mut slow, 2),
        [reply, r#"[null,null,"lab:room","broadcasted",{}]"#]
    );
    end(server, (slow, other));
}

#[test]
fn a_binary_broadcast_crashes_its_sender_where_v1_listens() {
    let server = start(&ServerSettings::default());
    let mut sender = joined(&server, "lab:room");
    let mut old = connect(&server, "/socket/websocket?vsn=1.0.0");
    say(
        &mut old,
        r#"{"topic":"lab:room","event":"phx_join","payload":{},"ref":"1"}"#,
    );
    heard(&mut old, 1);
    let push = b"\x00\x01\x01\x08\x0912lab:roombroadcast\xff".to_vec();
    sender.send(&Sent::Message(Content::Binary(push)));
    let crash = r#"["1","1","lab:room","phx_error",{"reason":"channel_crash"}]"#;
    while heard(&mut sender, 1) != [crash] {}
    assert_eq!(heard_so_far(&mut old), [""; 0]);
    end(server, (sender, old));
}

#[test]
fn a_reader_that_does_not_read_is_cut_and_the_others_are_served() {
    let server = start(&ServerSettings::default());
    let (mut lazy, mut sender) = (joined(&server, "lab:room"), joined(&server, "lab:room"));
    let big = "x".repeat(1 << 20);
    // Sockets of the kernel take some of it, the server at most 16 MiB more.
    for n in 0..40 {
        say(
            &mut sender,
            &format!(r#"["1","{n}","lab:room","broadcast_from",{{"big":"{big}"}}]"#),
        );
        assert_eq!(heard(&mut sender, 1).len(), 1);
    }
    let mut got = 0;
    while lazy.sees(lazy.seen.len() + 1) && lazy.seen.last() != Some(&Seen::End) {
        got += 1;
        lazy.seen.truncate(1);
    }
    assert!(got < 40, "the reader got all {got}");
    assert_eq!(lazy.seen.last(), Some(&Seen::End), "the reader was not cut");
    end(server, (lazy, sender));
}

#[test]
fn a_reader_that_reads_late_gets_all_in_order() {
    let server = start(&ServerSettings::default());
    let (mut late, mut sender) = (joined(&server, "lab:room"), joined(&server, "lab:room"));
    let big = "x".repeat(1 << 20);
    // The sockets of the kernel take less than all, and the server lets more wait.
    let count = 8;
    let mut broadcast = |n: usize| {
        say(
            &mut sender,
            &format!(r#"["1","{n}","lab:room","broadcast_from",{{"a":{n},"big":"{big}"}}]"#),
        );
        assert_eq!(heard(&mut sender, 1).len(), 1);
    };
    let mut arrives = |n: usize| {
        let text = heard(&mut late, 1).remove(0);
        let begin = format!(r#"[null,null,"lab:room","broadcasted",{{"a":{n},"#);
        assert!(text.starts_with(&begin), "broadcast {n} is {text:.60}");
    };
    (0..count).for_each(&mut broadcast);
    (0..count).for_each(&mut arrives);
    broadcast(count);
    arrives(count);
    end(server, (late, sender));
}

#[test]
fn a_broken_promise_is_broken_and_no_other() {
    let fault = faults::find("reply-twice").expect("a fault");
    let server = start(&ServerSettings {
        faults: vec![fault],
        ..ServerSettings::default()
    });
    let mut actor = joined(&server, "lab:room");
    say(&mut actor, r#"["1","2","lab:room","ack",{}]"#);
    let reply = format!(r#"["1","2","lab:room","phx_reply",{OK}]"#);
    assert_eq!(heard_so_far(&mut actor), [reply.clone(), reply]);
    end(server, actor);
}
