//! Frame headers, held against another implementation.

use std::io::Cursor;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

use super::close::CloseError;
use super::*;

fn opcode_of(theirs: OpCode) -> Opcode {
    match theirs {
        OpCode::Data(Data::Continue) => Opcode::Continuation,
        OpCode::Data(Data::Text) => Opcode::Text,
        OpCode::Data(Data::Binary) => Opcode::Binary,
        OpCode::Data(Data::Reserved(bits)) | OpCode::Control(Control::Reserved(bits)) => {
            Opcode::Reserved(bits)
        }
        OpCode::Control(Control::Close) => Opcode::Close,
        OpCode::Control(Control::Ping) => Opcode::Ping,
        OpCode::Control(Control::Pong) => Opcode::Pong,
    }
}

/// A header, a payload length among the interesting ones more often than not.
fn headers() -> impl Strategy<Value = Header> {
    let lengths = prop_oneof![0..130u64, 65_530..65_540u64, any::<u64>()];
    let forms = prop_oneof![
        Just(LengthForm::Short),
        Just(LengthForm::Two),
        Just(LengthForm::Eight)
    ];
    let parts = prop_oneof![Just(Part::Last), Just(Part::More)];
    (parts, 0..8u8, 0..16u8, any::<Option<[u8; 4]>>(), lengths, forms).prop_map(
        |(part, reserved, opcode, mask, length, form)| {
            let form = form.max(LengthForm::shortest(length));
            Header {
                part,
                reserved,
                opcode: Opcode::from_bits(opcode),
                mask,
                length,
                form,
            }
        },
    )
}

fn mask_slowly(data: &[u8], key: [u8; 4], offset: usize) -> Vec<u8> {
    data.iter()
        .enumerate()
        .map(|(at, byte)| byte ^ key[(at + offset) % 4])
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_header_written_is_parsed_as_it_was_and_not_a_byte_earlier(header in headers()) {
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        prop_assert_eq!(bytes.len(), header.header_len());
        prop_assert_eq!(Header::parse(&bytes), Some(header));
        for end in 0..bytes.len() {
            prop_assert_eq!(Header::parse(&bytes[..end]), None);
        }
    }

    #[test]
    fn any_bytes_are_parsed_as_tungstenite_does(bytes in prop::collection::vec(any::<u8>(), 0..16)) {
        let ours = Header::parse(&bytes);
        let mut cursor = Cursor::new(&bytes);
        match FrameHeader::parse(&mut cursor) {
            Ok(Some((theirs, length))) => {
                let header = ours.expect("tungstenite has seen enough");
                let reserved = u8::from(theirs.rsv1) << 2 | u8::from(theirs.rsv2) << 1 | u8::from(theirs.rsv3);
                prop_assert_eq!(header.part == Part::Last, theirs.is_final);
                prop_assert_eq!(header.reserved, reserved);
                prop_assert_eq!(header.opcode, opcode_of(theirs.opcode));
                prop_assert_eq!(header.mask, theirs.mask);
                prop_assert_eq!(header.length, length);
                prop_assert_eq!(header.header_len() as u64, cursor.position());
            }
            Ok(None) => prop_assert_eq!(ours, None),
            // The only thing that tungstenite refuses; it does so before it has seen the mask.
            Err(_) => prop_assert!(matches!(Opcode::from_bits(bytes[0]), Opcode::Reserved(_))),
        }
    }

    #[test]
    fn tungstenite_writes_the_same_bytes(header in headers()) {
        let header = Header { form: LengthForm::shortest(header.length), ..header };
        let theirs = FrameHeader {
            is_final: header.part == Part::Last,
            rsv1: header.reserved & 4 != 0,
            rsv2: header.reserved & 2 != 0,
            rsv3: header.reserved & 1 != 0,
            opcode: OpCode::from(header.opcode.bits()),
            mask: header.mask,
        };
        let (mut ours, mut expected) = (Vec::new(), Vec::new());
        header.write(&mut ours);
        theirs.format(header.length, &mut expected).expect("a Vec takes it");
        prop_assert_eq!(ours, expected);
    }

    #[test]
    fn masking_is_byte_by_byte_and_its_own_inverse(
        data in prop::collection::vec(any::<u8>(), 0..80), key: [u8; 4], offset in 0..9usize,
    ) {
        let mut masked = data.clone();
        mask(&mut masked, key, offset);
        prop_assert_eq!(&masked, &mask_slowly(&data, key, offset));
        mask(&mut masked, key, offset);
        prop_assert_eq!(masked, data);
    }

    #[test]
    fn a_payload_in_pieces_is_masked_as_one(
        data in prop::collection::vec(any::<u8>(), 0..80), key: [u8; 4], cut in 0..80usize,
    ) {
        let cut = cut.min(data.len());
        let mut pieces = data.clone();
        let (before, after) = pieces.split_at_mut(cut);
        mask(before, key, 0);
        mask(after, key, cut);
        prop_assert_eq!(pieces, mask_slowly(&data, key, 0));
    }

    #[test]
    fn any_close_payload_is_read_or_refused(payload in prop::collection::vec(any::<u8>(), 0..125)) {
        if let Ok(Some(close)) = parse_close(&payload) {
            let mut written = Vec::new();
            write_close(close, &mut written);
            prop_assert_eq!(written, payload);
        }
    }
}

#[test]
fn a_frame_is_its_header_and_the_masked_payload() {
    let mut out = Vec::new();
    write_frame(Opcode::Text, b"Hello", Some([0x37, 0xfa, 0x21, 0x3d]), &mut out);
    // RFC 6455, 5.7
    assert_eq!(
        out,
        [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
    );
    out.clear();
    write_frame(Opcode::Pong, b"Hello", None, &mut out);
    assert_eq!(out, [0x8a, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
}

#[test]
fn what_the_rfc_forbids_is_told() {
    let text = Header::new(Opcode::Text, 5);
    let ping = Header::new(Opcode::Ping, 5);
    let cases = [
        (text, None),
        (Header { reserved: 4, ..text }, Some(Violation::ReservedBits(4))),
        (
            Header {
                opcode: Opcode::Reserved(3),
                ..text
            },
            Some(Violation::ReservedOpcode(3)),
        ),
        (
            Header {
                part: Part::More,
                ..text
            },
            None,
        ),
        (
            Header {
                part: Part::More,
                ..ping
            },
            Some(Violation::FragmentedControl),
        ),
        (Header::new(Opcode::Ping, 125), None),
        (Header::new(Opcode::Ping, 126), Some(Violation::LongControl(126))),
        (
            Header {
                form: LengthForm::Two,
                ..text
            },
            Some(Violation::LengthNotMinimal(5)),
        ),
        (
            Header {
                form: LengthForm::Eight,
                ..Header::new(Opcode::Text, 126)
            },
            Some(Violation::LengthNotMinimal(126)),
        ),
        (
            Header::new(Opcode::Text, 1 << 63),
            Some(Violation::LengthTooBig(1 << 63)),
        ),
    ];
    for (header, expected) in cases {
        assert_eq!(header.violation(), expected, "{header:?}");
    }
}

#[test]
fn close_payloads_are_judged_by_the_rfc() {
    assert_eq!(parse_close(b""), Ok(None));
    assert_eq!(parse_close(b"\x03"), Err(CloseError::OneByte));
    assert_eq!(
        parse_close(b"\x03\xe8"),
        Ok(Some(Close {
            code: 1000,
            reason: ""
        }))
    );
    assert_eq!(
        parse_close(b"\x0f\xa1bye"),
        Ok(Some(Close {
            code: 4001,
            reason: "bye"
        }))
    );
    assert_eq!(
        parse_close(b"\x03\xe8ok\xff"),
        Err(CloseError::NotUtf8 { at: 4, code: 1000 })
    );
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
        assert_eq!(parse_close(&code.to_be_bytes()), Err(CloseError::Code(code)));
    }
}

#[test]
fn a_reason_too_long_is_cut_between_characters() {
    let mut out = Vec::new();
    write_close(
        Close {
            code: 1000,
            reason: &"é".repeat(100),
        },
        &mut out,
    );
    assert_eq!(out.len(), 2 + 122);
    assert!(parse_close(&out).is_ok());
}
