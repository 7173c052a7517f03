//! What goes out, and what is kept of what did not: bounded, whatever a server does.

use std::io::{ErrorKind, Write as _};

use super::super::trouble::Trouble;
use super::Shard;

/// A socket whose server does not read is cut when so much waits for it.
const MOST_UNSENT: usize = 4 << 20;
/// What all sockets of a swarm may keep together of what is not whole, or not sent.
const MOST_KEPT: usize = 256 << 20;

impl Shard<'_> {
    /// Writes what is in the desk's buffer; keeps what the kernel does not take.
    pub(super) fn flush(&mut self, id: u32) {
        let actor = &mut self.actors[id as usize];
        let Some(stream) = &mut actor.stream else {
            self.desk.out.clear();
            return;
        };
        let waiting = actor.life.rare.as_mut().filter(|rare| !rare.output.is_empty());
        let written = match waiting {
            None => write(stream, &mut self.desk.out),
            Some(rare) => {
                rare.output.append(&mut self.desk.out);
                write(stream, &mut rare.output)
            }
        };
        match written {
            Ok(count) => {
                self.desk.tally.counts.bytes_out += count as u64;
                if count > 0 {
                    actor.life.traffic.speak(self.desk.now);
                }
                if !self.desk.out.is_empty() {
                    actor.life.rare().output = std::mem::take(&mut self.desk.out);
                }
                if actor.life.rare.is_some() {
                    actor.life.tidy(&mut self.kept);
                    let unsent = actor.life.rare.as_ref().map_or(0, |rare| rare.output.len());
                    if unsent > MOST_UNSENT {
                        return self.fail(id, Trouble::Silent);
                    }
                    self.count_kept(id);
                }
            }
            Err(error) => {
                self.desk.out.clear();
                self.broke(id, &error);
            }
        }
    }

    /// Keeps the sum of what is kept, and lets no server fill the memory by what it begins and never ends.
    pub(super) fn count_kept(&mut self, id: u32) {
        let Some(rare) = &mut self.actors[id as usize].life.rare else {
            return;
        };
        let before = std::mem::replace(&mut rare.counted, 0);
        let fragments = rare.fragments.as_ref().map_or(0, |it| it.bytes.len());
        rare.counted = rare.input.len() + fragments + rare.output.len();
        self.kept = self.kept - before + rare.counted;
        if self.kept > MOST_KEPT / self.stream.of {
            self.fail(id, Trouble::Protocol);
        }
    }
}

/// Writes from the front of `bytes` until the kernel takes no more, and leaves the rest.
fn write(stream: &mut mio::net::TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut written = 0;
    while written < bytes.len() {
        match stream.write(&bytes[written..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
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
