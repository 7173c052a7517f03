//! Decisions of the channels of the application. No profile changes them.

use std::num::NonZeroU32;

use super::socket::Names;
use super::videos::VideoConduct;

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
    /// The reference of an updated meta.
    pub presence_update: PresenceUpdate,
    /// How often an update is told.
    pub updates_told: UpdatesTold,
    /// When two users are one.
    pub user_names: Names,
    /// Who hears that somebody joined.
    pub presence_join: PresenceJoin,
    /// Whom a `presence_state` holds.
    pub presence_state: PresenceState,
    /// How often a timer's message is pushed.
    pub pings: Pings,
    /// What is checked of a token.
    pub token: TokenCheck,
    /// Values that a channel keeps.
    pub kept_values: KeptValues,
    /// Replies that are put off.
    pub deferred_reply: DeferredReply,
    /// How a channel ends that was asked to.
    pub stop_reasons: StopReasons,
    /// What a push that sleeps holds up.
    pub push_pause: Pause,
    /// What a join that sleeps holds up.
    pub join_pause: Pause,
    /// The reference of a new meta.
    pub track_ref: TrackRef,
    /// Whom a diff reaches.
    pub diff_reach: DiffReach,
    /// Which diffs are sent.
    pub diffs_sent: DiffsSent,
    /// The channels of videos.
    pub videos: VideoConduct,
}

/// Values that a channel keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptValues {
    /// One for each key.
    OneForEachKey,
    /// One for all keys.
    OneForAll,
}

/// Replies that are put off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeferredReply {
    /// Hold up nothing.
    HoldsUpNothing,
    /// Hold up what comes after them.
    HoldsUpChannel,
}

/// How a channel ends that was asked to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReasons {
    /// In order for `normal` and `shutdown`, and otherwise by a crash.
    AsAsked,
    /// By a crash for `shutdown`, too.
    ShutdownCrashes,
    /// In order whatever the reason.
    AllInOrder,
}

/// What a channel that sleeps holds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    /// Itself.
    OfChannel,
    /// All channels of its topic.
    OfTopic,
    /// All channels of the server.
    Server,
    /// Those for which none of so many workers is left.
    Workers(usize),
}

/// The `phx_ref` of a new meta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackRef {
    /// Its own.
    Own,
    /// That of the newest one on the topic, if there is one.
    OfNewest,
}

/// Whom the diff of a join or an update reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffReach {
    /// All who joined its topic.
    Topic,
    /// All who joined another topic that its client has joined, too.
    TopicsOfConnection,
}

/// Which diffs are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffsSent {
    /// All.
    All,
    /// One of so many on a shard is not.
    AllButOneIn(NonZeroU32),
}

/// Whom a whisper reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whisper {
    /// The one it names.
    Named,
    /// Everybody on the topic.
    Everybody,
    /// The one it names, as it was sent.
    NamedAsSent,
}

/// Whose the counter of `count` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// The channel's.
    Channel,
    /// The topic's.
    Topic,
    /// The connection's, one for each topic.
    Connection,
    /// The channel's, and it begins anew after a hundred.
    ChannelUpToAHundred,
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
    /// The first hundred of what came after it.
    AtMostAHundred,
    /// The end of the channel, unless it is zero.
    Crashes,
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
    /// After it was acknowledged, and not if the server is killed before.
    SoonAfterReply,
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
    /// In a `presence_diff` in which all metas of the user leave.
    WithAllOfTheUser,
}

/// The `phx_ref` of an updated meta.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceUpdate {
    /// A new one.
    NewRef,
    /// That of the meta before.
    SameRef,
}

/// Who hears that somebody joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceJoin {
    /// Everybody on the topic.
    Everybody,
    /// Not the one who joined.
    Others,
}

/// Whom a `presence_state` holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresenceState {
    /// Everybody on the topic.
    Everybody,
    /// Only who was there before.
    Others,
    /// Of each key only the first of its metas.
    OneMetaOfEach,
}

/// How often an update is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdatesTold {
    /// Once.
    Once,
    /// Twice.
    Twice,
}

/// How often a timer's message is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pings {
    /// Once.
    Once,
    /// Twice.
    Twice,
    /// Once, and each time as the first.
    AlwaysFirst,
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
    /// Signature and age, which may be a day, whatever the application says.
    AtMostADay,
}

impl Default for AppConduct {
    fn default() -> Self {
        Self {
            whisper: Whisper::Named,
            counter: Counter::Channel,
            catch_up: CatchUp::After,
            annotation_fields: AnnotationFields::Known,
            annotation_store: AnnotationStore::First,
            presence_leave: PresenceLeave::Told,
            presence_update: PresenceUpdate::NewRef,
            updates_told: UpdatesTold::Once,
            user_names: Names::Exact,
            presence_join: PresenceJoin::Everybody,
            presence_state: PresenceState::Everybody,
            pings: Pings::Once,
            token: TokenCheck::All,
            kept_values: KeptValues::OneForEachKey,
            deferred_reply: DeferredReply::HoldsUpNothing,
            stop_reasons: StopReasons::AsAsked,
            push_pause: Pause::OfChannel,
            join_pause: Pause::OfChannel,
            track_ref: TrackRef::Own,
            diff_reach: DiffReach::Topic,
            diffs_sent: DiffsSent::All,
            videos: VideoConduct::default(),
        }
    }
}
