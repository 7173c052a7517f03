//! Each thing that an account may hold against a server, seen right and seen wrong.

use serde_json::json;

use super::*;
use crate::protocol::Frame;

fn topic() -> Rc<str> {
    "lab:a".into()
}

fn at(millis: u64) -> Time {
    Time::from_micros(millis * 1_000)
}

/// An account whose topic is joined with the ref 1.
fn joined() -> Account {
    let mut account = Account::new(Vsn::V2, 7);
    let expected = Expected::Ok(Content::Json(json!({ "params": {} })));
    account.join(&topic(), &json!({}), expected, at(1));
    let reply = r#"["1","1","lab:a","phx_reply",{"status":"ok","response":{"params":{}}}]"#;
    let came = account.take(Frame::Text(reply), at(2));
    assert!(matches!(came, Came::Answer(1, _)), "{came:?}");
    assert!(account.is_joined("lab:a"));
    account
}

/// Pushes `echo`, which gets the next ref.
fn echo(account: &mut Account) -> u64 {
    let content = Content::Json(json!({ "n": 1 }));
    account
        .send(
            ToSend {
                topic: &topic(),
                event: "echo",
                content: &content,
                expected: Expected::Ok(content.clone()),
            },
            at(3),
        )
        .0
}

fn kinds(account: &mut Account) -> Vec<OddityKind> {
    account.take_oddities().into_iter().map(|it| it.kind).collect()
}

fn take(account: &mut Account, text: &str) -> Came {
    account.take(Frame::Text(text), at(5))
}

#[test]
fn a_reply_with_its_ref_and_content_is_in_order() {
    let mut account = joined();
    let reference = echo(&mut account);
    assert_eq!(reference, 2);
    let came = take(
        &mut account,
        r#"["1","2","lab:a","phx_reply",{"status":"ok","response":{"n":1}}]"#,
    );
    assert!(matches!(came, Came::Answer(2, _)));
    assert_eq!((account.dues(), kinds(&mut account)), (0, vec![]));
}

#[test]
fn replies_that_are_wrong_are_told_apart() {
    let of = |reply: &str| {
        let mut account = joined();
        echo(&mut account);
        take(&mut account, reply);
        kinds(&mut account)
    };
    let with = |join_ref: &str, reference: &str, topic: &str, response: &str| {
        of(&format!(
            r#"["{join_ref}","{reference}","{topic}","phx_reply",{{"status":"ok","response":{response}}}]"#
        ))
    };
    assert_eq!(with("1", "2", "lab:a", r#"{"n":1}"#), []);
    assert_eq!(with("1", "2", "lab:a", r#"{"n":2}"#), [OddityKind::Altered]);
    assert_eq!(with("9", "2", "lab:a", r#"{"n":1}"#), [OddityKind::Misdelivered]);
    assert_eq!(with("1", "2", "lab:b", r#"{"n":1}"#), [OddityKind::Misdelivered]);
    assert_eq!(with("1", "9", "lab:a", r#"{"n":1}"#), [OddityKind::Misdelivered]);
    assert_eq!(with("1", "1", "lab:a", r#"{"params":{}}"#), [OddityKind::Doubled]);
    assert_eq!(of("[1,2"), [OddityKind::Unreadable]);
}

#[test]
fn a_counter_of_another_conversation_is_told_as_bled() {
    let mut account = joined();
    let one = Content::Json(json!({ "count": 1 }));
    account.send(
        ToSend {
            topic: &topic(),
            event: "count",
            content: &Content::empty(),
            expected: Expected::Ok(one),
        },
        at(3),
    );
    let reply = r#"["1","2","lab:a","phx_reply",{"status":"ok","response":{"count":4}}]"#;
    take(&mut account, reply);
    assert_eq!(kinds(&mut account), [OddityKind::Bled]);
}

#[test]
fn a_reply_that_comes_late_is_no_loss_and_one_that_never_comes_is() {
    let reply = r#"["1","2","lab:a","phx_reply",{"status":"ok","response":{"n":1}}]"#;
    let mut account = joined();
    echo(&mut account);
    account.give_up(at(2));
    assert_eq!(account.dues(), 1, "it was sent later");
    account.give_up(at(3));
    assert_eq!((account.dues(), kinds(&mut account)), (0, vec![]));
    take(&mut account, reply);
    account.close(at(99_999));
    assert_eq!(kinds(&mut account), []);

    let mut account = joined();
    echo(&mut account);
    account.give_up(at(3));
    account.close(at(10_003));
    assert_eq!(kinds(&mut account), [OddityKind::Lost]);
}

#[test]
fn an_end_that_never_comes_is_told() {
    let mut account = joined();
    account.will_end(&topic(), Ends::Close);
    account.close(at(10_003));
    assert_eq!(kinds(&mut account), [OddityKind::NoEnd]);
}

#[test]
fn an_end_is_expected_once_and_of_its_kind() {
    let crashed = r#"["1","1","lab:a","phx_error",{}]"#;
    let closed = r#"["1","1","lab:a","phx_close",{}]"#;
    let mut account = joined();
    account.will_end(&topic(), Ends::Crash);
    assert_eq!(take(&mut account, crashed), Came::Ended(topic()));
    assert_eq!(kinds(&mut account), []);
    take(&mut account, crashed);
    assert_eq!(kinds(&mut account), [OddityKind::Doubled]);

    let mut account = joined();
    take(&mut account, crashed);
    assert_eq!(kinds(&mut account), [OddityKind::Error]);
    let mut account = joined();
    take(&mut account, closed);
    assert_eq!(kinds(&mut account), [OddityKind::Close]);
    let mut account = joined();
    account.will_end(&topic(), Ends::Crash);
    take(&mut account, closed);
    assert_eq!(kinds(&mut account), [OddityKind::Close]);
    take(&mut account, r#"["1","1","lab:z","phx_close",{}]"#);
    assert_eq!(kinds(&mut account), [OddityKind::Misdelivered]);
}

#[test]
fn what_was_sent_to_a_channel_that_ended_may_be_answered_or_not() {
    let mut account = joined();
    echo(&mut account);
    account.will_end(&topic(), Ends::Crash);
    take(&mut account, r#"["1","1","lab:a","phx_error",{}]"#);
    assert_eq!(account.dues(), 0);
    take(
        &mut account,
        r#"["1","2","lab:a","phx_reply",{"status":"error","response":{"reason":"unmatched topic"}}]"#,
    );
    account.close(at(99_999));
    assert_eq!(kinds(&mut account), []);
}

#[test]
fn a_second_join_closes_the_first_by_its_join_ref_and_only_once() {
    let mut account = joined();
    let expected = Expected::Ok(Content::Json(json!({ "params": {} })));
    account.join(&topic(), &json!({}), expected, at(3));
    take(
        &mut account,
        r#"["2","2","lab:a","phx_reply",{"status":"ok","response":{"params":{}}}]"#,
    );
    let old = r#"["1","1","lab:a","phx_close",{}]"#;
    take(&mut account, old);
    assert_eq!(kinds(&mut account), []);
    assert!(account.is_joined("lab:a"));
    take(&mut account, old);
    assert_eq!(kinds(&mut account), [OddityKind::Misdelivered]);
}

#[test]
fn a_push_belongs_to_the_join_that_it_names_and_a_broadcast_to_its_topic() {
    let of = |text: &str| {
        let mut account = joined();
        let came = take(&mut account, text);
        (matches!(came, Came::Message { .. }), kinds(&mut account))
    };
    assert_eq!(of(r#"["1",null,"lab:a","pushed",{}]"#), (true, vec![]));
    assert_eq!(of(r#"[null,null,"lab:a","broadcasted",{}]"#), (true, vec![]));
    let stray = vec![OddityKind::Misdelivered];
    assert_eq!(of(r#"["5",null,"lab:a","pushed",{}]"#), (false, stray.clone()));
    assert_eq!(of(r#"[null,null,"lab:b","broadcasted",{}]"#), (false, stray));
}

#[test]
fn a_heartbeat_has_one_answer() {
    let mut account = joined();
    account.beat(at(3));
    assert_eq!(account.unanswered_beat(), Some(at(3)));
    let reply = r#"[null,"2","phoenix","phx_reply",{"status":"ok","response":{}}]"#;
    take(&mut account, reply);
    assert_eq!((account.unanswered_beat(), kinds(&mut account)), (None, vec![]));
    take(&mut account, reply);
    assert_eq!(kinds(&mut account), [OddityKind::Misdelivered]);
}

#[test]
fn a_refused_join_is_told() {
    let mut account = Account::new(Vsn::V2, 7);
    account.join(&topic(), &json!({}), Expected::AnyOk, at(1));
    take(
        &mut account,
        r#"["1","1","lab:a","phx_reply",{"status":"error","response":{"reason":"no"}}]"#,
    );
    assert_eq!(kinds(&mut account), [OddityKind::Refused]);
    assert!(account.is_over("lab:a"));
}
