//! Handles the messages of the server (`onConnMessage` in `socket.js`, `trigger` in `channel.js`).

use super::link::{Heartbeat, Link};
use super::pending::{Push, PushStage};
use super::reference::{NamedJoin, answered};
use super::{ChannelState, ClientContext, CloseCause, DropReason, ErrorCause, Event, Ref, Socket};
use crate::clock::Time;
use crate::protocol::{CLOSE, ERROR, Message, Payload, REPLY, Reply};

impl Socket {
    /// Handles a message from the server. It is ignored if no connection is open.
    pub fn handle_message(&mut self, context: &mut ClientContext<'_>, message: &Message<'_>) {
        let Link::Open { heartbeat } = &mut self.link else {
            return;
        };
        let reference = answered(&message.reference);
        match *heartbeat {
            Heartbeat::Unanswered {
                reference: sent,
                sent_at,
            } if reference == Some(sent) => {
                *heartbeat = Heartbeat::rest(context.config, context.now);
                context.out.event(Event::HeartbeatAnswered { sent_at });
            }
            Heartbeat::Resting { .. } | Heartbeat::Unanswered { .. } => {
                self.dispatch(context, message, reference)
            }
        }
    }

    /// Passes a message to every channel that it is for; usually that is one.
    fn dispatch(&mut self, context: &mut ClientContext<'_>, message: &Message<'_>, reference: Option<Ref>) {
        let topic = message.topic.as_str();
        let join = NamedJoin::of(&message.join_ref);
        let mut heard = Err(DropReason::NoChannel);
        let mut index = 0;
        while let Some(channel) = self.channels.get(index) {
            let count = self.channels.len();
            if topic == Some(&*channel.topic) {
                heard = heard.or(if channel.is_in(join) {
                    self.deliver(context, index, message, reference)
                } else {
                    Err(DropReason::Stale(channel.id))
                });
            }
            // The message may have closed the channel, in which case the next one has moved to its index.
            index += 1 + self.channels.len() - count;
        }
        if let Err(reason) = heard {
            context.out.event(Event::Dropped { reason, message });
        }
    }

    /// Applies the message to the channel at `index`.
    fn deliver(
        &mut self,
        context: &mut ClientContext<'_>,
        index: usize,
        message: &Message<'_>,
        reference: Option<Ref>,
    ) -> Result<(), DropReason> {
        let line = self.line(context.config);
        let Some(channel) = self.channels.get_mut(index) else {
            return Err(DropReason::NoChannel);
        };
        let (id, state) = (channel.id, channel.state);
        match (message.event.as_str(), state) {
            (Some(REPLY), _) => return self.answer(context, index, message, reference),
            (_, ChannelState::Closed { .. }) => return Err(DropReason::NotJoined(id)),
            (Some(CLOSE), _) => self.close_channel(context, index, CloseCause::Server),
            (_, ChannelState::Leaving { .. }) => return Err(DropReason::NotJoined(id)),
            (Some(ERROR), _) => {
                channel.state = state.errored(context, line);
                let cause = ErrorCause::Server(message);
                context.out.event(Event::Errored { channel: id, cause });
            }
            _ => context.out.event(Event::Message { channel: id, message }),
        }
        Ok(())
    }

    /// Matches a reply with the join, the leave or the push that it answers.
    fn answer(
        &mut self,
        context: &mut ClientContext<'_>,
        index: usize,
        message: &Message<'_>,
        reference: Option<Ref>,
    ) -> Result<(), DropReason> {
        let channel = self.channels.get(index).ok_or(DropReason::NoChannel)?;
        let (id, state) = (channel.id, channel.state);
        let reference = reference.ok_or(DropReason::Unasked(id))?;
        let reply = message.reply().unwrap_or(Reply {
            status: "".into(),
            response: message.payload,
        });
        match (state, &*reply.status) {
            (ChannelState::Joining { join_ref, since, .. }, "ok") if join_ref == reference => {
                self.joined(context, index, since, reply.response);
            }
            (ChannelState::Joining { join_ref, .. }, "error") if join_ref == reference => {
                self.join_refused(context, index, reply.response);
            }
            (ChannelState::Leaving { leave_ref, since, .. }, "ok") if leave_ref == reference => {
                self.close_channel(context, index, CloseCause::Left { sent_at: since });
            }
            (_, status) => {
                let push = self
                    .pending
                    .answer(id, reference)
                    .ok_or(DropReason::Unasked(id))?;
                context.out.event(Event::Reply {
                    channel: id,
                    push: push.handle,
                    status,
                    response: reply.response,
                    sent_at: push.since,
                });
            }
        }
        Ok(())
    }

    fn joined(
        &mut self,
        context: &mut ClientContext<'_>,
        index: usize,
        sent_at: Time,
        response: Payload<'_>,
    ) {
        let Some(channel) = self.channels.get_mut(index) else {
            return;
        };
        if let Some(join_ref) = channel.state.join_ref() {
            channel.state = ChannelState::Joined { join_ref };
        }
        context.out.event(Event::Joined {
            channel: channel.id,
            response,
            sent_at,
        });
        for (handle, body) in self.pending.take_held_back(channel.id) {
            let reference = self.refs.next();
            channel.send(context, reference, &body.event, body.payload());
            self.pending.add(Push {
                channel: channel.id,
                handle,
                since: context.now,
                stage: PushStage::Sent(reference),
            });
        }
    }

    fn join_refused(&mut self, context: &mut ClientContext<'_>, index: usize, response: Payload<'_>) {
        let line = self.line(context.config);
        let Some(channel) = self.channels.get_mut(index) else {
            return;
        };
        let ChannelState::Joining {
            join_ref,
            since,
            tries,
        } = channel.state
        else {
            return;
        };
        channel.state = ChannelState::rejoining(context, line, Some(join_ref), tries);
        context.out.event(Event::JoinRefused {
            channel: channel.id,
            response,
            sent_at: since,
        });
    }
}
