//! What all shards of a server share.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::app::App;
use super::chance::Tally;
use super::conduct::Conduct;
use super::joined::JoinedSockets;
use super::longpoll::SessionTokens;
use super::mailboxes::Planted;
use super::presence::Presence;
use super::site::Site;
use super::store::Store;
use super::token::Tokens;
use crate::clock::{Clock, wall_clock};
use crate::stream::ServerTls;

/// Settings and state of the whole server.
pub(crate) struct Shared {
    pub(crate) conduct: Conduct,
    pub(crate) app: App,
    pub(crate) presence: Presence,
    pub(crate) tokens: Tokens,
    pub(crate) session_tokens: SessionTokens,
    /// The sessions of those who visit pages.
    pub(crate) site: Site,
    pub(crate) store: Store,
    /// The user of a session that connected without a token.
    pub(crate) anonymous: Arc<str>,
    pub(crate) clock: Clock,
    pub(crate) planted: Arc<Planted>,
    pub(crate) joined: JoinedSockets,
    /// The seed of what Phoenix leaves open; without one nothing of it happens.
    pub(crate) chance: Option<u64>,
    pub(crate) tally: Arc<Tally>,
    /// Without it connections are plain.
    pub(crate) tls: Option<ServerTls>,
}

/// The time since 1970, as tokens count it.
pub(crate) fn since_epoch() -> Duration {
    wall_clock().duration_since(UNIX_EPOCH).unwrap_or_default()
}
