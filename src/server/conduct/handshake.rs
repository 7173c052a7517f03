//! Decisions about handshakes: which requests become WebSockets, and what counts of their headers and params. No profile
//! changes them.

use crate::protocol::Vsn;

/// Decisions about handshakes.
#[derive(Clone, Debug)]
pub struct HandshakeConduct {
    /// A path below which no socket is mounted.
    pub unknown_mount: UnknownMount,
    /// The status for a GET that does not ask for the upgrade.
    pub no_upgrade_status: u16,
    /// The status for any other method than GET.
    pub other_method_status: u16,
    /// The version of WebSocket that a client asks for.
    pub websocket_version: WebSocketVersion,
    /// Subprotocols that a client offers.
    pub subprotocols: Subprotocols,
    /// The version that is spoken if the client names none.
    pub default_vsn: Vsn,
    /// Connect params that the application does not know.
    pub unknown_params: UnknownParams,
    /// Where the name of a user with a token stands.
    pub user_name: UserName,
    /// A token that the server did not sign, or that is too old.
    pub bad_token: BadToken,
}

/// A path below which no socket is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownMount {
    /// Is not found.
    NotFound,
    /// Is taken for `/socket`.
    TakenForPlain,
}

/// The version of WebSocket that a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebSocketVersion {
    /// Must be 13.
    Thirteen,
    /// Is not looked at.
    Any,
}

/// Subprotocols that a client offers, where the mount lists none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subprotocols {
    /// Are passed over.
    PassedOver,
    /// Refuse the handshake.
    Refused,
}

/// Connect params that the application does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownParams {
    /// Are passed over.
    PassedOver,
    /// Refuse the handshake.
    Refused,
}

/// Where the name of a user with a token stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserName {
    /// In the token.
    InToken,
    /// In the param `user` if there is one.
    InParam,
}

/// A token that the server did not sign, or that is too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadToken {
    /// The client is refused.
    Refused,
    /// The client is let in, like one without a token.
    TakenForNone,
}

impl Default for HandshakeConduct {
    fn default() -> Self {
        Self {
            unknown_mount: UnknownMount::NotFound,
            no_upgrade_status: 400,
            other_method_status: 400,
            websocket_version: WebSocketVersion::Thirteen,
            subprotocols: Subprotocols::PassedOver,
            default_vsn: Vsn::V1,
            unknown_params: UnknownParams::PassedOver,
            user_name: UserName::InToken,
            bad_token: BadToken::Refused,
        }
    }
}
