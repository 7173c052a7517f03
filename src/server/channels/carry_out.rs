//! Carries out what a channel's callback asked for: pushes, replies, broadcasts, timers.

use std::sync::Arc;
use std::time::Duration;

use super::super::channel::{Body, Status};
use super::super::conduct::{Nulls, PushReach, ReplyCount, ReplyJoinRef, ReplyRefs};
use super::super::context::{Action, Reach};
use super::super::elixir::quote;
use super::super::mailbox::SessionMessage;
use super::super::message::{self, Encoded, Raised, ReplyTo};
use super::super::presence_diffs::Diff;
use super::super::process::{ChannelMessage, Process};
use super::super::pubsub::Broadcast;
use super::super::refs::borrowed;
use super::super::session::{Address, Entry, Session};
use super::{Alarm, Channels};
use crate::protocol::{Field, FrameKind, json};

/// `:timer.send_interval` takes whole milliseconds.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(1);

impl Channels {
    /// Carries out what the last callback wanted. An error: Phoenix raises at that place, the rest is not done.
    pub(crate) fn carry_out(&mut self, address: Address) -> Result<(), Raised> {
        let mut actions = std::mem::take(&mut self.actions);
        let done = actions.drain(..).try_for_each(|action| self.act(address, action));
        self.actions = actions;
        done
    }

    fn act(&mut self, address: Address, action: Action) -> Result<(), Raised> {
        match action {
            Action::Push { event, body } => self.push_out(address, &event, &body),
            Action::Reply { to, status, body } => {
                self.reply_out(address, &to.reference.field(), status, &body)
            }
            Action::Broadcast { event, body, to } => {
                let Some(topic) = self.sessions.joined_topic(address) else {
                    return Err(Raised::NotJoined);
                };
                let except = (to == Reach::Others).then_some(address.channel);
                self.broadcast(
                    &Arc::new(Broadcast::new(topic, event, body, except)),
                    address.channel,
                )
            }
            Action::Diff { body, tells, to } => {
                let topic = self.sessions.joined_topic(address).ok_or(Raised::NotJoined)?;
                self.tell(Diff {
                    broadcast: Arc::new(Broadcast::of_presence(topic, body, to, address.channel)),
                    of: address,
                    tells,
                });
                Ok(())
            }
            Action::SendAfter { delay, info } => {
                if delay.is_zero() {
                    self.sessions.post(address, ChannelMessage::Info(info));
                } else {
                    self.timers.after(delay, Alarm::Info(address, info));
                }
                Ok(())
            }
            Action::SendEvery { interval, info } => {
                let interval = interval.max(SHORTEST_INTERVAL);
                self.timers.after(interval, Alarm::Every(address, interval, info));
                Ok(())
            }
        }
    }

    pub(super) fn push_out(&mut self, address: Address, event: &str, body: &Body) -> Result<(), Raised> {
        if self.shared.conduct.socket.push_reach == PushReach::Topic
            && let Some(topic) = self.sessions.joined_topic(address)
        {
            let broadcast = Broadcast::new(topic, event.into(), body.clone(), Some(address.channel));
            self.broadcast(&Arc::new(broadcast), address.channel)?;
        }
        self.tell_client(address, |socket, entry, process, out| {
            entry.subscription.ok_or(Raised::NotJoined)?;
            message::push(
                socket.dialect,
                &process.join_ref,
                (&entry.topic, event),
                body,
                out,
            )
        })
    }

    pub(crate) fn reply_out(
        &mut self,
        address: Address,
        reference: &Field<'_>,
        status: Status,
        body: &Body,
    ) -> Result<(), Raised> {
        let conduct = &self.shared.conduct.socket;
        let (refs, join_ref, count) = (conduct.reply_refs, conduct.reply_join_ref, conduct.reply_count);
        let without;
        let body = match conduct.nulls {
            Nulls::Kept => body,
            Nulls::Dropped => {
                without = without_nulls(body);
                &without
            }
        };
        let times = match count {
            ReplyCount::Once => 1,
            ReplyCount::Twice => 2,
        };
        (0..times).try_for_each(|_| {
            self.tell_client(address, |socket, entry, process, out| {
                let to = ReplyTo {
                    join_ref: match join_ref {
                        ReplyJoinRef::Own => process.join_ref.field(),
                        ReplyJoinRef::Foreign => "0".into(),
                    },
                    reference: match refs {
                        ReplyRefs::Echoed => borrowed(reference),
                        ReplyRefs::Missing => Field::Null,
                    },
                    topic: (&*entry.topic).into(),
                };
                message::reply(socket.dialect, to, status, body, out)
            })
        })
    }

    /// Encodes in the channel's process, and sends the message to the session's.
    fn tell_client(
        &mut self,
        address: Address,
        encode: impl FnOnce(&Session, &Entry, &Process, &mut Vec<u8>) -> Result<FrameKind, Raised>,
    ) -> Result<(), Raised> {
        let Some(session) = self.sessions.get(address.session) else {
            return Ok(());
        };
        let Some(entry) = session.entry(address.channel) else {
            return Ok(());
        };
        let Some(process) = &entry.process else {
            return Ok(());
        };
        let message = Encoded::own(|out| encode(session, entry, process, out))?;
        self.mailboxes
            .send(address.session, SessionMessage::Client(message));
        Ok(())
    }
}

/// An object without its members that are null; anything else as it is.
fn without_nulls(body: &Body) -> Body {
    let Body::Json(text) = body else {
        return body.clone();
    };
    let Ok(members) = json::members(text).collect::<Result<Vec<_>, _>>() else {
        return body.clone();
    };
    if members.is_empty() {
        return body.clone();
    }
    let kept: Vec<String> = members
        .iter()
        .filter(|(_, value)| *value != "null")
        .map(|(key, value)| format!("{}:{value}", quote(key)))
        .collect();
    Body::Json(format!("{{{}}}", kept.join(",")).into())
}
