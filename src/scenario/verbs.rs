//! The tables of all verbs and options of the language. The reader, its error messages, the JSON Schema and
//! the tables of docs/scenarios.md are made from them.

mod http;

use http::HTTP;
pub(crate) use http::TAKEN;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// No value.
    Nothing,
    /// A text, with placeholders allowed.
    Text,
    /// A text or nothing.
    MaybeText,
    /// Any JSON value, with placeholders allowed.
    Json,
    /// Bytes: hexadecimal text, or `{ counting: N }`.
    Bytes,
    /// A duration such as `200ms`.
    Duration,
    /// A matcher of a payload.
    Pattern,
    /// `ok`, `error`, `any`, `none`, or `{ ok: PATTERN }`.
    Reply,
    /// A name for a JSON pointer, such as `{ seen: /id }`.
    Save,
    /// A name for the body, or names for parts of a response.
    HttpSave,
    /// A map of texts.
    Texts,
    /// `open`, `refused`, a status, or `any`.
    Opening,
    /// `websocket` or `longpoll`.
    Transport,
    /// A close code or nothing.
    MaybeCode,
    /// A whole number.
    Number,
    /// `true` or `false`.
    Flag,
    /// The parts of a hand-made frame.
    Frame,
    /// `term` or `kill`.
    Signal,
    /// A list of steps.
    Steps,
    /// `in order` or `in any order`.
    Answers,
    /// `one by one` or `in one segment`.
    Sent,
}

/// One option of a verb.
#[derive(Debug)]
pub(crate) struct Opt {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) about: &'static str,
}

/// One verb.
#[derive(Debug)]
pub(crate) struct Verb {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) about: &'static str,
    pub(crate) options: &'static [Opt],
}

const fn opt(name: &'static str, kind: Kind, about: &'static str) -> Opt {
    Opt { name, kind, about }
}

const WITH: Opt = opt("with", Kind::Json, "the payload; {} if left out");
const BINARY: Opt = opt("binary", Kind::Bytes, "a binary payload in place of `with`");
const ON: Opt = opt(
    "on",
    Kind::Text,
    "the topic; the one that the actor has joined if left out",
);
const REF: Opt = opt("ref", Kind::Json, "the ref; the next number if left out");
const JOIN_REF: Opt = opt(
    "join_ref",
    Kind::Json,
    "the join_ref; that of the join if left out",
);
const REPLY: Opt = opt("reply", Kind::Reply, "the reply to wait for; ok if left out");
const SAVE: Opt = opt("save", Kind::Save, "keeps parts of the message for later steps");
const WITHIN: Opt = opt(
    "within",
    Kind::Duration,
    "how long to wait; --timeout if left out",
);

/// Options that every verb has.
pub(crate) const EVERY_STEP: &[Opt] = &[opt(
    "rule",
    Kind::Text,
    "the rule that is broken if this step does not hold, one of `rules:`",
)];

/// The verbs of an actor.
pub(crate) const ACTIONS: &[Verb] = &[
    Verb {
        name: "connect",
        kind: Kind::MaybeText,
        about: "opens a connection to the mount of this name; to `socket`, the target's own, if left out",
        options: &[
            opt(
                "as",
                Kind::Text,
                "the user: phxproof fetches a token from /token/<user> and sends it as a param",
            ),
            opt(
                "token-age",
                Kind::Number,
                "how many seconds ago the token of `as` was signed; it is new if left out",
            ),
            opt(
                "params",
                Kind::Texts,
                "connect params; one without a value is not sent, for example `vsn:`; `vsn: 1.0.0` makes this connection use that serializer",
            ),
            opt(
                "headers",
                Kind::Texts,
                "request headers, in the place of those of `--header` and `--compress`; one without a value is not sent",
            ),
            opt(
                "transport",
                Kind::Transport,
                "websocket or longpoll; that of the case if left out",
            ),
            opt(
                "answer",
                Kind::Opening,
                "what must happen: open (if left out), compressed or uncompressed (open, and permessage-deflate is agreed on or not), refused, a status such as 403, or any of these",
            ),
            opt(
                "fallback",
                Kind::Duration,
                "begins with WebSocket, and goes on over long poll if the WebSocket fails, or does not open or answer a ping within this time, as phoenix.js does with `longPollFallbackMs`",
            ),
            opt(
                "settles-on",
                Kind::Transport,
                "with `fallback`: the transport that the client must end up on, websocket or longpoll; either if left out",
            ),
        ],
    },
    Verb {
        name: "join",
        kind: Kind::Text,
        about: "joins a topic",
        options: &[
            opt("with", Kind::Json, "the join params; {} if left out"),
            BINARY,
            REF,
            JOIN_REF,
            REPLY,
            SAVE,
        ],
    },
    Verb {
        name: "push",
        kind: Kind::Text,
        about: "pushes an event to a channel",
        options: &[ON, WITH, BINARY, REF, JOIN_REF, REPLY, SAVE],
    },
    Verb {
        name: "receive",
        kind: Kind::Text,
        about: "takes the oldest message of this event that no step has taken yet",
        options: &[
            opt("on", Kind::Text, "the topic; any if left out"),
            opt("with", Kind::Pattern, "what the payload must look like"),
            opt("binary", Kind::Bytes, "the bytes that the payload must be"),
            opt("ref", Kind::Json, "the ref that it must carry"),
            opt("join_ref", Kind::Json, "the join_ref that it must carry"),
            WITHIN,
            SAVE,
        ],
    },
    Verb {
        name: "receive-nothing",
        kind: Kind::Duration,
        about: "fails if any message comes within this time",
        options: &[],
    },
    Verb {
        name: "leave",
        kind: Kind::MaybeText,
        about: "leaves a topic; the one that the actor has joined if left out",
        options: &[WITH, REF, JOIN_REF, REPLY],
    },
    Verb {
        name: "heartbeat",
        kind: Kind::MaybeText,
        about: "sends a heartbeat, with this ref if one is given, and waits for its reply",
        options: &[WITH, REPLY],
    },
    Verb {
        name: "close",
        kind: Kind::MaybeCode,
        about: "sends a close frame with this code (1000 if left out) and waits for that of the server",
        options: &[],
    },
    Verb {
        name: "cut",
        kind: Kind::Nothing,
        about: "drops the connection without a close frame",
        options: &[],
    },
    Verb {
        name: "closed",
        kind: Kind::MaybeCode,
        about: "waits until the server closes the connection",
        options: &[],
    },
    Verb {
        name: "closed-or-alive",
        kind: Kind::Nothing,
        about: "waits until the server closes the connection or replies to a heartbeat",
        options: &[],
    },
    Verb {
        name: "pong",
        kind: Kind::Text,
        about: "waits for a pong with this payload",
        options: &[],
    },
    Verb {
        name: "http",
        kind: Kind::Text,
        about: "sends a request with the cookies of the user, such as GET /login, and keeps those that the answer sets",
        options: HTTP,
    },
    Verb {
        name: "raw",
        kind: Kind::Frame,
        about: "sends a message or a frame exactly as written here",
        options: &[],
    },
];

/// The parts of a [`Kind::Frame`].
pub(crate) const FRAME: &[Opt] = &[
    opt("message", Kind::Json, "a JSON value, sent as a text message"),
    opt("text", Kind::Text, "a text, sent as it is"),
    opt("binary", Kind::Bytes, "bytes, sent as a binary message"),
    opt(
        "opcode",
        Kind::Number,
        "sends it as one frame with this opcode, 0 to 15",
    ),
    opt("last", Kind::Flag, "false: more fragments follow"),
    opt(
        "mask",
        Kind::Flag,
        "false: the frame is not masked, which a client's frame must be",
    ),
    opt("reserved", Kind::Number, "the three reserved bits, 0 to 7"),
];

/// The verbs of steps without an actor.
pub(crate) const STEPS: &[Verb] = &[
    Verb {
        name: "together",
        kind: Kind::Steps,
        about: "starts all of these steps in their order, then waits for all replies",
        options: &[
            opt(
                "answers",
                Kind::Answers,
                "whether replies come in any order (if left out) or in order",
            ),
            opt(
                "sent",
                Kind::Sent,
                "whether each message is written by itself (one by one, if left out), or all messages of an actor by one write (in one segment); behind its `connect` they are sent with the request to upgrade, before the server has answered it",
            ),
        ],
    },
    Verb {
        name: "repeat",
        kind: Kind::Number,
        about: "does the steps this many times",
        options: &[
            opt(
                "counting",
                Kind::Text,
                "a name for the number of the round, from 0",
            ),
            opt("steps", Kind::Steps, "the steps, one after another"),
            opt(
                "together",
                Kind::Steps,
                "the steps; all rounds are started before any reply is waited for",
            ),
            opt(
                "answers",
                Kind::Answers,
                "with together: whether replies come in any order (if left out) or in order",
            ),
        ],
    },
    Verb {
        name: "sleep",
        kind: Kind::Duration,
        about: "waits",
        options: &[],
    },
    Verb {
        name: "http",
        kind: Kind::Text,
        about: "sends a request without cookies, such as POST /disconnect/{{dave}}",
        options: HTTP,
    },
    Verb {
        name: "restart",
        kind: Kind::Signal,
        about: "ends the server with SIGTERM (term) or SIGKILL (kill) and starts it again on the same store",
        options: &[],
    },
];

/// Finds a verb by its name.
pub(crate) fn find(table: &'static [Verb], name: &str) -> Option<&'static Verb> {
    table.iter().find(|verb| verb.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_stands_twice() {
        // A request may be that of a user, or of nobody.
        let steps = STEPS.iter().filter(|verb| verb.name != "http");
        let mut names: Vec<_> = ACTIONS.iter().chain(steps).map(|verb| verb.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
