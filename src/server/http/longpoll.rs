//! Decides what a long poll request gets, by its method, its token and its query, and writes the answers
//! (`lib/phoenix/transports/long_poll.ex`).

use std::io::Write as _;

use super::super::conduct::{ContentType, HttpStatus, LongPollConduct, Mount, Preflight, TokenPlace};
use super::super::longpoll::SessionKey;
use super::super::message::Encoded;
use super::super::shared::{Shared, since_epoch};
use super::admission::{Admission, Refusal};
use super::query::{Malformed, Param, param};
use super::{Request, Response};
use crate::protocol::json::write_string;
use crate::wire::longpoll::{BATCH_TYPE, TOKEN_HEADER};

/// What a long poll request asks for.
#[derive(Debug)]
pub(crate) enum PollAsk {
    /// A session, which it gets.
    Open(Admission),
    /// The messages of a session.
    Poll(Poll),
    /// That a session takes the messages in the body.
    Publish(SessionKey, Form),
}

/// A request for the messages of a session.
#[derive(Debug)]
pub(crate) struct Poll {
    pub(crate) key: SessionKey,
    /// The token as the client sent it. The answer repeats it.
    pub(crate) token: Box<str>,
    /// The query, by which the client gets a new session if this one has ended.
    pub(crate) query: Box<str>,
    /// The mount that judges it then.
    pub(crate) mount: Mount,
}

/// The form of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One message a line.
    Lines,
    /// One text.
    Text,
}

/// The purpose of a request to a mount with long poll, or the answer that it gets at once.
pub(super) fn ask(shared: &Shared, request: &Request<'_>, mount: Mount) -> Result<PollAsk, Response> {
    match request.method {
        "OPTIONS" => {
            let headers = request.values("access-control-request-headers");
            Err(match shared.conduct.longpoll.preflight {
                Preflight::Allows => Response::preflight(headers.join(", ")),
                Preflight::IsEmpty => Response::unserved(200),
            })
        }
        "GET" => match session(shared, request)? {
            Some((key, token)) => Ok(PollAsk::Poll(Poll {
                key,
                token: token.into(),
                query: request.query.into(),
                mount,
            })),
            None => Admission::judge(shared, request.query, mount)
                .map(PollAsk::Open)
                .map_err(|refusal| refused(shared, refusal)),
        },
        "POST" => {
            let Some((key, _)) = session(shared, request)? else {
                return Err(status(&shared.conduct.longpoll, 410));
            };
            let types = request.values("content-type");
            if types.is_empty() && shared.conduct.longpoll.content_type == ContentType::Required {
                return Err(Response::unserved(415));
            }
            let form = match &types[..] {
                [one] if one == BATCH_TYPE => Form::Lines,
                _ => Form::Text,
            };
            Ok(PollAsk::Publish(key, form))
        }
        _ => Err(Response::unserved(400)),
    }
}

/// The session that the request's token names, with the token; none: it has no token that was signed here.
fn session(shared: &Shared, request: &Request<'_>) -> Result<Option<(SessionKey, String)>, Response> {
    let in_header = || request.value(TOKEN_HEADER).map(String::from);
    let token = match shared.conduct.longpoll.token_place {
        TokenPlace::HeaderFirst => match in_header() {
            Some(token) => Some(token),
            None => in_query(request)?.and_then(as_text),
        },
        TokenPlace::QueryFirst => match in_query(request)?.and_then(as_text) {
            Some(token) => Some(token),
            None => in_header(),
        },
        TokenPlace::Header => in_header(),
        // `Phoenix.Token.verify` has no clause for a token that is not a text.
        TokenPlace::Query => match in_query(request)? {
            Some(Param::Nested) => return Err(Response::raised()),
            found => found.and_then(as_text),
        },
    };
    Ok(token.and_then(|token| Some((shared.session_tokens.verify(&token, since_epoch())?, token))))
}

fn in_query(request: &Request<'_>) -> Result<Option<Param>, Response> {
    param(request.query, "token").map_err(|Malformed| Response::raised())
}

fn as_text(param: Param) -> Option<String> {
    match param {
        Param::Text(text) => Some(text),
        Param::Nested => None,
    }
}

/// The answer to a client that is not let in.
pub(crate) fn refused(shared: &Shared, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Forbidden => status(&shared.conduct.longpoll, 403),
        Refusal::Raised => Response::raised(),
    }
}

/// An answer that has nothing but this status in its body.
pub(crate) fn status(conduct: &LongPollConduct, status: u16) -> Response {
    let body = format!(r#"{{"status":{status}}}"#).into_bytes();
    json(conduct, status, body)
}

/// An answer with this body, which says this status.
pub(crate) fn json(conduct: &LongPollConduct, status: u16, body: Vec<u8>) -> Response {
    let status = match conduct.http_status {
        HttpStatus::OfBody if status >= 400 => status,
        HttpStatus::OfBody | HttpStatus::Ok => 200,
    };
    Response::json(status, body, conduct.cache)
}

/// A message for the client is not text: JSON cannot carry it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotText;

/// Appends the body of an answer with messages.
pub(crate) fn write_messages(
    status: u16,
    token: &str,
    messages: &[Encoded],
    out: &mut Vec<u8>,
) -> Result<(), NotText> {
    out.extend_from_slice(br#"{"messages":["#);
    for (place, message) in messages.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        write_string(std::str::from_utf8(&message.payload).map_err(|_| NotText)?, out);
    }
    // Writing to a Vec cannot fail.
    let _ = write!(out, r#"],"status":{status},"token":"#);
    write_string(token, out);
    out.push(b'}');
    Ok(())
}
