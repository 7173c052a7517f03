//! Writes the output of sockets, and limits the memory for unsent output and incomplete input, whatever a server
//! does.

use std::io;

use mio::net::TcpStream;

use super::super::error_kind::ErrorKind;
use super::Shard;
use crate::stream::SocketStream;

/// A socket is cut when this much output is waiting because the server does not read.
const MOST_UNSENT: usize = 4 << 20;
/// The limit of all buffered bytes of a run: incomplete input and unsent output.
const MOST_KEPT: usize = 256 << 20;

impl Shard<'_> {
    /// Writes the frames of a socket; keeps what the kernel does not accept.
    pub(super) fn flush(&mut self, id: u32) {
        let actor = &mut self.actors[id as usize];
        let Some(stream) = &mut actor.stream else {
            self.state.out.clear();
            return;
        };
        // The client has sent something, even if the kernel has no room for it yet.
        if !self.state.out.is_empty() {
            actor.life.traffic.speak(self.state.now);
        }
        let waiting = actor
            .life
            .buffers
            .as_mut()
            .filter(|buffers| !buffers.output.is_empty());
        let written = match waiting {
            None => write(stream, &mut self.state.out),
            Some(buffers) => {
                buffers.output.append(&mut self.state.out);
                write(stream, &mut buffers.output)
            }
        };
        match written {
            Ok(count) => {
                self.state.tally.counts.bytes_out += count as u64;
                if !self.state.out.is_empty() {
                    actor.life.buffers().output = std::mem::take(&mut self.state.out);
                }
                if actor.life.buffers.is_some() {
                    actor.life.tidy(&mut self.kept);
                    let unsent = actor
                        .life
                        .buffers
                        .as_ref()
                        .map_or(0, |buffers| buffers.output.len());
                    if unsent > MOST_UNSENT {
                        return self.fail(id, ErrorKind::Silent);
                    }
                    self.count_kept(id);
                }
            }
            Err(error) => {
                self.state.out.clear();
                self.broke(id, &error);
            }
        }
    }

    /// Updates the number of buffered bytes. The limit stops servers from filling the memory with messages that never
    /// end.
    pub(super) fn count_kept(&mut self, id: u32) {
        let life = &mut self.actors[id as usize].life;
        let fragments = life.session.kept();
        if fragments == 0 && life.buffers.is_none() {
            return;
        }
        let buffers = life.buffers();
        let before = std::mem::replace(&mut buffers.counted, 0);
        buffers.counted = buffers.input.len() + fragments + buffers.output.len();
        self.kept = self.kept - before + buffers.counted;
        if self.kept > MOST_KEPT / self.stream.of {
            self.fail(id, ErrorKind::Protocol);
        }
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
    // What TLS has taken and the kernel has not goes out first when the kernel takes more.
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
