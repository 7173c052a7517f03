//! A stream over a socket for loops that learn from the system when a socket is ready. At rest it owns no buffers.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;

use super::tls::{Progress, Tls};
use super::tls_error::TlsError;
use super::trust::{Handshake, SecureTo, ServerTls};

/// At most so many plain bytes are encrypted at once.
const PIECE: usize = 64 << 10;

/// A stream over a socket. Dropping it cuts the connection.
#[derive(Debug)]
pub struct SocketStream<S> {
    socket: S,
    secure: Option<Box<Secure>>,
}

/// TLS over the socket.
#[derive(Debug)]
struct Secure {
    tls: Tls,
    /// Plain bytes for which there was no room.
    plain: Vec<u8>,
    /// Bytes that the socket did not take.
    unsent: Vec<u8>,
}

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// So many bytes; it may be none although the socket had some.
    Bytes(usize, Rest),
    /// The other side sends nothing more.
    End,
}

/// Whether there may be more to read now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// What comes later is told by another event.
    Nothing,
    /// Nobody will tell it.
    MaybeMore,
}

/// The buffers of a thread, for bytes that pass through.
#[derive(Default)]
struct Buffers {
    network: Vec<u8>,
    plain: Vec<u8>,
    out: Vec<u8>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

impl<S: Read + Write> SocketStream<S> {
    /// The bytes as they are.
    pub const fn plain(socket: S) -> Self {
        Self { socket, secure: None }
    }

    /// A connection that a server accepted; TLS if there are settings for it.
    ///
    /// # Errors
    /// TLS cannot begin.
    pub fn accepted(socket: S, tls: Option<&ServerTls>) -> io::Result<Self> {
        let Some(tls) = tls else {
            return Ok(Self::plain(socket));
        };
        let secure = Secure {
            tls: Tls::server(tls.config()).map_err(io::Error::other)?,
            plain: Vec::new(),
            unsent: Vec::new(),
        };
        Ok(Self {
            socket,
            secure: Some(Box::new(secure)),
        })
    }

    /// Begins TLS as a client, on a stream that is plain so far. [`Self::flush`] sends its first bytes.
    ///
    /// # Errors
    /// TLS cannot begin.
    pub fn secure(&mut self, to: &SecureTo, handshake: Handshake) -> Result<(), TlsError> {
        let mut unsent = Vec::new();
        self.secure = Some(Box::new(Secure {
            tls: to.begin(handshake, &mut unsent)?,
            plain: Vec::new(),
            unsent,
        }));
        Ok(())
    }

    /// Whether the handshake of TLS is over, or there is none.
    pub fn is_open(&self) -> bool {
        let secure = self.secure.as_ref();
        secure.is_none_or(|secure| secure.tls.progress() != Progress::Handshake)
    }

    /// The socket below.
    pub const fn socket(&self) -> &S {
        &self.socket
    }

    /// Reads what has come.
    ///
    /// # Errors
    /// `WouldBlock` if nothing has; what is wrong with TLS as an inner error; anything else comes from the socket.
    pub fn read(&mut self, into: &mut [u8]) -> io::Result<Taken> {
        let Some(secure) = &mut self.secure else {
            return Ok(match self.socket.read(into)? {
                0 => Taken::End,
                count if count < into.len() => Taken::Bytes(count, Rest::Nothing),
                count => Taken::Bytes(count, Rest::MaybeMore),
            });
        };
        if !secure.plain.is_empty() {
            let count = secure.plain.len().min(into.len());
            into[..count].copy_from_slice(&secure.plain[..count]);
            secure.plain.drain(..count);
            if secure.plain.is_empty() {
                secure.plain = Vec::new();
            }
            return Ok(Taken::Bytes(count, Rest::MaybeMore));
        }
        if secure.tls.progress() == Progress::PeerClosed {
            return Ok(Taken::End);
        }
        BUFFERS.with_borrow_mut(|buffers| secure.read(&mut self.socket, into, buffers))
    }

    /// How many bytes wait in this stream: plain ones that were not read, and encrypted ones that are not whole or not sent.
    pub fn kept(&self) -> usize {
        let secure = self.secure.as_ref();
        secure.map_or(0, |secure| {
            secure.plain.len() + secure.unsent.len() + secure.tls.unread()
        })
    }

    /// Hands over as much as is taken; what is taken may still wait in this stream, see [`Self::flush`].
    ///
    /// # Errors
    /// `WouldBlock` if nothing is taken now; anything else comes from the socket.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Some(secure) = &mut self.secure else {
            return self.socket.write(bytes);
        };
        secure.flush(&mut self.socket)?;
        let count = bytes.len().min(PIECE);
        BUFFERS.with_borrow_mut(|buffers| {
            buffers.out.clear();
            secure
                .tls
                .send(&bytes[..count], &mut buffers.out)
                .map_err(io::Error::other)?;
            secure.send(&mut self.socket, &buffers.out)?;
            Ok(count)
        })
    }

    /// Sends what this stream has taken.
    ///
    /// # Errors
    /// `WouldBlock` if the socket does not take all of it now; anything else comes from the socket.
    pub fn flush(&mut self) -> io::Result<()> {
        match &mut self.secure {
            None => Ok(()),
            Some(secure) => secure.flush(&mut self.socket),
        }
    }

    /// Tells the other side that nothing more is sent, as far as TLS does that.
    fn say_end(&mut self) {
        let Some(secure) = &mut self.secure else { return };
        let mut out = Vec::new();
        secure.tls.close(&mut out);
        // Who does not read it learns of the end from the socket.
        let _ = secure.send(&mut self.socket, &out);
    }
}

impl SocketStream<mio::net::TcpStream> {
    /// Ends writing, and tells the other side.
    ///
    /// # Errors
    /// The socket is not connected any more.
    pub fn shutdown(&mut self) -> io::Result<()> {
        self.say_end();
        self.socket.shutdown(Shutdown::Write)
    }
}

impl Secure {
    fn read(
        &mut self,
        socket: &mut (impl Read + Write),
        into: &mut [u8],
        buffers: &mut Buffers,
    ) -> io::Result<Taken> {
        let Buffers { network, plain, out } = buffers;
        network.resize(into.len(), 0);
        plain.clear();
        out.clear();
        let count = match socket.read(network)? {
            0 => return Ok(Taken::End),
            count => count,
        };
        let received = self.tls.receive(&mut network[..count], plain, out);
        let sent = self.send(socket, out);
        // The reason of TLS says more than that the alert could not be sent.
        received.map_err(io::Error::other)?;
        sent?;
        let fits = plain.len().min(into.len());
        into[..fits].copy_from_slice(&plain[..fits]);
        self.plain.extend_from_slice(&plain[fits..]);
        let is_all = count < network.len() && self.plain.is_empty();
        let is_closed = self.tls.progress() == Progress::PeerClosed;
        Ok(match fits {
            0 if is_closed => Taken::End,
            _ if is_all && !is_closed => Taken::Bytes(fits, Rest::Nothing),
            _ => Taken::Bytes(fits, Rest::MaybeMore),
        })
    }

    /// Sends the encrypted bytes that wait.
    fn flush(&mut self, socket: &mut impl Write) -> io::Result<()> {
        if self.unsent.is_empty() {
            return Ok(());
        }
        let written = write_some(socket, &self.unsent)?;
        if written < self.unsent.len() {
            self.unsent.drain(..written);
            return Err(ErrorKind::WouldBlock.into());
        }
        self.unsent = Vec::new();
        Ok(())
    }

    /// Sends encrypted bytes behind those that wait; what the socket does not take waits.
    fn send(&mut self, socket: &mut (impl Read + Write), out: &[u8]) -> io::Result<()> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(out);
            return Ok(());
        }
        match write_some(socket, out) {
            Ok(written) => {
                self.unsent.extend_from_slice(&out[written..]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.unsent.extend_from_slice(out);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }
}

/// Writes until the socket takes no more; returns how much it took.
fn write_some(socket: &mut impl Write, bytes: &[u8]) -> io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match socket.write(&bytes[written..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(written)
}
