//! Decisions about requests and responses: where Bandit and Cowboy differ before a connection is upgraded.

use crate::profile::{Adapter, Profile};

/// Decisions about requests and responses.
#[derive(Clone, Debug)]
pub struct HttpConduct {
    /// What a response looks like.
    pub look: Look,
    /// The most bytes of a request line; 414 above.
    pub max_request_line: usize,
    /// The most bytes of a header line; 431 above.
    pub max_header_line: usize,
    /// The most headers; 431 above.
    pub max_headers: usize,
    /// Headers that come more than once.
    pub repeated: Repeated,
    /// Lines that end without a carriage return.
    pub bare_line_feeds: BareLineFeeds,
    /// The status for a version that nobody knows.
    pub unknown_version_status: u16,
    /// What came behind the request for an upgrade.
    pub early_frames: EarlyFrames,
    /// A list of extensions that cannot be read.
    pub broken_extensions: BrokenExtensions,
    /// Methods that get 501, whatever else the request says.
    pub unserved_methods: &'static [&'static str],
    /// What a host may be.
    pub hosts: Hosts,
    /// A `connection` header that is no list of tokens.
    pub broken_connection: BrokenConnection,
    /// What a `content-length` may be.
    pub content_length: ContentLength,
    /// A body that nobody reads.
    pub unread_body: UnreadBody,
    /// A refused request that is not the connection's first.
    pub late_refusal: LateRefusal,
}

/// What a response looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The date first, `vary`, and the version of the request.
    Bandit,
    /// Headers by alphabet, `server: Cowboy`, always 1.1.
    Cowboy,
}

/// Headers that come more than once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// Are several.
    Apart,
    /// Are one, joined by commas.
    Joined,
}

/// Lines that end without a carriage return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BareLineFeeds {
    /// Are read.
    Read,
    /// Are an error.
    Refused,
}

/// What came behind the request for an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EarlyFrames {
    /// Is lost.
    Lost,
    /// Is handled.
    Handled,
}

/// A list of extensions that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenExtensions {
    /// Is passed over.
    PassedOver,
    /// Refuses the upgrade.
    Refused,
}

/// What a host may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Any text; a target that has one makes the header needless.
    AnyText,
    /// A name or an address, and no other than the target's.
    Checked,
}

/// A `connection` header that is no list of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokenConnection {
    /// Is a text as any other.
    PassedOver,
    /// Is an error.
    Refused,
}

/// What a `content-length` may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentLength {
    /// One number, said once or more in one header.
    Digits,
    /// What Erlang reads as an integer.
    Integer,
}

/// A body that nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadBody {
    /// Is skipped.
    Skipped,
    /// Is skipped up to a megabyte; if more is to come, or nobody knows, the connection ends.
    SkippedIfShort,
}

/// A refused request that is not the connection's first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LateRefusal {
    /// Is told so.
    Told,
    /// Is not: Bandit believes that it has answered, as it has the request before.
    Untold,
}

impl HttpConduct {
    pub(super) const fn of(profile: Profile) -> Self {
        match profile.adapter() {
            Adapter::Bandit => Self {
                look: Look::Bandit,
                max_request_line: 10_000,
                max_header_line: 10_000,
                max_headers: 50,
                repeated: Repeated::Apart,
                bare_line_feeds: BareLineFeeds::Read,
                unknown_version_status: 400,
                early_frames: EarlyFrames::Lost,
                broken_extensions: BrokenExtensions::PassedOver,
                unserved_methods: &[],
                hosts: Hosts::AnyText,
                broken_connection: BrokenConnection::PassedOver,
                content_length: ContentLength::Digits,
                unread_body: UnreadBody::Skipped,
                late_refusal: LateRefusal::Untold,
            },
            Adapter::Cowboy => Self {
                look: Look::Cowboy,
                max_request_line: 8_000,
                max_header_line: 4_096,
                max_headers: 100,
                repeated: Repeated::Joined,
                bare_line_feeds: BareLineFeeds::Refused,
                unknown_version_status: 505,
                early_frames: EarlyFrames::Handled,
                broken_extensions: BrokenExtensions::Refused,
                unserved_methods: &["CONNECT", "TRACE"],
                hosts: Hosts::Checked,
                broken_connection: BrokenConnection::Refused,
                content_length: ContentLength::Integer,
                unread_body: UnreadBody::SkippedIfShort,
                late_refusal: LateRefusal::Told,
            },
        }
    }
}
