//! Tests of the JSON functions against Jason's results, and with hostile input.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use serde_json::Value;
use serde_json::value::RawValue;

use super::scan::{Rigour, skip_blanks};
use super::walk::Walked;
use super::{Error, check, get, members, normalise, unescape, write_string};

fn normal(text: &str) -> Result<String, Error> {
    let mut out = String::new();
    normalise(text, &mut out).map(|()| out)
}

/// The text that Jason 1.4.5 on OTP 25 wrote after reading each of these.
#[test]
fn what_jason_accepts_is_written_as_jason_does() {
    let cases = [
        (" 1 ", "1"),
        ("-0", "0"),
        ("1e308", "1.0e308"),
        ("1e-400", "0.0"),
        ("1e-320", "1.0e-320"),
        ("-1e-400", "-0.0"),
        ("1.0E5", "1.0e5"),
        ("1E5", "1.0e5"),
        ("1E+05", "1.0e5"),
        ("0e5", "0.0"),
        ("-0e5", "0.0"),
        ("-0.0", "-0.0"),
        ("0.1", "0.1"),
        ("100.0", "100.0"),
        ("100000.0", "1.0e5"),
        ("123456789012345680.0", "1.2345678901234568e17"),
        ("9007199254740993.0", "9.007199254740992e15"),
        ("22194487263002.8125", "22194487263002.812"),
        ("1.0e-5", "1.0e-5"),
        ("0.0001", "0.0001"),
        ("123456.789e3", "123456789.0"),
        ("2.4703282292062327e-324", "0.0"),
        ("2.4703282292062328e-324", "5.0e-324"),
        ("1.7976931348623158e308", "1.7976931348623157e308"),
        ("1e0000000000000000000000000000000000005", "1.0e5"),
        ("0e99999999999999999999999", "0.0"),
        (r#""\ud83d\ude00""#, r#""😀""#),
        (r#""\/""#, r#""/""#),
        ("\" \u{7f}\"", "\" \u{7f}\""),
        (
            r#""\u0000\u001f\u2028\u0062\b""#,
            "\"\\u0000\\u001F\u{2028}b\\b\"",
        ),
        (
            r#" { "b" : [ 1 , { } , [ ] ] , "a" : null } "#,
            r#"{"a":null,"b":[1,{},[]]}"#,
        ),
        (r#"{"a":1,"\u0061":2}"#, r#"{"a":1}"#),
    ];
    for (text, expected) in cases {
        assert_eq!(normal(text).as_deref(), Ok(expected), "{text}");
    }
    let digits = "9".repeat(1024);
    assert_eq!(normal(&digits).as_deref(), Ok(digits.as_str()));
}

/// The positions are Jason's.
#[test]
fn what_jason_refuses_is_refused_at_the_same_byte() {
    let cases = [
        ("", 0),
        (" ", 1),
        ("1e999", 0),
        ("1.7976931348623159e308", 0),
        ("01", 1),
        ("-", 1),
        ("+1", 0),
        (".5", 0),
        ("1.", 2),
        ("nul", 0),
        ("nulll", 4),
        ("1 2", 2),
        ("\u{feff}1", 0),
        ("\u{c}1", 0),
        ("[1,]", 3),
        ("[,]", 1),
        ("[1 2]", 3),
        ("{,}", 1),
        (r#"{"a":1,}"#, 7),
        ("{1:2}", 1),
        (r#"{"a" 1}"#, 5),
        ("\"a\tb\"", 2),
        (r#""abc"#, 4),
        (r#""\ud800""#, 7),
        (r#""\udc00""#, 1),
        (r#""\uD83D\u0041""#, 1),
        (r#""\uzzzz""#, 1),
        (r#""\u12""#, 1),
    ];
    for (text, at) in cases {
        assert_eq!(check(text).map_err(|error| error.at), Err(at), "{text}");
    }
    assert_eq!(check(&"9".repeat(1025)).map_err(|error| error.at), Err(0));
    assert_eq!(
        check(&format!("-{}", "9".repeat(1024))).map_err(|error| error.at),
        Err(0)
    );
}

#[test]
fn an_error_says_where_and_what_was_expected() {
    let error = check(r#"{"a" 1}"#).expect_err("no colon");
    assert_eq!(error.to_string(), "byte 5: expected `:`");
}

#[test]
fn depth_is_no_problem() {
    let levels = 9 << 20;
    let open = "[".repeat(levels);
    assert_eq!(check(&open), Err(Error::new(levels, "a value")));
    assert_eq!(
        Walked::value(open.as_bytes(), 0).map_err(|error| error.at),
        Err(levels)
    );
    let levels = 1 << 20;
    let deep = r#"{"a":["#.repeat(levels) + &"]}".repeat(levels);
    assert_eq!(check(&deep), Ok(()));
    assert_eq!(Walked::value(deep.as_bytes(), 0), Ok(deep.len()));
    assert_eq!(normal(&deep), Ok(deep));
}

#[test]
fn brackets_of_two_kinds_are_told_apart_at_every_depth() {
    let is_object = |level: usize| level.is_multiple_of(3);
    for depth in [1, 2, 63, 64, 65, 128, 129, 200] {
        let open: String = (0..depth)
            .map(|level| if is_object(level) { r#"{"a":"# } else { "[" })
            .collect();
        let close = |wrong: Option<usize>| -> String {
            let bracket = |level| {
                if is_object(level) == (wrong != Some(level)) {
                    '}'
                } else {
                    ']'
                }
            };
            (0..depth).rev().map(bracket).collect()
        };
        assert_eq!(check(&format!("{open}1{}", close(None))), Ok(()), "{depth}");
        for wrong in 0..depth {
            let text = format!("{open}1{}", close(Some(wrong)));
            let at = open.len() + 1 + (depth - 1 - wrong);
            assert_eq!(check(&text).map_err(|error| error.at), Err(at), "{text}");
        }
    }
}

#[test]
fn of_equal_keys_the_first_counts() {
    let object = r#" { "a" : 1 , "b\u0021" : {"a": "}"} , "a" : 2 } "#;
    assert_eq!(get(object, "a"), Some("1"));
    assert_eq!(get(object, "b!"), Some(r#"{"a": "}"}"#));
    assert_eq!(get(object, "c"), None);
    let keys: Vec<_> = members(object)
        .map(|member| member.map(|(key, _)| key.into_owned()))
        .collect();
    assert_eq!(
        keys,
        [Ok("a".to_owned()), Ok("b!".to_owned()), Ok("a".to_owned())]
    );
}

#[test]
fn what_is_no_object_has_no_members() {
    for text in [
        "",
        "[1]",
        "1",
        "null",
        "{",
        r#"{"a""#,
        r#"{"a":"#,
        r#"{"a":1"#,
        r#"{a:1}"#,
    ] {
        assert_eq!(get(text, "b"), None, "{text}");
        assert!(members(text).any(|member| member.is_err()), "{text}");
        assert!(members(text).count() <= 2, "{text}");
    }
    assert_eq!(members("{ }").count(), 0);
}

/// JSON texts of all kinds, also with whitespace and equal keys.
pub(in crate::protocol) fn values() -> impl Strategy<Value = String> {
    let blank = || prop::sample::select(vec!["", "", "", " ", "\t", "\r\n "]);
    let scalar = prop_oneof![
        prop::sample::select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0",
            "7",
            "-12",
            "123456789012345678901234567890"
        ])
        .prop_map(str::to_owned),
        any::<f64>()
            .prop_filter("JSON has no others", |float| float.is_finite())
            .prop_map(|float| format!("{float:?}")),
        "-?(0|[1-9][0-9]{0,4})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?",
        strings(),
    ];
    scalar.prop_recursive(4, 24, 4, move |inner| {
        let array = (prop::collection::vec(inner.clone(), 0..4), blank()).prop_map(|(items, blank)| {
            format!("[{blank}{}{blank}]", items.join(&format!("{blank},{blank}")))
        });
        let key = prop_oneof![
            prop::sample::select(vec![r#""a""#, r#""\u0061""#]).prop_map(str::to_owned),
            strings()
        ];
        let object = (prop::collection::vec((key, inner), 0..4), blank()).prop_map(|(members, blank)| {
            let members: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("{key}{blank}:{value}"))
                .collect();
            format!("{{{blank}{}{blank}}}", members.join(&format!("{blank},{blank}")))
        });
        prop_oneof![array, object]
    })
}

/// JSON strings with and without escapes.
pub(in crate::protocol) fn strings() -> impl Strategy<Value = String> {
    r#""([a-z:{}\[\], é😀]|\\["\\/bfnrt]|\\u[0-9a-cA-C][0-9a-f]{3}|\\ud83[cd]\\ude0[0-9]){0,40}""#
}

/// A text with a few bytes changed, mostly to bytes with a meaning in JSON.
pub(in crate::protocol) fn damaged(text: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "", "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u", "d800", "0", "1", "-", ".", "e", "null", " ",
        "\n", "\u{1}", "é",
    ]);
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..3usize, piece), 1..4);
    (text, edits).prop_map(|(mut text, edits)| {
        for (place, removed, piece) in edits {
            let places: Vec<usize> = text
                .char_indices()
                .map(|(at, _)| at)
                .chain([text.len()])
                .collect();
            let at = place.index(places.len());
            let end = places[(at + removed).min(places.len() - 1)];
            text.replace_range(places[at]..end, piece);
        }
        text
    })
}

/// Whether Jason and serde_json differ here: unpaired surrogates, floats out of range, integers that are too
/// long.
pub(in crate::protocol) fn is_a_known_difference(error: &Error) -> bool {
    error.expected.contains("surrogate")
        || error.expected.contains("float")
        || error.expected.contains("1024")
}

/// The value with floats rounded to twelve digits, because the last digit in serde_json depends on how a
/// number is written.
fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            Some(float) => Value::from(format!("{float:.11e}")),
            None => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, rounded(value)))
            .collect(),
        other => other,
    }
}

fn agrees_with_serde_json(text: &str) -> Result<(), TestCaseError> {
    let theirs: Result<&RawValue, _> = serde_json::from_str(text);
    match (check(text), theirs) {
        (Ok(()), Ok(raw)) => {
            let start = skip_blanks(text.as_bytes(), 0);
            let end = Walked::value(text.as_bytes(), start).expect("well-formed");
            prop_assert_eq!(&text[start..end], raw.get());
        }
        (Err(error), Ok(_)) => prop_assert!(is_a_known_difference(&error), "{error}"),
        (Err(_), Err(_)) => {}
        (Ok(()), Err(error)) => prop_assert!(false, "accepted, but {error}"),
    }
    Ok(())
}

/// The number of members of all objects of a well-formed text, counted by its colons outside of strings.
fn count_members(text: &str) -> usize {
    let (mut count, mut at) = (0, 0);
    while let Some(byte) = text.as_bytes().get(at) {
        count += usize::from(*byte == b':');
        at = if *byte == b'"' {
            Walked::string(text.as_bytes(), at).expect("well-formed").end
        } else {
            at + 1
        };
    }
    count
}

/// Stores failing inputs in a file beside the tests.
pub(in crate::protocol) fn beside_the_source() -> ProptestConfig {
    let persistence = FileFailurePersistence::WithSource("regressions");
    ProptestConfig {
        failure_persistence: Some(Box::new(persistence)),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(beside_the_source())]

    #[test]
    fn well_formed_texts_are_accepted_as_serde_json_does(text in values()) {
        agrees_with_serde_json(&text)?;
    }

    #[test]
    fn damaged_texts_are_judged_as_serde_json_does(text in damaged(values())) {
        agrees_with_serde_json(&text)?;
    }

    #[test]
    fn any_text_is_judged_as_serde_json_does(text: String) {
        agrees_with_serde_json(&text)?;
        let _ = (normal(&text), unescape(&text), members(&text).count());
        let _ = Walked::value(text.as_bytes(), 0);
    }

    #[test]
    fn a_string_is_written_as_it_is_read(text: String) {
        let mut out = Vec::new();
        write_string(&text, &mut out);
        let raw = String::from_utf8(out).expect("UTF-8");
        prop_assert_eq!(unescape(&raw).unwrap(), text.as_str());
        let theirs: String = serde_json::from_str(&raw).expect("a string");
        prop_assert_eq!(theirs, text);
    }

    #[test]
    fn a_string_is_read_as_serde_json_does(raw in strings()) {
        let theirs: String = serde_json::from_str(&raw).expect("a string");
        prop_assert_eq!(unescape(&raw).unwrap(), theirs.as_str());
    }

    #[test]
    fn a_normal_text_means_the_same_and_stays_as_it_is(text in values()) {
        // Numbers out of range are refused; see above.
        let Ok(once) = normal(&text) else { return Ok(()) };
        prop_assert_eq!(normal(&once).unwrap(), once.as_str());
        // serde_json differs for these: it takes the last of two equal keys, and keeps the sign of a zero.
        if count_members(&text) == count_members(&once) && !text.contains("-0") {
            let read = |text: &str| serde_json::from_str::<Value>(text).map(rounded);
            prop_assert_eq!(read(&text)?, read(&once)?);
        }
    }

    #[test]
    fn members_are_those_of_the_object(entries in prop::collection::vec((strings(), values()), 0..5)) {
        let body: Vec<_> = entries.iter().map(|(key, value)| format!("{key} : {value}")).collect();
        let object = format!("{{{}}}", body.join(" ,"));
        let found: Result<Vec<_>, _> = members(&object).collect();
        let expected: Result<Vec<_>, _> =
            entries.iter().map(|(key, value)| Ok((unescape(key)?, value.as_str()))).collect();
        prop_assert_eq!(found, expected);
    }
}
