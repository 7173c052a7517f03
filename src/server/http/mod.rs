//! Requests before a connection is upgraded: heads within limits, statuses and bodies as Phoenix's endpoint has them.

use std::sync::Arc;
use std::time::Duration;

use super::conduct::{EarlyFrames, LateRefusal};
use super::connection::{Before, Stage};
use super::connections::ConnectionId;
use super::core::Core;
pub(super) use body::Body;
use body::Broken;
use head::{MAX_HEADERS, Parsed, Request, parse};
use response::{Asked, BodyWanted, Response, Then, Version};
pub(super) use route::Mount;
use route::{Answer, route};

mod body;
mod head;
mod query;
mod response;
mod route;
mod target;
mod upgrade;
mod version;

/// How long a head may take, and how long a connection may rest between two requests.
pub(crate) const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// What is known of a request that cannot be read.
const UNREADABLE: Asked = Asked {
    version: Version::V11,
    body: BodyWanted::Yes,
    then: Then::Close,
};

impl Core {
    /// Handles one request, if its head is whole, and says how long it was.
    pub(crate) fn request(&mut self, id: ConnectionId, input: &[u8]) -> usize {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let shared = Arc::clone(&self.shared);
        let conduct = &shared.conduct.http;
        let (request, head, body) = match parse(conduct, input, &mut headers) {
            Parsed::Request(request, head, body) => (request, head, body),
            Parsed::Partial => return 0,
            Parsed::Refused(status) => {
                self.refuse_request(id, status, conduct.late_refusal);
                return input.len();
            }
        };
        let (skipped, rest) = match body.skip(&input[head..]) {
            Ok(skipped) => skipped,
            Err(Broken) => {
                self.refuse_request(id, 400, conduct.late_refusal);
                return input.len();
            }
        };
        match route(&shared, &mut self.channels, &request) {
            Answer::Response(response) => {
                self.connections
                    .set_stage(id, Stage::Http(Before::Answered, rest));
                self.respond(id, &response, request.asked());
                if rest.ends_connection(conduct) {
                    self.stop_reading(id);
                }
            }
            Answer::Upgrade(upgrade) => {
                self.upgrade(id, *upgrade);
                if conduct.early_frames == EarlyFrames::Lost {
                    return input.len();
                }
            }
        }
        head + skipped
    }

    /// Skips what is left of the last request's body.
    pub(crate) fn skip_body(&mut self, id: ConnectionId, body: Body, input: &[u8]) -> usize {
        let Ok((skipped, rest)) = body.skip(input) else {
            self.drop_connection(id);
            return input.len();
        };
        self.connections
            .set_stage(id, Stage::Http(Before::Answered, rest));
        skipped
    }

    fn refuse_request(&mut self, id: ConnectionId, status: u16, late: LateRefusal) {
        let stage = self.connections.get(id).map(|connection| &connection.stage);
        match (stage, late) {
            (Some(Stage::Http(Before::Answered, _)), LateRefusal::Untold) => self.stop_reading(id),
            _ => self.respond(id, &Response::refused(status), UNREADABLE),
        }
    }

    /// The head of a request did not come in time.
    pub(crate) fn head_is_late(&mut self, id: ConnectionId) {
        self.respond(id, &Response::refused(408), UNREADABLE);
    }

    fn respond(&mut self, id: ConnectionId, response: &Response, asked: Asked) {
        let look = self.shared.conduct.http.look;
        response.write(look, asked, &mut self.connections.out);
        match response.then(look, asked) {
            Then::KeepAlive => self.connections.expect_request(id),
            Then::Close => self.stop_reading(id),
        }
    }

    /// Writes what was said to the client, and reads nothing more from it.
    fn stop_reading(&mut self, id: ConnectionId) {
        self.connections.write(id);
        self.connections.stop_reading(id);
        self.connections.shut_when_written(id);
    }
}
