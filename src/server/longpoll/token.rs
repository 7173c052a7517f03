//! The tokens of long poll sessions: which session they name, signed by the server.

use std::time::Duration;

use super::super::conduct::TokenCheck;
use super::super::ids::SessionId;
use super::super::token::{MAX_AGE, SECRET_KEY_BASE, Tokens};
use super::SessionKey;

/// The salt, which is the name of the PubSub server of the recorded application (`application.ex`).
const SALT: &str = "Elixir.Target.PubSub";

/// Signs and reads the tokens of sessions.
#[derive(Clone, Debug)]
pub(crate) struct SessionTokens {
    tokens: Tokens,
    /// Tells the sessions of this server from those of a server that ran before it.
    endpoint: u64,
    shards: u32,
}

impl SessionTokens {
    /// Those of a server that starts now.
    pub(crate) fn new(check: TokenCheck, shards: usize, now: Duration) -> Self {
        Self {
            tokens: Tokens::new(SECRET_KEY_BASE, SALT, check),
            endpoint: u64::try_from(now.as_nanos()).unwrap_or(u64::MAX),
            shards: u32::try_from(shards).expect("a server has few shards"),
        }
    }

    /// The token of a session.
    pub(crate) fn sign(&self, key: SessionKey, now: Duration) -> String {
        let SessionKey {
            shard,
            session,
            serial,
        } = key;
        let name = format!("{:x}.{shard:x}.{:x}.{serial:x}", self.endpoint, session.0);
        self.tokens.sign(&name, now)
    }

    /// The session that a token names; none if the token was not signed with this server's secret, or is too old. A
    /// session of a server that ran before is one that has ended.
    pub(crate) fn verify(&self, token: &str, now: Duration) -> Option<SessionKey> {
        let name = self.tokens.verify(token, now, MAX_AGE).ok()?;
        let mut numbers = name.split('.').map(|number| u64::from_str_radix(number, 16));
        let mut next = || numbers.next()?.ok();
        let (endpoint, shard, session, serial) = (next()?, next()?, next()?, next()?);
        let shard = u32::try_from(shard).ok().filter(|&shard| shard < self.shards);
        let (Some(shard), true) = (shard, endpoint == self.endpoint) else {
            return Some(SessionKey::ENDED);
        };
        let session = SessionId(u32::try_from(session).ok()?);
        Some(SessionKey {
            shard,
            session,
            serial,
        })
    }
}

impl SessionKey {
    /// A session that is no longer there.
    const ENDED: Self = Self {
        shard: 0,
        session: SessionId(u32::MAX),
        serial: 0,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_795_000_000);
    const KEY: SessionKey = SessionKey {
        shard: 1,
        session: SessionId(7),
        serial: 9,
    };

    fn tokens(now: Duration) -> SessionTokens {
        SessionTokens::new(TokenCheck::All, 2, now)
    }

    #[test]
    fn a_token_names_its_session() {
        let tokens = tokens(NOW);
        assert_eq!(tokens.verify(&tokens.sign(KEY, NOW), NOW), Some(KEY));
    }

    #[test]
    fn a_token_of_a_server_that_ran_before_names_a_session_that_has_ended() {
        let token = tokens(NOW).sign(KEY, NOW);
        let later = NOW + Duration::from_secs(1);
        assert_eq!(tokens(later).verify(&token, later), Some(SessionKey::ENDED));
    }

    #[test]
    fn a_changed_token_and_one_that_is_too_old_name_none() {
        let tokens = tokens(NOW);
        let token = tokens.sign(KEY, NOW);
        assert_eq!(tokens.verify(&token[..token.len() - 1], NOW), None);
        assert_eq!(
            tokens.verify(&token, NOW + MAX_AGE + Duration::from_secs(1)),
            None
        );
        assert_eq!(tokens.verify("", NOW), None);
    }
}
