//! Computes how much memory and how many connections each socket of a run takes.

use super::super::actor::Actor;
use super::super::poll_session::PollSession;
use super::super::stepped;
use crate::transport::Transport;

/// Memory of a socket that plays a compiled role, including its topic, params and timer hint.
const BYTES_OF_A_ROLE: u64 = size_of::<Actor>() as u64 + 128;
/// Memory of a long poll session, including its token.
const BYTES_OF_POLLS: u64 = size_of::<PollSession>() as u64 + 256;

/// The memory and the connections of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::load) struct SocketNeeds {
    /// Memory, without the kernel's and without that of TLS.
    pub(in crate::load) bytes: u64,
    /// How many connections it has: over long poll one for polls and one for batches.
    pub(in crate::load) connections: u64,
}

impl SocketNeeds {
    /// The needs of a socket that plays a compiled role over this transport.
    pub(in crate::load) const fn of_a_role(transport: Transport) -> Self {
        match transport {
            Transport::WebSocket => Self {
                bytes: BYTES_OF_A_ROLE,
                connections: 1,
            },
            Transport::LongPoll => Self {
                bytes: BYTES_OF_A_ROLE + BYTES_OF_POLLS,
                connections: 2,
            },
        }
    }

    /// The needs of a socket that is played step by step over this transport.
    pub(in crate::load) const fn step_by_step(transport: Transport) -> Self {
        Self {
            bytes: stepped::BYTES_OF_A_SOCKET,
            ..Self::of_a_role(transport)
        }
    }
}
