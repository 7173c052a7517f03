//! One TCP connection of a socket: its stage (TCP, proxy, TLS, HTTP), and the bytes that wait in either direction. At rest it
//! owns no buffer.

use std::io;

use mio::Token;
use mio::net::TcpStream;

use crate::clock::Time;
use crate::session::PollRequest;
use crate::stream::{Handshake, SecureTo, SocketStream, Taken, TlsError};

/// Which connection of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkUse {
    /// The connection of a WebSocket, or of the polls of a long poll session.
    Main,
    /// The connection of the batches of a long poll session.
    Batches,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkStage {
    /// There is none.
    Closed,
    /// The kernel is connecting.
    Connecting,
    /// The proxy was asked to pass the connection on.
    Tunnelling,
    /// The handshake of TLS is under way.
    Securing,
    /// HTTP can be spoken.
    Reached,
}

/// A connection.
pub(super) struct TcpLink {
    stream: Option<SocketStream<TcpStream>>,
    buffers: Option<Box<LinkBuffers>>,
    stage: LinkStage,
}

/// State that only a few connections need at any time; allocated on first use.
#[derive(Default)]
struct LinkBuffers {
    /// The start of a frame or of an answer that is still incomplete.
    input: Vec<u8>,
    /// Bytes that the kernel has not accepted yet.
    output: Vec<u8>,
    /// When the handshake of TLS began, until it is over.
    securing_since: Option<Time>,
    /// When a slow reader reads again.
    read_at: Option<Time>,
    /// How many bytes are included in the shard's total.
    counted: usize,
}

impl LinkUse {
    /// The bit of a token that tells the connection of batches.
    const BATCHES: usize = 1 << 31;

    /// The requests that it carries over long poll.
    pub(super) const fn carries(self) -> PollRequest {
        match self {
            Self::Main => PollRequest::Poll,
            Self::Batches => PollRequest::Batch,
        }
    }

    /// The token of this connection of a socket.
    pub(super) const fn token(self, id: u32) -> Token {
        match self {
            Self::Main => Token(id as usize),
            Self::Batches => Token(id as usize | Self::BATCHES),
        }
    }

    /// The socket and its connection that a token stands for.
    pub(super) fn of(token: Token) -> (u32, Self) {
        let id = u32::try_from(token.0 & !Self::BATCHES).unwrap_or(u32::MAX);
        match token.0 & Self::BATCHES {
            0 => (id, Self::Main),
            _ => (id, Self::Batches),
        }
    }
}

impl TcpLink {
    /// No connection.
    pub(super) const CLOSED: Self = Self {
        stream: None,
        buffers: None,
        stage: LinkStage::Closed,
    };

    pub(super) const fn stage(&self) -> LinkStage {
        self.stage
    }

    /// Whether there is a connection, or one is being made.
    pub(super) const fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// A connection that the kernel is making.
    pub(super) fn begin(&mut self, stream: TcpStream) {
        self.stream = Some(SocketStream::plain(stream));
        self.stage = LinkStage::Connecting;
    }

    /// Whether the kernel has connected.
    ///
    /// # Errors
    /// The connection could not be made.
    pub(super) fn is_connected(&self) -> io::Result<bool> {
        let Some(stream) = &self.stream else {
            return Ok(false);
        };
        match stream.socket().take_error() {
            Ok(None) => {}
            Ok(Some(error)) | Err(error) => return Err(error),
        }
        match stream.socket().peer_addr() {
            Ok(_) => Ok(true),
            // Not connected yet; the kernel will send another event.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The proxy was asked to pass the connection on.
    pub(super) const fn tunnel(&mut self) {
        self.stage = LinkStage::Tunnelling;
    }

    /// HTTP can be spoken.
    pub(super) const fn reach(&mut self) {
        self.stage = LinkStage::Reached;
    }

    /// Begins TLS.
    ///
    /// # Errors
    /// TLS cannot begin.
    pub(super) fn secure(&mut self, to: &SecureTo, handshake: Handshake, now: Time) -> Result<(), TlsError> {
        self.stage = LinkStage::Securing;
        if let Some(stream) = &mut self.stream {
            stream.secure(to, handshake)?;
        }
        self.buffers().securing_since = Some(now);
        Ok(())
    }

    /// When the handshake of TLS began, if it is over now. Returns it once.
    pub(super) fn secured(&mut self) -> Option<Time> {
        let is_over = self.stream.as_ref().is_some_and(SocketStream::is_open);
        let since = self.buffers.as_mut()?.securing_since.take_if(|_| is_over);
        if since.is_some() {
            self.stage = LinkStage::Reached;
        }
        since
    }

    /// Reads what has arrived.
    ///
    /// # Errors
    /// As [`SocketStream::read`]; `WouldBlock` without a connection.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<Taken> {
        match &mut self.stream {
            Some(stream) => stream.read(into),
            None => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Writes `out` behind the bytes that wait, and keeps what the kernel does not accept. Returns the number of bytes that it
    /// accepted.
    ///
    /// # Errors
    /// As [`SocketStream::write`].
    pub(super) fn write(&mut self, out: &mut Vec<u8>) -> io::Result<usize> {
        let Some(stream) = &mut self.stream else {
            out.clear();
            return Ok(0);
        };
        let waiting = self.buffers.as_mut().filter(|buffers| !buffers.output.is_empty());
        match waiting {
            None => {
                let written = write(stream, out)?;
                if !out.is_empty() {
                    self.buffers().output = std::mem::take(out);
                }
                Ok(written)
            }
            Some(buffers) => {
                buffers.output.append(out);
                write(stream, &mut buffers.output)
            }
        }
    }

    /// How many bytes wait to be sent.
    pub(super) fn unsent(&self) -> usize {
        self.buffers.as_ref().map_or(0, |buffers| buffers.output.len())
    }

    /// Takes the start of what was incomplete so far; empty if nothing was.
    pub(super) fn take_input(&mut self) -> Vec<u8> {
        let buffers = self.buffers.as_mut();
        buffers.map_or_else(Vec::new, |buffers| std::mem::take(&mut buffers.input))
    }

    /// Keeps the start of what is incomplete.
    pub(super) fn keep_input(&mut self, input: Vec<u8>) {
        self.buffers().input = input;
    }

    /// Whether a part of an answer or a frame has arrived.
    pub(super) fn has_input(&self) -> bool {
        self.buffers
            .as_ref()
            .is_some_and(|buffers| !buffers.input.is_empty())
    }

    /// When a slow reader reads again.
    pub(super) fn read_at(&self) -> Option<Time> {
        self.buffers.as_ref()?.read_at
    }

    /// Reads nothing until then.
    pub(super) fn read_later(&mut self, at: Time) {
        self.buffers().read_at = Some(at);
    }

    /// Whether a slow reader reads again now. Returns it once.
    pub(super) fn reads_again(&mut self, now: Time) -> bool {
        let buffers = self.buffers.as_mut();
        buffers.is_some_and(|buffers| buffers.read_at.take_if(|at| *at <= now).is_some())
    }

    /// Frees buffers that are empty, if nothing else is counted with them; `kept` is the number of bytes that all sockets of
    /// the shard keep, and `fragments` how many the session keeps.
    pub(super) fn tidy(&mut self, fragments: usize, kept: &mut usize) {
        let other = fragments + self.kept_by_stream();
        if other == 0 && self.buffers.as_ref().is_some_and(|buffers| buffers.is_empty()) {
            *kept -= self.buffers.take().map_or(0, |buffers| buffers.counted);
        }
    }

    /// Counts the bytes that are kept now.
    pub(super) fn count(&mut self, fragments: usize, kept: &mut usize) {
        let other = fragments + self.kept_by_stream();
        if other == 0 && self.buffers.is_none() {
            return;
        }
        let buffers = self.buffers();
        let before = std::mem::replace(&mut buffers.counted, 0);
        buffers.counted = buffers.input.len() + other + buffers.output.len();
        *kept = *kept - before + buffers.counted;
    }

    /// Cuts the connection and frees all buffers.
    pub(super) fn close(&mut self, kept: &mut usize) {
        self.stream = None;
        self.stage = LinkStage::Closed;
        *kept -= self.buffers.take().map_or(0, |buffers| buffers.counted);
    }

    fn kept_by_stream(&self) -> usize {
        self.stream.as_ref().map_or(0, SocketStream::kept)
    }

    fn buffers(&mut self) -> &mut LinkBuffers {
        self.buffers.get_or_insert_default()
    }
}

impl LinkBuffers {
    fn is_empty(&self) -> bool {
        self.input.is_empty()
            && self.output.is_empty()
            && self.read_at.is_none()
            && self.securing_since.is_none()
    }
}

/// Writes from the front of `bytes` until the kernel accepts no more, and leaves the rest.
fn write(stream: &mut SocketStream<TcpStream>, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match stream.write(&bytes[written..]) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    // TLS may keep encrypted bytes that the kernel did not accept. The next write sends them first.
    match stream.flush() {
        Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
        Ok(()) | Err(_) => {}
    }
    if written == bytes.len() {
        bytes.clear();
    } else {
        bytes.drain(..written);
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_tells_the_socket_and_its_connection() {
        for (id, of) in [
            (0, LinkUse::Main),
            (7, LinkUse::Batches),
            (1_999_999, LinkUse::Batches),
        ] {
            assert_eq!(LinkUse::of(of.token(id)), (id, of));
        }
    }

    #[test]
    fn buffers_are_counted_and_freed() {
        let (mut link, mut kept) = (TcpLink::CLOSED, 0);
        link.keep_input(vec![0; 10]);
        link.count(5, &mut kept);
        assert_eq!((kept, link.has_input()), (15, true));
        link.take_input();
        link.tidy(5, &mut kept);
        assert_eq!(kept, 15);
        link.count(0, &mut kept);
        link.tidy(0, &mut kept);
        assert!(kept == 0 && link.buffers.is_none());
        link.keep_input(vec![0; 10]);
        link.count(0, &mut kept);
        link.close(&mut kept);
        assert_eq!((kept, link.stage()), (0, LinkStage::Closed));
    }
}
