//! Conversations without a socket: any bytes, in any pieces.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::session::RawFrame;
use crate::wire::websocket::{Header, LengthForm, Opcode, Part, write_frame};

fn conversation() -> Conversation {
    of_session(WebSocket::default())
}

fn of_session(session: WebSocket) -> Conversation {
    let limits = Limits {
        message_bytes: 500,
        unsent_bytes: 1000,
        ..Limits::default()
    };
    Conversation::new(session, &limits)
}

/// What is said if the bytes arrive in these pieces, and then the stream ends.
fn said<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, end: End) -> Vec<Incoming> {
    let mut conversation = conversation();
    let mut said = Vec::new();
    for piece in pieces {
        conversation.arrived(piece);
        said.extend(std::iter::from_fn(|| heard(&mut conversation)));
        if conversation.over.is_some() {
            return said;
        }
    }
    conversation.ended(end);
    while conversation.over.is_none() {
        said.extend(conversation.read());
    }
    said
}

/// What is there to read; after the ending, nothing.
fn heard(conversation: &mut Conversation) -> Option<Incoming> {
    match conversation.over {
        Some(_) => None,
        None => conversation.read(),
    }
}

fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_frame(opcode, payload, None, &mut bytes);
    bytes
}

fn violation(bytes: &[u8]) -> String {
    match said([bytes], End::Eof).pop() {
        Some(Incoming::Closed(Ending::Violation(sentence))) => sentence,
        other => panic!("{other:?}"),
    }
}

/// Mostly legal frames of a server, now and then one that is not.
fn any_frame() -> impl Strategy<Value = Vec<u8>> {
    let header = (any::<bool>(), 0..40_u8, 0..16_u8, 0..20_u8);
    (header, vec(any::<u8>(), 0..200)).prop_map(|((last, rsv, opcode, mask), payload)| {
        let opcode = if opcode < 12 { opcode % 3 } else { opcode - 4 };
        let header = Header {
            part: if last { Part::Last } else { Part::More },
            reserved: rsv.saturating_sub(32),
            mask: (mask == 0).then_some([1, 2, 3, 4]),
            ..Header::new(Opcode::from_bits(opcode), payload.len() as u64)
        };
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        bytes.extend(payload.iter().map(|byte| byte & 0x7f));
        bytes
    })
}

proptest! {
    #[test]
    fn the_pieces_in_which_bytes_arrive_change_nothing(
        frames in vec(any_frame(), 0..20),
        cuts in vec(1..100_usize, 1..50),
    ) {
        let bytes = frames.concat();
        let mut rest = &bytes[..];
        let mut pieces = Vec::new();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at(rest.len().min(*cut));
            pieces.push(piece);
            rest = after;
        }
        prop_assert_eq!(said(pieces, End::Reset), said([&bytes[..]], End::Reset));
    }

    #[test]
    fn any_bytes_end_somehow_and_nothing_grows(bytes in vec(any::<u8>(), 0..2000)) {
        for incoming in said([&bytes[..]], End::Eof) {
            match incoming {
                Incoming::Text(text) => prop_assert!(text.len() <= 500),
                Incoming::Binary(bytes) => prop_assert!(bytes.len() <= 500),
                Incoming::Ping(payload) | Incoming::Pong(payload) => prop_assert!(payload.len() <= 125),
                Incoming::Closed(_) => {}
            }
        }
    }
}

#[test]
fn lengths_in_too_many_bytes_are_told() {
    let mut bytes = Vec::new();
    let header = Header {
        form: LengthForm::Two,
        ..Header::new(Opcode::Text, 2)
    };
    header.write(&mut bytes);
    bytes.extend(b"hi");
    assert_eq!(
        violation(&bytes),
        "the server broke RFC 6455: the length 2 is written in more bytes than it needs"
    );
}

#[test]
fn a_violation_is_told_after_what_came_before_it() {
    let bytes = [frame(Opcode::Text, b"fine"), frame(Opcode::Reserved(3), b"")].concat();
    let expected = [
        Incoming::Text("fine".to_owned()),
        Incoming::Closed(Ending::Violation(
            "the server broke RFC 6455: opcode 3 is reserved".to_owned(),
        )),
    ];
    assert_eq!(said([&bytes[..]], End::Eof), expected);
    for cut in 1..bytes.len() {
        let (first, second) = bytes.split_at(cut);
        assert_eq!(said([first, second], End::Eof), expected);
    }
}

#[test]
fn pongs_beyond_a_limit_replace_each_other() {
    let mut conversation = conversation();
    let ping = frame(Opcode::Ping, &[7; 125]);
    for _ in 0..10_000 {
        conversation.arrived(&ping);
        assert_eq!(conversation.read(), Some(Incoming::Ping(vec![7; 125])));
        assert_eq!(conversation.read(), None);
    }
    assert!(conversation.unsent() < 300 << 10);
    let unsent = conversation.unsent();
    conversation.sent(unsent);
    conversation.arrived(&frame(Opcode::Ping, b"last"));
    conversation.read();
    let answers = conversation.unsent();
    assert!(answers > 0, "it answers again when there is room");
    assert!(answers < 16 << 10, "most of the answers were never kept");
}

#[test]
fn no_pong_follows_our_close_frame() {
    let mut conversation = Conversation::new(WebSocket::default(), &Limits::default());
    let ping = frame(Opcode::Ping, &[7; 125]);
    while conversation.late_pong.is_empty() {
        conversation.arrived(&ping);
        assert_eq!(conversation.read(), Some(Incoming::Ping(vec![7; 125])));
    }
    let close = RawFrame::new(RawFrame::CLOSE, Vec::new());
    conversation.put(&Outgoing::Frame(close)).unwrap();
    let before = conversation.unsent();
    conversation.sent(before);
    assert_eq!(conversation.unsent(), 0);
}

#[test]
fn what_waits_to_be_sent_is_limited() {
    let mut conversation = conversation();
    conversation.put(&Outgoing::Bytes(vec![0; 1000])).unwrap();
    let error = conversation.put(&Outgoing::Bytes(vec![0])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the server does not read: 1000 bytes wait to be sent; the limit is 1000"
    );
    conversation.sent(1000);
    conversation.put(&Outgoing::Bytes(vec![0])).unwrap();
}

#[test]
fn after_a_close_frame_only_hand_made_things_are_sent() {
    let mut conversation = conversation();
    conversation.arrived(&frame(Opcode::Close, b""));
    conversation.read();
    for outgoing in [
        Outgoing::Text(String::new()),
        Outgoing::Ping(Vec::new()),
        Outgoing::Close {
            code: None,
            reason: String::new(),
        },
    ] {
        let error = conversation.put(&outgoing).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotConnected);
    }
    conversation.put(&Outgoing::Bytes(vec![0])).unwrap();
    conversation
        .put(&Outgoing::Frame(RawFrame::new(RawFrame::TEXT, "")))
        .unwrap();
}

#[test]
fn a_write_that_fails_hides_nothing_that_had_arrived() {
    let mut conversation = conversation();
    let arrived = [frame(Opcode::Ping, b""), frame(Opcode::Text, b"last words")].concat();
    conversation.arrived(&arrived);
    conversation.sending_broke(io::ErrorKind::ConnectionReset);
    assert_eq!(conversation.read(), Some(Incoming::Ping(Vec::new())));
    assert_eq!(conversation.read(), Some(Incoming::Text("last words".to_owned())));
    assert_eq!(conversation.read(), None);
    conversation.ended(End::Eof);
    assert_eq!(conversation.read(), Some(Incoming::Closed(Ending::Reset)));
    assert_eq!(conversation.unsent(), 0);
}

#[test]
fn a_message_is_moving_until_its_last_byte_came() {
    let begun = Header {
        part: Part::More,
        ..Header::new(Opcode::Text, 2)
    };
    let mut bytes = Vec::new();
    begun.write(&mut bytes);
    bytes.extend(b"hi");
    let whole = [
        bytes,
        frame(Opcode::Ping, b"p"),
        frame(Opcode::Continuation, b"!"),
    ]
    .concat();
    let mut conversation = conversation();
    assert!(!conversation.is_moving());
    for (at, byte) in whole.iter().enumerate() {
        conversation.arrived(&[*byte]);
        assert_eq!(conversation.is_moving(), at + 1 < whole.len(), "after byte {at}");
        while conversation.read().is_some() {}
        let unsent = conversation.unsent();
        conversation.sent(unsent);
    }
    conversation.put(&Outgoing::Bytes(vec![0])).unwrap();
    assert!(conversation.is_moving(), "something waits to be sent");
}
