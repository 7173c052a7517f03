//! Tests of the comparison: what counts as a difference, and what is left to chance.

use super::*;
use crate::scenario::read;

fn program(chance: &str) -> Program {
    let source = format!("about: x\nfresh: [room]\nsteps:\n  - ana: connect\n{chance}");
    read("x", &source).unwrap()
}

fn log(lines: &[&str]) -> Log {
    let body: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    Log::parse(&format!(
        "ana\n  + open\n  on \"lab:{{{{room}}}}\"\n{body}  - open\n"
    ))
    .unwrap()
}

const ONE: &str = r#"["1","1","lab:{{room}}","phx_reply",{"response":{},"status":"ok"}]"#;
const TWO: &str = r#"["1","2","lab:{{room}}","phx_reply",{"response":{},"status":"ok"}]"#;
const PING: &str = r#"["1",null,"lab:{{room}}","ping",{"count":1}]"#;

fn found(chance: &str, expected: &[&str], actual: &[&str]) -> Vec<Deviation> {
    compare(&log(expected), &log(actual), &program(chance))
}

#[test]
fn equal_logs_differ_in_nothing() {
    assert_eq!(found("", &[ONE, TWO], &[ONE, TWO]), []);
}

#[test]
fn what_is_missing_may_still_come_and_what_is_extra_may_not_go() {
    let missing = found("", &[ONE, TWO], &[ONE]);
    assert!(matches!(missing.as_slice(), [Deviation::Missing { .. }]) && missing[0].may_mend());
    let extra = found("", &[ONE], &[ONE, TWO]);
    assert!(matches!(
        extra.as_slice(),
        [Deviation::Extra {
            doubled: Doubled::No,
            ..
        }]
    ));
    assert!(!extra[0].may_mend() && !extra[0].crosses_the_line());
}

#[test]
fn where_as_many_came_as_should_nothing_is_waited_for() {
    let mends = |chance, expected: &[&str], actual: &[&str]| {
        found(chance, expected, actual).iter().any(Deviation::may_mend)
    };
    assert!(!mends("", &[ONE, TWO], &[ONE, PING]));
    assert!(mends("", &[ONE, TWO, PING], &[ONE, PING]));
    let maybe = "chance:\n  - maybe: ping\n";
    assert!(mends(maybe, &[ONE, TWO], &[ONE, PING]), "it counts for nothing");
    assert!(!mends(maybe, &[ONE, PING], &[TWO]));
    let more = "chance:\n  - more: ping\n";
    assert!(!mends(more, &[ONE, PING, PING], &[TWO]));
    assert!(!mends(more, &[ONE], &[TWO, PING]));
    let any_order = "chance:\n  - any-order: [ping, phx_reply]\n";
    assert!(mends(any_order, &[ONE, TWO, PING], &[PING, TWO]));
}

#[test]
fn twice_the_same_and_swapped_replies_cross_the_line() {
    let twice = found("", &[ONE, TWO], &[ONE, ONE, TWO]);
    assert!(
        matches!(twice.as_slice(), [it] if it.crosses_the_line()),
        "{twice:?}"
    );
    let swapped = found("", &[ONE, TWO], &[TWO, ONE]);
    assert!(matches!(
        swapped.as_slice(),
        [Deviation::Order {
            replies: Replies::Swapped,
            ..
        }]
    ));
    assert!(swapped[0].crosses_the_line());
    let beside = found("", &[ONE, PING], &[PING, ONE]);
    assert!(matches!(beside.as_slice(), [it @ Deviation::Order { .. }] if !it.crosses_the_line()));
}

#[test]
fn what_is_left_to_chance_is_no_difference() {
    assert_eq!(
        found(
            "chance:\n  - any-order: [ping, phx_reply]\n",
            &[ONE, PING],
            &[PING, ONE]
        ),
        []
    );
    assert_eq!(found("chance:\n  - more: ping\n", &[ONE], &[ONE, PING, PING]), []);
    assert_eq!(
        found("chance:\n  - more: ping\n", &[ONE, PING, PING], &[ONE, PING]),
        []
    );
    let maybe = "chance:\n  - maybe: phx_reply\n    on: \"lab:{{room}}\"\n    ref: \"2\"\n";
    assert_eq!(found(maybe, &[ONE], &[ONE, TWO]), []);
    assert_eq!(found(maybe, &[ONE, TWO], &[ONE]), []);
    assert_ne!(found(maybe, &[ONE], &[TWO]), []);
}

#[test]
fn a_connection_that_may_be_cut_off_may_end_early_and_in_another_way() {
    let chance = "chance: [{ cut-off: ana }]\n";
    let with_end = |lines: &[&str], end: &str| {
        let mut log = log(lines);
        log.links[0].ending = Some(end.to_owned());
        log
    };
    let found = |chance: &str, actual: &Log| {
        let expected = with_end(&[ONE, TWO], "closed 1012");
        compare(&expected, actual, &program(chance))
    };
    let early = with_end(&[ONE], "closed 1000");
    assert_eq!(found(chance, &early), []);
    assert_eq!(found("", &early).len(), 2);
    // The messages before the end are still compared.
    let other = with_end(&[TWO], "closed 1000");
    assert!(!found(chance, &other).is_empty());
    let more = with_end(&[ONE, TWO, PING], "closed 1000");
    assert!(!found(chance, &more).is_empty());
    // A connection that is not cut off ends as in the fixture.
    let whole = with_end(&[ONE, TWO], "closed 1000");
    assert!(matches!(found(chance, &whole)[..], [Deviation::Ending { .. }]));
}
