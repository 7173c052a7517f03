//! Faults of handshakes: which requests become WebSockets, and what counts of their headers and params.

use super::Fault;
use crate::protocol::Vsn;
use crate::server::conduct::{
    BadToken, NestedVsn, OriginHost, Subprotocols, UnknownMount, UnknownParams, UserName, WebSocketVersion,
};

pub(super) const FAULTS: &[Fault] = &[
    Fault::new(
        "any-path-upgrades",
        "A handshake is let in below any path.",
        &["wrong-path-not-found"],
        |conduct| conduct.handshake.unknown_mount = UnknownMount::TakenForPlain,
    ),
    Fault::new(
        "no-upgrade-with-426",
        "A GET without the upgrade headers is refused with 426.",
        &["no-upgrade-refused"],
        |conduct| conduct.handshake.no_upgrade_status = 426,
    ),
    Fault::new(
        "post-with-405",
        "A POST to the path of a socket is refused with 405.",
        &["only-get-upgrades"],
        |conduct| conduct.handshake.other_method_status = 405,
    ),
    Fault::new(
        "websocket-version-unchecked",
        "A handshake with any version of WebSocket is let in.",
        &["websocket-version-checked"],
        |conduct| conduct.handshake.websocket_version = WebSocketVersion::Any,
    ),
    Fault::new(
        "origin-with-its-port",
        "An allowed origin is refused if it names a port.",
        &["origin-allowed"],
        |conduct| conduct.wire.origin_host = OriginHost::WithPort,
    ),
    Fault::new(
        "subprotocol-unlisted-refused",
        "A handshake that offers a subprotocol is refused where the mount lists none.",
        &["subprotocol-optional"],
        |conduct| conduct.handshake.subprotocols = Subprotocols::Refused,
    ),
    Fault::new(
        "vsn-default-newest",
        "Without a vsn the server speaks 2.0.0.",
        &["vsn-default"],
        |conduct| conduct.handshake.default_vsn = Vsn::V2,
    ),
    Fault::new(
        "vsn-list-passed-over",
        "A vsn that is a list is taken as if it was not there.",
        &["vsn-list-refused"],
        |conduct| conduct.wire.nested_vsn = NestedVsn::PassedOver,
    ),
    Fault::new(
        "unknown-params-refused",
        "A connect param that the application does not know refuses the handshake.",
        &["connect-params-reach-handler", "connect-upgrades"],
        |conduct| conduct.handshake.unknown_params = UnknownParams::Refused,
    ),
    Fault::new(
        "user-by-param",
        "The param `user` counts more than the name in the token.",
        &["token-signed", "connect-params-reach-handler"],
        |conduct| conduct.handshake.user_name = UserName::InParam,
    ),
    Fault::new(
        "bad-token-as-none",
        "A client with a token that the server did not sign is let in, like one without a token.",
        &["token-signed", "connect-refused", "longpoll-connect-refused"],
        |conduct| conduct.handshake.bad_token = BadToken::TakenForNone,
    ),
];
