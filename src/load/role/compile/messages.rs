//! Compiles the messages of a role: joins, pushes, leaves and receives.

use std::sync::Arc;

use super::super::typed::holes_of_command_line;
use super::super::{
    Answer, Awaited, ChannelStatus, Content, Entry, Follow, Join, Known, Push, Step, TopicPlace,
};
use super::{Compiler, Draft};
use crate::load::share::Silence;
use crate::load::text::Line;
use crate::protocol::{CLOSE, ERROR, Vsn};
use crate::scenario::{
    Act, Content as Expected, ExpectedReply, JoinRef, OutgoingPayload, Receive, ReplySaid, Send, SendKind,
    Template,
};

/// The most channels of a role.
const MOST: usize = 200;
/// The most different messages that a role can wait for: a socket counts early messages in four bytes.
const MOST_AWAITED: usize = 4;

impl Compiler<'_> {
    pub(super) fn send(&mut self, act: &Act, send: &Send, draft: &mut Draft) {
        match &send.kind {
            SendKind::Join => self.join(act, send, draft),
            SendKind::Leave => self.leave(act, send, draft),
            SendKind::Push(event) => self.push(act, send, event, draft),
            SendKind::Heartbeat => return self.stepped(act, "`heartbeat` stands"),
        }
        if send.reference.is_some() || !matches!(send.join_ref, JoinRef::Current) {
            self.stepped(act, "a `ref` or `join_ref` is chosen");
        }
        if !send.save.is_empty() {
            self.stepped(act, "`save` stands");
        }
    }

    fn leave(&mut self, act: &Act, send: &Send, draft: &mut Draft) {
        match self.answer(act, &send.reply) {
            Some(Answer::Status(status, None)) if &*status == "ok" => {}
            Some(Answer::Any) | None => {}
            Some(Answer::None | Answer::Status(..)) => {
                self.stepped(act, "a leave is answered in another way than ok");
            }
        }
        if let Some(channel) = self.joined_channel(act, &send.topic, draft) {
            draft.steps.push(Step::Leave(channel));
            draft.standings[usize::from(channel)] = ChannelStatus::Over;
        }
    }

    /// A join before all other steps is done once. A later join is repeated in each round, if the topic is not
    /// joined.
    fn join(&mut self, act: &Act, send: &Send, draft: &mut Draft) {
        let Some(topic) = self.topic(act, &send.topic) else {
            return;
        };
        let Some(entry) = self.entry(act, send) else {
            return;
        };
        if let Some(index) = draft.joins.iter().position(|join| join.topic == topic) {
            return self.join_again(act, index, entry, draft);
        }
        if !draft.steps.is_empty() {
            return self.stepped(act, "a topic is joined for the first time behind other steps");
        }
        if draft.joins.len() >= MOST {
            return self.stepped(act, "an actor joins more than 200 topics");
        }
        let place = self.place(&topic);
        draft.joins.push(Join {
            topic,
            place,
            hears: false,
            numbered: None,
        });
        draft.standings.push(ChannelStatus::Joined);
        draft.entries.push(entry);
    }

    /// Joins a topic that an earlier step has joined.
    fn join_again(&mut self, act: &Act, index: usize, entry: Entry, draft: &mut Draft) {
        let before = draft.latest_entry(index);
        let is_other = entry.params != before.params || entry.response.is_some();
        let status = std::mem::replace(&mut draft.standings[index], ChannelStatus::Joined);
        match status {
            ChannelStatus::Joined => {
                return self.stepped(act, "a topic is joined twice");
            }
            ChannelStatus::Lost if is_other => {
                return self.stepped(act, "a client that comes back joins in another way");
            }
            ChannelStatus::Lost | ChannelStatus::Over => {}
        }
        // Channels of the joins before the first step come first, so later joins follow them.
        let (Ok(channel), Ok(number)) = (u8::try_from(index), u8::try_from(draft.entries.len())) else {
            return self.stepped(act, "an actor joins more than 255 times");
        };
        draft.entries.push(entry);
        draft.steps.push(Step::Join {
            channel,
            entry: number,
        });
    }

    fn entry(&mut self, act: &Act, send: &Send) -> Option<Entry> {
        let params = match (&self.instead.join_params, &send.payload) {
            (Some(params), _) => Some(Line::fixed(&params.to_string())),
            (None, OutgoingPayload::Json(data)) => self.json(act, data),
            (None, OutgoingPayload::Binary(_)) => {
                self.stepped(act, "a join is binary");
                None
            }
        }?;
        let response = match self.answer(act, &send.reply)? {
            Answer::Status(status, _) if &*status != "ok" => {
                self.stepped(act, "a join is refused");
                return None;
            }
            // With `--topic`, the channel's response may differ, so it is not checked.
            Answer::Status(_, response) if self.instead.topic.is_none() => response,
            Answer::None | Answer::Any | Answer::Status(..) => None,
        };
        Some(Entry {
            common_params: params.as_fixed().map(Arc::from),
            params,
            response,
        })
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
        let Some(channel) = self.joined_channel(act, &send.topic, draft) else {
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
                    OutgoingPayload::Json(data) => self.json(act, data).map(Content::Json),
                    OutgoingPayload::Binary(bytes) => {
                        if !self.fits_into_bytes(act, &event, &draft.joins[usize::from(channel)].topic) {
                            return;
                        }
                        Some(Content::Binary(bytes.as_slice().into()))
                    }
                };
                (event, payload)
            }
        };
        let (Some(payload), Some(event)) = (payload, event.as_fixed()) else {
            return self.stepped(act, "the name of an event holds a name");
        };
        let Some(answer) = self.answer(act, &send.reply) else {
            return;
        };
        let (answer, reply_said) = match self.instead.push_reply {
            Some(reply) => (reply.into(), ReplySaid::Written),
            None => (answer, self.reply_said(send.reply_said)),
        };
        let follow = match &payload {
            Content::Json(line) if line.is_marked() => Follow::ByMark,
            Content::Json(_) | Content::Binary(_) => Follow::No,
        };
        draft.steps.push(Step::Push(Push {
            channel,
            event: event.into(),
            payload,
            answer,
            reply_said,
            left_out: None,
            follow,
            together: draft.together,
        }));
    }

    /// A built-in scenario knows its channels, so a missing reply step is intended there, except with `--push`.
    fn reply_said(&self, said: ReplySaid) -> ReplySaid {
        match (self.silence, &self.instead.push) {
            (Silence::IsFailure, None) => ReplySaid::Written,
            (Silence::IsFailure | Silence::MayBeMeant, _) => said,
        }
    }

    /// Whether the serializer can encode a binary push.
    fn fits_into_bytes(&mut self, act: &Act, event: &Line, topic: &Line) -> bool {
        const MOST: usize = 255;
        let (title, help) = if self.vsn == Vsn::V1 {
            (
                "serializer 1.0.0 cannot carry a binary push",
                "run it with --vsn 2.0.0, or write `with` in place of `binary`",
            )
        } else if event.longest() <= MOST && topic.longest() <= MOST {
            return true;
        } else if topic.as_fixed().is_none() {
            // With the name of an instance it may fit.
            self.stepped(act, "a binary push has a topic of about 255 bytes");
            return false;
        } else {
            (
                "a binary frame has no room for more than 255 bytes of topic, and as many of event",
                "use a shorter one, or write `with` in place of `binary`",
            )
        };
        self.problem(act, title, help);
        false
    }

    fn answer(&mut self, act: &Act, reply: &ExpectedReply) -> Option<Answer> {
        let (status, content) = match reply {
            ExpectedReply::None => return Some(Answer::None),
            ExpectedReply::Any => return Some(Answer::Any),
            ExpectedReply::Status(status, content) => (self.text(act, status)?, content),
        };
        let content = match content {
            _ if self.instead.push.is_some() => None,
            Expected::Json(pattern) => Some(pattern.clone()),
            Expected::Unjudged => None,
            Expected::Binary(_) => {
                self.stepped(act, "a reply is compared byte by byte");
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
            self.stepped(act, "a `receive` has a `ref`, a `join_ref` or a `save`");
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
            // With `--push`, the resulting broadcast depends on the user's server.
            _ if self.instead.push.is_some() => None,
            Expected::Json(pattern) => Some(pattern.clone()),
            Expected::Unjudged => None,
            Expected::Binary(_) => {
                return self.stepped(act, "a message is compared byte by byte");
            }
        };
        let event: Box<str> = event.as_fixed().unwrap_or_default().into();
        draft.hear(&event, channel);
        let Some(number) = self.awaited(act, event, channel, draft) else {
            return;
        };
        let awaited = &mut draft.awaited[usize::from(number)];
        match content {
            Some(pattern) => awaited.contents.push(pattern),
            None => awaited.takes_all = true,
        }
        draft.steps.push(Step::Receive {
            awaited: number,
            within: receive.within,
        });
    }

    /// The index of an awaited message in the role's list; adds the message if no earlier step waits for it.
    fn awaited(&mut self, act: &Act, event: Box<str>, channel: Option<u8>, draft: &mut Draft) -> Option<u8> {
        let mut others = draft.awaited.iter().filter(|it| it.event == event);
        if others.any(|it| it.channel.is_none() != channel.is_none()) {
            self.stepped(act, "an actor waits for an event both on one topic and on any");
            return None;
        }
        let known = |it: &Awaited| it.event == event && it.channel == channel;
        let index = draft
            .awaited
            .iter()
            .position(known)
            .unwrap_or(draft.awaited.len());
        if index >= MOST_AWAITED {
            self.stepped(act, "an actor waits for more than four different messages");
            return None;
        }
        if index == draft.awaited.len() {
            draft.awaited.push(Awaited {
                event,
                known: match self.instead.push {
                    Some(_) => Known::ByEventOrMark,
                    None => Known::ByEvent,
                },
                channel,
                contents: Vec::new(),
                takes_all: false,
            });
        }
        u8::try_from(index).ok()
    }
}

impl Draft {
    /// The last join of a channel.
    fn latest_entry(&self, index: usize) -> &Entry {
        let again = self.steps.iter().rev().find_map(|step| match step {
            Step::Join { channel, entry } if usize::from(*channel) == index => Some(usize::from(*entry)),
            _ => None,
        });
        &self.entries[again.unwrap_or(index)]
    }

    /// Updates the status of a channel when the role awaits its close or crash.
    fn hear(&mut self, event: &str, channel: Option<u8>) {
        let status = match event {
            CLOSE => ChannelStatus::Over,
            ERROR => ChannelStatus::Lost,
            _ => return,
        };
        // Without a topic, the message belongs to the only channel.
        let index = channel.map_or(0, usize::from);
        if channel.is_some() || self.standings.len() == 1 {
            self.standings[index] = status;
        }
    }
}
