//! What is sent and received: joins, pushes, leaves, and what is waited for.

use std::sync::Arc;
use std::time::Duration;

use super::super::typed::holes_of_command_line;
use super::super::{Answer, Awaited, Content, Join, Push, Step, TopicPlace};
use super::{Compiler, Draft};
use crate::load::text::Line;
use crate::scenario::{
    Act, Content as Expected, JoinRef, Outgoing, Receive, Reply, Send, SendKind, Template,
};

/// The most channels of a role.
const MOST: usize = 200;
/// The most different messages that a role waits for: what came early is counted in four bytes.
const MOST_AWAITED: usize = 4;

impl Compiler<'_> {
    pub(super) fn send(&mut self, act: &Act, send: &Send, draft: &mut Draft) {
        if send.reference.is_some() || !matches!(send.join_ref, JoinRef::Current) {
            self.problem(
                act,
                "the clients of a swarm choose their refs themselves",
                "leave `ref` and `join_ref` out",
            );
        }
        if !send.save.is_empty() {
            self.problem(act, "a swarm keeps nothing of what it hears", "leave `save` out");
        }
        match &send.kind {
            SendKind::Join => self.join(act, send, draft),
            SendKind::Leave => {
                if let Some(channel) = self.channel(act, &send.topic, draft) {
                    draft.steps.push(Step::Leave(channel));
                }
            }
            SendKind::Heartbeat => {
                self.problem(
                    act,
                    "the clients of a swarm send heartbeats by themselves",
                    "leave `heartbeat` out",
                );
            }
            SendKind::Push(event) => self.push(act, send, event, draft),
        }
    }

    /// A join before all other steps is done once; one after them is done in each round, if there is something to join.
    fn join(&mut self, act: &Act, send: &Send, draft: &mut Draft) {
        let Some(topic) = self.topic(act, &send.topic) else {
            return;
        };
        let known = draft.joins.iter().position(|join| join.topic == topic);
        if let Some(channel) = known.and_then(|index| u8::try_from(index).ok()) {
            draft.steps.push(Step::Join(channel));
            return;
        }
        if !draft.steps.is_empty() {
            let help = "join it before the first other step; after a `leave` it can be joined again";
            return self.problem(
                act,
                "a swarm joins a topic for the first time in the middle of a round",
                help,
            );
        }
        if draft.joins.len() >= MOST {
            return self.problem(
                act,
                "more topics than a socket of a swarm can have",
                "join at most 200",
            );
        }
        let params = match (&self.instead.join_params, &send.payload) {
            (Some(params), _) => Some(Line::fixed(&params.to_string())),
            (None, Outgoing::Json(data)) => self.json(act, data),
            (None, Outgoing::Binary(_)) => None,
        };
        let Some(params) = params else {
            return self.problem(
                act,
                "a swarm joins with JSON",
                "write `with` in place of `binary`",
            );
        };
        let place = self.place(&topic);
        let common_params = params.as_fixed().map(Arc::from);
        draft.joins.push(Join {
            topic,
            params,
            common_params,
            place,
            hears: false,
        });
    }

    fn place(&mut self, topic: &Line) -> TopicPlace {
        match topic.as_fixed() {
            Some(text) => {
                let known = self
                    .shared
                    .iter()
                    .position(|known| &**known == text)
                    .unwrap_or_else(|| {
                        self.shared.push(text.into());
                        self.shared.len() - 1
                    });
                TopicPlace::Shared(u32::try_from(known).unwrap_or(u32::MAX))
            }
            None => {
                let known = self
                    .own
                    .iter()
                    .position(|known| known == topic)
                    .unwrap_or_else(|| {
                        self.own.push(topic.clone());
                        self.own.len() - 1
                    });
                TopicPlace::Own(u32::try_from(known).unwrap_or(u32::MAX))
            }
        }
    }

    fn push(&mut self, act: &Act, send: &Send, event: &Template, draft: &mut Draft) {
        let Some(channel) = self.channel(act, &send.topic, draft) else {
            return;
        };
        let (event, payload) = match &self.instead.push {
            Some((event, payload)) => (
                Line::fixed(event),
                Some(Content::Json(holes_of_command_line(payload))),
            ),
            None => {
                let Some(event) = self.text(act, event) else {
                    return;
                };
                let payload = match &send.payload {
                    Outgoing::Json(data) => self.json(act, data).map(Content::Json),
                    Outgoing::Binary(bytes) => Some(Content::Binary(bytes.as_slice().into())),
                };
                (event, payload)
            }
        };
        let (Some(payload), Some(event)) = (payload, event.as_fixed()) else {
            return self.problem(
                act,
                "an event is the same for all of a swarm",
                "use no fresh name in it",
            );
        };
        let Some(answer) = self.answer(act, &send.reply) else {
            return;
        };
        draft.steps.push(Step::Push(Push {
            channel,
            event: event.into(),
            payload,
            answer,
        }));
    }

    fn answer(&mut self, act: &Act, reply: &Reply) -> Option<Answer> {
        let (status, content) = match reply {
            Reply::None => return Some(Answer::None),
            Reply::Any => return Some(Answer::Any),
            Reply::Status(status, content) => (self.text(act, status)?, content),
        };
        let content = match content {
            _ if self.instead.push.is_some() => None,
            Expected::Json(pattern) => Some(pattern.clone()),
            Expected::Unjudged => None,
            Expected::Binary(_) => {
                self.problem(act, "a swarm does not compare bytes", "wait for { reply: ok }");
                return None;
            }
        };
        Some(Answer::Status(
            status.as_fixed().unwrap_or_default().into(),
            content,
        ))
    }

    pub(super) fn receive(&mut self, act: &Act, receive: &Receive, draft: &mut Draft) {
        if receive.reference.is_some() || receive.join_ref.is_some() || !receive.save.is_empty() {
            let help = "leave `ref`, `join_ref` and `save` out";
            self.problem(act, "a swarm looks at event, topic and payload only", help);
        }
        let Some(event) = self.text(act, &receive.event) else {
            return;
        };
        let channel = match &receive.topic {
            Some(topic) => match self.channel(act, topic, draft) {
                Some(channel) => Some(channel),
                None => return,
            },
            None => None,
        };
        let content = match &receive.content {
            Expected::Json(pattern) => Some(pattern.clone()),
            Expected::Unjudged => None,
            Expected::Binary(_) => {
                return self.problem(act, "a swarm does not compare bytes", "leave `binary` out");
            }
        };
        let event: Box<str> = event.as_fixed().unwrap_or_default().into();
        let known = draft
            .awaited
            .iter()
            .position(|it| it.event == event && it.channel == channel);
        let index = known.unwrap_or_else(|| {
            draft.awaited.push(Awaited {
                event,
                channel,
                content,
            });
            draft.awaited.len() - 1
        });
        if index >= MOST_AWAITED {
            return self.problem(
                act,
                "a role waits for at most four different messages",
                "split it into two actors",
            );
        }
        let within: Option<Duration> = receive.within;
        draft.steps.push(Step::Receive {
            awaited: u8::try_from(index).unwrap_or(u8::MAX),
            within,
        });
    }
}
