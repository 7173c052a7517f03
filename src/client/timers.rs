//! All timers of a socket: the next deadline, and what is due at it.

use super::channel::Line;
use super::config::NEVER;
use super::{ChannelId, ChannelState, ClientContext, CloseCause, Config, Event, Socket};
use crate::clock::Time;

/// The owner of a deadline. Deadlines at the same time run in this order. It is mostly that of phoenix.js,
/// where the timer that was set first runs first: a heartbeat waits longer than a join, and a join is set
/// before its pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Link,
    Channel(ChannelId),
    Push,
}

impl Socket {
    /// When [`handle_timeout`](Self::handle_timeout) has to be called, or nothing if no timer is set. Every
    /// other call may change it.
    pub fn next_deadline(&self, config: &Config) -> Option<Time> {
        Some(self.next_due(config).0).filter(|&at| at != NEVER)
    }

    /// Runs all timers that are due by now, in the order of their deadlines.
    pub fn handle_timeout(&mut self, context: &mut ClientContext<'_>) {
        loop {
            let (at, due) = self.next_due(context.config);
            if at > context.now || at == NEVER {
                return;
            }
            match due {
                Due::Channel(id) => self.channel_is_due(context, id),
                Due::Push => self.push_is_due(context),
                Due::Link => self.link_is_due(context),
            }
        }
    }

    /// Gives up all pushes without a reply, as if their time were up.
    pub fn give_up_pushes(&mut self, context: &mut ClientContext<'_>) {
        while self.pending.deadline(context.config.timeout).is_some() {
            self.push_is_due(context);
        }
    }

    fn next_due(&self, config: &Config) -> (Time, Due) {
        let link = (self.link.deadline(config), Due::Link);
        let channels = self.channels.iter();
        let channels = channels.map(|channel| (channel.state.deadline(config), Due::Channel(channel.id)));
        let push = self.pending.deadline(config.timeout).map(|at| (at, Due::Push));
        let first = |soonest: (Time, Due), next: (Time, Due)| if next.0 < soonest.0 { next } else { soonest };
        channels.chain(push).fold(link, first)
    }

    fn channel_is_due(&mut self, context: &mut ClientContext<'_>, id: ChannelId) {
        let Some(index) = self.position(id) else {
            return;
        };
        match self.state(id) {
            Some(ChannelState::Joining { since, tries, .. }) => {
                self.join_timed_out(context, index, since, tries)
            }
            Some(ChannelState::Errored { tries, .. }) => {
                self.start_join(context, id, tries.saturating_add(1))
            }
            Some(ChannelState::Leaving { since, .. }) => {
                self.close_channel(context, index, CloseCause::LeaveTimedOut { sent_at: since });
            }
            Some(ChannelState::Joined { .. } | ChannelState::Closed { .. }) | None => {}
        }
    }

    /// Leaves the join that timed out before the next join, because the server may have accepted it and only
    /// the reply was lost.
    fn join_timed_out(&mut self, context: &mut ClientContext<'_>, index: usize, sent_at: Time, tries: u32) {
        let line = self.line(context.config);
        let Some(channel) = self.channels.get_mut(index) else {
            return;
        };
        let leave_ref = self.refs.next();
        if line == Line::Up {
            channel.send_leave(context, leave_ref);
        }
        channel.state = ChannelState::rejoining(context, line, None, tries);
        let channel = channel.id;
        context.out.event(Event::JoinTimedOut { channel, sent_at });
    }

    fn push_is_due(&mut self, context: &mut ClientContext<'_>) {
        if let Some(push) = self.pending.pop_oldest() {
            context.out.event(Event::PushTimedOut {
                channel: push.channel,
                push: push.handle,
                sent_at: push.since,
            });
        }
    }
}
