//! Requests before a connection is upgraded: heads within limits, statuses and bodies as Phoenix's endpoint has them.

use std::time::Duration;

use super::conduct::{EarlyFrames, LateRefusal};
use super::core::Core;
use super::peer::{Before, PeerStage};
pub(super) use body::Body;
use body::Broken;
use head::{MAX_HEADERS, Parsed, Request, parse};
use response::{Asked, BodyWanted, Response, Then, Version};
use route::Answer;

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
    pub(crate) fn request(&mut self, peer: u32, input: &[u8]) -> usize {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let shared = std::sync::Arc::clone(&self.shared);
        let conduct = &shared.conduct.http;
        let (request, head, body) = match parse(conduct, input, &mut headers) {
            Parsed::Request(request, head, body) => (request, head, body),
            Parsed::Partial => return 0,
            Parsed::Refused(status) => {
                self.refuse_request(peer, status, conduct.late_refusal);
                return input.len();
            }
        };
        let (skipped, rest) = match body.skip(&input[head..]) {
            Ok(skipped) => skipped,
            Err(Broken) => {
                self.refuse_request(peer, 400, conduct.late_refusal);
                return input.len();
            }
        };
        match self.route(&request) {
            Answer::Response(response) => {
                if let Some(receiver) = self.peers.get_mut(peer as usize) {
                    receiver.stage = PeerStage::Http(Before::Answered, rest);
                }
                self.respond(peer, &response, request.asked());
                if rest.ends_connection(conduct) {
                    self.hang_up_request(peer);
                }
            }
            Answer::Upgrade(upgrade) => {
                self.upgrade(peer, *upgrade);
                if conduct.early_frames == EarlyFrames::Lost {
                    return input.len();
                }
            }
        }
        head + skipped
    }

    /// Skips what is left of the last request's body.
    pub(crate) fn skip_body(&mut self, peer: u32, body: Body, input: &[u8]) -> usize {
        let Ok((skipped, rest)) = body.skip(input) else {
            self.drop_peer(peer);
            return input.len();
        };
        if let Some(receiver) = self.peers.get_mut(peer as usize) {
            receiver.stage = PeerStage::Http(Before::Answered, rest);
        }
        skipped
    }

    fn refuse_request(&mut self, peer: u32, status: u16, late: LateRefusal) {
        let before = match self.peers.get(peer as usize).map(|receiver| &receiver.stage) {
            Some(PeerStage::Http(before, _)) => *before,
            _ => Before::Nothing,
        };
        match (before, late) {
            (Before::Answered, LateRefusal::Untold) => self.hang_up_request(peer),
            _ => self.respond(peer, &Response::refused(status), UNREADABLE),
        }
    }

    /// The head did not come in time; a connection that rests between requests just ends.
    pub(crate) fn head_is_late(&mut self, peer: u32) {
        match self.peers.get(peer as usize) {
            Some(sender) if !sender.input.is_empty() => {
                self.respond(peer, &Response::refused(408), UNREADABLE);
            }
            _ => self.drop_peer(peer),
        }
    }

    fn respond(&mut self, peer: u32, response: &Response, asked: Asked) {
        let look = self.shared.conduct.http.look;
        response.write(look, asked, &mut self.out);
        match response.then(look, asked) {
            Then::KeepAlive => {
                if let Some(receiver) = self.peers.get_mut(peer as usize) {
                    receiver.deadline = self.now + HEAD_TIMEOUT;
                }
            }
            Then::Close => self.hang_up_request(peer),
        }
    }

    /// Nothing more is read; what was said is still written.
    fn hang_up_request(&mut self, peer: u32) {
        self.write(peer);
        if let Some(receiver) = self.peers.get_mut(peer as usize) {
            receiver.stage = PeerStage::Leaving;
            receiver.input = Vec::new();
        }
        self.shut_when_written(peer);
    }
}
