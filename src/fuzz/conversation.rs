//! A generated conversation: the steps of several clients, one after the other.
//!
//! A step is allowed in every state: [`super::model`] predicts the answers there, or leaves the step out. So any step can be removed,
//! and the others stay valid. A step holds no ref and no id: the model derives them from the steps before.

use serde_json::{Map, Value, json};

/// A conversation.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MadeConversation {
    pub(crate) steps: Vec<ClientStep>,
}

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClientStep {
    pub(crate) client: Client,
    pub(crate) deed: Deed,
}

/// A client, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Client(pub(crate) usize);

/// The names of the clients in a scenario.
const NAMES: [&str; 6] = ["ana", "bea", "cid", "dan", "eve", "fay"];

/// An action of a client.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Deed {
    Connect,
    Join(Topic, Params),
    Push(Topic, PushKind),
    Leave(Topic),
    /// A message under another join_ref than the one of the channel.
    Astray(Topic, AstrayMessage, OtherJoinRef),
    Heartbeat,
    Frame(OddFrame),
    Close,
    Cut,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Topic {
    /// One of the topics of `lab:*`.
    Lab(usize),
    Presence,
    Video,
    /// A topic that no channel serves.
    Unknown(String),
}

/// The params of a join.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Params {
    /// Params without an effect.
    Plain(Map<String, Value>),
    /// A lab refuses the join with this reason.
    Deny(String),
    /// A lab crashes in the join.
    Crash,
    /// The status of a presence.
    Status(String),
    /// The number of annotations that the client has seen; a video sends the later ones.
    Since(usize),
}

/// A push: an event with its payload.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PushKind {
    Echo(Map<String, Value>),
    EchoError(Map<String, Value>),
    EchoBytes(Vec<u8>),
    Ack,
    Ignore,
    Count,
    Put(String, Value),
    Get(String),
    Push(Map<String, Value>),
    PushBytes(Vec<u8>),
    Broadcast(Map<String, Value>),
    BroadcastFrom(Map<String, Value>),
    BroadcastBytes(Vec<u8>),
    Whisper(Client, String),
    ReplyLater(Map<String, Value>),
    Sleep,
    StopNormally,
    StopOddly(String),
    StopReply(Map<String, Value>),
    Crash,
    /// An event that no channel knows.
    Unknown(String),
    Update(String),
    Annotate(String, u32),
    /// An annotation that the channel refuses.
    AnnotateBadly(BadAnnotation),
}

/// A message under another join_ref than the one of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AstrayMessage {
    Count,
    Leave,
}

/// Another join_ref than the one of the channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherJoinRef {
    Null,
    /// One that no join has.
    Unused,
    /// That of an earlier join of the same topic on this connection.
    Earlier,
}

/// A mistake in an annotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadAnnotation {
    NoBody,
    EmptyBody,
    TextAsTime,
    TimeBelowZero,
}

/// A frame or message that no client library sends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum OddFrame {
    /// It ends the connection with this close code; the parts of the step `raw` that sends it.
    Fatal(&'static str, u16),
    /// A ping with this text.
    Ping(String),
    /// A pong that nobody asked for.
    Pong(String),
    /// A heartbeat in so many fragments.
    Fragments(usize),
    /// A heartbeat in two fragments, with a ping of this text between them.
    PingBetween(String),
    /// A new message within one in fragments; it ends the connection with the code 1002.
    Interrupted,
    /// A binary message with nothing but an empty topic and event.
    EmptyBinary,
    /// A heartbeat with one value too many.
    SixValues,
    /// A message whose topic is a number.
    NumberAsTopic(u32),
    /// A message whose event is a number, to a topic that nobody joined.
    NumberAsEvent(u32),
}

impl Client {
    /// The name in a scenario.
    pub(crate) fn name(self) -> &'static str {
        NAMES[self.0 % NAMES.len()]
    }

    /// The name of its user, to be filled in.
    pub(crate) fn user(self) -> &'static str {
        const USERS: [&str; 6] = ["{{ana}}", "{{bea}}", "{{cid}}", "{{dan}}", "{{eve}}", "{{fay}}"];
        USERS[self.0 % USERS.len()]
    }

    /// The most clients of one conversation.
    pub(crate) const MOST: usize = NAMES.len();
}

impl AstrayMessage {
    /// The kind of step under this join_ref, for the count of what was covered.
    pub(crate) const fn kind(self, other: OtherJoinRef) -> &'static str {
        match (self, other) {
            (Self::Count, OtherJoinRef::Null) => "count under a null join_ref",
            (Self::Count, OtherJoinRef::Unused) => "count under an unused join_ref",
            (Self::Count, OtherJoinRef::Earlier) => "count under an earlier join_ref",
            (Self::Leave, OtherJoinRef::Null) => "leave under a null join_ref",
            (Self::Leave, OtherJoinRef::Unused) => "leave under an unused join_ref",
            (Self::Leave, OtherJoinRef::Earlier) => "leave under an earlier join_ref",
        }
    }
}

impl Deed {
    /// The kind of step, for the count of what was covered.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Join(..) => "join",
            Self::Push(_, push) => push.kind(),
            Self::Leave(_) => "leave",
            Self::Astray(_, message, other) => message.kind(*other),
            Self::Heartbeat => "heartbeat",
            Self::Frame(frame) => frame.kind(),
            Self::Close => "close",
            Self::Cut => "cut",
        }
    }
}

impl OddFrame {
    /// Whether it ends the connection.
    pub(crate) const fn is_fatal(&self) -> bool {
        matches!(self, Self::Fatal(..) | Self::Interrupted)
    }

    /// The kind of frame, for the count of what was covered.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Fatal(..) => "fatal frame",
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
            Self::Fragments(_) => "fragments",
            Self::PingBetween(_) => "ping between fragments",
            Self::Interrupted => "message within fragments",
            Self::EmptyBinary => "empty binary message",
            Self::SixValues => "message of six values",
            Self::NumberAsTopic(_) => "number as topic",
            Self::NumberAsEvent(_) => "number as event",
        }
    }
}

impl Topic {
    /// The number of topics of `lab:*`: a plain one, one beside it, one in another script, and a long one.
    pub(crate) const LABS: usize = 4;

    /// The kind of topic, for the count of what was covered.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Lab(_) => "lab",
            Self::Presence => "presence",
            Self::Video => "videos",
            Self::Unknown(_) => "unknown topic",
        }
    }

    /// The topic as a scenario writes it.
    pub(crate) fn written(&self) -> String {
        match self {
            Self::Lab(0) => "lab:{{room}}".to_owned(),
            Self::Lab(1) => "lab:{{room}}-1".to_owned(),
            Self::Lab(2) => "lab:{{room}}-ñ🙂".to_owned(),
            // A size in bytes that fits into one byte only without a sign.
            Self::Lab(_) => format!("lab:{{{{room}}}}-{}", "x".repeat(150)),
            Self::Presence => "presence:{{room}}".to_owned(),
            Self::Video => "videos:{{video}}".to_owned(),
            Self::Unknown(topic) => topic.clone(),
        }
    }
}

impl MadeConversation {
    /// A conversation of the first client.
    pub(crate) fn of_one(deeds: impl IntoIterator<Item = Deed>) -> Self {
        let client = Client(0);
        let steps = deeds.into_iter().map(|deed| ClientStep { client, deed });
        Self {
            steps: steps.collect(),
        }
    }

    /// Whether clients need names: for presences and whispers.
    pub(crate) fn has_users(&self) -> bool {
        self.steps.iter().any(|step| match &step.deed {
            Deed::Join(topic, _) => *topic == Topic::Presence,
            Deed::Push(_, push) => matches!(push, PushKind::Whisper(..)),
            _ => false,
        })
    }
}

impl PushKind {
    /// The kind of push, for the count of what was covered.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Echo(_) => "echo",
            Self::EchoError(_) => "echo_error",
            Self::EchoBytes(_) => "echo of bytes",
            Self::Ack => "ack",
            Self::Ignore => "ignore",
            Self::Count => "count",
            Self::Put(..) => "put",
            Self::Get(_) => "get",
            Self::Push(_) => "push",
            Self::PushBytes(_) => "push of bytes",
            Self::Broadcast(_) => "broadcast",
            Self::BroadcastFrom(_) => "broadcast_from",
            Self::BroadcastBytes(_) => "broadcast of bytes",
            Self::Whisper(..) => "whisper",
            Self::ReplyLater(_) => "reply_later",
            Self::Sleep => "sleep",
            Self::StopNormally => "stop normally",
            Self::StopOddly(_) => "stop oddly",
            Self::StopReply(_) => "stop_reply",
            Self::Crash => "crash",
            Self::Unknown(_) => "unknown event",
            Self::Update(_) => "update",
            Self::Annotate(..) => "annotation",
            Self::AnnotateBadly(_) => "bad annotation",
        }
    }

    /// The event.
    pub(crate) fn event(&self) -> &str {
        match self {
            Self::Echo(_) | Self::EchoBytes(_) => "echo",
            Self::EchoError(_) => "echo_error",
            Self::Ack => "ack",
            Self::Ignore => "ignore",
            Self::Count => "count",
            Self::Put(..) => "put",
            Self::Get(_) => "get",
            Self::Push(_) | Self::PushBytes(_) => "push",
            Self::Broadcast(_) | Self::BroadcastBytes(_) => "broadcast",
            Self::BroadcastFrom(_) => "broadcast_from",
            Self::Whisper(..) => "whisper",
            Self::ReplyLater(_) => "reply_later",
            Self::Sleep => "sleep",
            Self::StopNormally | Self::StopOddly(_) => "stop",
            Self::StopReply(_) => "stop_reply",
            Self::Crash => "crash",
            Self::Unknown(event) => event,
            Self::Update(_) => "update",
            Self::Annotate(..) | Self::AnnotateBadly(_) => "new_annotation",
        }
    }

    /// The payload, with names of users to fill in; bytes if it is binary.
    pub(crate) fn payload(&self) -> PushPayload {
        PushPayload::Json(match self {
            Self::EchoBytes(bytes) | Self::PushBytes(bytes) | Self::BroadcastBytes(bytes) => {
                return PushPayload::Bytes(bytes.clone());
            }
            Self::Echo(it)
            | Self::EchoError(it)
            | Self::Push(it)
            | Self::Broadcast(it)
            | Self::BroadcastFrom(it)
            | Self::StopReply(it) => Value::Object(it.clone()),
            Self::Ack | Self::Ignore | Self::Count | Self::Crash | Self::Unknown(_) => json!({}),
            Self::Put(key, value) => json!({ "key": key, "value": value }),
            Self::Get(key) => json!({ "key": key }),
            // The name of the user is filled in where the step is written.
            Self::Whisper(_, body) => json!({ "body": body }),
            Self::ReplyLater(body) => json!({ "ms": 1, "body": body }),
            Self::Sleep => json!({ "ms": 1 }),
            Self::StopNormally => json!({ "reason": "normal" }),
            Self::StopOddly(reason) => json!({ "reason": reason }),
            Self::Update(status) => json!({ "status": status }),
            Self::Annotate(body, at) => json!({ "body": body, "at": at }),
            Self::AnnotateBadly(BadAnnotation::NoBody) => json!({ "at": 1 }),
            Self::AnnotateBadly(BadAnnotation::EmptyBody) => json!({ "body": "", "at": 1 }),
            Self::AnnotateBadly(BadAnnotation::TextAsTime) => json!({ "body": "a", "at": "now" }),
            Self::AnnotateBadly(BadAnnotation::TimeBelowZero) => json!({ "body": "a", "at": -1 }),
        })
    }
}

/// A payload.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PushPayload {
    Json(Value),
    Bytes(Vec<u8>),
}
