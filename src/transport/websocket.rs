//! An open WebSocket on a stream: moves bytes between the stream and the [`Conversation`], which knows what
//! they are. It never decides what a message means or what to do when it ends.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::conversation::{Conversation, End, Sending};
use super::{Incoming, Limits, Outgoing};
use crate::session::WebSocket;
use crate::stream::Stream;
use crate::wire::websocket::Coding;

/// How much is taken from the socket at once; more is left there, so that the server feels it.
const PIECE_BYTES: usize = 8 << 10;

/// An open WebSocket connection. Dropping it cuts it.
#[derive(Debug)]
pub(super) struct Connection {
    stream: Option<Stream>,
    conversation: Box<Conversation>,
}

impl Connection {
    /// A connection on a stream that has been upgraded; `early` is what the server sent right after its answer.
    pub(super) fn new(stream: Stream, early: &[u8], session: WebSocket, limits: &Limits) -> Self {
        let mut conversation = Box::new(Conversation::new(session, limits));
        conversation.arrived(early);
        Self {
            stream: Some(stream),
            conversation,
        }
    }

    /// Waits for what the server does next, or, with nothing, until bytes have moved in either direction. Dropped half-way,
    /// it loses nothing.
    pub(super) async fn advance(&mut self) -> Option<Incoming> {
        let incoming = self.conversation.read();
        self.send_what_fits();
        if incoming.is_none() {
            poll_fn(|cx| self.poll_exchange(cx)).await;
        }
        incoming
    }

    /// Whether messages may be compressed.
    pub(super) fn coding(&self) -> Coding {
        self.conversation.coding()
    }

    /// Whether a message is on its way in either direction: part of it has moved, and part of it has not.
    pub(super) fn is_moving(&self) -> bool {
        self.conversation.is_moving()
    }

    /// Hands over one thing to send; never waits for the server.
    pub(super) async fn send(&mut self, outgoing: Outgoing) -> io::Result<()> {
        if outgoing == Outgoing::Cut {
            self.conversation.cut();
            self.stream = None;
            return Ok(());
        }
        self.conversation.put(&outgoing)?;
        self.send_what_fits();
        match self.conversation.sending() {
            Sending::Works => Ok(()),
            Sending::Broken(kind) => Err(kind.into()),
        }
    }

    fn send_what_fits(&mut self) {
        let Some(stream) = &mut self.stream else { return };
        while !self.conversation.to_send().is_empty() {
            match stream.try_write(self.conversation.to_send()) {
                Ok(count) => self.conversation.sent(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => self.conversation.sending_broke(error.kind()),
            }
        }
    }

    /// Sends what waits and reads a piece; ready once something was sent or read.
    fn poll_exchange(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(());
        };
        let mut sent = Poll::Pending;
        while !self.conversation.to_send().is_empty() {
            match Pin::new(&mut *stream).poll_write(cx, self.conversation.to_send()) {
                Poll::Pending => break,
                Poll::Ready(Ok(count)) => {
                    self.conversation.sent(count);
                    sent = Poll::Ready(());
                }
                Poll::Ready(Err(error)) => self.conversation.sending_broke(error.kind()),
            }
        }
        // TLS may still have to send what it has taken; whether it can be sent is seen at the next piece.
        let _ = Pin::new(&mut *stream).poll_flush(cx);
        let mut piece = [0; PIECE_BYTES];
        let mut piece = ReadBuf::new(&mut piece);
        match Pin::new(&mut *stream).poll_read(cx, &mut piece) {
            Poll::Pending => return sent,
            Poll::Ready(Ok(())) if piece.filled().is_empty() => self.conversation.ended(End::Eof),
            Poll::Ready(Ok(())) => self.conversation.arrived(piece.filled()),
            Poll::Ready(Err(_)) => self.conversation.ended(End::Reset),
        }
        Poll::Ready(())
    }
}
