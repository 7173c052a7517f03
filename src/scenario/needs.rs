//! What a scenario needs of the server and of the command line.

/// A feature that a server must have for a scenario to make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A mounted Phoenix socket.
    Wire,
    /// One topic that clients may join.
    Room,
    /// The `lab:*` channel.
    Lab,
    /// The `presence:*` channel.
    Presence,
    /// The `videos:*` channel.
    Rumbl,
}

impl Level {
    /// All of them; each builds on those before it.
    pub const ALL: [Self; 5] = [Self::Wire, Self::Room, Self::Lab, Self::Presence, Self::Rumbl];

    /// The name in scenario files and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Room => "room",
            Self::Lab => "lab",
            Self::Presence => "presence",
            Self::Rumbl => "rumbl",
        }
    }
}

/// A value that comes from outside the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// `{{mount}}`: the path of the socket, such as `/socket`.
    Mount,
    /// `{{topic}}`: a topic that clients may join.
    Topic,
    /// `{{join_params}}`: the params to join it with.
    JoinParams,
    /// `{{other_topic}}`: a second topic that clients may join.
    OtherTopic,
    /// `{{other_join_params}}`: the params to join that with.
    OtherJoinParams,
    /// `{{unknown_topic}}`: a topic whose join must be refused.
    UnknownTopic,
    /// `{{invented_topic}}`: a topic that the server cannot know.
    InventedTopic,
    /// `{{push_event}}`: an event that the server replies to.
    PushEvent,
    /// `{{push_payload}}`: its payload.
    PushPayload,
    /// `{{push_status}}`: the status of the reply to it, when nothing else is sent.
    PushStatus,
    /// `{{first_answer}}`: the response to the first such push after a join, when nothing else is sent.
    FirstAnswer,
    /// `{{second_answer}}`: the response to the second one.
    SecondAnswer,
    /// `{{third_answer}}`: the response to the third one.
    ThirdAnswer,
    /// `{{sender}}`: the number of the socket that sends, in a swarm.
    Sender,
    /// `{{seq}}`: how many messages that socket sent before, in a swarm.
    Seq,
    /// `{{mark}}`: a text by which a swarm recognises its broadcasts: the sender, the time, and the number
    /// within the topic.
    Mark,
}

impl Offer {
    /// Each with the name that scenarios use for it.
    pub const NAMED: [(&'static str, Self); 16] = [
        ("mount", Self::Mount),
        ("topic", Self::Topic),
        ("join_params", Self::JoinParams),
        ("other_topic", Self::OtherTopic),
        ("other_join_params", Self::OtherJoinParams),
        ("unknown_topic", Self::UnknownTopic),
        ("invented_topic", Self::InventedTopic),
        ("push_event", Self::PushEvent),
        ("push_payload", Self::PushPayload),
        ("push_status", Self::PushStatus),
        ("first_answer", Self::FirstAnswer),
        ("second_answer", Self::SecondAnswer),
        ("third_answer", Self::ThirdAnswer),
        ("sender", Self::Sender),
        ("seq", Self::Seq),
        ("mark", Self::Mark),
    ];

    /// Whether it concerns the topics from the command line, or what is pushed to them.
    pub fn is_of_a_room(self) -> bool {
        !matches!(
            self,
            Self::Mount | Self::InventedTopic | Self::Sender | Self::Seq | Self::Mark
        )
    }
}
