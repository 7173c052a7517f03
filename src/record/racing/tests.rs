//! Recorded scenarios in which messages race with something that the client does.

use crate::record::Pauses;
use crate::record::tests::{JOINED, Line, drafted, heard};

/// A leave, and its two answers.
const LEAVE: Line<'static> = (5, 0, r#"> ["7","8","a:1","phx_leave",{}]"#);
const LEFT: Line<'static> = (
    6,
    0,
    r#"< ["7","8","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
);
const CLOSED: Line<'static> = (6, 0, r#"< ["7","7","a:1","phx_close",{}]"#);

/// The scenario of a client that joins, and then of these lines, without its comment.
fn joined_and(lines: &[Line<'_>]) -> String {
    let text = drafted(&heard(&[&JOINED[..], lines].concat()), Pauses::LeftOut);
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.join("\n")
}

/// The scenario of a client that leaves, ends the connection at once, and receives these lines in between.
fn left_and_closed(between: &[Line<'_>]) -> String {
    let begin = [LEAVE, (5, 0, "close 1000")];
    joined_and(&[&begin[..], between, &[(7, 0, "closed 1000")]].concat())
}

#[test]
fn messages_after_a_close_frame_of_the_client_may_come_or_not() {
    let text = left_and_closed(&[LEFT, CLOSED, (6, 0, r#"< [null,null,"a:1","news",{}]"#)]);
    insta::assert_snapshot!(text, @r#"
    about: A recorded conversation of ana.
    vsn: 2.0.0
    chance:
      - maybe: phx_close
        on: "a:1"
        ref: "1"
      - more: news
    steps:
      - ana: { connect: socket, transport: websocket }
      - ana: { join: "a:1" }
      - ana: { leave: "a:1" }
      - ana: { close: 1000 }
    "#);
}

#[test]
fn answers_that_a_client_did_not_wait_for_may_come_or_not() {
    insta::assert_snapshot!(left_and_closed(&[]), @r#"
    about: A recorded conversation of ana.
    vsn: 2.0.0
    chance:
      - maybe: phx_close
        on: "a:1"
        ref: "1"
      - maybe: phx_reply
        on: "a:1"
        ref: "2"
    steps:
      - ana: { connect: socket, transport: websocket }
      - ana: { join: "a:1" }
      - ana: { leave: "a:1", reply: none }
      - ana: { close: 1000 }
    "#);
}

#[test]
fn the_answers_to_a_leave_with_a_join_behind_it_may_come_or_not() {
    let text = joined_and(&[
        LEAVE,
        (5, 0, r#"> ["9","9","a:1","phx_join",{}]"#),
        LEFT,
        (
            6,
            0,
            r#"< ["9","9","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
        ),
        CLOSED,
    ]);
    insta::assert_snapshot!(text, @r#"
    about: A recorded conversation of ana.
    vsn: 2.0.0
    chance:
      - maybe: phx_close
        on: "a:1"
        ref: "1"
      - maybe: phx_reply
        on: "a:1"
        ref: "2"
    steps:
      - ana: { connect: socket, transport: websocket }
      - ana: { join: "a:1" }
      - together:
          - ana: { leave: "a:1", reply: none }
          - ana: { join: "a:1" }
    "#);
}

#[test]
fn a_reply_whose_value_is_used_later_comes_in_any_case() {
    let text = joined_and(&[
        (5, 0, r#"> ["7","8","a:1","ask",{}]"#),
        (
            6,
            0,
            r#"< ["7","8","a:1","phx_reply",{"response":{"key":"k-12345678"},"status":"ok"}]"#,
        ),
        (7, 0, r#"> ["7","9","a:1","use",{"key":"k-12345678"}]"#),
        (
            8,
            0,
            r#"< ["7","9","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
        ),
        (9, 0, "close 1000"),
        (9, 0, "closed 1000"),
    ]);
    assert!(text.contains("save:") && !text.contains("maybe:"), "{text}");
}
