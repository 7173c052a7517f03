//! Puts what the steps of a group send over one connection into one write, or into the request that opens the connection.

use super::command::{Command, LinkId};
use crate::transport::Outgoing;

/// The commands of a group, with one to send for each connection. What is sent over a connection that opens goes out with
/// its request.
pub(super) fn in_one_segment(apart: Vec<Command>) -> Vec<Command> {
    let mut together: Vec<Command> = Vec::new();
    for command in apart {
        let Command::Send(id, outgoing) = command else {
            together.push(command);
            continue;
        };
        match together.iter_mut().rev().find_map(|command| open_to(command, id)) {
            Some(sent) => sent.push(outgoing),
            None => together.push(Command::Send(id, Outgoing::Together(vec![outgoing]))),
        }
    }
    together
}

/// What a command sends over this connection, if more can be sent with it.
fn open_to(command: &mut Command, of: LinkId) -> Option<&mut Vec<Outgoing>> {
    match command {
        Command::Connect(id, options) if *id == of => Some(&mut options.early),
        Command::Send(id, Outgoing::Together(sent)) if *id == of => Some(sent),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::{Attempt, ConnectOptions};
    use super::*;

    fn link(actor: usize) -> LinkId {
        let (number, attempt) = (1, Attempt::First);
        LinkId {
            actor,
            number,
            attempt,
        }
    }

    fn says(actor: usize, text: &str) -> Command {
        Command::Send(link(actor), Outgoing::Text(text.to_owned()))
    }

    #[test]
    fn messages_of_a_connection_become_one_and_those_behind_its_opening_go_with_the_request() {
        let opening = Command::Connect(link(1), ConnectOptions::default());
        let apart = vec![says(0, "a"), opening, says(1, "b"), says(0, "c"), says(1, "d")];
        let together = in_one_segment(apart);
        let texts = |all: &[&str]| -> Vec<Outgoing> {
            let text = |it: &&str| Outgoing::Text((*it).to_owned());
            all.iter().map(text).collect()
        };
        let [
            Command::Send(first, Outgoing::Together(sent)),
            Command::Connect(second, options),
        ] = &together[..]
        else {
            unreachable!("two commands: {together:?}");
        };
        assert_eq!((*first, sent), (link(0), &texts(&["a", "c"])));
        assert_eq!((*second, &options.early), (link(1), &texts(&["b", "d"])));
    }
}
