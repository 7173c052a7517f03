//! Decisions of the channels of the application. No profile changes them.

use super::socket::Names;

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
    /// The channel's.
    Channel,
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
    /// The first hundred of what came after it.
    AtMostAHundred,
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
        }
    }
}
