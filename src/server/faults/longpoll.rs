//! Faults of the long poll transport.

use super::Fault;
use crate::server::conduct::{
    BadBase64, Base64Lines, BatchOrder, Cache, ContentType, EmptyPoll, Expiry, HttpStatus, MessageOrder,
    Preflight, Repeats, SlowDispatch, TokenCheck, TokenPlace, Unpolled, Wakes,
};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "longpoll-opens-with-200",
        "The first poll opens a session with status 200 in the body.",
        &["longpoll-open"],
        |conduct| conduct.longpoll.open_status = 200,
    ),
    Fault::new(
        "longpoll-newest-first",
        "A poll brings its messages in reverse order.",
        &["longpoll-message-order"],
        |conduct| conduct.longpoll.message_order = MessageOrder::Reversed,
    ),
    Fault::new(
        "longpoll-repeats-last",
        "A poll brings its last message twice.",
        &["longpoll-message-order"],
        |conduct| conduct.longpoll.repeats = Repeats::Last,
    ),
    Fault::new(
        "longpoll-loses-between-polls",
        "Messages that come while no poll waits are lost.",
        &["longpoll-message-order"],
        |conduct| conduct.longpoll.unpolled = Unpolled::Lost,
    ),
    Fault::new(
        "longpoll-never-wakes",
        "A poll that waits brings a message only at the end of its window.",
        &["longpoll-wakes"],
        |conduct| conduct.longpoll.wakes = Wakes::AfterWindow,
    ),
    Fault::new(
        "longpoll-empty-at-once",
        "A poll that finds no message is answered at once.",
        &["longpoll-empty-poll"],
        |conduct| conduct.longpoll.empty_poll = EmptyPoll::AtOnce,
    ),
    Fault::new(
        "longpoll-never-expires",
        "A session that is not polled never ends.",
        &["longpoll-expired"],
        |conduct| conduct.longpoll.expiry = Expiry::Never,
    ),
    Fault::new(
        "longpoll-status-in-http",
        "An error is told by the HTTP status too.",
        &[
            "longpoll-status-in-body",
            "longpoll-open",
            "longpoll-connect-refused",
        ],
        |conduct| conduct.longpoll.http_status = HttpStatus::OfBody,
    ),
    Fault::new(
        "longpoll-cached",
        "An answer does not say that it is not to be stored.",
        &["longpoll-no-store"],
        |conduct| conduct.longpoll.cache = Cache::Default,
    ),
    Fault::new(
        "longpoll-header-ignored",
        "The token of a session is not looked for in a header.",
        &["longpoll-token-header"],
        |conduct| conduct.longpoll.token_place = TokenPlace::Query,
    ),
    Fault::new(
        "longpoll-query-wins",
        "The token of a session in the query counts before that in a header.",
        &["longpoll-token-header"],
        |conduct| conduct.longpoll.token_place = TokenPlace::QueryFirst,
    ),
    Fault::new(
        "longpoll-token-unsigned",
        "The token of a session is good whoever signed it.",
        &["longpoll-forged-token"],
        |conduct| conduct.longpoll.token = TokenCheck::AgeOnly,
    ),
    Fault::new(
        "longpoll-batch-unlimited",
        "All messages of a batch count, also those after the hundredth.",
        &["longpoll-batch-cap"],
        |conduct| conduct.longpoll.batch_limit = None,
    ),
    Fault::new(
        "longpoll-batch-of-one",
        "Of a batch only the first message counts.",
        &["longpoll-ndjson-batch", "longpoll-publish"],
        |conduct| conduct.longpoll.batch_limit = Some(1),
    ),
    Fault::new(
        "longpoll-batch-reversed",
        "The messages of a batch are handled in reverse order.",
        &["longpoll-ndjson-batch", "longpoll-publish"],
        |conduct| conduct.longpoll.batch_order = BatchOrder::Reversed,
    ),
    Fault::new(
        "longpoll-bad-base64-passed-over",
        "A line that is neither JSON nor base64 is passed over.",
        &["longpoll-malformed-body"],
        |conduct| conduct.longpoll.bad_base64 = BadBase64::PassedOver,
    ),
    Fault::new(
        "longpoll-slow-dispatch-unnoticed",
        "A message that is not taken within the window is answered as if it was.",
        &["longpoll-slow-dispatch", "longpoll-undecodable-ends"],
        |conduct| conduct.longpoll.slow_dispatch = SlowDispatch::Unnoticed,
    ),
    Fault::new(
        "longpoll-content-type-required",
        "A POST without a content type is refused.",
        &["longpoll-content-type-optional"],
        |conduct| conduct.longpoll.content_type = ContentType::Required,
    ),
    Fault::new(
        "longpoll-query-ignored",
        "The token of a session is not looked for in the query.",
        &["longpoll-token-query", "longpoll-publish"],
        |conduct| conduct.longpoll.token_place = TokenPlace::Header,
    ),
    Fault::new(
        "longpoll-base64-passed-over",
        "A line in base64 is passed over.",
        &["longpoll-binary-base64"],
        |conduct| conduct.longpoll.base64_lines = Base64Lines::ArePassedOver,
    ),
    Fault::new(
        "longpoll-preflight-empty",
        "The answer to OPTIONS does not say what a page of another origin may send.",
        &["longpoll-methods"],
        |conduct| conduct.longpoll.preflight = Preflight::IsEmpty,
    ),
];
