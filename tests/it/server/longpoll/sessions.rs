//! The sessions of long poll: what polls bring and when, batches, and how a session ends.

use phxproof::profile::Profile;
use phxproof::server::{Server, ServerSettings};

use super::super::actor::Actor;
use super::super::transcript::{Content, Seen as Heard, Sent};
use super::client::{FAST, JOIN, JOINED, SLOW, Session, ask, push, pushed};
use super::{Seen, expect, on_both, on_profile};

fn echo(n: u32) -> String {
    format!(r#"["1","{n}","lab:room","echo",{{"n":{n}}}]"#)
}

fn echoed(n: u32) -> String {
    format!(r#"["1","{n}","lab:room","phx_reply",{{"response":{{"n":{n}}},"status":"ok"}}]"#)
}

/// A poll brings what came since the last one, each once and in order.
pub(super) fn messages_come_in_order(server: &Server) -> Seen {
    let session = Session::joined(server, FAST);
    let broadcast = r#"["1","3","lab:room","broadcast",{}]"#;
    expect(session.post(&[&push(2), broadcast, &echo(4)]).told(), 200)?;
    expect(session.post(&[&push(5)]).told(), 200)?;
    let told = [
        pushed(2),
        r#"[null,null,"lab:room","broadcasted",{}]"#.to_owned(),
        r#"["1","3","lab:room","phx_reply",{"response":{},"status":"ok"}]"#.to_owned(),
        echoed(4),
        pushed(5),
    ];
    expect(session.poll().brought(), (200, told.to_vec()))?;
    expect(session.poll().brought(), (204, Vec::new()))
}

#[test]
fn a_poll_brings_what_came_since_the_last_one_once_and_in_order() {
    on_both(messages_come_in_order).unwrap();
}

/// A poll that waits brings a message as soon as there is one.
pub(super) fn a_message_wakes_the_poll(server: &Server) -> Seen {
    let empty = Session::joined(server, SLOW).polling();
    let session = Session::joined(server, SLOW);
    let mut poll = session.polling();
    expect(session.post(&[&push(2)]).told(), 200)?;
    expect(poll.answer().brought(), (200, vec![pushed(2)]))?;
    // The window of the other poll ends before that of this one would.
    expect(empty.has_input(), false)
}

#[test]
fn a_message_wakes_the_poll_that_waits() {
    on_both(a_message_wakes_the_poll).unwrap();
}

/// A poll without messages waits for its window, in which others are answered.
pub(super) fn an_empty_poll_waits(server: &Server) -> Seen {
    let session = Session::joined(server, SLOW);
    let mut poll = session.polling();
    // In its window a session joins and polls twice.
    let other = Session::joined(server, FAST);
    expect(other.post(&[&push(2)]).told(), 200)?;
    expect(session.post(&[&push(3)]).told(), 200)?;
    expect(poll.answer().brought(), (200, vec![pushed(3)]))?;
    expect(other.poll().brought(), (200, vec![pushed(2)]))?;
    expect(other.poll().brought(), (204, Vec::new()))
}

#[test]
fn an_empty_poll_waits_for_its_window() {
    on_both(an_empty_poll_waits).unwrap();
}

#[test]
fn the_last_of_several_polls_brings_the_messages() {
    on_both(|server| {
        let session = Session::joined(server, FAST);
        let (mut first, mut second) = (session.polling(), session.polling());
        let mut third = session.polling();
        expect(session.post(&[&push(2)]).told(), 200)?;
        expect(third.answer().brought(), (200, vec![pushed(2)]))?;
        expect(first.answer().brought(), (204, Vec::new()))?;
        expect(second.answer().brought(), (204, Vec::new()))
    })
    .unwrap();
}

#[test]
fn a_cut_poll_loses_nothing_on_cowboy_and_the_next_message_on_bandit() {
    let after_a_cut = |server: &Server| {
        let session = Session::joined(server, SLOW);
        drop(session.polling());
        session.post(&[&push(2)]);
        session.post(&[&push(3)]);
        session.poll().brought().1
    };
    on_profile(Profile::COWBOY_1_8_12, |server| {
        expect(after_a_cut(server), vec![pushed(2), pushed(3)])
    })
    .unwrap();
    on_profile(Profile::BANDIT_1_8_12, |server| {
        expect(after_a_cut(server), vec![pushed(3)])
    })
    .unwrap();
}

/// A join that sleeps for so long.
fn slow_join(milliseconds: u32) -> String {
    format!(r#"["1","1","lab:room","phx_join",{{"delay_ms":{milliseconds}}}]"#)
}

fn joined_slowly(milliseconds: u32) -> String {
    format!(
        r#"["1","1","lab:room","phx_reply",{{"response":{{"params":{{"delay_ms":{milliseconds}}}}},"status":"ok"}}]"#
    )
}

#[test]
fn a_batch_and_a_poll_wait_for_a_slow_join() {
    on_both(|server| {
        let session = Session::open(server, SLOW);
        let mut early = session.polling();
        let mut batch = session.posting(&[&slow_join(200), &push(2)]);
        let mut late = session.polling();
        expect(early.answer().brought(), (200, vec![joined_slowly(200)]))?;
        expect(batch.answer().told(), 200)?;
        expect(late.answer().brought(), (200, vec![pushed(2)]))
    })
    .unwrap();
}

/// A message that is not taken within the window is a timeout, and the rest of its batch is dropped.
pub(super) fn a_slow_join_is_a_timeout(server: &Server) -> Seen {
    let session = Session::open(server, FAST);
    expect(
        session.post(&[&slow_join(1200), &push(2)]).body.as_str(),
        r#"{"status":408}"#,
    )?;
    expect(session.poll().brought(), (200, vec![joined_slowly(1200)]))?;
    expect(session.post(&[&push(3)]).told(), 200)?;
    expect(session.poll().brought(), (200, vec![pushed(3)]))
}

#[test]
fn a_message_that_is_not_taken_within_the_window_is_a_timeout() {
    on_both(a_slow_join_is_a_timeout).unwrap();
}

#[test]
fn a_session_that_is_stuck_for_long_seems_to_have_ended() {
    on_both(|server| {
        let session = Session::open(server, SLOW);
        let mut join = session.posting(&[&slow_join(2500)]);
        let (mut poll, mut push) = (session.polling(), session.posting(&[&push(2)]));
        expect(poll.answer().body.as_str(), r#"{"status":403}"#)?;
        expect(push.answer().body.as_str(), r#"{"status":410}"#)?;
        expect(join.answer().told(), 200)?;
        expect(session.poll().brought(), (200, vec![joined_slowly(2500)]))
    })
    .unwrap();
}

#[test]
fn the_rest_of_a_batch_is_dropped_on_cowboy_when_its_client_goes() {
    let after_a_cut = |server: &Server| {
        let session = Session::open(server, SLOW);
        let early = session.polling();
        drop(session.posting(&[&slow_join(100), &push(2)]));
        drop(early);
        session.poll().brought().1
    };
    on_profile(Profile::COWBOY_1_8_12, |server| {
        expect(after_a_cut(server), vec![joined_slowly(100)])
    })
    .unwrap();
}

/// A session that is not polled ends, and its channels with it.
pub(super) fn a_silent_session_expires(server: &Server) -> Seen {
    let topic = r#"["1","1","presence:room","phx_join",{}]"#;
    let session = Session::open(server, FAST);
    expect(session.post(&[topic]).told(), 200)?;
    let mut watcher = Actor::connect(server.address(), "/socket/websocket?vsn=2.0.0", &[], "13");
    watcher.send(&Sent::Message(Content::Text(topic.to_owned())));
    // The reply, the state, its own diff, and then that of the session's end.
    if !watcher.sees(5) {
        return Err(format!("saw only {:?}", watcher.seen));
    }
    let last = format!("{:?}", watcher.seen.last());
    expect(last.contains(r#"\"leaves\":{\"anon\""#), true)?;
    expect(session.post(&[JOIN]).told(), 410)
}

#[test]
fn a_session_that_is_not_polled_ends_with_its_channels() {
    on_both(a_silent_session_expires).unwrap();
}

/// A message that no serializer reads ends the session.
pub(super) fn the_undecodable_ends_the_session(server: &Server) -> Seen {
    for line in ["[1,2]", "", "AAEC", "[broken"] {
        let session = Session::joined(server, FAST);
        let mut poll = session.polling();
        let answer = session.post(&[line, &push(3)]);
        expect(answer.body.as_str(), r#"{"status":408}"#)?;
        expect(poll.answer().brought(), (204, Vec::new()))?;
        expect(session.post(&[&push(4)]).told(), 410)?;
    }
    Ok(())
}

#[test]
fn a_session_that_joins_again_and_again_expires_all_the_same() {
    on_both(|server| {
        let session = Session::open(server, FAST);
        // Whenever the session is looked at, it is stuck in a join.
        let told = (0..12).map(|n| {
            let join = format!(r#"["{n}","{n}","lab:{n}","phx_join",{{"delay_ms":700}}]"#);
            session.post(&[&join]).told()
        });
        expect(told.into_iter().any(|status| status == 410), true)
    })
    .unwrap();
}

#[test]
fn a_message_that_no_serializer_reads_ends_the_session() {
    on_both(the_undecodable_ends_the_session).unwrap();
}

/// A line that is neither JSON nor base64 is a 500, and what came before it was handled.
pub(super) fn bad_base64_is_an_error(server: &Server) -> Seen {
    let session = Session::joined(server, SLOW);
    let answer = session.post(&[&push(2), "!!!", &push(3)]);
    expect((answer.status, answer.body.as_str()), (500, ""))?;
    expect(session.post(&[&push(4)]).told(), 200)?;
    expect(session.poll().brought(), (200, vec![pushed(2), pushed(4)]))
}

#[test]
fn a_line_that_is_neither_json_nor_base64_is_an_error() {
    on_both(bad_base64_is_an_error).unwrap();
    // Before 1.8.6 all lines are decoded before the first is handled.
    on_profile(Profile::COWBOY_1_7_21, |server| {
        let session = Session::joined(server, SLOW);
        expect(session.post(&[&push(2), "!!!"]).status, 500)?;
        expect(session.post(&[&push(3)]).told(), 200)?;
        expect(session.poll().brought(), (200, vec![pushed(3)]))
    })
    .unwrap();
}

/// How many of 105 messages of a batch are answered.
fn answered(server: &Server) -> usize {
    let session = Session::joined(server, SLOW);
    let batch: Vec<_> = (2..107).map(echo).collect();
    let lines: Vec<_> = batch.iter().map(String::as_str).collect();
    assert_eq!(session.post(&lines).told(), 200);
    session.poll().brought().1.len()
}

/// Of a batch a hundred messages count.
pub(super) fn a_hundred_count(server: &Server) -> Seen {
    expect(answered(server), 100)
}

#[test]
fn of_a_batch_a_hundred_messages_count_since_1_8_9() {
    on_both(a_hundred_count).unwrap();
    on_profile(Profile::BANDIT_1_8_9, a_hundred_count).unwrap();
    on_profile(Profile::COWBOY_1_7_21, |server| expect(answered(server), 105)).unwrap();
}

/// A push of these bytes in base64, which is echoed.
fn binary(n: u32, bytes: &[u8]) -> String {
    use base64::Engine as _;
    let reference = n.to_string();
    let mut message = vec![0, 1, u8::try_from(reference.len()).expect("a short ref"), 8, 4];
    message.extend_from_slice(format!("1{reference}lab:roomecho").as_bytes());
    message.extend_from_slice(bytes);
    base64::engine::general_purpose::STANDARD.encode(message)
}

#[test]
fn a_binary_message_is_brought_as_text_if_it_is_one() {
    on_both(|server| {
        let session = Session::joined(server, SLOW);
        expect(
            session.post(&[&binary(2, "\u{1f}\"é\u{7f}".as_bytes())]).told(),
            200,
        )?;
        let body = session.poll().body;
        let brought = r#"{"messages":["\u0001\u0001\u0001\b\u000212lab:roomok\u001F\"é"#;
        expect(body.starts_with(brought), true).map_err(|_| body)?;
        expect(session.post(&[&binary(3, b"\xff"), &push(4)]).told(), 200)?;
        // What the poll should have brought is lost.
        expect(session.poll().status, 500)?;
        expect(session.post(&[&push(5)]).told(), 200)?;
        expect(session.poll().brought(), (200, vec![pushed(5)]))
    })
    .unwrap();
}

/// A `disconnect` of its user ends a session.
pub(super) fn a_disconnect_ends_it(server: &Server) -> Seen {
    let token = ask(server, "GET /token/erin", &[], None).body;
    let session = Session::open_with(server, FAST, &format!("&token={token}"));
    expect(session.post(&[JOIN]).told(), 200)?;
    expect(session.poll().brought(), (200, vec![JOINED.to_owned()]))?;
    let mut poll = session.polling();
    expect(ask(server, "POST /disconnect/erin", &[], Some("")).status, 204)?;
    // The poll is not told, and ends with its window.
    expect(poll.answer().brought(), (204, Vec::new()))?;
    expect(session.post(&[&push(2)]).body.as_str(), r#"{"status":410}"#)
}

#[test]
fn a_disconnect_ends_a_session_and_an_open_poll_hears_nothing_of_it() {
    on_both(a_disconnect_ends_it).unwrap();
    on_profile(Profile::COWBOY_1_7_21, a_disconnect_ends_it).unwrap();
}

#[test]
fn broadcasts_reach_over_from_one_transport_to_the_other() {
    on_both(|server| {
        let session = Session::joined(server, SLOW);
        let mut member = Actor::connect(server.address(), "/socket/websocket?vsn=2.0.0", &[], "13");
        member.send(&Sent::Message(Content::Text(JOIN.to_owned())));
        expect(member.sees(2), true)?;
        let broadcast = r#"["1","2","lab:room","broadcast_from",{"n":1}]"#;
        expect(session.post(&[broadcast]).told(), 200)?;
        expect(member.sees(3), true)?;
        let told = r#"[null,null,"lab:room","broadcasted",{"n":1}]"#;
        expect(
            member.seen.last(),
            Some(&Heard::Message(Content::Text(told.to_owned()))),
        )?;
        let reply = r#"["1","2","lab:room","phx_reply",{"response":{},"status":"ok"}]"#;
        expect(session.poll().brought(), (200, vec![reply.to_owned()]))?;
        let mut poll = session.polling();
        member.send(&Sent::Message(Content::Text(broadcast.to_owned())));
        expect(poll.answer().brought(), (200, vec![told.to_owned()]))
    })
    .unwrap();
}

/// What the open polls of two sessions see of the end of the server.
fn at_the_end(profile: Profile) -> [Option<u64>; 2] {
    let settings = ServerSettings {
        profile,
        ..ServerSettings::default()
    };
    let server = Server::start(&settings).expect("a free port");
    let (member, guest) = (Session::joined(&server, SLOW), Session::open(&server, SLOW));
    let polls = [member.polling(), guest.polling()];
    assert_eq!(ask(&server, "GET /nowhere", &[], None).status, 404);
    server.drain();
    let told = polls.map(|mut poll| {
        let told = poll.answer_or_end().map(|answer| answer.told());
        assert_eq!(poll.answer_or_end(), None);
        told
    });
    server.join();
    told
}

#[test]
fn a_server_that_ends_answers_open_polls_on_bandit_and_cuts_them_on_cowboy() {
    assert_eq!(at_the_end(Profile::BANDIT_1_8_12), [Some(204); 2]);
    assert_eq!(at_the_end(Profile::COWBOY_1_8_12), [None; 2]);
}

#[test]
fn version_1_0_0_is_spoken_in_single_messages() {
    on_both(|server| {
        let mount = "/socket/longpoll?vsn=1.0.0";
        let session = Session::open(server, mount);
        let join = r#"{"topic":"lab:room","event":"phx_join","payload":{},"ref":"1"}"#;
        let json = ["content-type: application/json"];
        expect(ask(server, &session.request("POST"), &json, Some(join)).told(), 200)?;
        let joined = r#"{"event":"phx_reply","payload":{"response":{"params":{}},"status":"ok"},"ref":"1","topic":"lab:room"}"#;
        expect(session.poll().brought(), (200, vec![joined.to_owned()]))
    })
    .unwrap();
}
