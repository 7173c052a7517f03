//! Replies that come late because too many sockets have joined.

use std::time::Duration;

use super::super::alarm::Alarm;
use super::super::conduct::LateReplies;
use super::super::ids::{Address, SessionId};
use super::super::mailbox::SessionMessage;
use super::super::message::Encoded;
use super::super::session::Session;
use super::Channels;

/// How late they come.
const LATE: Duration = Duration::from_millis(200);

impl Channels {
    /// Changes the subscriptions of a session, and counts whether it is one of the joined sockets.
    pub(super) fn change_subscription<R>(
        &mut self,
        session: SessionId,
        change: impl FnOnce(&mut Self) -> R,
    ) -> R {
        let is_joined = |it: &Self| it.sessions.get(session).is_some_and(Session::is_joined);
        let before = is_joined(self);
        let result = change(self);
        match (before, is_joined(self)) {
            (false, true) => self.shared.joined.add_one(),
            (true, false) => self.shared.joined.remove_one(),
            (true, true) | (false, false) => {}
        }
        result
    }

    /// Sends a reply to a channel's client, now or late.
    pub(super) fn send_reply(&mut self, from: Address, reply: Encoded) {
        if self.are_replies_late() {
            self.timers.after(LATE, Alarm::Reply(from, reply));
        } else {
            let message = SessionMessage::Client(reply);
            self.sessions.mailboxes.send(from.session, message);
        }
    }

    /// A late reply is due. It is lost if its channel has ended meanwhile.
    pub(super) fn send_late_reply(&mut self, from: Address, reply: Encoded) {
        if self.sessions.entry(from).is_some() {
            let message = SessionMessage::Client(reply);
            self.sessions.mailboxes.send(from.session, message);
        }
    }

    /// The replies that a session's process has said since there were so many come late, if replies do now.
    pub(super) fn delay_said(&mut self, from: Address, said: usize) {
        if self.are_replies_late() {
            for reply in self.sessions.said.split_off(said) {
                self.timers.after(LATE, Alarm::Reply(from, reply));
            }
        }
    }

    fn are_replies_late(&self) -> bool {
        match self.shared.conduct.socket.late_replies {
            LateReplies::Never => false,
            LateReplies::Above(most) => self.shared.joined.count() > most,
        }
    }
}
