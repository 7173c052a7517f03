//! Plays a conversation at two servers, called A and B, and compares what each of them sent.
//!
//! The model only says which answers a step waits for. Two servers that deviate from it in the same way do not differ.

use super::property::{Flaw, Property, event_of, instead_of};
use super::script::{Reference, Script, is_out_of_order};
use crate::conformance::{Deviation, Log, compare};
use crate::protocol::REPLY;

/// The names of the servers.
const A: &str = "A";
pub(super) const B: &str = "B";

/// The play of a conversation at one of the servers.
pub(super) struct Heard {
    pub(super) log: Log,
    /// The step at which it stopped, if one did not hold.
    pub(super) stopped: Option<Stopped>,
}

/// A step that did not hold.
pub(super) struct Stopped {
    /// The line of the scenario.
    pub(super) line: String,
    pub(super) flaw: Flaw,
}

/// A server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    A,
    B,
}

/// The difference between the plays at A and B.
pub(super) fn difference(script: &Script, a: &Heard, b: &Heard) -> Option<Flaw> {
    let undecided = [a, b].into_iter().filter_map(|heard| heard.stopped.as_ref());
    let mut undecided = undecided.map(|stopped| &stopped.flaw);
    if let Some(undecided) = undecided.find(|flaw| flaw.property == Property::Undecided) {
        return Some(undecided.clone());
    }
    let found = deviations(script, a, b);
    let mut contents = found.iter().filter_map(|it| of_content(it, &found));
    // Where a play stopped, the rest is missing. Only replies can be told apart then, by their refs.
    let mut replies = found
        .iter()
        .filter(|it| is_reply(it))
        .filter_map(|it| of_content(it, &found));
    match (&a.stopped, &b.stopped) {
        (None, None) => contents.next().or_else(|| found.first().map(of_deviation)),
        (Some(a), Some(b)) if a.is_like(b) => replies.next(),
        (Some(stopped), None | Some(_)) => replies.next().or_else(|| Some(of_stop(Side::A, stopped))),
        (None, Some(stopped)) => replies.next().or_else(|| Some(of_stop(Side::B, stopped))),
    }
}

/// The messages of the server at which all steps held, as the fixture of the difference.
pub(super) fn reference(a: &Heard, b: &Heard) -> Reference {
    match (&a.stopped, &b.stopped) {
        (Some(_), None) => Reference::new(B, b.log.clone()),
        _ => Reference::new(A, a.log.clone()),
    }
}

impl Stopped {
    /// Whether both servers failed the same step for the same reason.
    fn is_like(&self, other: &Self) -> bool {
        self.line == other.line && self.flaw.property == other.flaw.property
    }
}

/// The differences between the messages. `expected` is A, `actual` is B.
fn deviations(script: &Script, a: &Heard, b: &Heard) -> Vec<Deviation> {
    let mut found = compare(&a.log, &b.log, &script.program);
    found.retain(|it| match it {
        Deviation::Ending { at, .. } => server_ends(script, at),
        Deviation::Order { expected, actual, .. } => is_out_of_order(expected, actual, script.senders),
        Deviation::Missing { .. } | Deviation::Extra { .. } | Deviation::Opening { .. } => true,
    });
    found
}

/// Whether the end of a connection is up to the server: a client that cuts it has left.
fn server_ends(script: &Script, link: &str) -> bool {
    let predicted = script.expected.links.iter().find(|it| it.name == link);
    let ending = predicted.and_then(|it| it.ending.as_deref());
    ending != Some("cut")
}

/// Whether a missing message is the reply to a request.
fn is_reply(deviation: &Deviation) -> bool {
    matches!(deviation, Deviation::Missing { line, .. } if event_of(line) == REPLY)
}

/// Two messages for the same request with different contents.
fn of_content(deviation: &Deviation, all: &[Deviation]) -> Option<Flaw> {
    let Deviation::Missing { at, line, .. } = deviation else {
        return None;
    };
    let instead = all.iter().filter_map(|extra| instead_of(at, line, extra));
    let instead = instead.into_iter().find(|instead| instead != line)?;
    Some(Flaw {
        property: Property::OtherContent,
        about: event_of(line),
        told: format!("{at}: A sent {line}, B sent {instead}"),
    })
}

fn of_deviation(deviation: &Deviation) -> Flaw {
    let flaw = |property, about, told| Flaw {
        property,
        about,
        told,
    };
    match deviation {
        Deviation::Missing { at, line, .. } => flaw(
            Property::OnlyA,
            event_of(line),
            format!("{at}: A sent {line}, B did not"),
        ),
        Deviation::Extra { at, line, .. } => flaw(
            Property::OnlyB,
            event_of(line),
            format!("{at}: B sent {line}, A did not"),
        ),
        Deviation::Order {
            at, expected, actual, ..
        } => flaw(
            Property::OtherOrder,
            String::new(),
            format!("{at}: A sent {}, B sent {}", expected.join(" "), actual.join(" ")),
        ),
        Deviation::Opening { at, expected, actual } => flaw(
            Property::OtherOpening,
            String::new(),
            format!("{at}: {expected} at A, {actual} at B"),
        ),
        Deviation::Ending { at, expected, actual } => flaw(
            Property::OtherEnding,
            format!("{expected} {actual}"),
            format!("{at}: {expected} at A, {actual} at B"),
        ),
    }
}

/// The difference if one server failed a step and the other one did not.
fn of_stop(side: Side, stopped: &Stopped) -> Flaw {
    let (here, there, only_here, only_there) = match side {
        Side::A => (A, B, Property::OnlyA, Property::OnlyB),
        Side::B => (B, A, Property::OnlyB, Property::OnlyA),
    };
    let property = match stopped.flaw.property {
        Property::NothingLost => only_there,
        Property::NothingElse | Property::NothingTwice => only_here,
        Property::LetIn => Property::OtherOpening,
        Property::StaysOpen | Property::EndsForAReason => Property::OtherEnding,
        Property::InOrder => Property::OtherOrder,
        _ => Property::OtherContent,
    };
    Flaw {
        property,
        about: stopped.flaw.about.clone(),
        told: format!("not so at {there}, but at {here}: {}", stopped.flaw.told),
    }
}

#[cfg(test)]
mod tests {
    use super::super::conversation::{Deed, MadeConversation, Params, Topic};
    use super::*;
    use crate::profile::Profile;

    fn script() -> Script {
        let made = MadeConversation::of_one([
            Deed::Connect,
            Deed::Join(Topic::Lab(0), Params::Plain(serde_json::Map::new())),
        ]);
        Script::new(&made, Profile::DEFAULT).unwrap().unwrap()
    }

    fn heard(lines: &[&str], ending: &str) -> Heard {
        let lines: Vec<String> = lines.iter().map(|line| format!("    {line}\n")).collect();
        let text = format!("ana\n  + open\n  on \"t\"\n{}  - {ending}\n", lines.concat());
        Heard {
            log: Log::parse(&text).unwrap(),
            stopped: None,
        }
    }

    fn stopped(heard: Heard, line: &str, property: Property) -> Heard {
        let flaw = Flaw {
            property,
            about: "push echo".to_owned(),
            told: "nothing came".to_owned(),
        };
        let line = line.to_owned();
        Heard {
            stopped: Some(Stopped { line, flaw }),
            ..heard
        }
    }

    const FIRST: &str = r#"["1","1","t","phx_reply",{"a":1}]"#;
    const OTHER: &str = r#"["1","1","t","phx_reply",{"a":2}]"#;
    const NEXT: &str = r#"["1","2","t","phx_reply",{}]"#;

    fn found(a: &Heard, b: &Heard) -> Option<Property> {
        difference(&script(), a, b).map(|flaw| flaw.property)
    }

    #[test]
    fn two_servers_differ_by_what_they_sent() {
        let both = || heard(&[FIRST, NEXT], "open");
        assert_eq!(found(&both(), &both()), None);
        assert_eq!(found(&both(), &heard(&[FIRST], "open")), Some(Property::OnlyA));
        assert_eq!(found(&heard(&[FIRST], "open"), &both()), Some(Property::OnlyB));
        let changed = heard(&[OTHER, NEXT], "open");
        assert_eq!(found(&both(), &changed), Some(Property::OtherContent));
        let swapped = heard(&[NEXT, FIRST], "open");
        assert_eq!(found(&both(), &swapped), Some(Property::OtherOrder));
        let ended = heard(&[FIRST, NEXT], "closed 1011");
        assert_eq!(found(&both(), &ended), Some(Property::OtherEnding));
    }

    #[test]
    fn a_step_that_both_fail_in_the_same_way_is_no_difference() {
        let fails = |line| stopped(heard(&[FIRST], "open"), line, Property::NothingLost);
        assert_eq!(found(&fails("ana: ack"), &fails("ana: ack")), None);
        assert_eq!(
            found(&fails("ana: ack"), &fails("ana: echo")),
            Some(Property::OnlyB)
        );
        let goes_on = || heard(&[FIRST, NEXT], "open");
        assert_eq!(found(&fails("ana: ack"), &goes_on()), Some(Property::OnlyB));
        assert_eq!(found(&goes_on(), &fails("ana: ack")), Some(Property::OnlyA));
        // They failed the same step, and had sent something else before.
        let other = stopped(heard(&[OTHER], "open"), "ana: ack", Property::NothingLost);
        assert_eq!(found(&fails("ana: ack"), &other), Some(Property::OtherContent));
    }

    #[test]
    fn the_fixture_is_of_the_server_at_which_all_steps_held() {
        let held = || heard(&[FIRST], "open");
        let failed = || stopped(held(), "ana: ack", Property::NothingLost);
        assert_eq!(reference(&held(), &held()).said_by, A);
        assert_eq!(reference(&held(), &failed()).said_by, A);
        assert_eq!(reference(&failed(), &held()).said_by, B);
        assert_eq!(reference(&failed(), &failed()).said_by, A);
    }

    #[test]
    fn a_play_that_nobody_could_judge_is_no_difference() {
        let unclear = stopped(heard(&[], "open"), "ana: connect", Property::Undecided);
        assert_eq!(
            found(&unclear, &heard(&[FIRST], "open")),
            Some(Property::Undecided)
        );
    }
}
