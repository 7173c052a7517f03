//! The state of a play: the values of its names, the sockets, and the answers.

use super::ending::ReplayEnd;
use super::node::Notice;
use super::requests::PlayRequests;
use super::socket::{Comeback, PlayedSocket, SocketState};
use crate::scenario::Values;

/// The state of a play.
#[derive(Debug)]
pub(super) struct ReplayState {
    pub(super) values: Values,
    pub(super) asked: PlayRequests,
    /// One for each actor.
    pub(super) clients: Vec<PlayedSocket>,
}

impl ReplayState {
    /// Notes what phoenix.js tells.
    ///
    /// # Errors
    /// If that ends the play.
    pub(super) fn hear(&mut self, told: Notice) -> Result<(), ReplayEnd> {
        match told {
            Notice::Opened { actor } => self.clients[actor].presence = SocketState::Open,
            Notice::Closed { actor, code, again } => {
                let again = if again { Comeback::Again } else { Comeback::Never };
                self.clients[actor].presence = SocketState::Closed { code, again };
            }
            Notice::Event {
                actor,
                topic,
                event,
                payload,
            } => self.clients[actor].take_in(topic, event, &payload),
            Notice::Dropped { actor, topic, event } => self.clients[actor].dropped.push((topic, event)),
            Notice::Answer { id, status, payload } => self.asked.answered(id, status, &payload),
            Notice::Threw { message } => {
                return Err(ReplayEnd::Breaks(format!("it throws an error: {message}")));
            }
            Notice::Unable { why } => return Err(ReplayEnd::NotPlayable(why)),
        }
        Ok(())
    }
}
