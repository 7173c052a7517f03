//! Extracts complete messages from the bytes of a WebSocket, valid or not, and passes messages to the client.

use super::super::actor::SocketSession;
use super::super::error_kind::ErrorKind;
use super::super::tcp_link::LinkUse;
use super::super::{LARGEST_MESSAGE, told};
use super::Shard;
use crate::protocol::Frame;
use crate::wire::websocket::Received;

impl Shard<'_> {
    /// Handles all complete frames; returns the number of bytes consumed. The remaining bytes are the start of the
    /// next frame; if the connection has ended, nothing remains.
    pub(super) fn take_frames(&mut self, id: u32, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while self.actors[id as usize].link.is_open() {
            let SocketSession::WebSocket(session) = &mut self.actors[id as usize].life.session else {
                break;
            };
            // A message in a single frame is read in place: the buffer outlives it, so nothing is copied.
            match session.next(&mut rest, LARGEST_MESSAGE, &mut self.state) {
                Ok(Some(received)) => self.take(id, &received),
                Ok(None) => break,
                Err(error) => {
                    self.state.tally.told(ErrorKind::Protocol, || error.to_string());
                    // The close frame that says so.
                    self.flush(id, LinkUse::Main);
                    if self.actors[id as usize].link.is_open() {
                        self.fail(id, ErrorKind::Protocol);
                    }
                    break;
                }
            }
        }
        bytes.len() - rest.len()
    }

    fn take(&mut self, id: u32, received: &Received<'_>) {
        match received {
            Received::Text(text) => self.take_message(id, Frame::Text(text)),
            Received::Binary(bytes) => self.take_message(id, Frame::Binary(bytes)),
            Received::Ping(_) => self.flush(id, LinkUse::Main),
            Received::Pong(_) => {}
            Received::Close(payload) => {
                self.flush(id, LinkUse::Main);
                self.state.tally.told(ErrorKind::Closed, || told::close(payload));
                self.fail(id, ErrorKind::Closed);
            }
        }
    }

    pub(super) fn take_message(&mut self, id: u32, frame: Frame<'_>) {
        self.state.tally.counts.messages_in += 1;
        self.state.tally.counts.message_bytes_in += match frame {
            Frame::Text(text) => text.len() as u64,
            Frame::Binary(bytes) => bytes.len() as u64,
        };
        match self.state.vsn.decode_from_server(frame) {
            Ok(message) => self.call(id, |socket, context| socket.handle_message(context, &message)),
            Err(why) => {
                let told = || format!("a message that cannot be read: {why}");
                self.state.tally.told(ErrorKind::Protocol, told);
                self.fail(id, ErrorKind::Protocol);
            }
        }
    }
}
