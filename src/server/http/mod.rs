//! HTTP before a connection is upgraded: reads requests within limits, decides what each gets, and writes responses as
//! Phoenix's endpoint does. It does no I/O.

use std::time::Duration;

pub(super) use admission::Admission;
pub(super) use body::{Body, Broken};
pub(super) use head::{MAX_HEADERS, Parsed, Request, parse};
pub(super) use longpoll::{Form, NotText, Poll, PollAsk, json, refused, status, write_messages};
pub(super) use pages::Login;
pub(super) use response::{Asked, Response, Then, Version, go_on, switch_protocols};
pub(super) use route::{Answer, route};
pub(super) use upgrade::Upgrade;

mod admission;
mod body;
mod deflate;
mod head;
mod longpoll;
mod page;
mod pages;
mod query;
mod response;
mod route;
mod target;
mod upgrade;
mod version;

/// How long a head may take, and how long a connection may rest between two requests.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
