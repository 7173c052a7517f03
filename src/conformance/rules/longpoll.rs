//! Rules about the long poll transport.

use super::{Rule, Versions};
use crate::profile::Version;

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "longpoll-open",
        about: "the first poll opens a session",
        promise: "A GET without a token is answered HTTP 200 with body status 410, no messages, and a \
            token that stands for the session from then on.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, new_session/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-publish",
        about: "a POST delivers messages",
        promise: "A POST with the session's token hands each message of its body to the socket, in \
            order, and is answered with body status 200 when they are taken.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, publish/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-message-order",
        about: "a poll brings what came since the last one, in order",
        promise: "A GET with the token is answered with body status 200 and every message since the last \
            poll, each once, in the order they were made: a reply, a broadcast and a push as they \
            happened.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, listen/5; phoenix \
            lib/phoenix/transports/long_poll_server.ex, handle_info/2 of flush",
        versions: Versions::All,
        note: Some(
            "Where a client goes away while its poll waits, Cowboy ends the poll and nothing is lost. Bandit does \
            not notice, and the next message goes with that poll.",
        ),
    },
    Rule {
        id: "longpoll-empty-poll",
        about: "a poll with nothing to bring ends after the window",
        promise: "A GET that finds no message waits, and after the window is answered with body status \
            204 and no messages; the session lives.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, listen/5",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-wakes",
        about: "a waiting poll is answered as soon as there is a message",
        promise: "A message that comes while a poll waits is brought by that poll, and not only after \
            its window.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, listen/5; phoenix \
            lib/phoenix/transports/long_poll_server.ex, notify_client_now_available/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-expired",
        about: "a session that is not polled expires",
        promise: "A session that was not polled for one and a half windows ends with its channels, and \
            its token is answered with body status 410 from then on.",
        source: "phoenix lib/phoenix/transports/long_poll_server.ex, handle_info/2 of \
            shutdown_if_inactive; phoenix lib/phoenix/transports/long_poll.ex, resume_session/3",
        versions: Versions::All,
        note: Some(
            "A GET with the old token opens a new session, status 410 with a new token, if the \
            handler lets it in; a token in the query reaches the handler as a connect param.",
        ),
    },
    Rule {
        id: "longpoll-status-in-body",
        about: "the truth is in the body's status",
        promise: "Every answer of a session is HTTP 200 and JSON, and says how it went in the body's \
            `status`.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, send_json/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-no-store",
        about: "answers are not to be cached",
        promise: "Every answer of a session says `cache-control: no-store`.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, send_json/2",
        versions: Versions::Since {
            first: Version(1, 8, 10),
            before: "it is `max-age=0, private, must-revalidate`, the default of Plug",
        },
        note: None,
    },
    Rule {
        id: "longpoll-token-query",
        about: "the token may travel in the query",
        promise: "A session's token is taken from the query param `token`.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, fetch_token/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-token-header",
        about: "the token may travel in a header, and the header wins",
        promise: "A session's token is taken from the header `x-phoenix-longpoll-token`, and if there is \
            one in the query too, the header's counts.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, fetch_token/1",
        versions: Versions::Since {
            first: Version(1, 8, 10),
            before: "the header is not looked at, only the query is",
        },
        note: None,
    },
    Rule {
        id: "longpoll-forged-token",
        about: "a token that the server did not sign opens nothing",
        promise: "A POST with a forged token, or none, is answered with body status 410 and delivers \
            nothing.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, dispatch/4 of POST and verify_token/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-ndjson-batch",
        about: "a body may carry several messages, one a line",
        promise: "With content type `application/x-ndjson` each line of the body is a message of its \
            own, handled in order.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, publish/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-binary-base64",
        about: "a line that is not JSON is a binary message in base64",
        promise: "In an NDJSON body a line that does not begin with `[` is decoded from base64 and \
            handled as a binary message.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, publish/4 and safe_decode64!/1",
        versions: Versions::All,
        note: Some("A binary answer cannot always be put into a poll, see longpoll-binary-out."),
    },
    Rule {
        id: "longpoll-binary-out",
        about: "a poll cannot carry a binary message that is not UTF-8",
        promise: "A binary message from the server is put into the poll's answer as if it were text. \
            Where its bytes are not valid UTF-8 the poll is answered HTTP 500 and what it should have \
            brought is lost; the session lives.",
        source: "phoenix lib/phoenix/transports/long_poll_server.ex, publish_reply/2; phoenix \
            lib/phoenix/transports/long_poll.ex, send_json/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-batch-cap",
        about: "of a batch the first hundred messages count",
        promise: "Lines of an NDJSON body after the hundredth are ignored, and the answer is still \
            status 200.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, publish/4, with @max_poll_batch_size",
        versions: Versions::SinceOrIn {
            first: Version(1, 8, 9),
            fixed: Version(1, 7, 24),
            before: "every line is handled; 1.8.6 to 1.8.8 have the limit written down but not in force",
        },
        note: None,
    },
    Rule {
        id: "longpoll-malformed-body",
        about: "a line that is neither JSON nor base64 is refused",
        promise: "A line of an NDJSON body that does not begin with `[` and is no base64 makes the POST \
            fail with HTTP 500; the lines before it are handled, and the session lives.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, publish/4 and safe_decode64!/1",
        versions: Versions::All,
        note: Some("Before 1.8.6 all lines are decoded first, so that nothing of such a body is handled."),
    },
    Rule {
        id: "longpoll-undecodable-ends",
        about: "a line that no serializer can decode ends the session",
        promise: "A line that begins with `[` and is no message, or that is base64 of no binary message \
            (an empty line is), crashes the session: that POST is answered with body status 408 after \
            the window, every later one 410.",
        source: "phoenix lib/phoenix/transports/long_poll_server.ex, handle_info/2 of dispatch, which \
            decodes in the session's process",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-slow-dispatch",
        about: "a message that takes longer than the window is a timeout",
        promise: "A POST whose message was not taken within the window is answered with body status 408, \
            and the rest of its batch is not handled.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, transport_dispatch/4; phoenix \
            test/phoenix/integration/long_poll_channels_test.exs, 'publish responds with 408 when \
            transport_dispatch times out'",
        versions: Versions::All,
        note: Some("In 1.8.6 the answer to a timeout in a batch has a wrong status; 1.8.7 corrects it."),
    },
    Rule {
        id: "longpoll-content-type-optional",
        about: "a body without a content type is one message",
        promise: "A POST without a content type, or with any other than NDJSON, is taken as one text \
            message.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, publish/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-connect-refused",
        about: "a refused long poll says 403 in its body",
        promise: "A handler that refuses, whatever status it would choose, and a version that no \
            serializer matches are answered HTTP 200 with body status 403.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, new_session/4; phoenix \
            lib/phoenix/transports/long_poll_server.ex, init/1",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-origin-checked",
        about: "a foreign Origin is refused on long poll too",
        promise: "On a mount that checks origins, a request whose `origin` is not on the list is \
            answered HTTP 200 with body status 403.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, call/2, with \
            lib/phoenix/socket/transport.ex, check_origin/5",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-methods",
        about: "only GET, POST and OPTIONS are answered",
        promise: "Any other method is answered HTTP 400. OPTIONS is answered 200 with the headers by which \
            a browser learns that pages of other origins may ask: every origin, the methods `get, post, \
            options`, the headers that were asked about, for an hour.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, call/2 and dispatch/4",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "longpoll-auth-header",
        about: "a mount may take the token of a long poll from a header",
        promise: "On a mount with `auth_token` the header `x-phoenix-authtoken` of the first GET reaches \
            the handler as the token.",
        source: "phoenix lib/phoenix/transports/long_poll.ex, maybe_auth_token_from_header/2",
        versions: Versions::Since {
            first: Version(1, 8, 0),
            before: "the option does not exist",
        },
        note: None,
    },
    Rule {
        id: "longpoll-disconnect",
        about: "a disconnect ends a long poll session",
        promise: "A `disconnect` of the socket's id ends the session; a POST with its token is answered \
            with body status 410.",
        source: "phoenix lib/phoenix/socket.ex, __info__/2 of disconnect; phoenix \
            lib/phoenix/transports/long_poll_server.ex, handle_info/2",
        versions: Versions::All,
        note: None,
    },
];
