//! A stream to a server over tokio.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;

use super::proxy::{ProxyError, Tunnel};
use super::tls::{Progress, RECORD, Tls};
use super::tls_error::TlsError;
use super::trust::{Handshake, SecureTo};

/// At most so much is taken from the network at once.
const PIECE: usize = 8 << 10;

/// A stream to a server. Dropping it cuts the connection.
#[derive(Debug)]
pub enum Stream {
    /// The bytes as they are.
    Plain(TcpStream),
    /// TLS.
    Tls(Box<Secured>),
}

/// TLS over a connection.
#[derive(Debug)]
pub struct Secured {
    tcp: TcpStream,
    tls: Tls,
    to: SecureTo,
    /// Plain bytes that nobody has read yet, from `read_at` on.
    plain: Vec<u8>,
    read_at: usize,
    /// Bytes for the network.
    unsent: Vec<u8>,
    end: End,
}

/// Whether more can come from the network.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    NotYet,
    Ended,
    Failed(TlsError),
}

impl Stream {
    /// Asks a proxy to pass the connection on. Nothing of the server's is read.
    ///
    /// # Errors
    /// The proxy does not do that.
    pub async fn tunnel(tcp: &mut TcpStream, tunnel: &Tunnel) -> Result<(), ProxyError> {
        let ended = |_| ProxyError::Ended;
        tcp.write_all(tunnel.request()).await.map_err(ended)?;
        let mut answer = Vec::new();
        while Tunnel::answer(&answer)?.is_none() {
            // One byte after the other: what follows the answer is not the proxy's.
            answer.push(tcp.read_u8().await.map_err(ended)?);
        }
        Ok(())
    }

    /// TLS over a connection to a server.
    ///
    /// # Errors
    /// The handshake fails.
    pub async fn secure(tcp: TcpStream, to: &SecureTo) -> Result<Self, TlsError> {
        let mut unsent = Vec::new();
        let mut secured = Box::new(Secured {
            tls: to.begin(Handshake::Resumable, &mut unsent)?,
            tcp,
            to: to.clone(),
            plain: Vec::new(),
            read_at: 0,
            unsent,
            end: End::NotYet,
        });
        while secured.tls.progress() == Progress::Handshake {
            // What cannot be sent shows in what comes back.
            let _ = secured.flush().await;
            std::future::poll_fn(|cx| secured.poll_receive(cx)).await;
            match &secured.end {
                End::NotYet => {}
                End::Ended => return Err(to.explained(TlsError::Ended)),
                End::Failed(error) => {
                    let error = error.clone();
                    let _ = secured.flush().await;
                    return Err(error);
                }
            }
        }
        let _ = secured.flush().await;
        Ok(Self::Tls(secured))
    }

    /// Hands over as much as is taken without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if nothing is taken now; anything else comes from the connection.
    pub fn try_write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Whoever waits for this stream later polls it again, so nobody needs to be woken for this attempt.
        let mut context = Context::from_waker(Waker::noop());
        match Pin::new(self).poll_write(&mut context, bytes) {
            Poll::Ready(written) => written,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }
}

impl Secured {
    async fn flush(&mut self) -> io::Result<()> {
        std::future::poll_fn(|cx| self.poll_send(cx)).await
    }

    /// Sends what waits for the network; ready once nothing does.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            match ready!(Pin::new(&mut self.tcp).poll_write(cx, &self.unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                written => drop(self.unsent.drain(..written)),
            }
        }
        self.unsent = Vec::new();
        Poll::Ready(Ok(()))
    }

    /// Takes what has come from the network; ready once something did, or once it is known that nothing will.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut piece = [0; PIECE];
        let mut piece = ReadBuf::new(&mut piece);
        match ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut piece)) {
            Ok(()) if piece.filled().is_empty() => self.end = End::Ended,
            Ok(()) => {
                let received = self
                    .tls
                    .receive(piece.filled_mut(), &mut self.plain, &mut self.unsent);
                if let Err(error) = received {
                    self.end = End::Failed(self.to.explained(error));
                } else if self.tls.progress() == Progress::PeerClosed {
                    self.end = End::Ended;
                }
            }
            Err(error) if self.tls.progress() == Progress::Handshake => {
                self.end = match error.kind() {
                    io::ErrorKind::ConnectionReset => End::Ended,
                    kind => End::Failed(TlsError::Broken(kind.to_string())),
                };
            }
            Err(error) => self.end = End::Failed(TlsError::Broken(error.kind().to_string())),
        }
        Poll::Ready(())
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let waiting = &self.plain[self.read_at..];
            if !waiting.is_empty() {
                let count = waiting.len().min(into.remaining());
                into.put_slice(&waiting[..count]);
                self.read_at += count;
                if self.read_at == self.plain.len() {
                    (self.plain, self.read_at) = (Vec::new(), 0);
                }
                return Poll::Ready(Ok(()));
            }
            match &self.end {
                End::Ended => return Poll::Ready(Ok(())),
                End::Failed(error) => return Poll::Ready(Err(io::Error::other(error.clone()))),
                End::NotYet => ready!(self.poll_receive(cx)),
            }
            // The alert that says what is wrong, or the answer to a wish for new keys.
            if let Poll::Ready(Err(_)) = self.poll_send(cx) {
                self.unsent = Vec::new();
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_send(cx))?;
        let count = bytes.len().min(RECORD);
        self.tls
            .send(&bytes[..count], &mut self.unsent)
            .map_err(io::Error::other)?;
        // What the network does not take now waits; the next call sends it first.
        if let Poll::Ready(Err(error)) = self.poll_send(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(count))
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, into),
            Self::Tls(secured) => secured.poll_read(cx, into),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(secured) => secured.poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(secured) => secured.poll_send(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(secured) => {
                ready!(secured.poll_send(cx))?;
                Pin::new(&mut secured.tcp).poll_shutdown(cx)
            }
        }
    }
}
