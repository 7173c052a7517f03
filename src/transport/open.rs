//! Opens a WebSocket connection: asks for the upgrade once, and tells a server that agreed from one that refused and one
//! whose 101 is not right.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use rand::TryRng as _;
use rand::rngs::SysRng;

use super::answer::{RequestError, Response};
use super::call::{Answer, Call};
use super::dial::unconnected;
use super::http::{Head, standard_headers};
use super::params::query;
use super::percent::percent_encoded;
use super::{Connection, Limits, Target, UpgradeParts};
use crate::session::{BadSwitch, Key, Offered, WebSocket, check_switch};
use crate::wire;

/// What to ask for.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// From the first slash, with the query: `/socket/websocket?vsn=2.0.0`.
    pub path_and_query: String,
    /// Sent beside the standard ones, or in their place: with `Sec-WebSocket-Version: 12` no 13 is sent.
    pub headers: Vec<(String, String)>,
    /// For the handshake and the connection after it.
    pub limits: Limits,
    /// For everything until the connection is open: finding the host, connecting, the whole head of the answer.
    pub deadline: Duration,
}

impl Upgrade {
    /// The upgrade with these connect params and headers.
    pub fn new(parts: &UpgradeParts, deadline: Duration) -> Self {
        let query = query(&parts.params, |_, value| percent_encoded(value));
        Self {
            path_and_query: format!("{}{query}", parts.path()),
            headers: parts.headers.clone(),
            limits: Limits::default(),
            deadline,
        }
    }
}

/// How the server answered.
#[derive(Debug)]
pub enum Opened {
    /// It switched to WebSocket; the [`Response`] is its 101.
    Open(Connection, Response),
    /// It answered with any other status, a redirect included.
    Refused(Response),
}

/// Why there is neither a connection nor a refusal.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No answer came.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// It answered 101, but not as RFC 6455 asks.
    #[error("the server switched protocols, but not to what was asked for: {0}")]
    BadSwitch(#[from] BadSwitch),
}

/// Connects and asks for a WebSocket.
///
/// # Errors
/// If no head of an answer came in time, or a 101 that is not right. A refusal is no error.
pub async fn open(target: &Target, upgrade: &Upgrade) -> Result<Opened, OpenError> {
    let call = Call {
        target,
        what: "upgrade",
        limits: &upgrade.limits,
        deadline: upgrade.deadline,
    };
    let mut key = Key([0; 16]);
    SysRng
        .try_fill_bytes(&mut key.0)
        .map_err(|why| unconnected(&target.authority(), io::Error::other(why)))?;
    let key = key.text();
    let mut standard = standard_headers(target);
    standard.extend([
        ("Connection", "Upgrade".to_owned()),
        ("Upgrade", "websocket".to_owned()),
        ("Sec-WebSocket-Version", "13".to_owned()),
        (KEY, key.clone()),
    ]);
    let head = Head {
        method: "GET",
        path_and_query: &upgrade.path_and_query,
        standard,
        headers: &upgrade.headers,
    };
    // The key of the user is the one that must be answered.
    let headers = upgrade
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let mut keys = headers.clone().filter(|(name, _)| name.eq_ignore_ascii_case(KEY));
    let key = keys.next().map_or(key.as_str(), |(_, key)| key);
    let offered = Offered::in_headers(headers.clone());
    let agreed = Cell::new(None);
    let check =
        |head: &wire::http::Head<'_, '_>| check_switch(head, key, &offered).map(|params| agreed.set(params));
    match call.exchange("GET", &head.write(&[])?, check).await? {
        Answer::Switched(stream, early, response) => {
            let session = WebSocket::new(agreed.get());
            let connection = Connection::new(stream, &early, session, &upgrade.limits);
            Ok(Opened::Open(connection, response))
        }
        Answer::BadSwitch(bad) => Err(bad.into()),
        Answer::Response(response) => Ok(Opened::Refused(response)),
    }
}

const KEY: &str = "Sec-WebSocket-Key";
