//! Decides whether a step of a group has what it waits for, or can no longer get it.

use std::time::Duration;

use super::ending::ReplayEnd;
use super::requests::PlayedAnswer;
use super::socket::{Comeback, PlayedSocket, SocketState};
use super::state::ReplayState;
use crate::clock::{Clock, Time};
use crate::protocol::CLOSE;
use crate::scenario::{
    Actor, Content, ExpectedReply, Opening, Receive, Send, SendKind, Values, code_in_words, take_content,
};
use crate::transport::Transport;

/// phoenix.js gives up a push after 10 s; an answer that it does not understand ends neither the push nor that time.
pub(super) const ANSWERED_WITHIN: Duration = Duration::from_secs(12);

/// A step that waits, and until when.
#[derive(Debug)]
pub(super) struct ReplayWait {
    pub(super) kind: ReplayWaitKind,
    pub(super) within: Duration,
    pub(super) deadline: Time,
}

#[derive(Debug)]
pub(super) enum ReplayWaitKind {
    Opening(Actor, Opening),
    Answer(Actor, usize, Box<Send>),
    Event(Actor, Receive),
    Silence(Actor),
    Disconnected(usize),
    Closed(Actor, Option<u16>, Transport),
    ClosedOrAlive(Actor, usize),
    Pause,
}

/// Whether the deadline of a wait has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lateness {
    InTime,
    Late,
}

impl ReplayWait {
    pub(super) fn of(kind: ReplayWaitKind, within: Duration, clock: Clock) -> Self {
        Self {
            kind,
            within,
            deadline: clock.now() + within,
        }
    }
}

impl ReplayState {
    /// Whether a wait is over.
    ///
    /// # Errors
    /// If it can no longer go as written.
    pub(super) fn is_over(&mut self, wait: &ReplayWait, now: Time) -> Result<bool, ReplayEnd> {
        let late = if now >= wait.deadline {
            Lateness::Late
        } else {
            Lateness::InTime
        };
        match &wait.kind {
            ReplayWaitKind::Opening(actor, expected) => {
                is_opened(&self.clients[actor.0], *expected, late, wait.within)
            }
            ReplayWaitKind::Answer(actor, id, send) => match self.asked.answer(*id) {
                Some(answer) => {
                    judge_answer(&self.clients[actor.0], send, answer, &mut self.values)?;
                    Ok(true)
                }
                None => {
                    let what = named(send, &self.values);
                    is_still_open(&self.clients[actor.0], &format!("the answer to {what}"))?;
                    match (late, &send.kind) {
                        (Lateness::InTime, _) => Ok(false),
                        (Lateness::Late, SendKind::Heartbeat) => Err(unanswered_heartbeat(wait.within)),
                        (Lateness::Late, _) => {
                            let never = format!("{what} is never answered, and does not even time out");
                            Err(ReplayEnd::Breaks(never))
                        }
                    }
                }
            },
            ReplayWaitKind::Event(actor, receive) => self.is_received(*actor, receive, late, wait.within),
            ReplayWaitKind::Silence(actor) => {
                let event = self.clients[actor.0].events.first();
                match event {
                    Some(event) => Err(ReplayEnd::Breaks(format!(
                        "its channel gets `{}`, where nothing was expected",
                        event.event
                    ))),
                    None => Ok(late == Lateness::Late),
                }
            }
            ReplayWaitKind::Disconnected(id) => {
                let over = self.asked.answer(*id).is_some();
                if !over && late == Lateness::Late {
                    let what = format!("its `disconnect` is not done within {}", seconds(wait.within));
                    return Err(ReplayEnd::Breaks(what));
                }
                Ok(over)
            }
            ReplayWaitKind::Closed(actor, expected, transport) => {
                let socket = &self.clients[actor.0];
                is_closed(socket, (*expected, *transport), late, wait.within)
            }
            ReplayWaitKind::ClosedOrAlive(actor, id) => {
                let closed = matches!(self.clients[actor.0].presence, SocketState::Closed { .. });
                let over = closed || self.asked.answer(*id).is_some();
                if !over && late == Lateness::Late {
                    return Err(unanswered_heartbeat(wait.within));
                }
                Ok(over)
            }
            ReplayWaitKind::Pause => Ok(late == Lateness::Late),
        }
    }

    fn is_received(
        &mut self,
        actor: Actor,
        receive: &Receive,
        late: Lateness,
        within: Duration,
    ) -> Result<bool, ReplayEnd> {
        let client = &mut self.clients[actor.0];
        let wanted = receive.event.fill(&self.values);
        let topic = receive.topic.as_ref().map(|topic| topic.fill(&self.values));
        let found = client.events.iter().position(|event| {
            event.event == wanted && topic.as_ref().is_none_or(|topic| *topic == event.topic)
        });
        if let Some(found) = found {
            let event = client.events.remove(found);
            let owner = format!("the payload of `{wanted}`");
            let expected = (&receive.content, &receive.save[..]);
            take_content(&owner, expected, &event.payload, &mut self.values).map_err(ReplayEnd::Breaks)?;
            return Ok(true);
        }
        // phoenix.js makes the close of a left channel itself, and drops that of the server.
        if wanted != CLOSE && client.dropped.iter().any(|(_, event)| *event == wanted) {
            let why = "its join_ref is not that of the join, or its topic is not joined";
            return Err(ReplayEnd::Breaks(format!("it drops `{wanted}`: {why}")));
        }
        is_still_open(client, &format!("`{wanted}`"))?;
        if late == Lateness::Late {
            let what = format!("its channel does not get `{wanted}` within {}", seconds(within));
            return Err(ReplayEnd::Breaks(what));
        }
        Ok(false)
    }
}

fn is_opened(
    client: &PlayedSocket,
    expected: Opening,
    late: Lateness,
    within: Duration,
) -> Result<bool, ReplayEnd> {
    match (client.presence, expected) {
        (SocketState::Open, Opening::Refused(_)) => Err(ReplayEnd::Breaks(
            "its socket opens, where a refusal was expected".to_owned(),
        )),
        (SocketState::Open, _)
        | (SocketState::Closed { .. }, Opening::Refused(_) | Opening::OpenOrRefused) => Ok(true),
        (SocketState::Closed { .. }, Opening::Open | Opening::OpenWith(_)) => Err(ReplayEnd::Breaks(
            "its socket does not open; it tries again and again".to_owned(),
        )),
        (SocketState::Opening, _) if late == Lateness::Late => {
            let what = format!(
                "its socket is neither open nor refused within {}",
                seconds(within)
            );
            Err(ReplayEnd::Breaks(what))
        }
        (SocketState::Opening, _) => Ok(false),
    }
}

fn is_closed(
    client: &PlayedSocket,
    (expected, transport): (Option<u16>, Transport),
    late: Lateness,
    within: Duration,
) -> Result<bool, ReplayEnd> {
    let SocketState::Closed { code, again } = client.presence else {
        return match late {
            Lateness::Late => Err(ReplayEnd::Breaks(format!(
                "its socket stays open for {}, where the server was expected to close it",
                seconds(within)
            ))),
            Lateness::InTime => Ok(false),
        };
    };
    match (expected, code) {
        (Some(expected), Some(code)) if expected != code => Err(ReplayEnd::Breaks(format!(
            "its socket is closed with {}, not with {}; {}",
            code_in_words(code),
            code_in_words(expected),
            again.words()
        ))),
        (None, Some(code)) if again == Comeback::Never && transport == Transport::WebSocket => {
            Err(ReplayEnd::Breaks(format!(
                "its socket is closed with {}; {}",
                code_in_words(code),
                again.words()
            )))
        }
        _ => Ok(true),
    }
}

/// Whether the socket is open for what a step waits for.
fn is_still_open(client: &PlayedSocket, awaited: &str) -> Result<(), ReplayEnd> {
    match client.presence {
        SocketState::Closed { code, again } => {
            let code = code.map(|code| format!(" with {}", code_in_words(code)));
            Err(ReplayEnd::Breaks(format!(
                "its socket is closed{} before {awaited} comes; {}",
                code.unwrap_or_default(),
                again.words()
            )))
        }
        SocketState::Opening | SocketState::Open => Ok(()),
    }
}

fn judge_answer(
    client: &PlayedSocket,
    send: &Send,
    answer: &PlayedAnswer,
    values: &mut Values,
) -> Result<(), ReplayEnd> {
    let what = named(send, values);
    let status = answer.status.as_str().unwrap_or_default();
    if status == "timeout" {
        let dropped = client.dropped.iter().any(|(_, event)| event == "phx_reply");
        let why = if dropped {
            ": it drops the reply, whose join_ref is not that of the join"
        } else {
            ""
        };
        return Err(ReplayEnd::Breaks(format!("{what} times out after 10 s{why}")));
    }
    let owner = format!("the answer to {what}");
    let content = match &send.reply {
        ExpectedReply::Status(expected, content) => {
            let expected = expected.fill(values);
            if status != expected {
                return Err(ReplayEnd::Breaks(format!(
                    "{what} is answered with {status}, not with {expected}"
                )));
            }
            content
        }
        ExpectedReply::Any | ExpectedReply::None => &Content::Unjudged,
    };
    // phoenix.js answers a leave itself, without waiting for the server.
    if matches!(send.kind, SendKind::Leave) {
        return Ok(());
    }
    take_content(&owner, (content, &send.save), &answer.response, values).map_err(ReplayEnd::Breaks)
}

fn unanswered_heartbeat(within: Duration) -> ReplayEnd {
    ReplayEnd::Breaks(format!(
        "its heartbeat is not answered within {}",
        seconds(within)
    ))
}

fn named(send: &Send, values: &Values) -> String {
    match &send.kind {
        SendKind::Join => "the join".to_owned(),
        SendKind::Leave => "the leave".to_owned(),
        SendKind::Heartbeat => "the heartbeat".to_owned(),
        SendKind::Push(event) => format!("the push `{}`", event.fill(values)),
    }
}

fn seconds(time: Duration) -> String {
    humantime::format_duration(time).to_string()
}
