//! Faults of serializers, of malformed messages and of heartbeats.

use super::Fault;
use crate::server::conduct::{
    BinaryBroadcasts, BinaryPushes, BinaryReplies, Contagion, HeartbeatNames, HeartbeatResponse, KeptOpen,
    NumberTopics, Rigour, SizeUnit, TopicNames, V1Binary,
};

pub(super) const FAULTS: &[Fault] = &[
    // Texts.
    Fault::new(
        "surplus-closes",
        "A list of more than five ends the connection.",
        &["v2-surplus-ignored"],
        |conduct| conduct.wire.reading.rigour = Rigour::NoSurplus,
    ),
    Fault::new(
        "topic-not-text-closes",
        "A topic that is not a text ends the connection.",
        &["topic-not-text"],
        |conduct| conduct.wire.reading.rigour = Rigour::TopicsAreTexts,
    ),
    Fault::new(
        "topic-number-becomes-text",
        "A topic that is a number becomes a text.",
        &["topic-not-text"],
        |conduct| conduct.wire.reading.number_topics = NumberTopics::Texts,
    ),
    Fault::new(
        "event-not-text-closes",
        "An event that is not a text ends the connection.",
        &["event-not-text"],
        |conduct| conduct.wire.reading.rigour = Rigour::EventsAreTexts,
    ),
    Fault::new(
        "payload-not-object-closes",
        "A payload that is no object ends the connection.",
        &["payload-not-object"],
        |conduct| conduct.wire.reading.rigour = Rigour::PayloadsAreObjects,
    ),
    Fault::new(
        "duplicate-keys-close",
        "A payload with a key that comes twice ends the connection.",
        &["duplicate-keys-one-wins"],
        |conduct| conduct.wire.reading.rigour = Rigour::KeysAreUnique,
    ),
    Fault::new(
        "long-topics-unmatched",
        "A topic of more than 255 bytes is unmatched.",
        &["text-field-any-length"],
        |conduct| conduct.channels.topics = TopicNames::Short,
    ),
    Fault::new(
        "topics-in-ascii-only",
        "A topic with a letter beyond ASCII is unmatched.",
        &["join-reply"],
        |conduct| conduct.channels.topics = TopicNames::Ascii,
    ),
    Fault::new(
        "v1-binary-passed-over",
        "In 1.0.0, a binary message that cannot be read is passed over.",
        &["v1-binary-closes"],
        |conduct| conduct.wire.reading.v1_binary = V1Binary::PassedOver,
    ),
    Fault::new(
        "malformed-told-to-topics",
        "What is no message is told as a crash to all who share a topic with its sender.",
        &["malformed-spares-others"],
        |conduct| conduct.channels.contagion = Contagion::OfMalformed,
    ),
    // Bytes.
    Fault::new(
        "binary-push-as-broadcast",
        "A channel pushes bytes as a broadcast, without a join_ref.",
        &["binary-kinds", "server-push-refs"],
        |conduct| conduct.channels.binary_pushes = BinaryPushes::AsBroadcasts,
    ),
    Fault::new(
        "binary-push-lost",
        "What a channel pushes in bytes is lost.",
        &["binary-server-push"],
        |conduct| conduct.channels.binary_pushes = BinaryPushes::Lost,
    ),
    Fault::new(
        "binary-broadcast-lost",
        "A broadcast of bytes is lost.",
        &["binary-broadcast"],
        |conduct| conduct.channels.binary_broadcasts = BinaryBroadcasts::Lost,
    ),
    Fault::new(
        "binary-last-zeros-cut",
        "A reply of bytes loses the zeros at its end.",
        &["binary-push-roundtrip"],
        |conduct| conduct.channels.binary_replies = BinaryReplies::WithoutLastZeros,
    ),
    Fault::new(
        "binary-64k-unanswered",
        "A reply of more than 65,535 bytes is lost.",
        &["binary-any-length"],
        |conduct| conduct.channels.binary_replies = BinaryReplies::ShortOnly,
    ),
    Fault::new(
        "binary-empty-unanswered",
        "A reply of no bytes is lost.",
        &["binary-any-length"],
        |conduct| conduct.channels.binary_replies = BinaryReplies::FilledOnly,
    ),
    Fault::new(
        "binary-sizes-in-letters",
        "In replies and pushes of bytes, the size of the topic counts letters.",
        &["binary-sizes-in-bytes"],
        |conduct| conduct.channels.binary_sizes = SizeUnit::Letters,
    ),
    // Heartbeats.
    Fault::new(
        "heartbeat-on-any-topic",
        "The event heartbeat is answered ok on any topic.",
        &["heartbeat-topic"],
        |conduct| conduct.wire.reading.heartbeat = HeartbeatNames::Event,
    ),
    Fault::new(
        "heartbeat-by-any-event",
        "Any event on topic phoenix is answered as a heartbeat.",
        &["unmatched-topic-reply"],
        |conduct| conduct.wire.reading.heartbeat = HeartbeatNames::Topic,
    ),
    Fault::new(
        "heartbeat-echoes",
        "A heartbeat is answered with its own payload.",
        &["heartbeat-reply"],
        |conduct| conduct.wire.reading.heartbeat_response = HeartbeatResponse::Echo,
    ),
    Fault::new(
        "heartbeat-counts-as-silence",
        "A client that sends nothing but heartbeats is taken for a silent one.",
        &["heartbeat-keeps-open"],
        |conduct| conduct.wire.kept_open = KeptOpen::OtherMessages,
    ),
];
