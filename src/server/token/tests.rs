//! Tokens of the recorded servers are good here, and what is not a token lets nobody in.

use std::sync::LazyLock;
use std::time::Duration;

use proptest::prelude::*;

use super::{MAX_AGE, SECRET_KEY_BASE, Signer, TokenError, Tokens, USER_SALT};
use crate::server::conduct::TokenCheck;

/// Recorded tokens of 1.8.12 (transcripts handshake/signed-token, presence/leave) and of 1.7.21 (handshake/signed-token),
/// with the name and when it was signed.
const RECORDED: [(&str, &str, u64); 3] = [
    (
        "SFMyNTY.g2gDbQAAAAVhbGljZW4GACuCOwqiAWIAAVGA.lZp4zhhyZvElfC3503TaTcFOR86r_prIMZgbGHgS0n8",
        "alice",
        1_795_468_001_835,
    ),
    (
        "SFMyNTY.g2gDbQAAAAVjYXJvbG4GANcKPQqiAWIAAVGA.x8EGi7yNir-Os6Gcvhju0lUJoSv1Q1iX5uteAcrK1Jg",
        "carol",
        1_795_468_102_359,
    ),
    (
        "SFMyNTY.g2gDbQAAAAVhbGljZW4GANODPgqiAWIAAVGA.5RcXBuiSBOG7HlctyKDm2c14cYqWYGDwQ53qsjK1tO4",
        "alice",
        1_795_468_198_867,
    ),
];

fn tokens() -> &'static Tokens {
    static TOKENS: LazyLock<Tokens> =
        LazyLock::new(|| Tokens::new(SECRET_KEY_BASE, USER_SALT, TokenCheck::All));
    &TOKENS
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn tokens_of_the_recorded_servers_are_good_here() {
    for (token, name, signed) in RECORDED {
        assert_eq!(
            tokens().verify(token, ms(signed), MAX_AGE).as_deref(),
            Ok(name),
            "{token}"
        );
    }
}

#[test]
fn what_is_signed_here_is_what_they_signed() {
    for (token, name, signed) in RECORDED {
        assert_eq!(tokens().sign(name, ms(signed)), token);
    }
}

#[test]
fn the_token_that_was_recorded_with_one_byte_changed_is_refused() {
    let tampered = "SFMyNTY.g2gDbQAAAAVhbGljZW4GAJ_aQQqiAWIAAVGAAwbZWO7E2xip0ZNUxHDCLFppsRxFEjnTrkUv11WuaSGI";
    assert_eq!(
        tokens().verify(tampered, ms(1_795_468_417_695), MAX_AGE),
        Err(TokenError::Invalid)
    );
}

#[test]
fn a_token_is_good_until_its_age_and_not_a_millisecond_longer() {
    let (token, name, signed) = RECORDED[0];
    let oldest = ms(signed) + MAX_AGE;
    assert_eq!(tokens().verify(token, oldest, MAX_AGE).as_deref(), Ok(name));
    assert_eq!(
        tokens().verify(token, oldest + ms(1), MAX_AGE),
        Err(TokenError::Expired)
    );
    assert_eq!(
        tokens().verify(token, ms(signed - 1), MAX_AGE),
        Err(TokenError::Invalid)
    );
}

#[test]
fn another_secret_or_salt_refuses() {
    let (token, _, signed) = RECORDED[0];
    for (secret, salt) in [("another secret", USER_SALT), (SECRET_KEY_BASE, "another salt")] {
        let tokens = Tokens::new(secret, salt, TokenCheck::All);
        assert_eq!(
            tokens.verify(token, ms(signed), MAX_AGE),
            Err(TokenError::Invalid)
        );
    }
}

#[test]
fn a_server_that_checks_half_of_a_token_accepts_the_other_half() {
    let (token, name, signed) = RECORDED[0];
    let old = ms(signed) + MAX_AGE + ms(1);
    let forged = Tokens::new("another secret", USER_SALT, TokenCheck::All).sign("mallory", ms(signed));
    let check =
        |check, token: &str, now| Tokens::new(SECRET_KEY_BASE, USER_SALT, check).verify(token, now, MAX_AGE);
    assert_eq!(check(TokenCheck::SignatureOnly, token, old).as_deref(), Ok(name));
    assert_eq!(
        check(TokenCheck::SignatureOnly, &forged, ms(signed)),
        Err(TokenError::Invalid)
    );
    assert_eq!(
        check(TokenCheck::AgeOnly, &forged, ms(signed)).as_deref(),
        Ok("mallory")
    );
    assert_eq!(check(TokenCheck::AgeOnly, token, old), Err(TokenError::Expired));
}

#[test]
fn a_signed_term_that_is_no_name_with_a_time_is_refused() {
    let signer = Signer::new(SECRET_KEY_BASE, USER_SALT);
    let terms: [&[u8]; 8] = [
        b"",
        b"\x83",
        b"\x83\x68\x03\x6d",
        b"\x83\x68\x03\x6d\xff\xff\xff\xffa",
        b"\x83\x68\x03\x6d\0\0\0\x01\xffa\0a\0",
        b"\x83\x68\x03a\x05a\0a\0",
        b"\x83\x68\x03\x6d\0\0\0\x01an\xff\0",
        b"\x83\x6c\xff\xff\xff\xff\x6d\0",
    ];
    for term in terms {
        let token = signer.sign(term);
        assert_eq!(signer.verify(&token).as_deref(), Some(term));
        assert_eq!(
            tokens().verify(&token, ms(0), MAX_AGE),
            Err(TokenError::Invalid),
            "{term:?}"
        );
    }
}

/// Elixir's decoder reads no more of the last digit than it needs: 32 bytes in 43 digits leave two bits.
#[test]
fn the_spare_bits_of_the_last_digit_and_whole_padding_do_not_count() {
    let (token, name, signed) = RECORDED[0];
    for end in ["9", "-", "8=", "8=="] {
        let other = format!("{}{end}", token.strip_suffix('8').unwrap());
        let expected = if end == "8==" {
            Err(TokenError::Invalid)
        } else {
            Ok(name.to_owned())
        };
        assert_eq!(tokens().verify(&other, ms(signed), MAX_AGE), expected, "{other}");
    }
}

proptest! {
    #[test]
    fn any_name_comes_back(name in ".{0,300}", signed in 0u64..1 << 62) {
        let token = tokens().sign(&name, ms(signed));
        prop_assert_eq!(tokens().verify(&token, ms(signed), MAX_AGE), Ok(name));
    }

    #[test]
    fn a_token_with_another_byte_anywhere_is_refused(at in 0usize..87, byte in 0u8..128) {
        let (token, _, signed) = RECORDED[0];
        let mut tampered = token.as_bytes().to_vec();
        prop_assume!(tampered[at] != byte);
        tampered[at] = byte;
        let tampered = String::from_utf8(tampered).unwrap();
        prop_assert_eq!(tokens().verify(&tampered, ms(signed), MAX_AGE), Err(TokenError::Invalid));
    }

    #[test]
    fn nothing_that_is_no_token_is_let_in(token in ".*") {
        prop_assert_eq!(tokens().verify(&token, ms(0), MAX_AGE), Err(TokenError::Invalid));
    }

    #[test]
    fn no_bytes_break_the_reader(term in proptest::collection::vec(any::<u8>(), 0..40)) {
        let _ = super::term::decode(&term);
        let _ = super::term::decode(&[b"\x83\x68\x03\x6d\0\0\0\x01a", &term[..]].concat());
    }
}
