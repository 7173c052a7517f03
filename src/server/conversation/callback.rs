//! Calls a channel's callback, carries out what it wanted, and goes by what it returned.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::super::channel::{Body, Channel, Next, Reason, Status};
use super::super::conduct::{Nulls, PushReach, ReplyCount, ReplyJoinRef, ReplyOrder, ReplyRefs, SenderOrder};
use super::super::context::{Action, Context, Conversation, Reach};
use super::super::core::{Alarm, Core};
use super::super::elixir::quote;
use super::super::message::{self, Encoded, Raised, ReplyTo};
use super::super::peer::{Mail, Socket};
use super::super::pubsub::{Address, Broadcast};
use super::super::refs::borrowed;
use super::super::tracker::Diff;
use super::{Entry, Letter, Process, Unfinished, Work};
use crate::protocol::{Field, FrameKind, json};

impl Core {
    /// Calls a channel. None: it has ended. An error: it raised.
    pub(crate) fn call<R>(
        &mut self,
        address: Address,
        reference: &Field<'_>,
        callback: impl FnOnce(&mut dyn Channel, &mut Context<'_>) -> R,
    ) -> Option<Result<R, String>> {
        let Core {
            peers,
            actions,
            shared,
            now,
            chance,
            ..
        } = self;
        let Socket { user, channels, .. } = peers.get_mut(address.peer as usize)?.socket()?;
        let entry = channels
            .iter_mut()
            .find(|entry| entry.id == address.conversation)?;
        let process = entry.process.as_mut()?;
        actions.clear();
        let mut cx = Context {
            conversation: Conversation {
                id: entry.id,
                user,
                topic: &entry.topic,
            },
            reference: &borrowed(reference),
            now: *now,
            conduct: &shared.conduct.app,
            presence: &shared.presence,
            chance,
            actions,
        };
        let result = catch_unwind(AssertUnwindSafe(|| callback(&mut *process.channel, &mut cx)));
        Some(result.map_err(|panic| {
            actions.clear();
            panic_text(&*panic)
        }))
    }

    /// Carries out what a callback wanted, and then what it returned.
    pub(super) fn follow(
        &mut self,
        address: Address,
        reference: &Field<'_>,
        next: Option<Result<Next, String>>,
    ) {
        let next = match next {
            None => return,
            Some(Ok(next)) => next,
            Some(Err(text)) => return self.end(address, &Reason::Crash(text)),
        };
        let late = self.shared.conduct.socket.sender_order == SenderOrder::ReplyFirst;
        if late && let Next::Reply(status, body) = &next {
            let replied = self.reply_out(address, reference, *status, body);
            let done = replied.and_then(|()| self.carry_out(address));
            return self.crash_if(address, done);
        }
        match self.carry_out(address) {
            Ok(()) => self.finish(address, reference, next),
            Err(raised) => self.end(address, &Reason::Crash(raised.to_string())),
        }
    }

    pub(super) fn finish(&mut self, address: Address, reference: &Field<'_>, next: Next) {
        match next {
            Next::NoReply => {}
            Next::Reply(status, body) => {
                let replied = self.reply_out(address, reference, status, &body);
                if replied.is_ok() && self.shared.conduct.socket.reply_order == ReplyOrder::PairsSwapped {
                    self.swap_reply(address);
                }
                self.crash_if(address, replied);
            }
            Next::BusyFor(time, next) => {
                self.set_work(address, reference, Some(*next));
                self.timers.set(self.now + time, Alarm::Wake(address));
            }
            Next::Handle(info) => self.handle_info(address, info),
            Next::Call(request) => {
                self.set_work(address, reference, None);
                self.ask_store(address, request);
            }
            Next::Stop(reason) => self.end(address, &reason),
            Next::StopWithReply(reason, status, body) => {
                match self.reply_out(address, reference, status, &body) {
                    Ok(()) => self.end(address, &reason),
                    Err(raised) => self.end(address, &Reason::Crash(raised.to_string())),
                }
            }
        }
    }

    fn crash_if(&mut self, address: Address, done: Result<(), Raised>) {
        if let Err(raised) = done {
            self.end(address, &Reason::Crash(raised.to_string()));
        }
    }

    fn set_work(&mut self, address: Address, reference: &Field<'_>, next: Option<Next>) {
        if let Some(process) = self.process(address) {
            process.work = Work::Busy(Box::new(Unfinished {
                reference: reference.into(),
                next,
            }));
        }
    }

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
                let Some(topic) = self.joined_topic(address) else {
                    return Err(Raised::NotJoined);
                };
                let except = (to == Reach::Others).then_some(address.conversation);
                self.broadcast(
                    &Arc::new(Broadcast::new(topic, event, body, except)),
                    address.conversation,
                )
            }
            Action::Diff { body, tells, to } => {
                let topic = self.joined_topic(address).ok_or(Raised::NotJoined)?;
                self.tell(Diff {
                    broadcast: Arc::new(Broadcast::of_presence(topic, body, to, address.conversation)),
                    of: address,
                    tells,
                });
                Ok(())
            }
            Action::SendAfter { delay, info } => {
                if delay.is_zero() {
                    self.post(address, Letter::Info(info));
                } else {
                    self.timers.set(self.now + delay, Alarm::Info(address, info));
                }
                Ok(())
            }
            Action::SendEvery { interval, info } => {
                let interval = interval.max(SHORTEST_INTERVAL);
                self.timers
                    .set(self.now + interval, Alarm::Every(address, interval, info));
                Ok(())
            }
        }
    }

    /// The topic of a channel that has joined.
    fn joined_topic(&mut self, address: Address) -> Option<Arc<str>> {
        let entry = self.socket(address.peer)?.entry(address.conversation)?;
        entry.seat.is_some().then(|| entry.topic.clone())
    }

    pub(super) fn push_out(&mut self, address: Address, event: &str, body: &Body) -> Result<(), Raised> {
        if self.shared.conduct.socket.push_reach == PushReach::Topic
            && let Some(topic) = self.joined_topic(address)
        {
            let broadcast = Broadcast::new(topic, event.into(), body.clone(), Some(address.conversation));
            self.broadcast(&Arc::new(broadcast), address.conversation)?;
        }
        self.tell_client(address, |socket, entry, process, out| {
            entry.seat.ok_or(Raised::NotJoined)?;
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

    /// Encodes in the channel's process, and sends the message to the connection's.
    fn tell_client(
        &mut self,
        address: Address,
        encode: impl FnOnce(&Socket, &Entry, &Process, &mut Vec<u8>) -> Result<FrameKind, Raised>,
    ) -> Result<(), Raised> {
        let Some(peer) = self.peers.get_mut(address.peer as usize) else {
            return Ok(());
        };
        let Some(socket) = peer.socket() else {
            return Ok(());
        };
        let Some(entry) = socket
            .channels
            .iter()
            .find(|entry| entry.id == address.conversation)
        else {
            return Ok(());
        };
        let Some(process) = &entry.process else {
            return Ok(());
        };
        let message = Encoded::own(|out| encode(socket, entry, process, out))?;
        self.mail(address.peer, Mail::Message(message));
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

/// `:timer.send_interval` takes whole milliseconds.
const SHORTEST_INTERVAL: std::time::Duration = std::time::Duration::from_millis(1);

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the channel panicked".to_owned())
}
