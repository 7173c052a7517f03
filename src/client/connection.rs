//! Connecting, losing the connection and reconnecting (`connection.js` and the first half of `socket.js`).

use super::channel::Line;
use super::config::NEVER;
use super::link::{Heartbeat, Link};
use super::{ChannelState, ClientContext, CloseCause, ErrorCause, Event, Policy, Ref, Socket};
use crate::protocol::Message;

impl Socket {
    /// Connects, unless the socket is connected or connecting already.
    pub fn connect(&mut self, context: &mut ClientContext<'_>) {
        if let Link::Idle = self.link {
            self.link = Link::Connecting { tries: 0 };
            context.out.connect();
        }
    }

    /// The driver reports that the connection is open.
    pub fn handle_open(&mut self, context: &mut ClientContext<'_>) {
        let Link::Connecting { .. } = self.link else {
            return;
        };
        self.link = Link::Open {
            heartbeat: Heartbeat::rest(context.config, context.now),
        };
        context.out.event(Event::Opened);
        if context.config.policy == Policy::PhoenixJs {
            self.send_waiting_joins(context);
            self.rejoin_errored(context);
        }
    }

    /// The driver reports that the connection ended, was refused or could not be opened. The close code does
    /// not matter: phoenix.js 1.8.16 treats all of them alike.
    pub fn handle_closed(&mut self, context: &mut ClientContext<'_>) {
        let before = self.link;
        self.link = before.closed(context.config, context.now);
        if let Link::Connecting { .. } | Link::Open { .. } = before {
            self.error_channels(context);
            self.tell_disconnected(context);
        }
    }

    /// Sends a heartbeat now, unless the previous one has no reply yet.
    pub fn heartbeat(&mut self, context: &mut ClientContext<'_>) -> Option<Ref> {
        let Link::Open { heartbeat } = &mut self.link else {
            return None;
        };
        if let Heartbeat::Unanswered { .. } = heartbeat {
            return None;
        }
        let reference = self.refs.next();
        *heartbeat = Heartbeat::Unanswered {
            reference,
            sent_at: context.now,
        };
        context
            .out
            .transmit(&Message::heartbeat(reference.text().as_str()));
        Some(reference)
    }

    /// Does what the link has to do at its deadline.
    pub(super) fn link_is_due(&mut self, context: &mut ClientContext<'_>) {
        match self.link {
            Link::Idle | Link::Connecting { .. } => {}
            Link::Open {
                heartbeat: Heartbeat::Resting { .. },
            } => drop(self.heartbeat(context)),
            Link::Open {
                heartbeat: Heartbeat::Unanswered { sent_at, .. },
            } => {
                self.link = Link::Closing { since: context.now };
                context.out.close(Some(1000), "heartbeat timeout");
                context.out.event(Event::HeartbeatTimedOut { sent_at });
                self.error_channels(context);
                self.tell_disconnected(context);
            }
            Link::Closing { .. } => self.reconnect(context, 1),
            Link::Waiting { tries, .. } => self.reconnect(context, tries.saturating_add(1)),
        }
    }

    fn reconnect(&mut self, context: &mut ClientContext<'_>, tries: u32) {
        self.link = Link::Connecting { tries };
        context.out.connect();
    }

    /// Sends the joins that were begun without a connection. They keep their ref and their deadline.
    fn send_waiting_joins(&mut self, context: &mut ClientContext<'_>) {
        for channel in self.channels.iter() {
            if let ChannelState::Joining { .. } = channel.state {
                channel.send_join(context);
            }
        }
    }

    fn rejoin_errored(&mut self, context: &mut ClientContext<'_>) {
        for index in 0..self.channels.len() {
            if let Some(channel) = self.channels.get(index)
                && let ChannelState::Errored { .. } = channel.state
            {
                self.start_join(context, channel.id, 0);
            }
        }
    }

    /// Moves every channel to its errored state, because the connection ended.
    pub(super) fn error_channels(&mut self, context: &mut ClientContext<'_>) {
        let mut index = 0;
        while let Some(channel) = self.channels.get_mut(index) {
            let (id, before) = (channel.id, channel.state);
            channel.state = before.errored(context, Line::Down);
            let count = self.channels.len();
            match before {
                ChannelState::Joining { .. } | ChannelState::Joined { .. } => {
                    let cause = ErrorCause::Connection;
                    context.out.event(Event::Errored { channel: id, cause });
                }
                ChannelState::Leaving { .. } => self.close_channel(context, index, CloseCause::LeftUnheard),
                ChannelState::Errored { .. } | ChannelState::Closed { .. } => {}
            }
            // A closed channel was removed, so the next one has moved to its index.
            index += 1 + self.channels.len() - count;
        }
    }

    fn tell_disconnected(&self, context: &mut ClientContext<'_>) {
        let at = self.link.deadline(context.config);
        let reconnect_at = Some(at).filter(|&at| at != NEVER);
        context.out.event(Event::Disconnected { reconnect_at });
    }
}
