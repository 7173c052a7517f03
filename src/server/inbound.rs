//! From the kernel to sessions: reads connections, and hands on the messages in what came.

use std::io::ErrorKind;

use super::conduct::{
    CloseEcho, Contagion, Ending, Hangup, KeptOpen, Malformed, Pong, PongMask, Utf8Check, V1Binary,
};
use super::connection::{Stage, Unread};
use super::core::{Core, Turn};
use super::http::Body;
use super::ids::{ConnectionId, SessionId};
use super::serializer::decode;
use super::session::Pipelined;
use super::websocket::{CloseFrame, Received, Refused, close_reply, frames};
use crate::protocol::{Frame, Vsn};
use crate::stream::{Rest, Taken};

/// After so many reads in a row it is the turn of other connections.
const READS_IN_A_ROW: usize = 8;

impl Core {
    /// The kernel has input for a connection.
    pub(crate) fn readable(&mut self, id: ConnectionId, buffer: &mut [u8]) {
        for _ in 0..READS_IN_A_ROW {
            let blocked = self.is_blocked(id);
            let Some(connection) = self.connections.get_mut(id) else {
                return;
            };
            if blocked {
                connection.unread = Unread::Something;
                return;
            }
            match connection.stream.read(buffer) {
                Ok(Taken::End) => return self.drop_connection(id),
                Ok(Taken::Bytes(n, rest)) => {
                    self.heard(id);
                    self.dispatch_broadcasts();
                    self.take_in(id, &mut buffer[..n]);
                    self.channels.run_ready();
                    self.end_turn(id);
                    if rest == Rest::Nothing {
                        return;
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    connection.unread = Unread::Nothing;
                    return;
                }
                Err(_) => return self.drop_connection(id),
            }
        }
        if let Some(connection) = self.connections.get_mut(id) {
            connection.unread = Unread::Something;
            self.connections.unread.push(id);
        }
    }

    /// Dispatches the broadcasts of other shards that came before what was just read. The client may have read the reply to a
    /// broadcast before it left: in Phoenix all subscribers have a broadcast before its sender gets a reply.
    fn dispatch_broadcasts(&mut self) {
        while let Some((broadcast, sender)) = self.inbox.next_broadcast() {
            // The sender's shard has seen whether it can be encoded.
            let _ = self.channels.dispatch(&broadcast, sender);
            self.settle_channels();
        }
    }

    /// A connection that was blocked goes on: first with the input that it had read already, then with its session's
    /// mailbox, then with what came meanwhile.
    pub(crate) fn resume(&mut self, id: ConnectionId) {
        self.take_said(id);
        self.heard(id);
        self.take_in(id, &mut []);
        self.channels.run_ready();
        self.end_turn(id);
        let unread = self.connections.get(id).map(|connection| connection.unread);
        if unread == Some(Unread::Something) && !self.is_blocked(id) {
            self.connections.unread.push(id);
        }
    }

    /// Something came from a client.
    fn heard(&mut self, id: ConnectionId) {
        match self.shared.conduct.wire.kept_open {
            KeptOpen::WhatComes | KeptOpen::BothDirections => self.connections.refresh(id),
            KeptOpen::HeartbeatsOnly | KeptOpen::OtherMessages => {}
        }
    }

    /// Handles new input behind what waits, and keeps what is not whole.
    fn take_in(&mut self, id: ConnectionId, fresh: &mut [u8]) {
        let Some(connection) = self.connections.get_mut(id) else {
            return;
        };
        if connection.input.is_empty() {
            let used = self.handle(id, fresh);
            if let Some(connection) = self.connections.get_mut(id)
                && used < fresh.len()
            {
                connection.input = fresh[used..].to_vec();
            }
            return;
        }
        let mut input = std::mem::take(&mut connection.input);
        input.extend_from_slice(fresh);
        let used = self.handle(id, &mut input);
        if let Some(connection) = self.connections.get_mut(id)
            && used < input.len()
        {
            input.drain(..used);
            connection.input = input;
        }
    }

    /// Handles as much input as is whole, and says how much that was.
    fn handle(&mut self, id: ConnectionId, input: &mut [u8]) -> usize {
        let mut at = 0;
        while at < input.len() {
            let Some(connection) = self.connections.get(id) else {
                return input.len();
            };
            let used = match &connection.stage {
                Stage::Closing => return input.len(),
                Stage::Waiting(_) => 0,
                Stage::Body(_) => self.receive_body(id, &input[at..]),
                Stage::Http(..) if connection.backlog.is_some() => 0,
                Stage::Http(_, Body::NONE) => self.request(id, &input[at..]),
                &Stage::Http(_, body) => self.skip_body(id, body, &input[at..]),
                Stage::WebSocket(_) if self.is_blocked(id) => 0,
                Stage::WebSocket(_) => self.frame(id, &mut input[at..]),
            };
            if used == 0 {
                break;
            }
            at += used;
        }
        at
    }

    /// Handles one frame, if it is whole.
    fn frame(&mut self, id: ConnectionId, input: &mut [u8]) -> usize {
        let all = input.len();
        let Some(websocket) = self.connections.websocket(id) else {
            return all;
        };
        let session = websocket.session;
        let frame = match websocket.read(&self.shared.conduct, input) {
            Ok(Some(frame)) => frame,
            Ok(None) => return 0,
            Err(Refused::RAISED) => {
                self.connections.to_drop.push(id);
                return all;
            }
            Err(Refused(code)) => {
                self.refuse(id, code);
                return all;
            }
        };
        let turn = match frame.received {
            Received::Nothing => Turn::GoesOn,
            Received::Text(data) => match std::str::from_utf8(&data) {
                Ok(text) => self.message(id, session, Frame::Text(text), frame.pipelined),
                Err(_) if self.shared.conduct.wire.utf8 == Utf8Check::PassedOver => Turn::GoesOn,
                Err(_) => self.refuse(id, 1007),
            },
            Received::Binary(data) => self.message(id, session, Frame::Binary(&data), frame.pipelined),
            Received::Ping(payload) => {
                self.pong(id, payload);
                Turn::GoesOn
            }
            Received::Close(payload) => self.close_frame(id, payload),
        };
        match turn {
            Turn::GoesOn => frame.length,
            Turn::IsOver => all,
        }
    }

    fn message(
        &mut self,
        id: ConnectionId,
        session: SessionId,
        frame: Frame<'_>,
        pipelined: Pipelined,
    ) -> Turn {
        let Some(vsn) = self
            .channels
            .sessions
            .get(session)
            .map(|session| session.dialect.vsn)
        else {
            return Turn::IsOver;
        };
        let reading = &self.shared.conduct.wire.reading;
        let Some(message) = decode(&self.shared.conduct.wire, vsn, frame) else {
            let is_v1_binary = matches!((vsn, frame), (Vsn::V1, Frame::Binary(_)));
            if is_v1_binary && reading.v1_binary == V1Binary::PassedOver {
                return Turn::GoesOn;
            }
            return self.malformed(id, session);
        };
        let heartbeats_count = self.shared.conduct.wire.kept_open != KeptOpen::OtherMessages;
        if message.is_heartbeat() == heartbeats_count {
            self.connections.refresh(id);
        }
        self.channels.receive(session, &message, pipelined);
        self.take_said(id);
        Turn::GoesOn
    }

    /// A message that no serializer reads.
    fn malformed(&mut self, id: ConnectionId, session: SessionId) -> Turn {
        if self.shared.conduct.channels.contagion == Contagion::OfMalformed {
            self.channels.spread(session);
        }
        match self.shared.conduct.wire.malformed {
            Malformed::Ends(code) => self.refuse(id, code),
            Malformed::Ignored => Turn::GoesOn,
        }
    }

    fn refuse(&mut self, id: ConnectionId, code: u16) -> Turn {
        let hangup = Hangup::AtOnce;
        self.hang_up(id, Ending { code, hangup })
    }

    fn pong(&mut self, id: ConnectionId, payload: &[u8]) {
        let websocket = self.connections.websocket(id);
        if websocket.is_some_and(|websocket| websocket.close == CloseFrame::NotSent) {
            let payload = match self.shared.conduct.wire.pong {
                Pong::SamePayload => payload,
                Pong::Empty => &[],
            };
            let key = match self.shared.conduct.wire.frames.pong_mask {
                PongMask::Absent => None,
                PongMask::Present => Some([1, 2, 3, 4]),
            };
            frames::pong(payload, key, &mut self.connections.out);
        }
    }

    fn close_frame(&mut self, id: ConnectionId, payload: &[u8]) -> Turn {
        let websocket = self.connections.websocket(id);
        let answered = websocket.is_some_and(|websocket| websocket.close == CloseFrame::Sent);
        match self.shared.conduct.wire.close_echo {
            CloseEcho::None => self.connections.to_drop.push(id),
            // The client has answered: there is nothing left to wait for.
            _ if answered => self.connections.to_drop.push(id),
            echo => return self.close_websocket(id, close_reply(echo, payload), Hangup::AtOnce),
        }
        Turn::IsOver
    }
}
