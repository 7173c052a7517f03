//! How channels end, each alone or all with their session, and how a session handles the messages in its mailbox.

use std::sync::Arc;

use super::super::alarm::Alarm;
use super::super::chance::Freedom;
use super::super::channel::Reason;
use super::super::conduct::{
    AfterLeave, Contagion, Crash, DeadSubscription, Ending, Hangup, HangupScope, Leave, LeaveScope,
    NormalStop,
};
use super::super::context::{Action, Tells};
use super::super::ids::{Address, ChannelId, SessionId};
use super::super::mailbox::SessionMessage;
use super::super::message::{Encoded, End};
use super::super::payload::{Body, Status};
use super::super::pubsub::Broadcast;
use super::super::session::Entry;
use super::Channels;
use super::actions::Diff;
use crate::protocol::{ERROR, Field};

/// The effect of a mailbox message, over WebSocket and over long poll.
#[derive(Debug)]
pub(crate) enum Mail {
    /// The session sends this message to the client.
    Told(Encoded),
    /// The session handled it. Messages for the client are in `Sessions::said`.
    Handled,
    /// The session ends. A WebSocket closes with this ending.
    Ends(Ending),
}

/// The session's process raised.
const CRASHED: Ending = Ending {
    code: 1011,
    hangup: Hangup::AtOnce,
};

impl Channels {
    /// A leave has reached its channel.
    pub(super) fn leave(&mut self, address: Address, reference: &Field<'_>) {
        let conduct = &self.shared.conduct.socket;
        let (leave, after, scope) = (conduct.leave, conduct.after_leave, conduct.leave_scope);
        if leave == Leave::Answered
            && let Err(raised) = self.reply_out(address, reference, Status::Ok, &Body::empty())
        {
            return self.end(address, &Reason::Crash(raised.to_string()));
        }
        match after {
            AfterLeave::Gone => self.end(address, &Reason::Shutdown),
            AfterLeave::Served => self.sessions.send_end(address, End::Closed),
        }
        if scope == LeaveScope::Connection {
            self.end_silently(address.session);
        }
    }

    /// Ends a channel and tells its session, now or a little later.
    pub(super) fn end(&mut self, address: Address, why: &Reason) {
        if self.sessions.process(address).is_none() {
            return;
        }
        if let Reason::Crash(_) = why
            && self.shared.conduct.socket.crash == Crash::ToldAndServed
        {
            let payload = self.shared.conduct.socket.crash_payload;
            return self.sessions.send_end(address, End::Crashed(payload));
        }
        let channels = &self.shared.conduct.channels;
        if *why == Reason::Normal && channels.normal_stop == NormalStop::Untold {
            self.terminate(address, why);
            self.sessions.remove_channel(address);
            return;
        }
        if let Reason::Crash(_) = why
            && self.is_contagious()
            && let Some(topic) = self.sessions.joined_topic(address)
        {
            self.spread_on(topic, address.channel);
        }
        let message = match why {
            Reason::Normal | Reason::Shutdown => SessionMessage::ChannelClosed(address.channel),
            Reason::Crash(_) => SessionMessage::ChannelDown(address.channel),
        };
        match self.chance.delay(Freedom::LateEnd) {
            None => self.sessions.mailboxes.send(address.session, message),
            Some(late) => self.timers.after(late, Alarm::Session(address.session, message)),
        }
        self.terminate(address, why);
    }

    /// Whether the crash of a channel is told to others.
    fn is_contagious(&mut self) -> bool {
        match self.shared.conduct.channels.contagion {
            Contagion::OfCrashes => true,
            Contagion::OfFifthCrash => {
                self.crashes += 1;
                self.crashes.is_multiple_of(5)
            }
            Contagion::Nobody | Contagion::OfCuts | Contagion::OfMalformed => false,
        }
    }

    /// Tells all who share a topic with a session that their channels have crashed.
    pub(crate) fn spread(&mut self, session: SessionId) {
        let channels = self.sessions.get(session).into_iter();
        let channels: Vec<_> = channels
            .flat_map(|session| &session.channels)
            .map(|entry| (Arc::clone(&entry.topic), entry.id))
            .collect();
        for (topic, channel) in channels {
            self.spread_on(topic, channel);
        }
    }

    /// Tells all others on a topic that their channels have crashed.
    fn spread_on(&mut self, topic: Arc<str>, from: ChannelId) {
        let payload = Body::Json(self.shared.conduct.socket.crash_payload.into());
        let broadcast = Broadcast::new(topic, ERROR.into(), payload, Some(from));
        // An object, which every serializer can write.
        let _ = self.broadcast(&Arc::new(broadcast), from);
    }

    /// A channel ends because the server does: its session first.
    pub(super) fn drained(&mut self, address: Address) {
        self.sessions
            .mailboxes
            .send(address.session, SessionMessage::Drain);
        self.terminate(address, &Reason::Shutdown);
        self.sessions
            .mailboxes
            .send(address.session, SessionMessage::ChannelDown(address.channel));
    }

    /// Ends a channel: it is subscribed no more, its `terminate` is called, and what waits for it is lost.
    pub(super) fn terminate(&mut self, address: Address, why: &Reason) {
        let Some(topic) = self.sessions.entry(address).map(|entry| Arc::clone(&entry.topic)) else {
            return;
        };
        let leave = self.end_subscription(address);
        let Some(_) = self.call(address, &Field::Null, |channel, cx| channel.terminate(why, cx)) else {
            return;
        };
        let mut last_actions = std::mem::take(&mut self.actions);
        for action in last_actions.drain(..) {
            let topic = Arc::clone(&topic);
            match action {
                Action::Broadcast { event, body, .. } => {
                    let broadcast = Arc::new(Broadcast::new(topic, event, body, None));
                    // The channel has ended: an error has nobody left to crash.
                    let _ = self.broadcast(&broadcast, address.channel);
                }
                Action::Diff { body, tells, to } => self.tell(Diff {
                    broadcast: Arc::new(Broadcast::of_presence(topic, body, to, address.channel)),
                    of: address,
                    tells: if tells == Tells::Leave { leave } else { tells },
                }),
                _ => {}
            }
        }
        self.actions = last_actions;
        if let Some(entry) = self.sessions.entry_mut(address) {
            entry.process = None;
        }
    }

    /// Ends the subscription of a channel that has ended: at once, or a little later. Tells how its presence ends.
    fn end_subscription(&mut self, address: Address) -> Tells {
        let Some((topic, slot)) = self.take_subscription(address) else {
            return Tells::Hangup;
        };
        let later = self.chance.delay(Freedom::DeadSubscription);
        let never = self.shared.conduct.socket.dead_subscription == DeadSubscription::LivesOn;
        if later.is_none() && !never {
            self.pubsub.unsubscribe(&topic, slot);
            return Tells::Leave;
        }
        let number = self.pubsub.outlive(address, topic, slot);
        if let Some(later) = later.filter(|_| !never) {
            self.timers.after(later, Alarm::Forget(number));
        }
        Tells::Leave
    }

    /// A channel is subscribed no more.
    pub(super) fn take_subscription(&mut self, address: Address) -> Option<(Arc<str>, u32)> {
        self.change_subscription(address.session, |it| {
            it.sessions.entry_mut(address).and_then(Entry::take_subscription)
        })
    }

    /// Ends a session with all its channels, as they end when its process does: after all that the client sent before.
    pub(crate) fn close_session(&mut self, session: SessionId) {
        self.run_ready();
        let forgotten = self.shared.conduct.socket.hangup_scope == HangupScope::ForgetsChannels;
        while let Some(channel) = self
            .sessions
            .get(session)
            .and_then(|session| Some(session.channels.last()?.id))
        {
            let address = Address { session, channel };
            if let Some((topic, slot)) = self.take_subscription(address) {
                self.pubsub.unsubscribe(&topic, slot);
            }
            if !forgotten {
                self.terminate(address, &Reason::Shutdown);
            }
            self.sessions.remove_channel(address);
        }
        self.pubsub.forget_all(session);
        self.sessions.remove(session);
    }

    /// Ends the channels of a session that have not ended, and tells nobody.
    fn end_silently(&mut self, session: SessionId) {
        let Some(channels) = self.sessions.get(session) else {
            return;
        };
        let alive: Vec<_> = channels.processes().map(|(channel, _)| channel).collect();
        for channel in alive {
            let address = Address { session, channel };
            self.terminate(address, &Reason::Shutdown);
            self.sessions.remove_channel(address);
        }
    }

    /// A session handles the next message in its mailbox. Its own messages to the client are in `Sessions::said`.
    pub(crate) fn handle_mail(&mut self, session: SessionId, message: SessionMessage) -> Mail {
        let conduct = &self.shared.conduct;
        match message {
            SessionMessage::Client(message) => Mail::Told(message),
            SessionMessage::ChannelClosed(channel) => {
                self.tell_end(Address { session, channel }, End::Closed);
                Mail::Handled
            }
            SessionMessage::ChannelDown(channel) => {
                let payload = conduct.socket.crash_payload;
                match conduct.socket.crash {
                    Crash::Told | Crash::ToldAndServed => {
                        self.tell_end(Address { session, channel }, End::Crashed(payload));
                        Mail::Handled
                    }
                    Crash::Untold => {
                        self.sessions.remove_channel(Address { session, channel });
                        Mail::Handled
                    }
                    Crash::EndsConnection => {
                        let removed = self.sessions.remove_channel(Address { session, channel });
                        removed.map_or(Mail::Handled, |_| Mail::Ends(CRASHED))
                    }
                }
            }
            SessionMessage::Disconnect => conduct.wire.disconnect.map_or(Mail::Handled, Mail::Ends),
            SessionMessage::Drain => Mail::Ends(conduct.wire.drain),
        }
    }

    /// A session forgets a channel that has ended, and tells the client.
    fn tell_end(&mut self, address: Address, end: End) {
        let entry = self.sessions.remove_channel(address);
        if let Some(entry) = entry
            && let Some(session) = self.sessions.get(address.session)
        {
            let message = entry.end(session.dialect, end);
            self.sessions.said.push(message);
        }
    }
}
