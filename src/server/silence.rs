//! Deadlines of connections: silent clients, late heads, readers that do not read.

use std::time::Duration;

use super::core::{Alarm, Core};
use super::peer::{PeerStage, Voice};
use crate::clock::Time;

impl Core {
    /// The client is there.
    pub(crate) fn refresh(&mut self, peer: u32) {
        let now = self.now;
        let grace = self.shared.conduct.wire.idle_grace_percent;
        if let Some(receiver) = self.peers.get_mut(peer as usize)
            && let PeerStage::Socket(socket) = &receiver.stage
        {
            receiver.deadline = now + socket.idle + socket.idle * grace / 100;
        }
    }

    /// Sees to it that the connection's deadline is looked at when it comes.
    pub(crate) fn watch(&mut self, peer: u32) {
        let Some(receiver) = self.peers.get_mut(peer as usize) else {
            return;
        };
        if receiver.deadline < receiver.alarm {
            receiver.alarm = receiver.deadline;
            let alarm = Alarm::Silence {
                peer,
                serial: receiver.serial,
            };
            self.timers.set(receiver.deadline, alarm);
        }
    }

    /// An alarm of a connection: its deadline may have moved meanwhile.
    pub(crate) fn silence(&mut self, peer: u32, serial: u32, set_for: Time) {
        let (now, idle) = (self.now, self.shared.conduct.wire.idle);
        let Some(receiver) = self
            .peers
            .get_mut(peer as usize)
            .filter(|receiver| receiver.serial == serial && receiver.alarm == set_for)
        else {
            return;
        };
        if receiver
            .backlog
            .as_ref()
            .is_some_and(|backlog| now.since(backlog.since) >= SEND_TIMEOUT)
        {
            return self.drop_peer(peer);
        }
        if now < receiver.deadline || receiver.is_blocked() {
            // A process that is blocked hears no timer; it is looked at again soon.
            receiver.alarm = if now < receiver.deadline {
                receiver.deadline
            } else {
                now + LOOK_AGAIN
            };
            return self.timers.set(receiver.alarm, Alarm::Silence { peer, serial });
        }
        receiver.alarm = Time::MAX;
        match (&receiver.stage, idle) {
            (PeerStage::Socket(socket), Some(ending)) => {
                if socket.voice == Voice::Silent {
                    self.drop_peer(peer);
                } else {
                    self.hang_up(peer, ending);
                }
            }
            (PeerStage::Socket(_), None) => {
                self.refresh(peer);
                self.watch(peer);
            }
            (PeerStage::Http(..), _) => self.head_is_late(peer),
            (PeerStage::Leaving, _) => self.drop_peer(peer),
        }
    }
}

/// As ThousandIsland and Ranch have it.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);
const LOOK_AGAIN: Duration = Duration::from_millis(500);
