//! Opens a connection: sends one request, and tells apart servers that accept, refuse, or send an invalid response.

use std::cell::Cell;
use std::io;

use rand::TryRng as _;
use rand::rngs::SysRng;

use super::answer::Response;
use super::call::{Answer, Call};
use super::dial::unconnected;
use super::http::{Head, standard_headers};
use super::opening::{OpenError, Upgrade};
use super::{Connection, Target, Transport, conversation, longpoll, websocket};
use crate::session::{Key, Offered, WebSocket, check_switch};
use crate::wire;

/// How the server answered.
#[derive(Debug)]
pub enum Opened {
    /// It switched to WebSocket, or opened a long poll session; the [`Response`] says so.
    Open(Connection, Response),
    /// The server answered with another status, for example a redirect. Over long poll the status is the one in the body.
    Refused(Response),
}

/// Connects over the transport that the target names.
///
/// # Errors
/// The server sent no response in time, or its response accepts the connection but is invalid. A refusal is [`Opened::Refused`].
pub async fn open(target: &Target, upgrade: &Upgrade) -> Result<Opened, OpenError> {
    match target.transport() {
        Transport::WebSocket => open_websocket(target, upgrade).await,
        Transport::LongPoll => Ok(match longpoll::open(target, upgrade).await? {
            (Some(session), response) => Opened::Open(session.into(), response),
            (None, response) => Opened::Refused(response),
        }),
    }
}

async fn open_websocket(target: &Target, upgrade: &Upgrade) -> Result<Opened, OpenError> {
    let call = Call {
        target,
        what: "upgrade",
        limits: &upgrade.limits,
        deadline: upgrade.deadline,
        moved: None,
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
    let mut request = head.write(&[])?;
    request.extend(conversation::early_frames(&upgrade.early));
    match call.exchange("GET", &request, check).await? {
        Answer::Switched(stream, early, response) => {
            let session = WebSocket::new(agreed.get());
            let connection = websocket::Connection::new(stream, &early, session, &upgrade.limits);
            Ok(Opened::Open(connection.into(), response))
        }
        Answer::BadSwitch(bad) => Err(bad.into()),
        Answer::Response(response) => Ok(Opened::Refused(response)),
    }
}

const KEY: &str = "Sec-WebSocket-Key";
