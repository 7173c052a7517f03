//! Turns events and failures of a play into the counts and latencies of a run.

use std::time::Duration;

use crate::clock::Time;
use crate::load::error_kind::ErrorKind;
use crate::load::latency::Timing;
use crate::load::tally::Tally;
use crate::scenario::{Blame, Exchange, Failure, FailureKind, Subject};

/// Counts a reply that arrived after `took`.
pub(super) fn answered(tally: &mut Tally, play: usize, exchange: Exchange, took: Duration, now: Time) {
    let kind = match exchange {
        Exchange::Http => Timing::Http,
        Exchange::Connect => Timing::Connect,
        Exchange::Join => Timing::Join,
        Exchange::Push => Timing::Reply,
        Exchange::Heartbeat => Timing::Heartbeat,
        Exchange::Leave => return,
    };
    tally.record(play, kind, now - took, now);
    match exchange {
        Exchange::Connect => tally.counts.opened += 1,
        Exchange::Push => tally.counts.replies += 1,
        Exchange::Http | Exchange::Join | Exchange::Heartbeat | Exchange::Leave => {}
    }
}

/// How a failed step is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// A connection could not be made.
    Attempt(ErrorKind),
    /// An open connection ended.
    Connection,
    /// A reply to a push did not arrive.
    Reply,
    /// An awaited message did not arrive.
    Message,
    /// Any other error.
    Other(ErrorKind),
    /// The content of a message did not match the scenario.
    Content,
    /// The serializer cannot encode a message, so it was never sent.
    Unsendable,
}

impl Broken {
    /// The category of a failure.
    pub(super) fn of(failure: &Failure) -> Self {
        match (failure.kind, &failure.subject) {
            (FailureKind::NoConnection, Subject::Http(_)) => Self::Other(ErrorKind::HttpFailed),
            (FailureKind::NoConnection, _) if failure.blame == Blame::Nobody => {
                Self::Attempt(ErrorKind::Refused)
            }
            (FailureKind::NoConnection, _) => Self::Attempt(ErrorKind::Silent),
            (FailureKind::Refused, _) => Self::Attempt(ErrorKind::Status),
            (FailureKind::Ended, Subject::Close) => Self::Content,
            (FailureKind::Ended | FailureKind::EndedEarly, _) => Self::Connection,
            (FailureKind::Missing, Subject::Connect) => Self::Attempt(ErrorKind::Silent),
            (FailureKind::Missing, Subject::Join) => Self::Other(ErrorKind::JoinTimeout),
            (FailureKind::Missing, Subject::Leave) => Self::Other(ErrorKind::LeaveUnanswered),
            (FailureKind::Missing, Subject::Push(_)) => Self::Reply,
            (FailureKind::Missing, Subject::Event(_)) => Self::Message,
            (FailureKind::Missing, Subject::Http(_)) => Self::Other(ErrorKind::HttpTimeout),
            (FailureKind::Missing, Subject::Heartbeat | Subject::Close | Subject::Other) => Self::Content,
            (FailureKind::Other, _) if failure.blame == Blame::Nobody => Self::Unsendable,
            _ => Self::Content,
        }
    }

    /// Counts the failure.
    pub(super) fn count(self, tally: &mut Tally, failure: &Failure, now: Time) {
        let told = || failure.in_one_line();
        match self {
            Self::Attempt(kind) => {
                tally.counts.connects_failed += 1;
                tally.trouble_told(kind, told);
            }
            Self::Connection => {
                tally.lose(now);
                tally.trouble_told(ErrorKind::Closed, told);
            }
            Self::Reply => {
                tally.counts.replies_missing += 1;
                tally.trouble_told(ErrorKind::PushTimeout, told);
            }
            Self::Message => {
                tally.counts.awaited_missing += 1;
                tally.trouble_told(ErrorKind::ReceiveTimeout, told);
            }
            Self::Other(kind) => tally.trouble_told(kind, told),
            Self::Unsendable => {
                tally.counts.unsendable += 1;
                tally.trouble_told(ErrorKind::Unsendable, told);
            }
            Self::Content => {
                tally.mismatches.count(name_of(&failure.subject));
                tally.trouble_told(ErrorKind::Mismatch, told);
            }
        }
    }
}

/// The name under which a message or reply that did not match is counted.
fn name_of(subject: &Subject) -> &str {
    match subject {
        Subject::Http(title) => title,
        Subject::Connect => "connect",
        Subject::Join => "join",
        Subject::Leave => "leave",
        Subject::Heartbeat => "heartbeat",
        Subject::Push(event) | Subject::Event(event) => event,
        Subject::Close => "close",
        Subject::Other => "other",
    }
}
