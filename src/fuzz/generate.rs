//! Generates conversations of legal steps, plausible mistakes and illegal steps. Each conversation switches half of the kinds off.

use super::conversation::{
    AstrayMessage, BadAnnotation, Client, ClientStep, Deed, MadeConversation, OddFrame, OtherJoinRef, Params,
    PushKind, Topic,
};
use super::values::Values;
use crate::dice::Dice;
use crate::transport::Transport;

/// The main subject of conversations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Focus {
    Frames,
    Protocol,
    Lab,
    Rumbl,
    #[default]
    All,
}

/// The channels that a server has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each channel is there or not")]
pub struct Offers {
    /// `lab:*`
    pub lab: bool,
    /// `presence:*`
    pub presence: bool,
    /// `videos:*`
    pub videos: bool,
    /// Whether a client is the user of its token.
    pub users: bool,
}

impl Offers {
    /// The channels of both servers.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self {
            lab: self.lab && other.lab,
            presence: self.presence && other.presence,
            videos: self.videos && other.videos,
            users: self.users && other.users,
        }
    }
}

/// The settings that all conversations of a run share.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground {
    pub(crate) focus: Focus,
    pub(crate) offers: Offers,
    pub(crate) transport: Transport,
}

/// The conversation with this number; the same seed makes the same one.
pub(crate) fn conversation(seed: u64, number: u64, ground: Ground) -> MadeConversation {
    let mut dice = Dice::new(seed, number);
    let mut bytes = [0; 32];
    for part in bytes.chunks_exact_mut(8) {
        part.copy_from_slice(&dice.bits().to_le_bytes());
    }
    let mut maker = Maker {
        values: Values::new(bytes),
        kinds: Kinds::some(&mut dice),
        topics: topics(&mut dice, ground),
        clients: CLIENTS[dice.index(CLIENTS.len())],
        ground,
        annotations: 0,
        dice,
    };
    maker.make()
}

/// The numbers of clients, each with the same chance: many small conversations find more than a few large ones.
const CLIENTS: [usize; 8] = [1, 1, 2, 2, 2, 3, 3, 4];

/// The topics of a conversation.
fn topics(dice: &mut Dice, ground: Ground) -> Vec<Topic> {
    let Offers {
        lab,
        presence,
        videos,
        users,
    } = ground.offers;
    let presence = presence && users;
    let mut topics = Vec::new();
    let rumbl = ground.focus == Focus::Rumbl;
    if lab && !(rumbl && (presence || videos)) {
        topics.push(Topic::Lab(0));
        if dice.chance(30) {
            topics.push(Topic::Lab(1 + dice.index(Topic::LABS - 1)));
        }
    }
    if presence && (rumbl || (ground.focus == Focus::All && dice.chance(25))) {
        topics.push(Topic::Presence);
    }
    if videos && (rumbl || (ground.focus == Focus::All && dice.chance(25))) {
        topics.push(Topic::Video);
    }
    topics
}

/// The kinds of steps of a conversation: each is on or off, with an even chance.
struct Kinds(u64);

/// A kind of step that can be switched off.
#[derive(Clone, Copy)]
enum Kind {
    Ending,
    Leaving,
    Refused,
    Binary,
    Broadcasting,
    Keeping,
    Late,
    Strange,
    Frames,
    Cutting,
    Rejoining,
    Astray,
}

impl Kinds {
    fn some(dice: &mut Dice) -> Self {
        Self(dice.bits())
    }

    fn has(&self, kind: Kind) -> bool {
        self.0 >> (kind as u8) & 1 == 1
    }
}

struct Maker {
    dice: Dice,
    values: Values,
    kinds: Kinds,
    topics: Vec<Topic>,
    clients: usize,
    ground: Ground,
    annotations: usize,
}

impl Maker {
    fn make(&mut self) -> MadeConversation {
        let mut steps = Vec::new();
        for client in (0..self.clients).map(Client) {
            steps.push(ClientStep {
                client,
                deed: Deed::Connect,
            });
            for topic in self.topics.clone() {
                if self.dice.chance(80) {
                    let params = self.params(&topic);
                    steps.push(ClientStep {
                        client,
                        deed: Deed::Join(topic, params),
                    });
                }
            }
        }
        let more = 2 + self.dice.index(12);
        for _ in 0..more {
            let client = Client(self.dice.index(self.clients));
            let deed = self.deed();
            let ends = match &deed {
                Deed::Frame(frame) => frame.is_fatal(),
                deed => matches!(deed, Deed::Cut | Deed::Close),
            };
            steps.push(ClientStep { client, deed });
            if ends && self.dice.chance(70) {
                steps.push(ClientStep {
                    client,
                    deed: Deed::Connect,
                });
            }
        }
        self.look_afterwards(&mut steps);
        MadeConversation { steps }
    }

    /// A new client joins the topics and heartbeats at the end.
    fn look_afterwards(&mut self, steps: &mut Vec<ClientStep>) {
        let client = Client(Client::MOST - 1);
        let mut add = |deed| steps.push(ClientStep { client, deed });
        add(Deed::Connect);
        for topic in &self.topics {
            add(Deed::Join(topic.clone(), Params::Plain(serde_json::Map::new())));
            if let Topic::Lab(_) = topic {
                add(Deed::Push(topic.clone(), PushKind::Count));
            }
        }
        add(Deed::Heartbeat);
    }

    fn deed(&mut self) -> Deed {
        let is_websocket = self.ground.transport == Transport::WebSocket;
        let odd = match self.ground.focus {
            Focus::Frames => 60,
            _ if self.kinds.has(Kind::Frames) => 12,
            _ => 0,
        };
        if is_websocket && self.dice.chance(odd) {
            return Deed::Frame(self.frame());
        }
        if is_websocket && self.kinds.has(Kind::Cutting) && self.dice.chance(8) {
            return if self.dice.chance(50) {
                Deed::Cut
            } else {
                Deed::Close
            };
        }
        let topic = self.topic();
        match self.dice.below(100) {
            0..=4 => Deed::Heartbeat,
            5..=14 if self.kinds.has(Kind::Leaving) => Deed::Leave(topic),
            15..=29 if self.kinds.has(Kind::Rejoining) || self.ground.focus == Focus::Protocol => {
                let params = self.params(&topic);
                Deed::Join(topic, params)
            }
            30..=41 if self.kinds.has(Kind::Astray) && matches!(topic, Topic::Lab(_)) => self.astray(topic),
            _ => {
                let push = self.push(&topic);
                Deed::Push(topic, push)
            }
        }
    }

    fn astray(&mut self, topic: Topic) -> Deed {
        let message = match self.dice.chance(70) {
            true => AstrayMessage::Count,
            false => AstrayMessage::Leave,
        };
        let other = match self.dice.below(3) {
            0 => OtherJoinRef::Null,
            1 => OtherJoinRef::Unused,
            _ => OtherJoinRef::Earlier,
        };
        Deed::Astray(topic, message, other)
    }

    fn topic(&mut self) -> Topic {
        if self.topics.is_empty() || (self.kinds.has(Kind::Strange) && self.dice.chance(10)) {
            return Topic::Unknown(format!("nowhere:{}", self.values.word()));
        }
        self.topics[self.dice.index(self.topics.len())].clone()
    }

    fn params(&mut self, topic: &Topic) -> Params {
        match topic {
            Topic::Lab(_) if self.kinds.has(Kind::Refused) && self.dice.chance(20) => {
                if self.dice.chance(50) {
                    Params::Deny(self.values.text())
                } else {
                    Params::Crash
                }
            }
            Topic::Presence if self.dice.chance(50) => Params::Status(self.values.word()),
            Topic::Video if self.annotations > 0 => Params::Since(self.dice.index(self.annotations + 1)),
            Topic::Lab(_) if self.dice.chance(30) => Params::Plain(self.values.members()),
            _ => Params::Plain(serde_json::Map::new()),
        }
    }

    fn push(&mut self, topic: &Topic) -> PushKind {
        if self.kinds.has(Kind::Strange) && self.dice.chance(6) {
            return PushKind::Unknown(format!("no_{}", self.values.word()));
        }
        match topic {
            Topic::Presence => PushKind::Update(self.values.word()),
            Topic::Video => self.annotation(),
            Topic::Lab(_) | Topic::Unknown(_) => self.push_to_lab(),
        }
    }

    fn annotation(&mut self) -> PushKind {
        if self.kinds.has(Kind::Refused) && self.dice.chance(25) {
            return PushKind::AnnotateBadly(match self.dice.below(4) {
                0 => BadAnnotation::NoBody,
                1 => BadAnnotation::EmptyBody,
                2 => BadAnnotation::TextAsTime,
                _ => BadAnnotation::TimeBelowZero,
            });
        }
        self.annotations += 1;
        let body = format!("{} {}", self.annotations, self.values.word());
        let at = u32::try_from(self.dice.below(2000)).unwrap_or_default();
        PushKind::Annotate(body, at)
    }

    fn push_to_lab(&mut self) -> PushKind {
        // A poll that would bring bytes that are no text is answered with 500.
        let is_websocket = self.ground.transport == Transport::WebSocket;
        loop {
            let roll = self.dice.below(100);
            let values = &mut self.values;
            let has = |kind| self.kinds.has(kind);
            return match roll {
                0..=14 => PushKind::Echo(values.members()),
                15..=19 => PushKind::EchoError(values.members()),
                20..=24 => PushKind::Ack,
                25..=27 => PushKind::Ignore,
                28..=33 => PushKind::Count,
                34..=38 if has(Kind::Keeping) => PushKind::Put(values.key(), values.value()),
                39..=43 if has(Kind::Keeping) => PushKind::Get(values.key()),
                44..=49 => PushKind::Push(values.members()),
                50..=59 if has(Kind::Broadcasting) => PushKind::Broadcast(values.members()),
                60..=64 if has(Kind::Broadcasting) => PushKind::BroadcastFrom(values.members()),
                65..=67 if has(Kind::Broadcasting) && self.ground.offers.users => {
                    let to = Client(self.dice.index(self.clients));
                    PushKind::Whisper(to, values.text())
                }
                68..=71 if is_websocket && has(Kind::Binary) => PushKind::EchoBytes(values.bytes()),
                72..=74 if is_websocket && has(Kind::Binary) => PushKind::PushBytes(values.bytes()),
                75..=78 if is_websocket && has(Kind::Binary) => PushKind::BroadcastBytes(values.bytes()),
                79..=81 if has(Kind::Late) => PushKind::ReplyLater(values.members()),
                82..=83 if has(Kind::Late) => PushKind::Sleep,
                84..=87 if has(Kind::Ending) => PushKind::StopNormally,
                88..=90 if has(Kind::Ending) => PushKind::StopOddly(format!("odd_{}", values.word())),
                91..=93 if has(Kind::Ending) => PushKind::StopReply(values.members()),
                94..=99 if has(Kind::Ending) => PushKind::Crash,
                _ => continue,
            };
        }
    }

    fn frame(&mut self) -> OddFrame {
        match self.dice.below(13) {
            0..=3 => {
                let (parts, code) = FATAL[self.dice.index(FATAL.len())];
                OddFrame::Fatal(parts, code)
            }
            4 => OddFrame::Ping(self.values.word()),
            5 => OddFrame::Pong(self.values.word()),
            6 => OddFrame::Fragments(2 + self.dice.index(5)),
            7 => OddFrame::EmptyBinary,
            8 => OddFrame::SixValues,
            9 => OddFrame::PingBetween(self.values.word()),
            10 => OddFrame::Interrupted,
            11 => OddFrame::NumberAsEvent(u32::try_from(self.dice.below(1000)).unwrap_or_default()),
            _ => OddFrame::NumberAsTopic(u32::try_from(self.dice.below(1000)).unwrap_or_default()),
        }
    }
}

/// Frames and messages that end the connection on every version of Phoenix, with the close code (transcripts `malformed/*` and
/// `frames/*`).
const FATAL: [(&str, u16); 27] = [
    ("text: not json", 1011),
    ("text: \"\"", 1011),
    ("text: \"null\"", 1011),
    ("text: \"5\"", 1011),
    ("text: \"[]\"", 1011),
    ("text: \"{}\"", 1011),
    ("text: '[null,\"1\",\"phoenix\",\"heartbeat\",{'", 1011),
    ("text: '[null,\"1\",\"phoenix\",\"heartbeat\",{}] []'", 1011),
    ("text: '[\"1\",\"1\",\"nowhere\",\"phx_join\"]'", 1011),
    ("binary: \"\"", 1011),
    ("binary: \"00 01\"", 1011),
    ("binary: 00 c8 c8 c8 c8 61 62 63", 1011),
    ("binary: 09 01 01 01 01 31 32 61 62 58", 1011),
    ("binary: 02 01 01 61 62", 1011),
    ("binary: 01 01 01 01 02 31 32 61 6f 6b", 1011),
    ("opcode: 3, text: x", 1002),
    ("opcode: 11, text: x", 1002),
    ("opcode: 0, text: x", 1002),
    ("opcode: 9, text: hello, last: false", 1002),
    ("opcode: 9, text: \"{{'p' * 126}}\"", 1002),
    ("opcode: 8, text: \"\"", 1000),
    ("opcode: 8, binary: 0f a1", 1000),
    ("opcode: 8, binary: \"03\"", 1002),
    ("opcode: 8, binary: 03 ed", 1002),
    (
        "text: '[null,\"1\",\"phoenix\",\"heartbeat\",{}]', mask: false",
        1002,
    ),
    (
        "text: '[null,\"1\",\"phoenix\",\"heartbeat\",{}]', reserved: 4",
        1002,
    ),
    ("opcode: 1, binary: ff fe", 1007),
];
