//! Decisions of the long poll transport, where two versions of Phoenix or two web servers differ.

use super::app::TokenCheck;
use crate::profile::{Adapter, Profile, Version};
use crate::wire::longpoll::MOST_IN_A_BATCH;

/// Decisions of the long poll transport.
#[derive(Clone, Debug)]
pub struct LongPollConduct {
    /// Where the token of a session is looked for.
    pub token_place: TokenPlace,
    /// What is checked of it.
    pub token: TokenCheck,
    /// The `cache-control` of answers in JSON.
    pub cache: Cache,
    /// The HTTP status of answers in JSON.
    pub http_status: HttpStatus,
    /// The status in the body of the answer that opens a session.
    pub open_status: u16,
    /// The most messages of a batch that count.
    pub batch_limit: Option<usize>,
    /// When the lines of a batch are decoded.
    pub batch_decoding: BatchDecoding,
    /// The order in which the messages of a batch are handled.
    pub batch_order: BatchOrder,
    /// A line that is neither a message nor base64.
    pub bad_base64: BadBase64,
    /// A line in base64.
    pub base64_lines: Base64Lines,
    /// The answer to a browser that asks whether it may send a request.
    pub preflight: Preflight,
    /// A POST without a content type.
    pub content_type: ContentType,
    /// A message that is not taken within the window.
    pub slow_dispatch: SlowDispatch,
    /// The most bytes of a body; HTTP 500 above.
    pub max_body: usize,
    /// A poll whose client goes away.
    pub cut_poll: CutPoll,
    /// Polls that are open when the server ends.
    pub open_polls: OpenPolls,
    /// The order of the messages in an answer.
    pub message_order: MessageOrder,
    /// How often the messages of an answer come.
    pub repeats: Repeats,
    /// Messages that come while no poll waits.
    pub unpolled: Unpolled,
    /// A poll that finds no message.
    pub empty_poll: EmptyPoll,
    /// A message that comes while a poll waits.
    pub wakes: Wakes,
    /// A session that is not polled.
    pub expiry: Expiry,
}

/// Where the token of a session is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPlace {
    /// In the header `x-phoenix-longpoll-token`, and in the query if there is none (since 1.8.10).
    HeaderFirst,
    /// In the query.
    Query,
    /// In the query, and in the header if there is none.
    QueryFirst,
    /// In the header.
    Header,
}

/// The `cache-control` of answers in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cache {
    /// `no-store` (since 1.8.10)
    NoStore,
    /// Plug's default.
    Default,
}

/// The HTTP status of answers in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpStatus {
    /// 200, whatever the body says.
    Ok,
    /// That of the body, if it is an error.
    OfBody,
}

/// When the lines of a batch are decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchDecoding {
    /// All of them, before the first is handled (before 1.8.6).
    Before,
    /// Each when its turn comes.
    InTurn,
}

/// The order in which the messages of a batch are handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchOrder {
    /// As they stand there.
    Kept,
    /// The last one first.
    Reversed,
}

/// A line that is neither a message nor base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadBase64 {
    /// Makes the request fail with HTTP 500.
    Raises,
    /// Is passed over.
    PassedOver,
}

/// A line in base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base64Lines {
    /// Is a binary message.
    AreMessages,
    /// Is passed over.
    ArePassedOver,
}

/// The answer to a browser that asks whether it may send a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preflight {
    /// Says what it may send.
    Allows,
    /// Says nothing.
    IsEmpty,
}

/// A POST without a content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentType {
    /// Is taken as one text message.
    Optional,
    /// Is refused with HTTP 415.
    Required,
}

/// A message that is not taken within the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlowDispatch {
    /// Is answered with 408.
    TimesOut,
    /// Is answered as if it was taken.
    Unnoticed,
}

/// A poll whose client goes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CutPoll {
    /// Ends at once (Cowboy).
    Ends,
    /// Goes on, and takes the next message with it (Bandit).
    GoesOn,
}

/// Polls that are open when the server ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenPolls {
    /// Are answered with 204 (Bandit).
    Answered,
    /// Are cut (Cowboy).
    Cut,
}

/// The order of the messages in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageOrder {
    /// As they were made.
    Kept,
    /// The last one first.
    Reversed,
}

/// How often the messages of an answer come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeats {
    /// Each comes once.
    None,
    /// The last one comes twice.
    Last,
}

/// Messages that come while no poll waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpolled {
    /// Wait for the next poll.
    Kept,
    /// Are lost.
    Lost,
}

/// A poll that finds no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmptyPoll {
    /// Waits for one, for as long as the window is.
    Waits,
    /// Is answered at once.
    AtOnce,
}

/// A message that comes while a poll waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakes {
    /// Is brought by it at once.
    AtOnce,
    /// Is brought by it at the end of its window.
    AfterWindow,
}

/// A session that is not polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// Ends after one and a half windows, or at the second look after three.
    AfterWindows,
    /// Never ends.
    Never,
}

impl LongPollConduct {
    pub(super) fn of(profile: Profile) -> Self {
        let phoenix = profile.phoenix();
        let bandit = profile.adapter() == Adapter::Bandit;
        let since_1_8_10 = phoenix >= Version(1, 8, 10);
        // The limit was a security fix, which 1.7 got too.
        let is_limited = phoenix >= Version(1, 8, 9) || phoenix == Version(1, 7, 24);
        Self {
            token_place: if since_1_8_10 {
                TokenPlace::HeaderFirst
            } else {
                TokenPlace::Query
            },
            token: TokenCheck::All,
            cache: if since_1_8_10 {
                Cache::NoStore
            } else {
                Cache::Default
            },
            http_status: HttpStatus::Ok,
            open_status: 410,
            batch_limit: is_limited.then_some(MOST_IN_A_BATCH),
            batch_decoding: if phoenix >= Version(1, 8, 6) || is_limited {
                BatchDecoding::InTurn
            } else {
                BatchDecoding::Before
            },
            batch_order: BatchOrder::Kept,
            bad_base64: BadBase64::Raises,
            base64_lines: Base64Lines::AreMessages,
            preflight: Preflight::Allows,
            content_type: ContentType::Optional,
            slow_dispatch: SlowDispatch::TimesOut,
            // Cowboy looks at the limit only after each piece that it has read.
            max_body: if bandit { 8_000_000 } else { 8_060_000 },
            cut_poll: if bandit { CutPoll::GoesOn } else { CutPoll::Ends },
            open_polls: if bandit {
                OpenPolls::Answered
            } else {
                OpenPolls::Cut
            },
            message_order: MessageOrder::Kept,
            repeats: Repeats::None,
            unpolled: Unpolled::Kept,
            empty_poll: EmptyPoll::Waits,
            wakes: Wakes::AtOnce,
            expiry: Expiry::AfterWindows,
        }
    }
}
