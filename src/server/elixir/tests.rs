//! Values as Elixir 1.18 on OTP 25 was seen to take them.

use proptest::prelude::*;

use super::{Term, quote, string_to_integer};
use crate::server::payload::In;

fn term(json: &str) -> Term<'_> {
    Term::of(In::Json(json))
}

#[test]
fn only_nil_and_false_are_false() {
    for json in ["null", "false", " false "] {
        assert_eq!(term(json).truthy(), None, "{json}");
    }
    for json in ["true", "0", "0.0", "\"\"", "[]", "{}"] {
        assert!(term(json).truthy().is_some(), "{json}");
    }
}

#[test]
fn an_access_to_nil_gives_nil_and_to_anything_but_a_map_raises() {
    assert_eq!(term("null").access("k"), Ok(Term::Nil));
    assert_eq!(term("{}").access("k"), Ok(Term::Nil));
    assert_eq!(term(r#"{"k":1,"k":2}"#).access("k"), Ok(Term::Integer("1")));
    for json in ["[]", "[[\"k\",1]]", "true", "false", "1", "1.5", "\"s\""] {
        assert!(term(json).access("k").is_err(), "{json}");
    }
    assert!(Term::of(In::Binary(b"s")).access("k").is_err());
}

#[test]
fn a_get_from_a_map_tells_a_missing_key_from_null() {
    assert_eq!(term(r#"{"k":null}"#).map_get("k"), Ok(Some(Term::Nil)));
    assert_eq!(term("{}").map_get("k"), Ok(None));
    assert!(term("null").map_get("k").is_err());
}

#[test]
fn numbers_with_a_fraction_or_an_exponent_are_floats() {
    for json in ["5", "-0", "123456789012345678901234567890"] {
        assert_eq!(term(json), Term::Integer(json));
    }
    for json in ["5.0", "5e0", "1E3", "-0.0"] {
        assert_eq!(term(json), Term::Float(json));
    }
}

#[test]
fn a_sleep_has_no_longest_and_a_timer_has() {
    assert_eq!(
        term("4294967296").sleep_ms().map(|ms| ms.as_millis()),
        Ok(4_294_967_296)
    );
    assert_eq!(term("-0").sleep_ms().map(|ms| ms.as_millis()), Ok(0));
    assert!(term("1000000000000000000000000").sleep_ms().is_ok());
    assert!(term("1000000000000").timer_ms().is_ok());
    assert!(term("1000000000000000").timer_ms().is_err());
    for json in ["-1", "1.0", "\"5\"", "true", "null", "[]"] {
        assert!(term(json).timer_ms().is_err(), "{json}");
        assert!(term(json).sleep_ms().is_err(), "{json}");
    }
}

#[test]
fn an_integer_is_a_sign_and_digits() {
    for (text, integer) in [
        ("+5", "5"),
        ("-3", "-3"),
        ("007", "7"),
        ("-0", "0"),
        ("+000", "0"),
    ] {
        assert_eq!(string_to_integer(text).as_deref(), Ok(integer), "{text}");
    }
    for text in ["", "-", "+", " 5", "5x", "5\n", "+-5", "1_000", "1.0", "٣", "ä"] {
        assert!(string_to_integer(text).is_err(), "{text}");
    }
}

#[test]
fn strings_are_quoted_as_jason_does() {
    assert_eq!(
        quote("\u{1f}\u{7f}\u{2028}/\"\\\n😀"),
        "\"\\u001F\u{7f}\u{2028}/\\\"\\\\\\n😀\""
    );
}

proptest! {
    #[test]
    fn an_integer_is_above_a_number_if_it_is_above_its_floor(id in any::<i32>(), number in -3e9f64..3e9) {
        let json = format!("{number:?}");
        prop_assert_eq!(i64::from(id) > term(&json).floor(), f64::from(id) > number);
    }

    #[test]
    fn any_integer_survives(integer in any::<i64>()) {
        let text = integer.to_string();
        prop_assert_eq!(term(&text).floor(), integer);
        prop_assert_eq!(string_to_integer(&text), Ok(text));
    }
}
