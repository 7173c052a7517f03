//! What a scenario needs of a server, and of whoever runs it.

/// What a server must offer for a scenario to make sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// A mounted Phoenix socket.
    Wire,
    /// One topic that may be joined.
    Room,
    /// The `lab:*` channel.
    Lab,
    /// The `presence:*` channel.
    Presence,
    /// The `videos:*` channel.
    Rumbl,
}

impl Level {
    /// All of them, in the order in which they build on each other.
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
    /// `{{topic}}`: a topic that may be joined.
    Topic,
    /// `{{join_params}}`: what it is joined with.
    JoinParams,
    /// `{{other_topic}}`: a second one.
    OtherTopic,
    /// `{{other_join_params}}`: what that is joined with.
    OtherJoinParams,
    /// `{{unknown_topic}}`: a topic that must not be let in.
    UnknownTopic,
    /// `{{invented_topic}}`: a topic that the server cannot know.
    InventedTopic,
    /// `{{push_event}}`: an event that is answered.
    PushEvent,
    /// `{{push_payload}}`: its payload.
    PushPayload,
    /// `{{push_status}}`: the status of its answer, as it is when nothing else goes on.
    PushStatus,
    /// `{{first_answer}}`: the response to the first such push after a join, when nothing else is sent.
    FirstAnswer,
    /// `{{second_answer}}`: the response to the second one.
    SecondAnswer,
    /// `{{third_answer}}`: the response to the third one.
    ThirdAnswer,
    /// `{{sender}}`: the number of the socket that sends, in a swarm.
    Sender,
    /// `{{seq}}`: how many that socket has sent before, in a swarm.
    Seq,
    /// `{{mark}}`: a text by which a swarm knows a broadcast again: who sent it when, and as which of its topic.
    Mark,
}

impl Offer {
    /// Each with the name that a scenario calls it by.
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

    /// Whether it says something of the topics that the command line names, or of what is pushed there.
    pub fn is_of_a_room(self) -> bool {
        !matches!(
            self,
            Self::Mount | Self::InventedTopic | Self::Sender | Self::Seq | Self::Mark
        )
    }
}
