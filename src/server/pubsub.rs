//! Which channels subscribe to which topic on this shard, and a broadcast that is encoded once for each serializer.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use slab::Slab;

use super::context::Reach;
use super::ids::{Address, ChannelId, SessionId};
use super::message::{self, Dialect, Encoded, Raised};
use super::payload::Body;
use crate::protocol::Vsn;

/// One subscription.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subscription {
    pub(crate) address: Address,
    pub(crate) vsn: Vsn,
    /// These events go through the channel; all others straight to the session (the fastlane).
    pub(crate) intercepts: &'static [&'static str],
}

/// The topics of a shard. A topic without subscriptions is not kept.
#[derive(Default)]
pub(crate) struct PubSub {
    topics: HashMap<Arc<str>, Slab<Subscription>>,
    /// By number: the subscriptions of channels that have ended, which PubSub has not forgotten yet. Their clients still
    /// get the topic's broadcasts.
    stale: HashMap<u64, Stale>,
    /// How many stale subscriptions there have been.
    staled: u64,
}

/// The subscription of a channel that has ended.
struct Stale {
    of: Address,
    topic: Arc<str>,
    slot: u32,
}

impl PubSub {
    /// Subscribes; the slot is needed to unsubscribe.
    pub(crate) fn subscribe(&mut self, topic: &Arc<str>, subscription: Subscription) -> u32 {
        let subscriptions = self
            .topics
            .entry(topic.clone())
            .or_insert_with(|| Slab::with_capacity(1));
        u32::try_from(subscriptions.insert(subscription)).expect("a shard has fewer than 2^32 channels")
    }

    /// Ends a subscription.
    pub(crate) fn unsubscribe(&mut self, topic: &str, slot: u32) {
        if let Some(subscriptions) = self.topics.get_mut(topic) {
            subscriptions.try_remove(slot as usize);
            if subscriptions.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    /// All subscriptions to a topic.
    pub(crate) fn of_topic(&self, topic: &str) -> impl Iterator<Item = &Subscription> {
        self.topics
            .get(topic)
            .into_iter()
            .flat_map(|subscriptions| subscriptions.iter().map(|(_, subscription)| subscription))
    }

    /// All subscriptions to any topic of the same kind, `lab:*` for `lab:a`.
    pub(crate) fn of_kind(&self, topic: &str) -> impl Iterator<Item = &Subscription> {
        let kind = topic.split_once(':').map(|(kind, _)| kind.to_owned());
        self.topics
            .iter()
            .filter(move |(other, _)| other.split_once(':').map(|(kind, _)| kind) == kind.as_deref())
            .flat_map(|(_, subscriptions)| subscriptions.iter().map(|(_, subscription)| subscription))
    }

    /// Lets the subscription of a channel that has ended live on until [`Self::forget`], and gives it a number.
    pub(crate) fn outlive(&mut self, of: Address, topic: Arc<str>, slot: u32) -> u64 {
        self.staled += 1;
        self.stale.insert(self.staled, Stale { of, topic, slot });
        self.staled
    }

    /// Whether the subscription of this channel lives on after its end.
    pub(crate) fn outlives(&self, of: Address) -> bool {
        self.stale.values().any(|stale| stale.of == of)
    }

    /// Ends the subscription of a channel that has ended.
    pub(crate) fn forget(&mut self, number: u64) {
        if let Some(stale) = self.stale.remove(&number) {
            self.unsubscribe(&stale.topic, stale.slot);
        }
    }

    /// The same for all of a session that ends: another session may get its id next.
    pub(crate) fn forget_all(&mut self, session: SessionId) {
        let stale = self.stale.iter();
        let numbers: Vec<u64> = stale
            .filter_map(|(number, stale)| (stale.of.session == session).then_some(*number))
            .collect();
        for number in numbers {
            self.forget(number);
        }
    }
}

/// A broadcast on its way to all shards.
#[derive(Debug)]
pub(crate) struct Broadcast {
    pub(crate) topic: Arc<str>,
    pub(crate) event: Arc<str>,
    pub(crate) body: Body,
    /// The channel that does not get it.
    pub(crate) except: Option<ChannelId>,
    encoded: [OnceLock<Result<Encoded, Raised>>; 2],
}

impl Broadcast {
    pub(crate) fn new(topic: Arc<str>, event: Arc<str>, body: Body, except: Option<ChannelId>) -> Self {
        Self {
            topic,
            event,
            body,
            except,
            encoded: [const { OnceLock::new() }; 2],
        }
    }

    /// What `Phoenix.Presence` tells a topic of one of its channels.
    pub(crate) fn of_presence(topic: Arc<str>, diff: Body, to: Reach, of: ChannelId) -> Self {
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
                message::broadcast(dialect, &self.topic, &self.event, &self.body)
            })
            .as_ref()
            .map_err(|&raised| raised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(session: u32) -> Address {
        Address {
            session: SessionId(session),
            channel: ChannelId(u64::from(session)),
        }
    }

    fn subscription(session: u32) -> Subscription {
        Subscription {
            address: address(session),
            vsn: Vsn::V2,
            intercepts: &[],
        }
    }

    #[test]
    fn a_topic_that_everybody_left_is_forgotten() {
        let mut pubsub = PubSub::default();
        let topic: Arc<str> = "lab:a".into();
        let (one, two) = (
            pubsub.subscribe(&topic, subscription(1)),
            pubsub.subscribe(&topic, subscription(2)),
        );
        pubsub.unsubscribe(&topic, one);
        let left: Vec<_> = pubsub.of_topic(&topic).map(|left| left.address).collect();
        assert_eq!(left, [address(2)]);
        pubsub.unsubscribe(&topic, two);
        assert!(pubsub.topics.is_empty());
    }

    #[test]
    fn a_subscription_that_outlived_its_channel_ends_with_its_session() {
        let mut pubsub = PubSub::default();
        let topic: Arc<str> = "lab:a".into();
        for session in [1, 2] {
            let slot = pubsub.subscribe(&topic, subscription(session));
            pubsub.outlive(address(session), Arc::clone(&topic), slot);
        }
        pubsub.forget_all(SessionId(1));
        assert!(!pubsub.outlives(address(1)));
        assert!(pubsub.outlives(address(2)));
        let left: Vec<_> = pubsub.of_topic(&topic).map(|left| left.address).collect();
        assert_eq!(left, [address(2)]);
    }

    #[test]
    fn a_broadcast_is_encoded_once_for_each_version() {
        let broadcast = Broadcast::new("lab:a".into(), "e".into(), Body::Json("{}".into()), None);
        let at = |vsn| broadcast.encoded(vsn).map(|message| message.payload.as_ptr());
        assert_eq!(at(Vsn::V2), at(Vsn::V2));
        assert_ne!(at(Vsn::V2), at(Vsn::V1));
    }

    #[test]
    fn a_list_cannot_be_broadcast_in_v2() {
        let broadcast = Broadcast::new("lab:a".into(), "e".into(), Body::Json("[1]".into()), None);
        assert!(broadcast.encoded(Vsn::V2).is_err());
        assert!(broadcast.encoded(Vsn::V1).is_ok());
    }
}
