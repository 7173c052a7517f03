//! Describes lost messages for the terminal and the page.

use super::words::grouped;
use crate::load::{LoadResult, Lost, LostKind};

/// How many are shown on the terminal.
const SHOWN: usize = 3;

/// The message: `broadcast 17`, `reply to "echo" (ref 5)`.
pub(super) fn what(lost: &Lost) -> String {
    match (lost.kind, lost.number) {
        (LostKind::Broadcast, Some(number)) => format!("broadcast {number}"),
        (LostKind::Broadcast, None) => "a broadcast".to_owned(),
        (LostKind::Reply, number) => {
            let event = lost
                .event
                .as_ref()
                .map_or(String::new(), |event| format!(" to {event:?}"));
            let number = number.map_or(String::new(), |number| format!(" (ref {number})"));
            format!("reply{event}{number}")
        }
    }
}

/// When it should have been sent.
pub(super) fn at(seconds: f64) -> String {
    format!("{seconds:.1} s")
}

/// `broadcast 17 of rooms:42, sent by socket 3 at 4.2 s, never came to socket 12`, or
/// `reply to "echo" (ref 5) on rooms:42, pushed by socket 3 at 4.2 s, never came`
fn line(lost: &Lost) -> String {
    let (on, sent, to) = match lost.kind {
        LostKind::Broadcast => ("of", "sent", format!(" to socket {}", lost.receiver)),
        LostKind::Reply => ("on", "pushed", String::new()),
    };
    let sender = lost.sender.map(|sender| format!(" by socket {sender}"));
    let at = lost.at_s.map(|seconds| format!(" at {}", at(seconds)));
    let sent = match (sender, at) {
        (None, None) => String::new(),
        (sender, at) => format!(
            ", {sent}{}{},",
            sender.unwrap_or_default(),
            at.unwrap_or_default()
        ),
    };
    format!("{} {on} {}{sent} never came{to}", what(lost), lost.topic)
}

/// One line for each of the first lost messages, and how many more there are.
pub(super) fn first_lines(result: &LoadResult) -> Vec<String> {
    let mut lines: Vec<String> = result.lost.iter().take(SHOWN).map(line).collect();
    let more = result.lost.len().saturating_sub(SHOWN);
    if more > 0 {
        let all = of_all(result).map_or(String::new(), |all| format!(" ({all})"));
        lines.push(format!("{more} more in result.json{all}"));
    }
    lines
}

/// `the first 20 of 412`, if there are more than are recorded.
pub(super) fn of_all(result: &LoadResult) -> Option<String> {
    let (told, all) = (result.lost.len() as u64, result.messages.missing);
    (told < all).then(|| format!("the first {told} of {}", grouped(all)))
}

/// How many lost messages belong to no second, because it is not known when they were sent.
pub(super) fn without_time(result: &LoadResult) -> u64 {
    let known: u64 = result.series.iter().map(|it| it.missing).sum();
    result.messages.missing.saturating_sub(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Messages;

    fn lost() -> Lost {
        Lost::made_up(12, Some(4.2))
    }

    #[test]
    fn a_lost_message_is_told_in_a_sentence() {
        assert_eq!(
            line(&lost()),
            "broadcast 17 of rooms:42, sent by socket 3 at 4.2 s, never came to socket 12"
        );
        let reply = Lost {
            kind: LostKind::Reply,
            event: Some("echo".to_owned()),
            number: Some(5),
            receiver: 3,
            ..lost()
        };
        assert_eq!(
            line(&reply),
            "reply to \"echo\" (ref 5) on rooms:42, pushed by socket 3 at 4.2 s, never came"
        );
        let unknown = Lost {
            sender: None,
            at_s: None,
            ..lost()
        };
        assert_eq!(line(&unknown), "broadcast 17 of rooms:42 never came to socket 12");
        let numbered = Lost {
            number: None,
            ..unknown
        };
        assert_eq!(line(&numbered), "a broadcast of rooms:42 never came to socket 12");
    }

    #[test]
    fn three_are_shown_and_the_others_counted() {
        let mut result = LoadResult {
            lost: vec![lost(); 20],
            messages: Messages {
                missing: 1412,
                ..Messages::default()
            },
            ..LoadResult::default()
        };
        let lines = first_lines(&result);
        assert_eq!(
            (lines.len(), lines[3].as_str()),
            (4, "17 more in result.json (the first 20 of 1,412)")
        );
        result.lost.truncate(3);
        result.messages.missing = 3;
        assert_eq!(first_lines(&result).len(), 3);
        assert_eq!(without_time(&result), 3);
    }
}
