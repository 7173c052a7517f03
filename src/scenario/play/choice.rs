//! The choice of a client with `fallback` between WebSocket and long poll: whether it was made, and what was chosen.

use super::command::{ConnectOptions, Happening};
use super::failure::Wrong;
use crate::client::Fallback;
use crate::clock::Time;
use crate::transport::{Ending, Incoming, Outgoing, Transport};

/// Whether a client has chosen between WebSocket and long poll.
#[derive(Debug, Default)]
pub(super) enum FallbackStatus {
    /// Its step names no fallback.
    #[default]
    None,
    Undecided(Box<Undecided>),
    /// It has chosen.
    Chosen {
        transport: Transport,
        why: String,
        /// The refs of joins that were answered before the client fell back, and are answered again.
        answered: Vec<String>,
        /// The data for a fallback if the WebSocket breaks within the fallback time.
        trial: Option<Box<Undecided>>,
    },
}

/// A client whose WebSocket is not known to work.
#[derive(Debug)]
pub(super) struct Undecided {
    pub(super) client: Fallback,
    pub(super) options: ConnectOptions,
    /// The joins that were sent, which are sent again over long poll.
    pub(super) joins: Vec<Outgoing>,
}

impl FallbackStatus {
    pub(super) fn is_undecided(&self) -> bool {
        matches!(self, Self::Undecided(_))
    }

    /// Whether the client chooses, or has chosen, its transport.
    pub(super) fn is_chosen_by_client(&self) -> bool {
        !matches!(self, Self::None)
    }

    /// Stores a join, which is sent again if the client falls back.
    pub(super) fn keep(&mut self, join: &Outgoing) {
        match self {
            Self::Undecided(undecided)
            | Self::Chosen {
                trial: Some(undecided),
                ..
            } => undecided.joins.push(join.clone()),
            Self::None | Self::Chosen { trial: None, .. } => {}
        }
    }

    /// Whether the client falls back if its connection ends like this now.
    pub(super) fn falls_back_by(&self, happening: &Happening, now: Time) -> bool {
        match self {
            Self::None | Self::Chosen { trial: None, .. } => false,
            Self::Undecided(_) => true,
            Self::Chosen {
                trial: Some(undecided),
                ..
            } => breaks(happening) && now < undecided.client.deadline(),
        }
    }

    pub(super) fn into_undecided(self) -> Option<Box<Undecided>> {
        match self {
            Self::Undecided(undecided) => Some(undecided),
            Self::Chosen { trial, .. } => trial,
            Self::None => None,
        }
    }

    /// Compares the chosen transport with `settles-on`.
    pub(super) fn judge(&self, wanted: Transport) -> Result<(), Wrong> {
        match self {
            Self::Chosen { transport, why, .. } if *transport != wanted => {
                let what = match transport {
                    Transport::LongPoll => "the client fell back to long poll",
                    Transport::WebSocket => "the client stayed on WebSocket",
                };
                Err(Wrong::server(what, format!("to settle on {wanted}"), why))
            }
            _ => Ok(()),
        }
    }
}

/// Whether the connection ended without a close frame from the server and without a cut by the client.
fn breaks(happening: &Happening) -> bool {
    match happening {
        Happening::Incoming(_, Incoming::Closed(ending)) => {
            !matches!(ending, Ending::CloseFrame { .. } | Ending::Cut)
        }
        _ => false,
    }
}
