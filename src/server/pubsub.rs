//! Who listens to which topic on this shard, and a broadcast that is encoded once for each serializer.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use slab::Slab;

use super::channel::Body;
use super::context::{ConversationId, Reach};
use super::message::{self, Dialect, Encoded, Raised};
use crate::protocol::Vsn;

/// Where a conversation is: its connection on this shard, and its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) peer: u32,
    pub(crate) conversation: ConversationId,
}

/// One subscription.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    pub(crate) address: Address,
    pub(crate) vsn: Vsn,
    /// These events go through the channel; all others straight to the connection (the fastlane).
    pub(crate) intercepts: &'static [&'static str],
}

/// The topics of a shard. A topic without listeners is not kept.
#[derive(Default)]
pub(crate) struct PubSub {
    topics: HashMap<Arc<str>, Slab<Seat>>,
}

impl PubSub {
    /// Subscribes; the place is needed to unsubscribe.
    pub(crate) fn subscribe(&mut self, topic: &Arc<str>, seat: Seat) -> u32 {
        let seats = self
            .topics
            .entry(topic.clone())
            .or_insert_with(|| Slab::with_capacity(1));
        u32::try_from(seats.insert(seat)).expect("a shard has fewer than 2^32 conversations")
    }

    /// Ends a subscription.
    pub(crate) fn unsubscribe(&mut self, topic: &str, place: u32) {
        if let Some(seats) = self.topics.get_mut(topic) {
            seats.try_remove(place as usize);
            if seats.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    /// All who listen to a topic.
    pub(crate) fn seats(&self, topic: &str) -> impl Iterator<Item = &Seat> {
        self.topics
            .get(topic)
            .into_iter()
            .flat_map(|seats| seats.iter().map(|(_, seat)| seat))
    }

    /// All who listen to any topic of the same channel, `lab:*` for `lab:a`.
    pub(crate) fn seats_of_channel(&self, topic: &str) -> impl Iterator<Item = &Seat> {
        let channel = topic.split_once(':').map(|(channel, _)| channel.to_owned());
        self.topics
            .iter()
            .filter(move |(other, _)| other.split_once(':').map(|(channel, _)| channel) == channel.as_deref())
            .flat_map(|(_, seats)| seats.iter().map(|(_, seat)| seat))
    }
}

/// A broadcast on its way to all shards.
#[derive(Debug)]
pub(crate) struct Broadcast {
    pub(crate) topic: Arc<str>,
    pub(crate) event: Arc<str>,
    pub(crate) body: Body,
    /// The conversation that does not get it.
    pub(crate) except: Option<ConversationId>,
    encoded: [OnceLock<Result<Encoded, Raised>>; 2],
}

impl Broadcast {
    pub(crate) fn new(topic: Arc<str>, event: Arc<str>, body: Body, except: Option<ConversationId>) -> Self {
        Self {
            topic,
            event,
            body,
            except,
            encoded: [const { OnceLock::new() }; 2],
        }
    }

    /// What `Phoenix.Presence` tells a topic of one of its conversations.
    pub(crate) fn of_presence(topic: Arc<str>, diff: Body, to: Reach, of: ConversationId) -> Self {
        let except = (to == Reach::Others).then_some(of);
        Self::new(topic, "presence_diff".into(), diff, except)
    }

    /// The message for clients that speak this version, encoded once for all of them. Phoenix raises at the sender
    /// where the version has no such message.
    pub(crate) fn encoded(&self, vsn: Vsn) -> Result<&Encoded, Raised> {
        let place = match vsn {
            Vsn::V1 => 0,
            Vsn::V2 => 1,
        };
        self.encoded[place]
            .get_or_init(|| {
                let dialect = Dialect::phoenix(vsn);
                Encoded::shared(|out| message::broadcast(dialect, &self.topic, &self.event, &self.body, out))
            })
            .as_ref()
            .map_err(|&raised| raised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat(peer: u32) -> Seat {
        let address = Address {
            peer,
            conversation: ConversationId(u64::from(peer)),
        };
        Seat {
            address,
            vsn: Vsn::V2,
            intercepts: &[],
        }
    }

    #[test]
    fn a_topic_that_everybody_left_is_forgotten() {
        let mut pubsub = PubSub::default();
        let topic: Arc<str> = "lab:a".into();
        let (one, two) = (
            pubsub.subscribe(&topic, seat(1)),
            pubsub.subscribe(&topic, seat(2)),
        );
        pubsub.unsubscribe(&topic, one);
        let left: Vec<_> = pubsub.seats(&topic).map(|seat| seat.address.peer).collect();
        assert_eq!(left, [2]);
        pubsub.unsubscribe(&topic, two);
        assert!(pubsub.topics.is_empty());
    }

    #[test]
    fn a_broadcast_is_encoded_once_for_each_version() {
        let broadcast = Broadcast::new("lab:a".into(), "e".into(), Body::Json("{}".into()), None);
        let at = |vsn| broadcast.encoded(vsn).map(|message| message.payload().as_ptr());
        assert_eq!(at(Vsn::V2), at(Vsn::V2));
        assert_ne!(at(Vsn::V2), at(Vsn::V1));
    }

    #[test]
    fn a_list_is_no_broadcast_in_v2() {
        let broadcast = Broadcast::new("lab:a".into(), "e".into(), Body::Json("[1]".into()), None);
        assert!(broadcast.encoded(Vsn::V2).is_err());
        assert!(broadcast.encoded(Vsn::V1).is_ok());
    }
}
