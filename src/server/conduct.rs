//! What the server does where servers differ: one decision a field, set by the profile. Version gates stand here
//! and nowhere else; a fault changes a decision, and no other code knows that there are faults.

use std::time::Duration;

use crate::profile::{Adapter, Profile, Version};

/// Which messages with a join_ref other than the join's reach the channel; all others are dropped in silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StaleJoinRef {
    /// All of them (pushes before 1.8.3).
    Served,
    /// Those to a join that had none, as in V1; so a null join_ref on a V2 push is dropped (1.8.3 to 1.8.11).
    ServedIfJoinHadNone,
    /// Those that have none themselves (since 1.8.12).
    ServedIfNull,
}

/// How a connection ends that the server closes in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hangup {
    /// A close frame, and the connection is gone.
    AtOnce,
    /// A close frame and the end of writing; the connection and its channels stay until the client goes.
    Lingering,
}

/// A close code with the way in which the connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The code of the close frame.
    pub code: u16,
    /// What happens after it.
    pub hangup: Hangup,
}

/// The answer to a client's close frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseEcho {
    /// 1000 for a code that may be sent, 1002 for one that may not (Bandit).
    Normal,
    /// The same code; 1002 for one that may not be sent (Cowboy).
    Same,
}

/// When text is held against UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Utf8Check {
    /// Once the message is whole (Bandit).
    WholeMessage,
    /// With each fragment (Cowboy).
    EachFragment,
}

/// Lengths that a shorter form could have said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongLengths {
    /// Are read (Bandit).
    Read,
    /// Are an error (Cowboy).
    Refused,
}

/// The allowed origins of `/strict_socket`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OriginCheck {
    /// Each mount has its own list (since 1.8.12).
    PerMount,
    /// The mount that was asked first decides for all mounts of the handler. That is `/socket`, which checks nothing;
    /// a server that is asked for `/strict_socket` first would be strict everywhere, which nobody recorded.
    FirstMountDecides,
}

/// What an unreadable message does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It ends the connection with this code.
    Ends(u16),
    /// Nothing.
    Ignored,
}

/// The answer to a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pong {
    /// A pong with the same payload.
    SamePayload,
    /// An empty pong.
    Empty,
}

/// Decisions of the WebSocket and HTTP layer.
#[derive(Clone, Debug)]
pub struct WireConduct {
    /// Answer to a close frame.
    pub close_echo: CloseEcho,
    /// When text is checked.
    pub utf8: Utf8Check,
    /// Non-minimal frame lengths.
    pub long_lengths: LongLengths,
    /// An empty fragment that is not the last.
    pub empty_fragment_code: Option<u16>,
    /// The most bytes of a message that came in fragments; 1009 above.
    pub max_message: usize,
    /// The most bytes of a frame; 1009 above.
    pub max_frame: usize,
    /// The end of a silent connection.
    pub idle: Option<Ending>,
    /// How much longer than the timeout the server waits, as a share in percent.
    pub idle_grace_percent: u32,
    /// The end by a `disconnect` broadcast; none: the broadcast is not heeded.
    pub disconnect: Option<Ending>,
    /// The end by a drain.
    pub drain: Ending,
    /// The origin check.
    pub origin_check: OriginCheck,
    /// The end of a connection without channels when the server ends.
    pub shutdown: Option<Ending>,
    /// The status for a `vsn` that is a list.
    pub vsn_list_status: u16,
    /// Messages that no serializer reads.
    pub malformed: Malformed,
    /// The answer to a ping.
    pub pong: Pong,
}

/// Decisions of the socket: joins, leaves, refs, crashes.
#[derive(Clone, Debug)]
pub struct SocketConduct {
    /// The payload of `phx_error`.
    pub crash_payload: &'static str,
    /// Pushes with another join_ref.
    pub stale_push: StaleJoinRef,
    /// Leaves with another join_ref.
    pub stale_leave: StaleJoinRef,
    /// The most channels of a connection.
    pub channel_limit: Option<usize>,
    /// How many heartbeats of a connection are answered.
    pub heartbeats: Option<u32>,
    /// Messages to topics that are not joined.
    pub unmatched: Unmatched,
    /// The refs of replies.
    pub reply_refs: ReplyRefs,
    /// The join_refs of replies.
    pub reply_join_ref: ReplyJoinRef,
    /// The order of replies that wait together.
    pub reply_order: ReplyOrder,
    /// Where its own broadcast stands at a sender.
    pub sender_order: SenderOrder,
    /// Leaves.
    pub leave: Leave,
    /// Channels that were left.
    pub after_leave: AfterLeave,
    /// A join to a topic that is joined.
    pub duplicate_join: DuplicateJoin,
    /// A channel that crashed.
    pub crash: Crash,
    /// What a channel that sleeps holds up.
    pub isolation: Isolation,
    /// Whom a broadcast reaches.
    pub audience: Audience,
    /// How surely it reaches them.
    pub delivery: Delivery,
}

/// Messages to topics that are not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unmatched {
    /// `unmatched topic`
    Answered,
    /// Silence.
    Ignored,
}

/// The refs of replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyRefs {
    /// Those of what they answer.
    Echoed,
    /// Null.
    Missing,
}

/// The join_refs of replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyJoinRef {
    /// The join's.
    Own,
    /// Another's.
    Foreign,
}

/// The order of replies that wait together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyOrder {
    /// As they were given.
    Kept,
    /// The first two change places.
    FirstTwoSwapped,
}

/// Where its own broadcast stands at a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SenderOrder {
    /// Before the reply.
    BroadcastFirst,
    /// After it.
    ReplyFirst,
}

/// Leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Are answered.
    Answered,
    /// Only `phx_close` follows.
    Unanswered,
}

/// Channels that were left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterLeave {
    /// Are gone.
    Gone,
    /// Go on in secret.
    Served,
}

/// A join to a topic that is joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateJoin {
    /// Ends the older conversation with `phx_close`.
    Replaces,
    /// Ends it without a word.
    ReplacesInSilence,
    /// Goes on with the older one's state.
    KeepsState,
}

/// A channel that crashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// `phx_error`
    Told,
    /// Silence.
    Untold,
    /// The whole connection ends.
    EndsConnection,
}

/// What a channel that sleeps holds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Itself.
    Channel,
    /// All channels of its connection.
    Connection,
}

/// Whom a broadcast reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// All who joined the topic.
    Topic,
    /// All but the one who sent it.
    TopicWithoutSender,
    /// All who joined any topic of the same channel.
    AllTopics,
}

/// How surely a broadcast reaches a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Once.
    Once,
    /// Of so many deliveries one is lost.
    LosesOneIn(u32),
    /// Of so many deliveries one comes twice.
    DoublesOneIn(u32),
    /// Of so many deliveries one waits for the next.
    SwapsOneIn(u32),
}

/// All decisions.
#[derive(Clone, Debug)]
pub struct Conduct {
    /// Below the protocol.
    pub wire: WireConduct,
    /// The protocol.
    pub socket: SocketConduct,
    /// The application on top.
    pub app: AppConduct,
}

/// Decisions of the application's channels. No profile changes them.
#[derive(Clone, Debug)]
pub struct AppConduct {
    /// Whom a whisper reaches.
    pub whisper: Whisper,
    /// Whose the counter is.
    pub counter: Counter,
    /// What a join with `last_seen_id` brings.
    pub catch_up: CatchUp,
    /// What the broadcast of an annotation holds.
    pub annotation_fields: AnnotationFields,
    /// When an annotation is stored.
    pub annotation_store: AnnotationStore,
    /// Whether others hear that somebody left.
    pub presence_leave: PresenceLeave,
    /// What is checked of a token.
    pub token: TokenCheck,
}

/// Whom a whisper reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whisper {
    /// The one it names.
    Named,
    /// Everybody on the topic.
    Everybody,
}

/// Whose the counter of `count` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// The conversation's.
    Conversation,
    /// The topic's.
    Topic,
}

/// What a join with `last_seen_id` brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// What came after it.
    After,
    /// That one too.
    FromLastSeen,
    /// What came after the one after it.
    MissesFirst,
}

/// What the broadcast of an annotation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationFields {
    /// `id`, `at`, `body`, `user`.
    Known,
    /// Whatever else the client sent, too.
    AllThatWasSent,
}

/// When an annotation is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnnotationStore {
    /// Before it is acknowledged.
    First,
    /// After it was acknowledged, and not if the server ends before.
    AfterReply,
    /// Never; only acknowledged and broadcast.
    Never,
}

/// Whether others hear that somebody left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceLeave {
    /// In a `presence_diff`.
    Told,
    /// No.
    Untold,
}

/// What is checked of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenCheck {
    /// Signature and age.
    All,
    /// Not the age.
    SignatureOnly,
    /// Not the signature.
    AgeOnly,
}

/// How long a `/fast_socket` connection may be silent.
pub const FAST_IDLE: Duration = Duration::from_secs(2);
/// How long any other connection may be silent.
pub const IDLE: Duration = Duration::from_secs(60);

impl Conduct {
    /// What the recorded server of that profile does.
    pub fn of(profile: Profile) -> Self {
        Self {
            wire: WireConduct::of(profile),
            socket: SocketConduct::of(profile.phoenix()),
            app: AppConduct::default(),
        }
    }
}

impl WireConduct {
    fn of(profile: Profile) -> Self {
        let phoenix = profile.phoenix();
        let bandit = profile.adapter() == Adapter::Bandit;
        // Bandit answers an error by closing at once and a stop by waiting for the client; Cowboy never waits.
        let after_stop = if bandit { Hangup::Lingering } else { Hangup::AtOnce };
        Self {
            close_echo: if bandit { CloseEcho::Normal } else { CloseEcho::Same },
            utf8: if bandit { Utf8Check::WholeMessage } else { Utf8Check::EachFragment },
            long_lengths: if bandit { LongLengths::Read } else { LongLengths::Refused },
            empty_fragment_code: bandit.then_some(1008),
            max_message: if bandit { 8_000_000 } else { 10_000_000 },
            max_frame: 10_000_000,
            idle: Some(Ending {
                code: if bandit { 1002 } else { 1000 },
                hangup: Hangup::AtOnce,
            }),
            idle_grace_percent: if bandit { 0 } else { 10 },
            disconnect: Some(if phoenix >= Version(1, 8, 8) {
                Ending { code: 1001, hangup: Hangup::AtOnce }
            } else {
                Ending { code: 1000, hangup: after_stop }
            }),
            drain: Ending { code: 1012, hangup: after_stop },
            origin_check: if phoenix >= Version(1, 8, 12) {
                OriginCheck::PerMount
            } else {
                OriginCheck::FirstMountDecides
            },
            shutdown: bandit.then_some(Ending { code: 1000, hangup: Hangup::AtOnce }),
            malformed: Malformed::Ends(1011),
            pong: Pong::SamePayload,
            vsn_list_status: if phoenix >= Version(1, 8, 0) { 403 } else { 500 },
        }
    }
}

impl SocketConduct {
    fn of(phoenix: Version) -> Self {
        let null_passes = phoenix >= Version(1, 8, 12);
        let checked = if null_passes { StaleJoinRef::ServedIfNull } else { StaleJoinRef::ServedIfJoinHadNone };
        Self {
            crash_payload: if phoenix >= Version(1, 8, 10) { r#"{"reason":"channel_crash"}"# } else { "{}" },
            stale_push: if phoenix >= Version(1, 8, 3) { checked } else { StaleJoinRef::Served },
            stale_leave: checked,
            channel_limit: (phoenix >= Version(1, 8, 9)).then_some(100),
            heartbeats: None,
            unmatched: Unmatched::Answered,
            reply_refs: ReplyRefs::Echoed,
            reply_join_ref: ReplyJoinRef::Own,
            reply_order: ReplyOrder::Kept,
            sender_order: SenderOrder::BroadcastFirst,
            leave: Leave::Answered,
            after_leave: AfterLeave::Gone,
            duplicate_join: DuplicateJoin::Replaces,
            crash: Crash::Told,
            isolation: Isolation::Channel,
            audience: Audience::Topic,
            delivery: Delivery::Once,
        }
    }
}

impl Default for AppConduct {
    fn default() -> Self {
        Self {
            whisper: Whisper::Named,
            counter: Counter::Conversation,
            catch_up: CatchUp::After,
            annotation_fields: AnnotationFields::Known,
            annotation_store: AnnotationStore::First,
            presence_leave: PresenceLeave::Told,
            token: TokenCheck::All,
        }
    }
}
