//! Which path is for whom (`endpoint.ex`, `helpers.ex`).

use std::time::Duration;

use super::super::channels::Channels;
use super::super::conduct::{FAST_IDLE, IDLE};
use super::super::shared::Shared;
use super::super::token::Tokens;
use super::query::{Malformed, Param, param};
use super::upgrade::{Upgrade, connect};
use super::{Request, Response};
use crate::clock::wall_clock;

/// What a request gets.
pub(super) enum Answer {
    Response(Response),
    Upgrade(Box<Upgrade>),
}

/// Where the socket is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mount {
    /// `/socket`
    Plain,
    /// `/fast_socket`, with a short idle timeout.
    Fast,
    /// `/strict_socket`, with a list of origins.
    Strict,
}

impl Mount {
    fn named(segment: &str) -> Option<Self> {
        match segment {
            "socket" => Some(Self::Plain),
            "fast_socket" => Some(Self::Fast),
            "strict_socket" => Some(Self::Strict),
            _ => None,
        }
    }

    /// How long a connection may be silent.
    pub(crate) const fn idle(self) -> Duration {
        match self {
            Self::Fast => FAST_IDLE,
            Self::Plain | Self::Strict => IDLE,
        }
    }
}

/// Answers a request.
pub(super) fn route(shared: &Shared, channels: &mut Channels, request: &Request<'_>) -> Answer {
    let segments: Vec<&str> = request
        .path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    Answer::Response(match (request.method, &segments[..]) {
        ("GET", [mount, "websocket"]) => match Mount::named(mount) {
            Some(mount) => return connect(shared, request, mount),
            None => not_found(),
        },
        (_, [mount, "websocket"]) if Mount::named(mount).is_some() => Response::new(400, ""),
        ("GET", ["token", name]) => token(&shared.tokens, name, request.query),
        ("POST", ["disconnect", name]) => {
            channels.disconnect_everywhere(name);
            Response::new(204, "")
        }
        _ => not_found(),
    })
}

/// A token for a name, signed now or, with `?age=SECONDS`, so long ago.
fn token(tokens: &Tokens, name: &str, query: &str) -> Response {
    let sign = |age| tokens.sign(name, since_epoch().saturating_sub(age));
    match param(query, "age") {
        Ok(None) => Response::new(200, sign(Duration::ZERO)),
        Ok(Some(Param::Text(age))) => match age.parse() {
            Ok(seconds) => {
                Response::new(200, sign(Duration::from_secs(seconds))).with_header("x-token-age", seconds)
            }
            Err(_) => bad_age(),
        },
        Ok(Some(Param::Nested)) => bad_age(),
        Err(Malformed) => Response::new(400, ""),
    }
}

fn bad_age() -> Response {
    Response::new(400, "age is a number of seconds, 0 or more")
}

fn not_found() -> Response {
    Response::new(404, "not found")
}

/// The time since 1970, as tokens count it.
pub(super) fn since_epoch() -> Duration {
    wall_clock()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default()
}
