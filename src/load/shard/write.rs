//! What goes out, and what is kept of what did not: bounded, whatever a server does.

use std::io::{self, Write as _};

use super::super::error_kind::ErrorKind;
use super::Shard;

/// A socket whose server does not read is cut when so much waits for it.
const MOST_UNSENT: usize = 4 << 20;
/// What all sockets of a swarm may keep together of what is not whole, or not sent.
const MOST_KEPT: usize = 256 << 20;

impl Shard<'_> {
    /// Writes the frames of this socket; keeps what the kernel does not take.
    pub(super) fn flush(&mut self, id: u32) {
        let actor = &mut self.actors[id as usize];
        let Some(stream) = &mut actor.stream else {
            self.state.out.clear();
            return;
        };
        // The client spoke, whether or not the kernel has room for it.
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

    /// Keeps the sum of what is kept, and lets no server fill the memory by what it begins and never ends.
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

/// Writes from the front of `bytes` until the kernel takes no more, and leaves the rest.
fn write(stream: &mut mio::net::TcpStream, bytes: &mut Vec<u8>) -> io::Result<usize> {
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
    if written == bytes.len() {
        bytes.clear();
    } else {
        bytes.drain(..written);
    }
    Ok(written)
}
