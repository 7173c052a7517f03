//! Decides which clients are let in, by the connect params in the query: their version and their token
//! (`Phoenix.Socket.__connect__`, `user_socket.ex`). It is the same over WebSocket and over long poll.

use super::super::conduct::{BadToken, Mount, NestedVsn, UnknownParams, UserName, VsnCheck};
use super::super::shared::{Shared, since_epoch};
use super::super::token::MAX_AGE;
use super::query::{Malformed, Param, param};
use super::version::negotiate;
use crate::protocol::Vsn;

/// A client that is let in.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) vsn: Vsn,
    /// The name in its token, if it has one.
    pub(crate) user: Option<String>,
}

/// Why a client is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The handler refuses it.
    Forbidden,
    /// The handler raises.
    Raised,
}

/// The value of the param `auth` that `/own_socket` asks for.
const PASSWORD: &str = "letmein";

/// The params that decide.
pub(super) struct ConnectParams {
    vsn: Option<Param>,
    token: Option<Param>,
    user: Option<Param>,
    auth: Option<Param>,
    /// How many there are besides `vsn` and `token`.
    unknown: usize,
}

impl ConnectParams {
    pub(super) fn of(query: &str) -> Result<Self, Malformed> {
        Ok(Self {
            vsn: param(query, "vsn")?,
            token: param(query, "token")?,
            user: param(query, "user")?,
            auth: param(query, "auth")?,
            unknown: query.split('&').filter(|part| is_unknown(part)).count(),
        })
    }

    /// Lets a client with these params in, or not.
    pub(super) fn judge(self, shared: &Shared, mount: Mount) -> Result<Admission, Refusal> {
        let (conduct, handshake) = (&shared.conduct.wire, &shared.conduct.handshake);
        if self.unknown > 0 && handshake.unknown_params == UnknownParams::Refused {
            return Err(Refusal::Forbidden);
        }
        let vsn = match &self.vsn {
            None => handshake.default_vsn,
            Some(Param::Nested) if conduct.nested_vsn == NestedVsn::PassedOver => handshake.default_vsn,
            Some(Param::Text(text)) => match (negotiate(text), conduct.vsn_check) {
                (Some(vsn), _) => vsn,
                (None, VsnCheck::TakesAnyForNewest) => Vsn::V2,
                (None, VsnCheck::Refuses) => return Err(Refusal::Forbidden),
            },
            Some(Param::Nested) => {
                return Err(match conduct.nested_vsn {
                    NestedVsn::Refused | NestedVsn::PassedOver => Refusal::Forbidden,
                    NestedVsn::Raises => Refusal::Raised,
                });
            }
        };
        let user = match mount {
            Mount::Own => self.checked_password()?,
            Mount::Plain | Mount::Fast | Mount::Strict | Mount::Compressed => self.user_of_token(shared)?,
        };
        Ok(Admission { vsn, user })
    }

    /// Checks the password. It belongs to no user, so the client gets no name.
    fn checked_password(self) -> Result<Option<String>, Refusal> {
        match self.auth {
            Some(Param::Text(auth)) if auth == PASSWORD => Ok(None),
            _ => Err(Refusal::Forbidden),
        }
    }

    /// The name in the token, if there is one.
    fn user_of_token(self, shared: &Shared) -> Result<Option<String>, Refusal> {
        let handshake = &shared.conduct.handshake;
        match self.token {
            None => Ok(None),
            Some(Param::Text(token)) => {
                let Ok(name) = shared.tokens.verify(&token, since_epoch(), MAX_AGE) else {
                    return match handshake.bad_token {
                        BadToken::Refused => Err(Refusal::Forbidden),
                        BadToken::TakenForNone => Ok(None),
                    };
                };
                Ok(Some(match (handshake.user_name, self.user) {
                    (UserName::InParam, Some(Param::Text(user))) => user,
                    (UserName::InToken | UserName::InParam, _) => name,
                }))
            }
            // `Phoenix.Token.verify` has no clause for it.
            Some(Param::Nested) => Err(Refusal::Raised),
        }
    }
}

/// Whether a part of the query has another key than `vsn` and `token`.
fn is_unknown(part: &str) -> bool {
    let key = part.split(['=', '[', '%']).next().unwrap_or_default();
    !matches!(key, "" | "vsn" | "token")
}

impl Admission {
    /// Lets a client with this query in, or not.
    pub(crate) fn judge(shared: &Shared, query: &str, mount: Mount) -> Result<Self, Refusal> {
        let params = ConnectParams::of(query).map_err(|Malformed| Refusal::Raised)?;
        params.judge(shared, mount)
    }
}
