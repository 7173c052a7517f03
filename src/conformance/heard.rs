//! The messages of a play, decoded, with the side that sent them.

use crate::protocol::{Frame, Message, Payload, Reply, Vsn, json};
use crate::scenario::{Actor, Noted, Play, Program, RecordedEntry, Recording, Who};

/// The messages of a play.
pub(super) struct Heard<'a> {
    program: &'a Program,
    recording: &'a Recording,
    /// The version of actors for which the program names none.
    vsn: Vsn,
}

/// The sender of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Client,
    Server,
}

impl<'a> Heard<'a> {
    pub(super) fn new(program: &'a Program, recording: &'a Recording, vsn: Vsn) -> Self {
        Self {
            program,
            recording,
            vsn,
        }
    }

    pub(super) fn of(play: &'a Play) -> Self {
        Self::new(play.program(), play.recording(), play.vsn())
    }

    /// All that happened, in order.
    pub(super) fn entries(&self) -> impl Iterator<Item = &'a RecordedEntry> {
        self.recording.entries.iter()
    }

    /// All messages that can be decoded, in order.
    pub(super) fn messages(&self) -> impl Iterator<Item = (&'a RecordedEntry, From, Message<'a>)> {
        self.entries().filter_map(|entry| {
            let vsn = self.vsn(entry.who);
            let (message, from) = match &entry.what {
                Noted::SentText(text) => (vsn.decode_from_client(Frame::Text(text)), From::Client),
                Noted::SentBinary(bytes) => (vsn.decode_from_client(Frame::Binary(bytes)), From::Client),
                Noted::Text(text) => (vsn.decode_from_server(Frame::Text(text)), From::Server),
                Noted::Binary(bytes) => (vsn.decode_from_server(Frame::Binary(bytes)), From::Server),
                _ => return None,
            };
            Some((entry, from, message.ok()?))
        })
    }

    pub(super) fn vsn(&self, who: Who) -> Vsn {
        match who {
            Who::Actor(actor, number) => self.program.vsn_of(Actor(actor), number, self.vsn),
            Who::Http | Who::User(_) | Who::Server => self.vsn,
        }
    }

    /// The actor of a connection.
    pub(super) fn name(&self, who: Who) -> Option<&str> {
        match who {
            Who::Actor(actor, _) => self.program.actors.get(actor).map(String::as_str),
            Who::Http | Who::User(_) | Who::Server => None,
        }
    }

    /// The place of a violation.
    pub(super) fn place(&self, who: Who) -> String {
        let name = self.name(who).unwrap_or("nobody");
        format!("every conversation, here that of {name}")
    }
}

/// Whether a reply says that its topic is not joined.
pub(super) fn is_unmatched(reply: &Reply<'_>) -> bool {
    let Payload::Json(response) = reply.response else {
        return false;
    };
    reply.status == "error" && json::get(response, "reason") == Some("\"unmatched topic\"")
}
