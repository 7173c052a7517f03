//! Compares the outcome of a connection attempt with its step.

use super::Play;
use super::command::Reached;
use super::failure::{FailureKind, Wrong};
use super::link::State;
use super::recording::{Noted, Who};
use super::wait::WaitStatus;
use crate::scenario::program::{Connect, Opening};
use crate::scenario::shorten;
use crate::wire::websocket::Coding;

impl Play {
    /// Whether a connection opened as its step wants it. One with a fallback has opened once its client has chosen a transport.
    pub(super) fn look_connect(&self, actor: usize, connect: &Connect) -> Result<WaitStatus, Wrong> {
        let fallback = self.links[actor].as_ref().map(|link| &link.fallback);
        if fallback.is_some_and(|it| it.is_undecided()) {
            return Ok(WaitStatus::NotYet);
        }
        let status = self.look_opening(actor, connect.answer)?;
        let wanted = connect.fallback.and_then(|fallback| fallback.settles_on);
        if let (WaitStatus::Over(_), Some(wanted), Some(fallback)) = (&status, wanted, fallback) {
            fallback.judge(wanted)?;
        }
        Ok(status)
    }

    fn look_opening(&self, actor: usize, answer: Opening) -> Result<WaitStatus, Wrong> {
        let state = self.links[actor].as_ref().map(|link| &link.state);
        let wanted = match answer {
            Opening::Open => "to be let in".to_owned(),
            Opening::OpenWith(Coding::Deflate) => "to be let in (101) with permessage-deflate".to_owned(),
            Opening::OpenWith(Coding::Plain) => "to be let in (101) without permessage-deflate".to_owned(),
            Opening::Refused(Some(status)) => format!("to be refused with {status}"),
            Opening::Refused(None) => "to be refused".to_owned(),
            Opening::OpenOrRefused => "to be let in or refused".to_owned(),
        };
        match (state, answer) {
            (None | Some(State::Opening), _) => Ok(WaitStatus::NotYet),
            (Some(State::Open | State::Ended(_)), Opening::Open | Opening::OpenOrRefused)
            | (Some(State::Refused(_)), Opening::OpenOrRefused | Opening::Refused(None)) => {
                Ok(WaitStatus::Over(0))
            }
            (Some(State::Refused(found)), Opening::Refused(Some(status))) if *found == status => {
                Ok(WaitStatus::Over(0))
            }
            (Some(State::Open | State::Ended(_)), Opening::Refused(_)) => {
                let wrong = Wrong::server("the server let the client in", wanted, "101");
                Err(wrong.kind(FailureKind::LetIn))
            }
            (Some(State::Open | State::Ended(_)), Opening::OpenWith(coding)) => {
                let agreed = self.links[actor].as_ref().map(|link| link.coding);
                let (what, found) = match coding {
                    _ if agreed == Some(coding) => return Ok(WaitStatus::Over(0)),
                    Coding::Deflate => ("the server did not agree on compression", "101 without it"),
                    Coding::Plain => ("the server agreed on compression", "101 with permessage-deflate"),
                };
                Err(Wrong::server(what, wanted, found))
            }
            (
                Some(State::Refused(status)),
                Opening::Open | Opening::OpenWith(_) | Opening::Refused(Some(_)),
            ) => {
                let what = format!("the server refused the client with {status}");
                let wrong = Wrong::server(what, wanted, self.refusal(actor));
                Err(wrong.kind(FailureKind::Refused))
            }
            (Some(State::Unanswered(why, reach)), _) => {
                let wrong = Wrong::server("there was no connection", wanted, why);
                let wrong = wrong.kind(FailureKind::NoConnection);
                Err(if *reach == Reached::Nobody {
                    wrong.nobody()
                } else {
                    wrong
                })
            }
        }
    }

    /// The status and the body of the last refusal of an actor, which often contain the reason.
    fn refusal(&self, actor: usize) -> String {
        let refused = self
            .recording
            .entries
            .iter()
            .rev()
            .find_map(|entry| match (&entry.who, &entry.what) {
                (Who::Actor(who, _), Noted::Refused(response)) if *who == actor => Some(response),
                _ => None,
            });
        refused.map_or_else(String::new, |response| {
            format!(
                "{} {}",
                response.status,
                shorten(&String::from_utf8_lossy(&response.body))
            )
        })
    }
}
