//! Recorded scenarios in which messages race with something that the client does.

use crate::record::Pauses;
use crate::record::tests::{drafted, heard};

/// The scenario of a client that leaves, ends the connection at once, and receives these lines in between.
fn left_and_closed(between: &[(u64, usize, &str)]) -> String {
    let begin = [
        (0, 0, "open"),
        (0, 0, r#"> ["7","7","a:1","phx_join",{}]"#),
        (
            1,
            0,
            r#"< ["7","7","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
        ),
        (5, 0, r#"> ["7","8","a:1","phx_leave",{}]"#),
        (5, 0, "close 1000"),
    ];
    let lines = [&begin[..], between, &[(7, 0, "closed 1000")]].concat();
    drafted(&heard(&lines), Pauses::LeftOut)
}

#[test]
fn messages_after_a_close_frame_of_the_client_may_come_or_not() {
    let text = left_and_closed(&[
        (
            6,
            0,
            r#"< ["7","8","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
        ),
        (6, 0, r#"< ["7","7","a:1","phx_close",{}]"#),
        (6, 0, r#"< [null,null,"a:1","news",{}]"#),
    ]);
    insta::assert_snapshot!(without_comment(&text), @r#"
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
    insta::assert_snapshot!(without_comment(&left_and_closed(&[])), @r#"
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
    let text = drafted(
        &heard(&[
            (0, 0, "open"),
            (0, 0, r#"> ["7","7","a:1","phx_join",{}]"#),
            (
                1,
                0,
                r#"< ["7","7","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
            ),
            (5, 0, r#"> ["7","8","a:1","phx_leave",{}]"#),
            (5, 0, r#"> ["9","9","a:1","phx_join",{}]"#),
            (
                6,
                0,
                r#"< ["7","8","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
            ),
            (
                6,
                0,
                r#"< ["9","9","a:1","phx_reply",{"response":{},"status":"ok"}]"#,
            ),
            (6, 0, r#"< ["7","7","a:1","phx_close",{}]"#),
        ]),
        Pauses::LeftOut,
    );
    insta::assert_snapshot!(without_comment(&text), @r#"
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

fn without_comment(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.join("\n")
}
