//! Methods of a socket for tests only: queries of its state, and the `disconnect` of phoenix.js, which no scenario uses.

use crate::client::link::Link;
use crate::client::{ClientContext, Event, Socket};

impl Socket {
    /// Ends the connection. Only this is final: after any other end the client connects again. Joined channels
    /// rejoin after the next [`connect`](Self::connect).
    pub fn disconnect(&mut self, context: &mut ClientContext<'_>, code: Option<u16>, reason: &str) {
        let before = std::mem::replace(&mut self.link, Link::Idle);
        match before {
            Link::Idle => return,
            Link::Connecting { .. } | Link::Open { .. } => {
                context.out.close(code, reason);
                self.error_channels(context);
            }
            Link::Closing { .. } | Link::Waiting { .. } => {}
        }
        context.out.event(Event::Disconnected { reconnect_at: None });
    }

    /// Whether the connection is open.
    pub fn is_connected(&self) -> bool {
        matches!(self.link, Link::Open { .. })
    }

    /// Bytes of heap that this socket alone owns. Topics and params are not among them, as a swarm shares them.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.channels.heap_bytes() + self.pending.heap_bytes()
    }
}
