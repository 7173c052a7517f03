//! Tests of the serializers with messages of both versions, byte by byte.

mod properties;

use super::*;

#[test]
fn an_array_of_six_is_what_a_client_may_say_and_a_server_not() {
    let frame = Frame::Text(r#"[null,"1","phoenix","heartbeat",{},6]"#);
    assert_eq!(Vsn::V2.decode_from_client(frame), Ok(Message::heartbeat("1")));
    let error = Vsn::V2.decode_from_server(frame).expect_err("five elements");
    assert_eq!(error.to_string(), "byte 34: expected `]` after five elements");
}

#[test]
fn errors_say_where_and_what_was_expected() {
    let cases: [(Vsn, Frame<'_>, &str); 9] = [
        (
            Vsn::V2,
            Frame::Text(r#"["1","1","t","e"]"#),
            "byte 16: expected `,` and the payload",
        ),
        (
            Vsn::V2,
            Frame::Text(r#"["1","1","\x","e",{}]"#),
            "byte 11: expected one of `\"\\/bfnrtu` after a backslash",
        ),
        (
            Vsn::V1,
            Frame::Text(r#"{"topic":"t"}"#),
            "byte 12: expected the key `ref` before the object ends",
        ),
        (Vsn::V1, Frame::Text("[]"), "byte 0: expected an object"),
        (
            Vsn::V2,
            Frame::Binary(b""),
            "byte 0: expected the size of `kind`, the frame ends here",
        ),
        (
            Vsn::V2,
            Frame::Binary(b"\x00\x01"),
            "byte 2: expected the size of `ref`, the frame ends here",
        ),
        (
            Vsn::V2,
            Frame::Binary(b"\x09"),
            "byte 0: expected a push, kind 0, got kind 9",
        ),
        (
            Vsn::V2,
            Frame::Binary(b"\x00\x01\x01\x08\x04112lab"),
            "byte 7: `topic` is said to be 8 bytes long, 4 are left",
        ),
        (
            Vsn::V2,
            Frame::Binary(b"\x00\x01\x01\x01\x0111\xffe"),
            "byte 7: expected `topic` in UTF-8",
        ),
    ];
    for (vsn, frame, expected) in cases {
        let error = vsn.decode_from_client(frame).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn an_event_and_a_join_ref_in_bytes_may_be_anything() {
    let frame = Frame::Binary(b"\x00\x01\x01\x01\x01\xff2t\xffdata");
    let expected = Message::push("\u{fffd}", "2", "t", "\u{fffd}", Payload::Binary(b"data"));
    assert_eq!(Vsn::V2.decode_from_client(frame), Ok(expected));
}

#[test]
fn a_join_or_a_leave_says_its_join_ref_again_so_it_must_be_text() {
    for event in ["phx_join", "phx_leave"] {
        let mut frame = vec![0, 1, 1, 1, u8::try_from(event.len()).expect("a short name")];
        frame.extend_from_slice(b"\xff2t");
        frame.extend_from_slice(event.as_bytes());
        let error = Vsn::V2
            .decode_from_client(Frame::Binary(&frame))
            .expect_err(event);
        assert_eq!(error.to_string(), "byte 5: expected `join_ref` in UTF-8");
    }
}

#[test]
fn what_has_no_frame_is_refused_and_nothing_is_written() {
    let long = "x".repeat(256);
    let (bytes, reply) = (
        Payload::Binary(b"data"),
        Payload::BinaryReply {
            status: "ok",
            data: b"",
        },
    );
    let push = |payload| Message::push("1", "2", "t", "e", payload);
    let with_ref = |reference| Message {
        reference,
        ..push(bytes)
    };
    let mut out = Vec::new();
    assert_eq!(
        Vsn::V1.encode_from_client(&push(bytes), &mut out),
        Err(EncodeError::BinaryInV1)
    );
    assert_eq!(
        Vsn::V1.encode_from_server(&push(reply), &mut out),
        Err(EncodeError::BinaryInV1)
    );
    assert_eq!(
        Vsn::V2.encode_from_client(&push(reply), &mut out),
        Err(EncodeError::ReplyFromClient)
    );
    assert_eq!(
        Vsn::V2.encode_from_client(&with_ref(Field::Other("[1]")), &mut out),
        Err(EncodeError::NotText { field: "ref" })
    );
    assert_eq!(
        Vsn::V2.encode_from_client(&with_ref(long.as_str().into()), &mut out),
        Err(EncodeError::FieldTooLong {
            field: "ref",
            bytes: 256
        })
    );
    let without_topic = Message {
        topic: Field::Null,
        ..push(bytes)
    };
    assert_eq!(
        Vsn::V2.encode_from_server(&without_topic, &mut out),
        Err(EncodeError::NotText { field: "topic" })
    );
    let long_status = push(Payload::BinaryReply {
        status: &long,
        data: b"",
    });
    assert_eq!(
        Vsn::V2.encode_from_server(&long_status, &mut out),
        Err(EncodeError::FieldTooLong {
            field: "status",
            bytes: 256
        })
    );
    assert_eq!(out, b"");
}

#[test]
fn a_reply_is_read_whatever_the_order_of_its_keys() {
    let reply_of = |payload| Message::push("1", "2", "t", REPLY, Payload::Json(payload)).reply();
    let expected = |response| {
        Some(Reply {
            status: "ok".into(),
            response: Payload::Json(response),
        })
    };
    assert_eq!(
        reply_of(r#"{"response":{"a":[1]},"status":"ok"}"#),
        expected(r#"{"a":[1]}"#)
    );
    assert_eq!(
        reply_of(r#" {"x":0, "status" : "ok","response": 7 , "status":"error"} "#),
        expected("7")
    );
    assert_eq!(reply_of(r#"{"status":"\u006fk"}"#), expected("null"));
    for no_reply in ["{}", "[]", "null", r#"{"status":1}"#, r#"{"status":"ok""#, ""] {
        assert_eq!(reply_of(no_reply), None, "{no_reply}");
    }
    assert_eq!(
        Message::broadcast("t", "e", Payload::Json(r#"{"status":"ok"}"#)).reply(),
        None
    );
}

#[test]
fn a_reply_of_bytes_is_read_and_made() {
    let payload = Payload::BinaryReply {
        status: "error",
        data: b"\x01",
    };
    let message = Message::push("1", "2", "t", REPLY, payload);
    let reply = message.reply().expect("a reply");
    assert_eq!(
        reply,
        Reply {
            status: "error".into(),
            response: Payload::Binary(b"\x01")
        }
    );
    assert_eq!(reply.payload(&mut String::new()), payload);
}

#[test]
fn of_equal_keys_the_first_counts_in_v1_too() {
    let frame = Frame::Text(
        r#"{"topic":"t","topic":"u","event":"e","ev\u0065nt":"f","ref":"1","ref":null,"payload":1,"payload":2,"join_ref":"3"}"#,
    );
    let expected = Message::push("3", "1", "t", "e", Payload::Json("1"));
    assert_eq!(Vsn::V1.decode_from_client(frame), Ok(expected));
}

#[test]
fn v1_reads_json_from_binary_frames_of_clients_as_phoenix_does() {
    let frame = Frame::Binary(br#"{"topic":"t","event":"e","payload":{},"ref":null}"#);
    assert_eq!(
        Vsn::V1.decode_from_client(frame),
        Ok(Message::broadcast("t", "e", Payload::EMPTY))
    );
    assert_eq!(Vsn::V1.decode_from_server(frame), Err(DecodeError::BinaryInV1));
}

#[test]
fn what_javascript_takes_for_false_is_falsy() {
    for falsy in [
        Field::Null,
        "".into(),
        Field::Other("0"),
        Field::Other("-0.0e1"),
        Field::Other("false"),
    ] {
        assert!(falsy.is_falsy(), "{falsy:?}");
    }
    for truthy in [
        "0".into(),
        " ".into(),
        Field::Other("1"),
        Field::Other("[]"),
        Field::Other("true"),
    ] {
        assert!(!truthy.is_falsy(), "{truthy:?}");
    }
}

#[test]
fn a_field_is_read_from_json_and_written_back() {
    for (raw, expected) in [
        ("null", Field::Null),
        (r#""1""#, "1".into()),
        (r#""a\"b""#, "a\"b".into()),
        ("1.50", Field::Other("1.50")),
        (r#"{"a": [1]}"#, Field::Other(r#"{"a": [1]}"#)),
    ] {
        let field = Field::from_json(raw).expect(raw);
        assert_eq!(field, expected);
        let mut out = Vec::new();
        field.write_json(&mut out);
        assert_eq!(out, raw.as_bytes());
    }
    for no_json in ["", " ", "nul", "null,", "[", "\"", "1 2"] {
        assert!(Field::from_json(no_json).is_err(), "{no_json}");
    }
}
