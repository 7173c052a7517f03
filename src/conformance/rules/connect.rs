//! Rules about the handshake: which clients are accepted, and how others are refused.

use super::{Rule, Versions};
use crate::profile::Version;

/// The rules of this area, in the order in which `list rules` shows them.
pub(super) const RULES: &[Rule] = &[
    Rule {
        id: "connect-upgrades",
        about: "a GET that asks for the upgrade is let in",
        promise: "A handshake with `vsn=2.0.0` at the mount's path followed by `/websocket` is answered \
            101, and the conversation may begin at once, without a word from the server.",
        source: "phoenix lib/phoenix/transports/websocket.ex, call/2; RFC 6455 section 4.2.2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "accept-key-computed",
        about: "the accept key proves that the server read the handshake",
        promise: "The answer's `sec-websocket-accept` is the client's key and the fixed GUID, hashed \
            with SHA-1, in base64.",
        source: "RFC 6455 section 4.2.2; bandit lib/bandit/websocket/handshake.ex, send_handshake/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "multi-segment-mount",
        about: "a mount path may have several segments",
        promise: "A socket mounted at `/a/b` is reached at `/a/b/websocket` and `/a/b/longpoll` and \
            nowhere else.",
        source: "phoenix lib/phoenix/endpoint.ex, socket_paths/4; phoenix \
            test/phoenix/integration/websocket_channels_test.exs, 'endpoint handles multiple mount \
            segments'",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "path-variables-reach-params",
        about: "variables in the mount path reach the connect params",
        promise: "What stands in the place of `:name` in the mount path is handed to the handler's \
            connect under that name, beside the params of the query.",
        source: "phoenix lib/phoenix/endpoint.ex, socket_path/2; phoenix \
            test/phoenix/integration/websocket_socket_test.exs, 'allows a path with variables'",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "wrong-path-not-found",
        about: "a path where no socket is mounted is no socket",
        promise: "A handshake at a path that no mount covers is refused with 404, or whatever else the \
            application answers there, and never upgraded.",
        source: "phoenix lib/phoenix/endpoint.ex, socket/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "no-upgrade-refused",
        about: "a GET without the upgrade headers is refused with 400",
        promise: "A plain GET of the WebSocket path is answered 400 and no socket is opened.",
        source: "phoenix lib/phoenix/transports/websocket.ex, call/2, which rescues \
            WebSockAdapter.UpgradeError; websock_adapter lib/websock_adapter/upgrade_validation.ex",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "only-get-upgrades",
        about: "no other method than GET opens a socket",
        promise: "A POST, or any other method, to the WebSocket path is answered 400 with an empty body.",
        source: "phoenix lib/phoenix/transports/websocket.ex, call/2, second clause",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "websocket-version-checked",
        about: "a handshake with another WebSocket version than 13 is refused",
        promise: "A `sec-websocket-version` other than 13 is answered 400, with a body that names the \
            version that was expected.",
        source: "RFC 6455 section 4.2.1; websock_adapter lib/websock_adapter/upgrade_validation.ex",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "origin-checked",
        about: "a foreign Origin is refused with 403",
        promise: "On a mount that checks origins, a handshake whose `origin` is not on the list is \
            answered 403 and the handler is not asked.",
        source: "phoenix lib/phoenix/socket/transport.ex, check_origin/5",
        versions: Versions::All,
        note: Some(
            "Before 1.8.10 the first mount of a handler that was reached decided for all its \
            mounts, see origin-per-mount.",
        ),
    },
    Rule {
        id: "origin-allowed",
        about: "an Origin on the list, or none at all, is let in",
        promise: "A handshake whose `origin` matches the mount's list passes, and so does one without \
            the header, as no browser sends it.",
        source: "phoenix lib/phoenix/socket/transport.ex, check_origin/5 and origin_allowed?/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "origin-per-mount",
        about: "each mount checks origins by its own list",
        promise: "A handler that is mounted twice with different origin lists is checked at each mount \
            by the list of that mount.",
        source: "phoenix lib/phoenix/socket/transport.ex, check_origin_config/3; phoenix \
            test/phoenix/socket/transport_test.exs, 'does not share the origin policy between mounts of \
            the same handler'",
        versions: Versions::Since {
            first: Version(1, 8, 10),
            before: "the list of the mount that was reached first after start holds for every mount of \
                that handler",
        },
        note: None,
    },
    Rule {
        id: "subprotocol-refused",
        about: "a subprotocol that the mount does not list is refused with 403",
        promise: "Where a mount lists subprotocols, a handshake that offers only others is answered 403.",
        source: "phoenix lib/phoenix/socket/transport.ex, check_subprotocols/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "subprotocol-picked",
        about: "the first listed subprotocol that the client offers is picked",
        promise: "Of the subprotocols that the mount lists, the first that the client offered comes back \
            in `sec-websocket-protocol`, in the mount's order and not in the client's.",
        source: "phoenix lib/phoenix/socket/transport.ex, check_subprotocols/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "subprotocol-optional",
        about: "subprotocols matter only where both sides speak of them",
        promise: "A client that offers none is let in anywhere, and a mount that lists none lets in \
            whatever is offered without picking any.",
        source: "phoenix lib/phoenix/socket/transport.ex, check_subprotocols/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "connect-refused",
        about: "a handler that refuses answers 403",
        promise: "When the handler's connect answers `:error`, or an error without a status of its own, \
            the handshake is refused with 403 and an empty body.",
        source: "phoenix lib/phoenix/transports/websocket.ex, call/2 and handle_error/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "connect-refused-own-status",
        about: "a handler may refuse with a status of its own",
        promise: "Where the mount has an error handler, the handshake is refused with the status and \
            body that it chose.",
        source: "phoenix lib/phoenix/transports/websocket.ex, call/2, with opts[:error_handler]",
        versions: Versions::All,
        note: Some(
            "WebSocket only: a long poll says 403 whatever the handler chose, see \
            longpoll-connect-refused.",
        ),
    },
    Rule {
        id: "vsn-checked",
        about: "a version that no serializer matches is refused",
        promise: "A `vsn` outside of `~> 1.0.0` and `~> 2.0.0`, such as 2.1.0 or 9.0.0, is refused with 403.",
        source: "phoenix lib/phoenix/socket.ex, negotiate_serializer/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "vsn-default",
        about: "without a version the server speaks 1.0.0",
        promise: "A handshake without `vsn` is let in, and the conversation is held in V1 objects.",
        source: "phoenix lib/phoenix/socket.ex, __connect__/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "vsn-garbage-refused",
        about: "a version that is no version is refused",
        promise: "A `vsn` that is not of the form major.minor.patch is refused with 403.",
        source: "phoenix lib/phoenix/socket.ex, negotiate_serializer/2",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "vsn-list-refused",
        about: "a version that is no text is refused, not crashed on",
        promise: "A `vsn` that arrives as a list or a map is refused with 403.",
        source: "phoenix lib/phoenix/socket.ex, negotiate_serializer/2, second clause",
        versions: Versions::Since {
            first: Version(1, 8, 6),
            before: "the handshake crashes and is answered 500",
        },
        note: None,
    },
    Rule {
        id: "connect-params-reach-handler",
        about: "the params of the handshake reach the handler",
        promise: "Every query param of the handshake is handed to the handler's connect, which decides \
            by them whom it lets in and as whom.",
        source: "phoenix lib/phoenix/socket.ex, user_connect/7",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "token-signed",
        about: "a token lets in only if the server signed it",
        promise: "A token that the server signed, and that has not expired, lets its bearer in under the \
            name it was signed for; one that is foreign, changed by a byte or too old is refused with \
            403.",
        source: "phoenix lib/phoenix/token.ex, verify/4; phxproof \
            examples/phoenix-target/lib/phxproof_target/user_socket.ex, connect/3",
        versions: Versions::All,
        note: None,
    },
    Rule {
        id: "auth-token-subprotocol",
        about: "a mount may take the token from the subprotocols",
        promise: "On a mount with `auth_token`, a client that offers `phoenix` and \
            `base64url.bearer.phx.<token>` is let in, is answered with `phoenix` alone, and its decoded \
            token reaches the handler.",
        source: "phoenix lib/phoenix/transports/websocket.ex, maybe_auth_token_from_header/2",
        versions: Versions::Since {
            first: Version(1, 8, 0),
            before: "the option does not exist",
        },
        note: None,
    },
    Rule {
        id: "token-age",
        about: "a token lets in until it is too old, and no longer",
        promise: "How long a token is good is decided by the age that the application asks for, in seconds, and not by the default of a day.",
        source: "phoenix lib/phoenix/token.ex, verify/4",
        versions: Versions::All,
        note: None,
    },
];
