//! Completes steps: checks what arrived against the waits of the group, and starts the next group when all
//! have ended.

use std::sync::Arc;

use super::ending::look_closed;
use super::failure::{FailureKind, Wrong};
use super::link::{SETTLE_REF, State};
use super::wait::{self, Wait, WaitKind, WaitStatus, find_message, find_reply, judge_message, judge_reply};
use super::{Play, PlayStage};
use crate::clock::Time;
use crate::scenario::program::{Answers, Program, What};
use crate::scenario::shorten;

/// Whether the deadline of a wait has passed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    Now,
    Later,
}

impl Play {
    /// Checks all waits, and starts the next groups until there is something to wait for.
    pub(super) fn advance(&mut self, now: Time) {
        while matches!(self.stage, PlayStage::Playing | PlayStage::Settling) {
            let program = Arc::clone(&self.program);
            for index in 0..self.waits.len() {
                if self.waits[index].over.is_some() {
                    continue;
                }
                match self.look(&program, index, now) {
                    Ok(WaitStatus::NotYet) => {}
                    Ok(WaitStatus::Over(serial)) => {
                        self.waits[index].over = Some(serial);
                        self.tell_of(&program, index, now);
                        self.begin_those_behind(&program, index, now);
                    }
                    Err(wrong) => {
                        // The answer came, although it is not the right one.
                        if wrong.kind == FailureKind::WrongContent {
                            self.tell_of(&program, index, now);
                        }
                        self.fail(self.waits[index].act, wrong);
                        return;
                    }
                }
            }
            if self.waits.iter().any(|wait| wait.over.is_none()) {
                return;
            }
            self.leave_group(&program, now);
        }
    }

    /// Lets a swarm count a wait that has ended.
    pub(super) fn tell_of(&mut self, program: &Program, index: usize, now: Time) {
        let wait = &self.waits[index];
        let act = program
            .groups
            .get(self.group)
            .and_then(|group| group.acts.get(wait.act));
        if let (Some(rounds), Some(act)) = (&mut self.rounds, act) {
            rounds.over(&act.what, wait, now);
        }
    }

    /// Restarts the timeouts of the actor's later waits in a group with ordered answers, because the server
    /// starts on the next message only when it has answered this one.
    fn begin_those_behind(&mut self, program: &Program, index: usize, now: Time) {
        let group = program.groups.get(self.group);
        if group.is_none_or(|group| group.answers != Answers::InOrder) {
            return;
        }
        let actor = self.waits[index].actor;
        for behind in &mut self.waits[index + 1..] {
            let is_answer = matches!(behind.kind, WaitKind::Reply { .. } | WaitKind::Message);
            // A timeout that the scenario sets counts from the start of the step.
            if is_answer && behind.actor == actor && behind.within == self.setting.timeout {
                behind.begun = now;
            }
        }
    }

    fn leave_group(&mut self, program: &Program, now: Time) {
        if self.stage == PlayStage::Settling {
            self.stage = PlayStage::Over;
            return;
        }
        if program
            .groups
            .get(self.group)
            .is_some_and(|group| group.answers == Answers::InOrder)
            && let Some((act, kind)) = self.first_out_of_order()
        {
            let what = "the answers came in another order than the messages were sent";
            let wrong = Wrong::server(what, "answers in the order of the steps", self.order_of_answers());
            self.fail(act, wrong.kind(kind));
            return;
        }
        self.waits.clear();
        self.forget_what_is_over();
        self.group += 1;
        if self.waits_for_its_turn() {
            self.remember();
            self.stage = PlayStage::Paused;
            return;
        }
        self.enter_group(now);
    }

    /// The first step that was answered before the one above it, and whether both belong to one conversation.
    fn first_out_of_order(&self) -> Option<(usize, FailureKind)> {
        let answered: Vec<_> = self.waits.iter().filter(|wait| wait.over != Some(0)).collect();
        let pair = answered.windows(2).find(|pair| pair[0].over > pair[1].over)?;
        let came = |wait: &Wait| {
            let serial = wait.over?;
            let link = self.links[wait.actor?].as_ref()?;
            let arrived = link.arrived.iter().find(|it| it.serial == serial)?;
            let head = arrived.head.as_ref()?;
            let reply = head.event.as_deref() == Some(crate::protocol::REPLY);
            Some(((wait.actor, head.topic.clone()), reply))
        };
        let kind = match (came(pair[0]), came(pair[1])) {
            (Some((here, false)), Some((there, true))) if here == there => FailureKind::ReplyFirst,
            (Some((here, _)), Some((there, _))) if here == there => FailureKind::Order,
            _ => FailureKind::Overtaken,
        };
        Some((pair[1].act, kind))
    }

    fn order_of_answers(&self) -> String {
        let mut order: Vec<_> = self.waits.iter().map(|wait| (wait.over, wait.act + 1)).collect();
        order.sort_unstable();
        let order: Vec<String> = order.iter().map(|(_, step)| step.to_string()).collect();
        format!(
            "the answers to steps {}, in this order",
            shorten(&order.join(", "))
        )
    }

    fn look(&mut self, program: &Program, index: usize, now: Time) -> Result<WaitStatus, Wrong> {
        if self.stage == PlayStage::Settling {
            return Ok(self.look_settled(index, now));
        }
        let wait = &self.waits[index];
        let what = &program.groups[self.group].acts[wait.act].what;
        let due = self.deadline_of(wait) <= now;
        let held = match (&wait.kind, what) {
            (WaitKind::Pause, _) => {
                return Ok(if due {
                    WaitStatus::Over(0)
                } else {
                    WaitStatus::NotYet
                });
            }
            (WaitKind::Silence, _) => {
                return self.look_silence(index, if due { Due::Now } else { Due::Later });
            }
            (WaitKind::Http(_) | WaitKind::Restarted, _) => WaitStatus::NotYet,
            (WaitKind::Opening, What::Connect(actor, connect)) => self.look_connect(actor.0, connect)?,
            _ => self.look_message(index, what)?,
        };
        match held {
            WaitStatus::NotYet if due => Err(self.overdue(index, what)),
            held => Ok(held),
        }
    }

    /// Waits for a connection to end or to answer a heartbeat, when no step waits for its end.
    fn look_settled(&mut self, index: usize, now: Time) -> WaitStatus {
        let wait = &self.waits[index];
        let due = self.deadline_of(wait) <= now;
        let (Some(actor), WaitKind::ClosedOrAlive(refs)) = (wait.actor, &wait.kind) else {
            return WaitStatus::Over(0);
        };
        let Some(link) = &mut self.links[actor] else {
            return WaitStatus::Over(0);
        };
        let answered = find_reply(link, crate::protocol::PHOENIX_TOPIC, refs).is_some();
        if answered || due || !matches!(link.state, State::Open) {
            WaitStatus::Over(0)
        } else {
            WaitStatus::NotYet
        }
    }

    fn look_silence(&self, index: usize, due: Due) -> Result<WaitStatus, Wrong> {
        let link = self.waits[index]
            .actor
            .and_then(|actor| self.links[actor].as_ref());
        let untaken = link.and_then(|link| {
            let arrived = link.arrived.iter().find(|it| !it.taken && !it.is_settling())?;
            Some((link, arrived))
        });
        match untaken {
            Some((link, arrived)) => {
                let wrong = Wrong::server("a message came where none should", "nothing", arrived.show());
                let event = arrived.head.as_ref().and_then(|head| head.event.clone());
                let kind = if wait::came_before(link, arrived) {
                    FailureKind::Doubled
                } else {
                    FailureKind::Unwanted
                };
                Err(wrong.kind(kind).event(event))
            }
            None if due == Due::Now => Ok(WaitStatus::Over(0)),
            None => Ok(WaitStatus::NotYet),
        }
    }

    fn look_message(&mut self, index: usize, what: &What) -> Result<WaitStatus, Wrong> {
        let wait = &self.waits[index];
        let Some(link) = wait.actor.and_then(|actor| self.links[actor].as_mut()) else {
            let expected = wait::describe(&wait.kind, what, &self.values);
            let wrong = Wrong::server("there is no connection", expected, "");
            return Err(wrong.kind(FailureKind::NoConnection));
        };
        let vsn = link.vsn;
        let values = &mut self.values;
        let held = match (&wait.kind, what) {
            (WaitKind::Reply { topic, refs }, What::Send(_, send)) => match find_reply(link, topic, refs) {
                None => WaitStatus::NotYet,
                Some(arrived) => {
                    arrived.taken = true;
                    let response = judge_reply(arrived, vsn, &send.reply, values)?;
                    wait::save(&send.save, response.as_ref(), values)?;
                    WaitStatus::Over(arrived.serial)
                }
            },
            (WaitKind::Message, What::Receive(_, receive)) => match find_message(link, receive, values) {
                None => WaitStatus::NotYet,
                Some(index) => {
                    link.arrived[index].taken = true;
                    let arrived = &link.arrived[index];
                    let payload = judge_message(arrived, vsn, receive, values)
                        .map_err(|wrong| wait::of_several(wrong, link, index, receive, values))?;
                    wait::save(&receive.save, payload.as_ref(), values)?;
                    WaitStatus::Over(arrived.serial)
                }
            },
            (WaitKind::Pong(payload), _) => match link.pongs.iter().position(|pong| pong == payload) {
                None => WaitStatus::NotYet,
                Some(at) => {
                    link.pongs.remove(at);
                    WaitStatus::Over(0)
                }
            },
            (WaitKind::ClosedOrAlive(refs), _) => {
                if let Some(arrived) = find_reply(link, crate::protocol::PHOENIX_TOPIC, refs) {
                    arrived.taken = true;
                    return Ok(WaitStatus::Over(arrived.serial));
                }
                return Ok(if matches!(link.state, State::Ended(_)) {
                    WaitStatus::Over(0)
                } else {
                    WaitStatus::NotYet
                });
            }
            (WaitKind::Closed(code), _) => return look_closed(&link.state, *code),
            _ => WaitStatus::NotYet,
        };
        if matches!(held, WaitStatus::NotYet) && !matches!(link.state, State::Open | State::Opening) {
            let ended = link.state.describe();
            let expected = wait::describe(&wait.kind, what, &self.values);
            let wrong = Wrong::server("the connection ended before this came", expected, ended);
            return Err(wrong.kind(FailureKind::EndedEarly));
        }
        Ok(held)
    }

    fn overdue(&self, index: usize, what: &What) -> Wrong {
        let wait = &self.waits[index];
        let waited = self.waited(wait);
        let link = wait.actor.and_then(|actor| self.links[actor].as_ref());
        let untaken: Vec<String> = link
            .map(|link| {
                link.arrived
                    .iter()
                    .filter(|it| !it.taken && !it.is_settling())
                    .map(|it| it.show())
            })
            .into_iter()
            .flatten()
            .collect();
        let kind = match (&wait.kind, link) {
            (WaitKind::Reply { topic, refs }, Some(link)) => wait::why_not_the_answer(link, topic, refs),
            (WaitKind::Closed(_) | WaitKind::ClosedOrAlive(_), _) => FailureKind::Ended,
            _ => FailureKind::Missing,
        };
        let text = match (untaken.len(), kind) {
            (_, FailureKind::ForeignJoinRef) => {
                "the answer carries the join_ref of another join, so that a client drops it".to_owned()
            }
            (_, FailureKind::NullRef) => {
                "the answer carries a null ref, so that a client does not know what it answers".to_owned()
            }
            (0, _) => format!("nothing came within {waited}"),
            _ => format!("it did not come within {waited}, but something else did"),
        };
        let actual = match untaken.len() {
            0 => "nothing".to_owned(),
            1 => format!("1 other message: {}", untaken[0]),
            few @ 2..=5 => format!("{few} other messages: {}", untaken.join(" ")),
            many => format!(
                "{many} other messages, the last of them: {}",
                untaken[many - 5..].join(" ")
            ),
        };
        Wrong::server(text, wait::describe(&wait.kind, what, &self.values), actual).kind(kind)
    }
}

impl super::inbox::Arrived {
    /// Whether it is the reply to a heartbeat that the play itself sent.
    fn is_settling(&self) -> bool {
        self.head
            .as_ref()
            .is_some_and(|head| head.reference.trim_matches('"') == SETTLE_REF)
    }
}
