//! Servers that do what they should not: the run ends, what went wrong is counted by its kind, and nothing panics.

use std::net::TcpListener;
use std::time::Duration;

use phxproof::load::{LoadConclusion, LoadResult, LoadSettings};

use super::fake::{Fake, Manner};
use super::{open, run, settings_of, settings_of_own};

fn met(manner: Manner) -> LoadResult {
    let fake = Fake::start(manner);
    let settings = settings_of(fake.address, "echo");
    run(&LoadSettings {
        sockets: 4,
        timeout: Duration::from_millis(400),
        ..settings
    })
}

#[track_caller]
fn has(result: &LoadResult, trouble: &str) {
    assert!(result.troubles.contains_key(trouble), "{:?}", result.troubles);
}

#[test]
fn nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let result = run(&LoadSettings {
        sockets: 4,
        timeout: Duration::from_millis(400),
        ..settings_of(free, "echo")
    });
    has(&result, "refused");
    assert_eq!(
        (result.sockets.opened, result.sockets.joined, result.messages.sent),
        (0, 0, 0)
    );
}

#[test]
fn the_server_accepts_and_says_nothing() {
    let result = met(Manner::Silent);
    has(&result, "silent");
    assert_eq!(result.sockets.opened, 0);
}

#[test]
fn heartbeats_without_an_answer_lose_the_connection() {
    let fake = Fake::start(Manner::Heartless);
    let result = run(&LoadSettings {
        sockets: 4,
        heartbeat: Duration::from_millis(600),
        duration: Duration::from_millis(1500),
        ..settings_of(fake.address, "idle")
    });
    has(&result, "heartbeat-timeout");
    assert!(result.sockets.joined == 4 && result.sockets.lost >= 4);
    // All were lost after the same silence, but it was the server that was silent.
    assert_eq!(result.idle_cut, None);
    assert_eq!(result.counts.lost_by_late_heartbeat, 0);
    assert!(matches!(result.conclusion(&[]), LoadConclusion::FellShort(_)));
}

#[test]
fn who_had_joined_and_is_not_let_in_again_is_counted() {
    let fake = Fake::start(Manner::LetsIn(4));
    let scenario = "about: A.\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"a:{{room}}\" }\n  \
                    - ana: cut\n";
    let result = run(&LoadSettings {
        sockets: 4,
        // Refused at once, and again a second later.
        duration: Duration::from_millis(1800),
        ..settings_of_own(fake.address, scenario)
    });
    has(&result, "join-refused");
    assert_eq!(
        (result.sockets.joined, result.sockets.lost, result.counts.not_back),
        (4, 0, 4)
    );
    assert!(matches!(result.conclusion(&[]), LoadConclusion::FellShort(_)));
}

#[test]
fn joins_that_crashed_and_were_tried_again_are_told_with_their_first_answer() {
    let fake = Fake::start(Manner::CrashesFirst(3));
    let result = run(&LoadSettings {
        sockets: 4,
        ..settings_of(fake.address, "idle")
    });
    assert_eq!((result.sockets.joined, result.troubles["join-refused"]), (4, 3));
    let said = vec![r#"3 joins were refused: {"reason":"join crashed"}"#.to_owned()];
    assert_eq!(result.conclusion(&[]), LoadConclusion::FellShort(said));
}

#[test]
fn connections_that_are_cut_after_the_same_silence_are_told_so() {
    let fake = Fake::start(Manner::CutsIdle(Duration::from_millis(600)));
    let result = run(&LoadSettings {
        sockets: 4,
        heartbeat: Duration::from_secs(3600),
        duration: Duration::from_millis(900),
        ..settings_of(fake.address, "idle")
    });
    let cut = result.idle_cut.expect("all were cut alike").to_string();
    assert!(
        cut.contains("something in between cuts idle connections; heartbeat 3600 s"),
        "{cut}"
    );
    let LoadConclusion::FellShort(reasons) = result.conclusion(&[]) else {
        panic!("{:?}", result.sockets);
    };
    assert!(reasons.iter().any(|it| it.contains(&cut)), "{reasons:?}");
}

#[test]
fn who_was_turned_away_and_is_back_is_not_counted() {
    // Both come, both are cut, both are turned away once.
    for topic in ["", "  - ana: { join: \"a:{{room}}\" }\n"] {
        let fake = Fake::start(Manner::UnavailableTo(2, 3));
        let scenario = format!(
            "about: A.\nfresh: [room]\nsteps:\n  - ana: connect\n{topic}  - ana: cut\n  - sleep: 1m\n"
        );
        let result = run(&LoadSettings {
            sockets: 2,
            duration: Duration::from_millis(800),
            ..settings_of_own(fake.address, &scenario)
        });
        assert_eq!((result.sockets.joined, result.counts.not_back), (2, 0), "{topic}");
    }
}

#[test]
fn who_was_not_let_in_at_first_has_as_long_again() {
    let fake = Fake::start(Manner::SilentAtFirst(2, Duration::from_millis(60)));
    let settings = settings_of(fake.address, "idle");
    let result = run(&LoadSettings {
        sockets: 2,
        timeout: Duration::from_millis(400),
        duration: Duration::from_millis(1500),
        ..settings
    });
    assert_eq!(result.sockets.joined, 2);
    assert_eq!(result.troubles.get("silent"), Some(&2), "{:?}", result.troubles);
}

#[test]
fn the_server_is_unavailable() {
    has(&met(Manner::Unavailable), "503");
}

#[test]
fn half_of_the_connections_are_reset() {
    let result = met(Manner::ResetsHalf);
    has(&result, "closed");
    // Those that got in were served, the others came back until they got in.
    assert!(result.sockets.joined > 0 && result.messages.sent > 0);
}

#[test]
fn the_server_sends_frames_that_none_may() {
    const MASKED: &[u8] = &[0x81, 0x80, 0, 0, 0, 0];
    const RESERVED: &[u8] = &[0xf1, 0];
    const ENDLESS: &[u8] = &[0x81, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    const STRAY: &[u8] = &[0x80, 0];
    const NO_TEXT: &[u8] = &[0x81, 1, 0xff];
    const NO_MESSAGE: &[u8] = b"\x81\x02{}";
    for bytes in [MASKED, RESERVED, ENDLESS, STRAY, NO_TEXT, NO_MESSAGE] {
        has(&met(Manner::Babbles(bytes)), "protocol");
    }
}

#[test]
fn the_server_dies_in_the_middle() {
    let result = met(Manner::Dies(40));
    assert!(
        result.sockets.lost > 0 && result.messages.in_doubt > 0,
        "{:?}",
        result.messages
    );
    has(&result, "closed");
}

#[test]
fn a_broadcast_to_somebody_else_is_misdelivered() {
    let fake = Fake::start(Manner::Crosses);
    let settings = settings_of(fake.address, "fanout");
    let result = run(&LoadSettings {
        sockets: 1,
        schedule: open(100.0, 100),
        ..settings
    });
    assert_eq!((result.messages.sent, result.messages.misdelivered), (10, 10));
}

#[test]
fn a_push_without_an_answer_is_missing() {
    let fake = Fake::start(Manner::Ignores);
    let settings = settings_of(fake.address, "echo");
    let settings = LoadSettings {
        sockets: 2,
        timeout: Duration::from_millis(300),
        ..settings
    };
    let result = run(&LoadSettings {
        schedule: open(50.0, 200),
        ..settings
    });
    assert_eq!((result.messages.sent, result.messages.missing), (10, 10));
    has(&result, "push-timeout");
}

#[test]
fn who_said_goodbye_to_a_server_that_stays_expects_no_heartbeats() {
    let fake = Fake::start(Manner::Stays);
    let settings = settings_of(fake.address, "idle");
    let result = run(&LoadSettings {
        sockets: 4,
        heartbeat: Duration::from_millis(100),
        ..settings
    });
    assert_eq!((result.sockets.joined, result.sockets.peak_joined), (4, 4));
    assert!(
        result.troubles.is_empty() && result.messages.all_right(),
        "{:?}",
        result.troubles
    );
}

#[test]
fn a_stall_of_the_server_is_found_in_the_latency_and_not_in_the_lateness() {
    let stall = Duration::from_millis(500);
    let fake = Fake::start(Manner::Stalls(50, stall));
    let settings = settings_of(fake.address, "echo");
    let result = run(&LoadSettings {
        sockets: 10,
        schedule: open(200.0, 1000),
        ..settings
    });
    assert_eq!(result.messages.received, 200);
    let reply = result.latency_us.reply;
    // All that was due during the stall waited for its rest: half of what was sent.
    assert!(
        reply.max >= 450_000 && reply.p99 >= 400_000 && reply.p90 >= 300_000,
        "{reply:?}"
    );
    let lateness = result.lateness_us.expect("an open model has lateness");
    assert!(lateness.p50 < reply.p90, "{lateness:?} {reply:?}");
}

#[test]
fn a_stall_is_the_servers_also_where_it_keeps_sockets_from_being_free() {
    // Of ten sockets six are busy at a time; in the stall all are, and what is due then has to wait for one.
    let fake = Fake::start(Manner::Stalls(60, Duration::from_millis(800)));
    let scenario = "about: A.\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"a:{{room}}\" }\n  \
                    - ana: { push: b }\n  - sleep: 30ms\n";
    let result = run(&LoadSettings {
        sockets: 10,
        schedule: open(200.0, 1500),
        ..settings_of_own(fake.address, scenario)
    });
    let (reply, waited) = (result.latency_us.reply, result.waited_us.expect("an open model"));
    // Most of what was due in the stall was due when no socket was free any more.
    assert!(
        reply.p90 >= 400_000 && waited.p99 < reply.p90,
        "{reply:?} {waited:?}"
    );
    assert_eq!(result.counts.due, result.messages.sent + result.counts.dropped);
}

#[test]
fn a_message_in_many_pieces_is_one_message() {
    const PIECES: &[u8] = b"\x01\x03[nu\x00\x06ll,nul\x80\x1al,\"lab:x\",\"fragmented\",{}]";
    let result = met(Manner::Babbles(PIECES));
    assert!(
        result.unasked.contains_key("fragmented"),
        "{:?} {:?}",
        result.unasked,
        result.troubles
    );
}
