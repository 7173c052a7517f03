//! Writes the output of sockets, and limits the memory for unsent output and incomplete input, whatever a server
//! does.

use super::super::error_kind::ErrorKind;
use super::super::tcp_link::LinkUse;
use super::Shard;

/// A socket is cut when this much output is waiting because the server does not read.
const MOST_UNSENT: usize = 4 << 20;
/// The limit of all buffered bytes of a run: incomplete input and unsent output.
const MOST_KEPT: usize = 256 << 20;

impl Shard<'_> {
    /// Writes the output on a connection of a socket; keeps what the kernel does not accept.
    pub(super) fn flush(&mut self, id: u32, of: LinkUse) {
        let actor = &mut self.actors[id as usize];
        // The client has sent something, even if the kernel has no room for it yet.
        if !self.state.out.is_empty() && actor.link.is_open() {
            actor.life.traffic.speak(self.state.now);
        }
        let Some(link) = actor.link(of) else {
            self.state.out.clear();
            return;
        };
        match link.write(&mut self.state.out) {
            Ok(count) => {
                let unsent = link.unsent();
                self.state.tally.counts.bytes_out += count as u64;
                actor.tidy(of, &mut self.kept);
                if unsent > MOST_UNSENT {
                    return self.fail(id, ErrorKind::Silent);
                }
                self.count_kept(id, of);
            }
            Err(error) => {
                self.state.out.clear();
                self.broke(id, of, &error);
            }
        }
    }

    /// Updates the number of buffered bytes. The limit stops servers from filling the memory with messages that never
    /// end.
    pub(super) fn count_kept(&mut self, id: u32, of: LinkUse) {
        self.actors[id as usize].count(of, &mut self.kept);
        if self.kept > MOST_KEPT / self.stream.of {
            self.fail(id, ErrorKind::Protocol);
        }
    }
}
