//! Describes deviations as a finding: the first difference, its conversation, and how much else differs.

use crate::conformance::attribution::kind_of;
use crate::conformance::compare::{Deviation, Doubled, Replies};
use crate::conformance::outcome::Finding;
use crate::scenario::code_in_words;

/// The finding for these deviations, if there are any.
pub(super) fn describe(found: &[Deviation], fixture: &str) -> Option<Finding> {
    let at = found.first()?.at();
    let (here, elsewhere): (Vec<&Deviation>, Vec<&Deviation>) = found.iter().partition(|it| it.at() == at);
    let (what, (expected, mut actual)) = match here.first()? {
        Deviation::Missing { .. } | Deviation::Extra { .. } => messages(&here),
        Deviation::Order {
            expected,
            actual,
            replies,
            ..
        } => (order(*replies).to_owned(), first_of_order(expected, actual)),
        Deviation::Opening { expected, actual, .. } => (
            format!("answered with {actual}, not {expected}"),
            (expected.clone(), actual.clone()),
        ),
        Deviation::Ending { expected, actual, .. } => (
            format!("the connection {}, expected: {}", ended(actual), ended(expected)),
            (ended(expected), ended(actual)),
        ),
    };
    let what = match here.first()? {
        Deviation::Opening { .. } | Deviation::Ending { .. } => format!("{at}: {what}"),
        Deviation::Missing { .. } | Deviation::Extra { .. } | Deviation::Order { .. } => {
            format!("{what} ({at})")
        }
    };
    if let Some(others) = others(&elsewhere) {
        actual = format!("{actual}\n{others}");
    }
    Some(Finding {
        what,
        expected,
        actual,
        place: fixture.to_owned(),
        kind: kind_of(found),
        actor: at
            .split_once(", ")
            .map_or(Some(at), |(actor, _)| Some(actor))
            .map(str::to_owned),
        ..Finding::default()
    })
}

/// Describes how a connection ended, with its close code in words.
fn ended(how: &str) -> String {
    let code = how.strip_prefix("closed ").and_then(|code| code.parse().ok());
    match (how, code) {
        (_, Some(code)) => format!("closed with {}", code_in_words(code)),
        ("open", _) => "stayed open".to_owned(),
        _ => how.to_owned(),
    }
}

/// Describes the first difference in the messages of a conversation, with the expected and the actual messages.
fn messages(here: &[&Deviation]) -> (String, (String, String)) {
    let (mut missing, mut extra) = lines(here);
    drop_common(&mut missing, &mut extra);
    let twice = |shown: &str| {
        here.iter()
            .any(|it| matches!(it, Deviation::Extra { line, doubled: Doubled::Yes, .. } if line == shown))
    };
    let what = match (missing.first(), extra.first()) {
        (Some(_), Some(_)) => "another message came than should",
        (Some(_), None) => "a message is missing",
        (None, Some(shown)) if twice(shown) => "a message came twice",
        (None, _) => "a message came that should not",
    };
    (what.to_owned(), first_difference(&missing, &extra))
}

/// The missing and the surplus lines.
fn lines<'d>(found: &[&'d Deviation]) -> (Vec<&'d str>, Vec<&'d str>) {
    let mut missing = Vec::new();
    let mut extra = Vec::new();
    for deviation in found {
        match deviation {
            Deviation::Missing { line, .. } => missing.push(line.as_str()),
            Deviation::Extra { line, .. } => extra.push(line.as_str()),
            Deviation::Order { .. } | Deviation::Opening { .. } | Deviation::Ending { .. } => {}
        }
    }
    (missing, extra)
}

/// Drops lines that only moved because of other differences, unless nothing else differs.
fn drop_common(missing: &mut Vec<&str>, extra: &mut Vec<&str>) {
    let (mut rest_missing, mut rest_extra) = (Vec::new(), extra.clone());
    for line in &*missing {
        match rest_extra.iter().position(|it| it == line) {
            Some(index) => {
                rest_extra.remove(index);
            }
            None => rest_missing.push(*line),
        }
    }
    if !rest_missing.is_empty() || !rest_extra.is_empty() {
        (*missing, *extra) = (rest_missing, rest_extra);
    }
}

/// The first missing line, and the surplus line that is most similar to it.
fn first_difference(missing: &[&str], extra: &[&str]) -> (String, String) {
    let counted = |line: &str, all: &[&str]| match all.len() - 1 {
        0 => line.to_owned(),
        more => format!("{line}\nand {more} more"),
    };
    let nothing = || "nothing more".to_owned();
    let Some(first) = missing.first() else {
        let came = extra.first().map_or_else(nothing, |line| counted(line, extra));
        return (nothing(), came);
    };
    // Of equally similar lines the first one.
    let like = extra.iter().rev().max_by_key(|line| likeness(line, first));
    (
        counted(first, missing),
        like.map_or_else(nothing, |line| counted(line, extra)),
    )
}

/// How many characters two lines share at their beginning and their end.
fn likeness(a: &str, b: &str) -> usize {
    let same = |(a, b): &(char, char)| a == b;
    let beginning = a.chars().zip(b.chars()).take_while(same).count();
    let end = a.chars().rev().zip(b.chars().rev()).take_while(same).count();
    beginning + end
}

/// A few lines from where the order starts to differ.
fn first_of_order(expected: &[String], actual: &[String]) -> (String, String) {
    const SHOWN: usize = 3;
    let same = expected.iter().zip(actual).take_while(|(a, b)| a == b).count();
    let shown = |lines: &[String]| {
        let rest = &lines[same..];
        let mut text = rest.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("\n");
        if rest.len() > SHOWN {
            text.push_str(&format!("\nand {} more", rest.len() - SHOWN));
        }
        text
    };
    (shown(expected), shown(actual))
}

/// The other places that differ.
fn others(elsewhere: &[&Deviation]) -> Option<String> {
    const NAMED: usize = 3;
    let mut names: Vec<&str> = elsewhere.iter().map(|it| it.at()).collect();
    names.dedup();
    let (places, more) = match names.len() {
        0 => return None,
        1 => ("1 more place".to_owned(), ""),
        few if few <= NAMED => (format!("{few} more places"), ""),
        many => (format!("{many} more places"), "; …"),
    };
    names.truncate(NAMED);
    Some(format!("and in {places}: {}{more}", names.join("; ")))
}

const fn order(replies: Replies) -> &'static str {
    match replies {
        Replies::Swapped => "the replies came in another order than the messages that they answer",
        Replies::InOrder => "the messages came in another order",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::compare::Hope;

    fn missing(at: &str, line: &str) -> Deviation {
        let hope = Hope::TooLate;
        let (at, line) = (at.to_owned(), line.to_owned());
        Deviation::Missing { at, line, hope }
    }

    fn extra(at: &str, line: &str) -> Deviation {
        let doubled = Doubled::No;
        let (at, line) = (at.to_owned(), line.to_owned());
        Deviation::Extra { at, line, doubled }
    }

    fn told(found: &[Deviation]) -> [String; 3] {
        let finding = describe(found, "x.snap").unwrap();
        [finding.what, finding.expected, finding.actual]
    }

    #[test]
    fn the_first_conversation_is_told_and_the_others_are_named() {
        let found = [
            missing("ana, a", "[1]"),
            extra("ana, a", "[2]"),
            missing("bea, a", "[1]"),
            extra("bea, a", "[2]"),
            extra("cid, a", "[2]"),
        ];
        let expected = [
            "another message came than should (ana, a)",
            "[1]",
            "[2]\nand in 2 more places: bea, a; cid, a",
        ];
        assert_eq!(told(&found), expected);
    }

    #[test]
    fn what_is_only_missing_here_is_not_called_another_message() {
        let found = [missing("ana, a", "[1]"), extra("bea, a", "[2]")];
        let expected = [
            "a message is missing (ana, a)",
            "[1]",
            "nothing more\nand in 1 more place: bea, a",
        ];
        assert_eq!(told(&found), expected);
    }

    #[test]
    fn beside_what_is_missing_stands_what_is_most_like_it() {
        let found = [
            missing("ana, a", "[0,state]"),
            missing("ana, a", "[0,joined]"),
            missing("ana, a", "[0,left]"),
            extra("ana, a", "[1,left]"),
            extra("ana, a", "[1,joined]"),
            extra("ana, a", "[0,state]"),
        ];
        let expected = [
            "another message came than should (ana, a)",
            "[0,joined]\nand 1 more",
            "[1,joined]\nand 1 more",
        ];
        assert_eq!(told(&found), expected);
    }

    #[test]
    fn another_order_is_shown_from_where_it_begins() {
        let lines = |numbers: [u8; 5]| numbers.map(|number| format!("[{number}]")).to_vec();
        let found = [Deviation::Order {
            at: "ana, a".to_owned(),
            expected: lines([0, 1, 2, 3, 4]),
            actual: lines([0, 2, 1, 3, 4]),
            replies: Replies::InOrder,
        }];
        let expected = [
            "the messages came in another order (ana, a)",
            "[1]\n[2]\n[3]\nand 1 more",
            "[2]\n[1]\n[3]\nand 1 more",
        ];
        assert_eq!(told(&found), expected);
    }
}
