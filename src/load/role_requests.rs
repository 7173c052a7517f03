//! The prepared requests of a role: for a token, and for the WebSocket or the long poll session.

use super::handshake::{UpgradeRequest, token_request};
use super::poll_requests::PollRequests;
use super::role::Role;
use super::settings::LoadSettings;
use super::text::Line;
use crate::transport::Transport;

/// The requests of a role.
#[derive(Clone, Debug)]
pub(super) struct RoleRequests {
    /// The token request, if the role has a user.
    pub(super) ask: Option<Line>,
    pub(super) opening: OpeningRequest,
}

/// The request that opens a connection, by transport.
#[derive(Clone, Debug)]
pub(super) enum OpeningRequest {
    WebSocket(UpgradeRequest),
    LongPoll(PollRequests),
}

impl RoleRequests {
    /// The requests of a role in a run with these settings.
    pub(super) fn of(settings: &LoadSettings, role: &Role) -> Self {
        let endpoint = settings.endpoint();
        let parts = role.connect.at(&endpoint, settings.vsn);
        let user = role.connect.user.as_ref();
        Self {
            ask: user.map(|user| token_request(user, &endpoint)),
            opening: match parts.target.transport() {
                Transport::WebSocket => OpeningRequest::WebSocket(UpgradeRequest::new(&parts)),
                Transport::LongPoll => OpeningRequest::LongPoll(PollRequests::new(&parts)),
            },
        }
    }
}
