//! Connects a blocking socket of the probe to the server, through a proxy and with TLS where the run does that.

use std::io::{self, ErrorKind};
use std::net::TcpStream;
use std::time::Duration;

use super::Scout;
use crate::stream::{Handshake, SocketStream, Taken, Tunnel};

/// The timeout of one read.
const LOOK: Duration = Duration::from_millis(5);

impl Scout<'_> {
    /// A connection on which HTTP can begin; `None` if there is none within `limit`.
    pub(super) fn connect(&self, limit: Duration) -> Option<SocketStream<TcpStream>> {
        let socket = TcpStream::connect_timeout(&self.destination, limit).ok()?;
        socket.set_nodelay(true).ok()?;
        socket.set_read_timeout(Some(LOOK)).ok()?;
        let mut stream = SocketStream::plain(socket);
        let begin = self.clock.now();
        let in_time = || (self.clock.now().since(begin) < limit).then_some(());
        if let Some(tunnel) = &self.way.tunnel {
            write_all(&mut stream, tunnel.request()).ok()?;
            let mut answer = Vec::new();
            // One byte after the other: what follows the answer is not the proxy's.
            while Tunnel::answer(&answer).ok()?.is_none() {
                look(&mut stream, &mut [0], &mut answer)?;
                in_time()?;
            }
        }
        if let Some(to) = &self.way.secure {
            stream.secure(to, Handshake::Full).ok()?;
            while !stream.is_open() {
                stream.flush().ok()?;
                look(&mut stream, &mut [0; 16 << 10], &mut Vec::new())?;
                in_time()?;
            }
        }
        Some(stream)
    }
}

/// Appends what has come within a moment; `None` if the connection ended.
pub(super) fn look(
    stream: &mut SocketStream<TcpStream>,
    buffer: &mut [u8],
    into: &mut Vec<u8>,
) -> Option<()> {
    match stream.read(buffer) {
        Ok(Taken::End) => None,
        Ok(Taken::Bytes(count, _)) => {
            into.extend_from_slice(&buffer[..count]);
            Some(())
        }
        Err(error) => match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => Some(()),
            _ => None,
        },
    }
}

/// Writes all bytes; the socket waits until it takes them.
pub(super) fn write_all(stream: &mut SocketStream<TcpStream>, bytes: &[u8]) -> io::Result<()> {
    let mut written = 0;
    while written < bytes.len() {
        written += stream.write(&bytes[written..])?;
    }
    stream.flush()
}
