//! From sessions to the kernel: puts what a session says, and then its mailbox, into WebSocket frames.

use super::channels::Mail;
use super::conduct::{Ending, Hangup, KeptOpen, OverTls};
use super::connections::CHUNK;
use super::core::{Core, Turn};
use super::ids::{ConnectionId, SessionId};
use super::mailbox::SessionMessage;
use super::websocket::{CloseFrame, frames};

impl Core {
    /// Ends the turn of a connection: writes what its session said itself, then empties the session's mailbox, unless
    /// the connection is blocked.
    pub(crate) fn end_turn(&mut self, id: ConnectionId) {
        if let Some(session) = self.connections.session(id) {
            let mut blocked = self.is_blocked(id);
            while !blocked && let Some(message) = self.channels.sessions.mailboxes.next(session) {
                if self.handle_mail(id, session, message) == Turn::IsOver {
                    return;
                }
                if self.connections.out.len() > CHUNK {
                    self.connections.write(id);
                }
                // Only a write blocks it here, and `out` is empty after each.
                if self.connections.out.is_empty() {
                    blocked = self.is_blocked(id);
                }
            }
        }
        self.connections.write(id);
    }

    fn handle_mail(&mut self, id: ConnectionId, session: SessionId, message: SessionMessage) -> Turn {
        match self.channels.handle_mail(session, message) {
            Mail::Told(message) => {
                self.connections.put(id, &message);
                if self.shared.conduct.wire.kept_open == KeptOpen::BothDirections {
                    self.connections.refresh(id);
                }
            }
            Mail::Handled => self.take_said(id),
            Mail::Ends(ending) => return self.hang_up(id, ending),
        }
        Turn::GoesOn
    }

    /// Puts what the session said itself into frames.
    pub(crate) fn take_said(&mut self, id: ConnectionId) {
        for message in self.channels.sessions.said.drain(..) {
            self.connections.put(id, &message);
        }
    }

    /// Writes a close frame behind what was said so far, and ends the connection.
    pub(crate) fn hang_up(&mut self, id: ConnectionId, ending: Ending) -> Turn {
        self.close_websocket(id, Some(ending.code), ending.hangup)
    }

    /// The same, with an empty close frame where there is no code.
    pub(crate) fn close_websocket(&mut self, id: ConnectionId, code: Option<u16>, hangup: Hangup) -> Turn {
        let Some(websocket) = self.connections.websocket(id) else {
            return Turn::IsOver;
        };
        let is_lost = self.shared.conduct.wire.over_tls == OverTls::CloseFrameLost;
        if websocket.close == CloseFrame::NotSent && !is_lost {
            frames::close(code, &mut self.connections.out);
        }
        match hangup {
            Hangup::Lingering => {
                self.connections.write(id);
                if let Some(websocket) = self.connections.websocket(id) {
                    websocket.close = CloseFrame::Sent;
                }
                self.connections.shut_when_written(id);
                Turn::GoesOn
            }
            Hangup::AtOnce => {
                self.leave(id);
                Turn::IsOver
            }
        }
    }

    /// The kernel takes more.
    pub(crate) fn writable(&mut self, id: ConnectionId) {
        if self.connections.writes_backlog(id) {
            self.resume(id);
        }
    }
}
