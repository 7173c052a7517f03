//! From a connection's mailbox to the kernel. What the kernel does not take waits, and the connection with it.

use std::io::{ErrorKind, Write};
use std::net::Shutdown;

use super::conduct::{Ending, Hangup, Malformed};
use super::core::Core;
use super::frames;
use super::peer::{Backlog, Mail, PeerStage, Queued, Voice};
use super::socket::{Ended, Raised};

/// Frames are put together up to about this many bytes before they are written.
const CHUNK: usize = 64 << 10;

/// Whether a connection goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    GoesOn,
    IsOver,
}

impl Core {
    /// Ends the turn of a connection: writes what it said itself, then handles its mail, unless it is blocked.
    pub(crate) fn end_turn(&mut self, peer: u32) {
        if let Some(receiver) = self.peers.get_mut(peer as usize) {
            receiver.queued = Queued::No;
        }
        loop {
            let Some(receiver) = self.peers.get_mut(peer as usize) else {
                self.out.clear();
                return;
            };
            if receiver.is_blocked() {
                break;
            }
            let Some(mail) = receiver.mailbox.pop() else { break };
            if self.open_mail(peer, mail) == Turn::IsOver {
                return;
            }
            if self.out.len() > CHUNK {
                self.write(peer);
            }
        }
        self.write(peer);
    }

    fn open_mail(&mut self, peer: u32, mail: Mail) -> Turn {
        let outcome = match mail {
            Mail::Message(message) => {
                frames::message(message.kind(), message.payload(), &mut self.out);
                Ok(())
            }
            Mail::ChannelClosed(id) => self.channel_ended(peer, id, Ended::InOrder),
            Mail::ChannelDown(id) => self.channel_ended(peer, id, Ended::Crashed),
            Mail::Disconnect => match self.shared.conduct.wire.disconnect {
                Some(ending) => return self.hang_up(peer, ending),
                None => Ok(()),
            },
            Mail::Drain => return self.hang_up(peer, self.shared.conduct.wire.drain),
        };
        match outcome {
            Ok(()) => Turn::GoesOn,
            Err(Raised) => self.hang_up(peer, CRASHED),
        }
    }

    /// A message that no serializer reads, or for which the connection's process raised otherwise.
    pub(crate) fn raised(&mut self, peer: u32) -> Turn {
        match self.shared.conduct.wire.malformed {
            Malformed::Ends(code) => self.hang_up(
                peer,
                Ending {
                    code,
                    hangup: Hangup::AtOnce,
                },
            ),
            Malformed::Ignored => Turn::GoesOn,
        }
    }

    /// Writes a close frame behind what was said so far, and ends the connection.
    pub(crate) fn hang_up(&mut self, peer: u32, ending: Ending) -> Turn {
        self.say_goodbye(peer, Some(ending.code), ending.hangup)
    }

    /// The same, with an empty close frame where there is no code.
    pub(crate) fn say_goodbye(&mut self, peer: u32, code: Option<u16>, hangup: Hangup) -> Turn {
        let Some(socket) = self.socket(peer) else {
            return Turn::IsOver;
        };
        if socket.voice == Voice::Speaks {
            frames::close(code, &mut self.out);
        }
        match hangup {
            Hangup::Lingering => {
                self.write(peer);
                if let Some(socket) = self.socket(peer) {
                    socket.voice = Voice::Silent;
                }
                self.shut_when_written(peer);
                Turn::GoesOn
            }
            Hangup::AtOnce => {
                self.write(peer);
                self.leave_peer(peer);
                self.shut_when_written(peer);
                Turn::IsOver
            }
        }
    }

    /// Writes what the connection said. Nothing that was said stays in `out`.
    pub(crate) fn write(&mut self, peer: u32) {
        let Some(receiver) = self.peers.get_mut(peer as usize) else {
            self.out.clear();
            return;
        };
        if receiver
            .socket()
            .is_some_and(|socket| socket.voice == Voice::Silent)
        {
            self.out.clear();
        }
        if self.out.is_empty() {
            return;
        }
        if let Some(backlog) = &mut receiver.backlog {
            backlog.bytes.append(&mut self.out);
            return;
        }
        let mut written = 0;
        while written < self.out.len() {
            match receiver.stream.write(&self.out[written..]) {
                Ok(n) => written += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    let bytes = self.out.split_off(written);
                    receiver.backlog = Some(Box::new(Backlog {
                        bytes,
                        written: 0,
                        since: self.now,
                    }));
                    break;
                }
                Err(_) => {
                    self.doomed.push(peer);
                    break;
                }
            }
        }
        self.out.clear();
        if self.out.capacity() > 4 * CHUNK {
            self.out = Vec::with_capacity(CHUNK);
        }
    }

    /// The kernel takes more.
    pub(crate) fn writable(&mut self, peer: u32) {
        let Some(receiver) = self.peers.get_mut(peer as usize) else {
            return;
        };
        let Some(backlog) = &mut receiver.backlog else {
            return;
        };
        while backlog.written < backlog.bytes.len() {
            match receiver.stream.write(&backlog.bytes[backlog.written..]) {
                Ok(n) => {
                    backlog.written += n;
                    backlog.since = self.now;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => {
                    self.doomed.push(peer);
                    return;
                }
            }
        }
        receiver.backlog = None;
        self.shut_when_written(peer);
        self.resume(peer);
    }

    /// After the last byte of a connection that ends, the end of writing. It stays open for reading until the client
    /// has gone, as closing it before would let the kernel throw away what the client has not read yet.
    pub(crate) fn shut_when_written(&mut self, peer: u32) {
        let now = self.now;
        let Some(receiver) = self.peers.get_mut(peer as usize) else {
            return;
        };
        if receiver.backlog.is_some() {
            return;
        }
        match &receiver.stage {
            PeerStage::Leaving => {
                receiver.deadline = now + LAST_WORDS;
            }
            PeerStage::Socket(socket) if socket.voice == Voice::Silent => {}
            PeerStage::Socket(_) | PeerStage::Http(..) => return,
        }
        if receiver.stream.shutdown(Shutdown::Write).is_err() {
            self.doomed.push(peer);
        }
        self.watch(peer);
    }
}

/// How long a client may take to notice that it was hung up on.
const LAST_WORDS: std::time::Duration = std::time::Duration::from_secs(2);

/// The connection's process raised.
const CRASHED: Ending = Ending {
    code: 1011,
    hangup: Hangup::AtOnce,
};
