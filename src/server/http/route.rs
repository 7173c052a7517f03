//! Decides what a request gets, by its method and path (`endpoint.ex`, `helpers.ex`).

use std::time::Duration;

use super::super::conduct::{Mount, PollTimes, UnknownMount};
use super::super::shared::{Shared, since_epoch};
use super::super::token::Tokens;
use super::longpoll::{self, PollAsk};
use super::page::PageFile;
use super::pages::{self, Login};
use super::query::{Malformed, Param, param};
use super::upgrade::Upgrade;
use super::{Request, Response};

/// What a request gets.
pub(crate) enum Answer {
    Response(Response),
    Upgrade(Box<Upgrade>),
    /// A request of long poll to a mount with these times.
    LongPoll(PollTimes, PollAsk),
    /// A form of the login page, whose body is to be read.
    Login(Login),
    /// The sessions of this user are to end.
    Disconnect(String),
}

/// Answers a request.
pub(crate) fn route(shared: &Shared, request: &Request<'_>) -> Answer {
    let segments: Vec<&str> = request
        .path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    Answer::Response(match (request.method, &segments[..]) {
        ("GET", [mount, "websocket"]) => match mount_named(shared, mount) {
            Some(mount) => {
                return Upgrade::judge(shared, request, mount)
                    .map_or_else(Answer::Response, |upgrade| Answer::Upgrade(Box::new(upgrade)));
            }
            None => not_found(),
        },
        (_, [mount, "longpoll"]) => match mount_with_longpoll(mount) {
            Some((mount, times)) => {
                return longpoll::ask(shared, request, mount)
                    .map_or_else(Answer::Response, |ask| Answer::LongPoll(times, ask));
            }
            None => not_found(),
        },
        (_, [mount, "websocket"]) if Mount::named(mount).is_some() => {
            Response::new(shared.conduct.handshake.other_method_status, "")
        }
        ("GET", ["token", name]) => token(&shared.tokens, name, request.query),
        ("POST", ["disconnect", name]) => {
            return Answer::Disconnect((*name).to_owned());
        }
        ("GET" | "HEAD", ["login"]) => pages::login_form(shared, request),
        ("POST", ["login"]) => return Answer::Login(Login::of(request)),
        ("GET" | "HEAD", ["watch", video]) => pages::watch(shared, request, video),
        ("GET" | "HEAD", _) => PageFile::at(request.path).map_or_else(not_found, PageFile::response),
        _ => not_found(),
    })
}

/// The mount of this first segment of a path.
fn mount_named(shared: &Shared, segment: &str) -> Option<Mount> {
    let named = Mount::named(segment);
    match shared.conduct.handshake.unknown_mount {
        UnknownMount::NotFound => named,
        UnknownMount::TakenForPlain => named.or(Some(Mount::Plain)),
    }
}

/// The mount of this first segment of a path and the times of its long poll, if it offers that.
fn mount_with_longpoll(segment: &str) -> Option<(Mount, PollTimes)> {
    let mount = Mount::named(segment)?;
    Some((mount, mount.longpoll()?))
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
