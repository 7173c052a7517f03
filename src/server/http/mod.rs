//! Requests before a connection is upgraded: heads within limits, statuses and bodies as Phoenix's endpoint has them.

use std::time::Duration;

use super::conduct::EarlyFrames;
use super::core::Core;
use super::peer::Stage;
use head::{MAX_HEADERS, Parsed, Request, parse};
use response::{Asked, BodyWanted, Response, Then, Version};
use route::Answer;

mod date;
mod head;
mod query;
mod response;
mod route;
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
    /// Handles one request, if it is whole, and says how long it was.
    pub(crate) fn request(&mut self, peer: u32, input: &[u8]) -> usize {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let shared = std::sync::Arc::clone(&self.shared);
        let (request, length) = match parse(&shared.conduct.http, input, &mut headers) {
            Parsed::Request(request, length) => (request, length),
            Parsed::Partial => return 0,
            Parsed::Refused(status) => {
                self.respond(peer, &Response::refused(status), UNREADABLE);
                return input.len();
            }
        };
        match self.route(&request) {
            Answer::Response(response) => self.respond(peer, &response, request.asked()),
            Answer::Upgrade(upgrade) => {
                self.upgrade(peer, *upgrade);
                if shared.conduct.http.early_frames == EarlyFrames::Lost {
                    return input.len();
                }
            }
        }
        length
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
            Then::Close => {
                self.write(peer);
                if let Some(receiver) = self.peers.get_mut(peer as usize) {
                    receiver.stage = Stage::Leaving;
                    receiver.input = Vec::new();
                }
                self.shut_when_written(peer);
            }
        }
    }
}
