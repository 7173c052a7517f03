//! Decisions about what the serializers take for malformed, and about heartbeats. No profile changes them.

/// Decisions about messages of clients, before a channel gets them.
#[derive(Clone, Debug)]
pub struct ReadingConduct {
    /// What is malformed though Phoenix reads it.
    pub rigour: Rigour,
    /// A topic that is a number.
    pub number_topics: NumberTopics,
    /// A binary message in 1.0.0 that is not JSON.
    pub v1_binary: V1Binary,
    /// What makes a message a heartbeat.
    pub heartbeat: HeartbeatNames,
    /// The response to a heartbeat.
    pub heartbeat_response: HeartbeatResponse,
}

/// What is malformed though Phoenix reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rigour {
    /// Nothing.
    AsPhoenix,
    /// In 2.0.0, a list of more than five.
    NoSurplus,
    /// A topic that is not a text.
    TopicsAreTexts,
    /// An event that is not a text.
    EventsAreTexts,
    /// A payload in text that is not an object.
    PayloadsAreObjects,
    /// A payload with a key that comes twice.
    KeysAreUnique,
}

/// A topic that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberTopics {
    /// Stays one.
    Numbers,
    /// Becomes a text.
    Texts,
}

/// A binary message in 1.0.0 that is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum V1Binary {
    /// Is malformed.
    Malformed,
    /// Is passed over.
    PassedOver,
}

/// What makes a message a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatNames {
    /// The event `heartbeat` on the topic `phoenix`.
    EventAndTopic,
    /// The event, on any topic.
    Event,
    /// The topic, with any event.
    Topic,
}

/// The response to a heartbeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeartbeatResponse {
    /// Is empty.
    Empty,
    /// Is the payload of the heartbeat.
    Echo,
}

impl Default for ReadingConduct {
    fn default() -> Self {
        Self {
            rigour: Rigour::AsPhoenix,
            number_topics: NumberTopics::Numbers,
            v1_binary: V1Binary::Malformed,
            heartbeat: HeartbeatNames::EventAndTopic,
            heartbeat_response: HeartbeatResponse::Empty,
        }
    }
}
