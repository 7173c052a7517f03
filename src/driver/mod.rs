//! Plays scenarios against a server, with tokio: opens connections, moves messages, asks for restarts, and measures how fast
//! the line is. It judges nothing.

use std::time::Duration;

use crate::clock::{Clock, Time};
use crate::transport::Endpoint;

mod dial;
mod drive;
mod host;
mod line;
mod links;

pub(crate) use dial::{NoToken, disconnect_user, gives_old_tokens, send_request, token};
pub(crate) use drive::{Afterwards, drive};
pub use host::{Hold, Host, Lending, Lent, NoHost, Pending, Restarts};
pub(crate) use line::{Line, answers_heartbeat, outgoing};
pub(crate) use links::Links;

/// What all connections of a run have in common.
#[derive(Clone, Debug)]
pub(crate) struct ConnectionSettings {
    pub(crate) endpoint: Endpoint,
    /// How long an answer to a request or an upgrade may take.
    pub(crate) timeout: Duration,
    pub(crate) clock: Clock,
}

/// Ends at this moment; never without one.
pub(crate) async fn until(clock: Clock, deadline: Option<Time>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(clock.instant(deadline).into()).await,
        None => std::future::pending().await,
    }
}
