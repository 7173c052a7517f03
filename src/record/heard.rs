//! The messages on the connections that pass the proxy, in the order in which they passed; and the connections that belong to
//! one actor.

use std::time::Duration;

use super::secrets::is_secret_name;
use crate::clock::Time;
use crate::protocol::Vsn;
use crate::transport::Transport;

/// The most events and bytes that are kept: a play of a scenario holds so many.
const MOST_EVENTS: usize = 4_000;
const MOST_BYTES: usize = 900 << 10;
/// The most bodies of other requests that are kept, and their longest, in case that a client sends later what stands in one.
const MOST_FETCHES: usize = 200;
pub(super) const LONGEST_FETCH: usize = 16 << 10;

/// Everything that was heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// The connections, in the order of their openings.
    pub(super) links: Vec<HeardLink>,
    pub(super) events: Vec<HeardEvent>,
    /// Notes for the reader of the scenario, as sentences.
    pub(super) notes: Vec<String>,
    actors: usize,
    bytes: usize,
    /// How many events passed after the recording was full.
    unrecorded: usize,
    fetches: usize,
    /// How many connections may have been those of several actors.
    ambiguous: usize,
}

/// A connection of a client, or its session over long poll.
#[derive(Clone, Debug)]
pub(super) struct HeardLink {
    pub(super) actor: usize,
    /// The number of the connection among those of the actor, from 1.
    pub(super) number: u32,
    pub(super) opening: OpeningRequest,
    ended: Option<LinkEnd>,
}

/// The request of a client to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OpeningRequest {
    pub(super) transport: Transport,
    pub(super) vsn: Vsn,
    /// The connect params, with `vsn`.
    pub(super) params: Vec<(String, String)>,
    /// The headers that the application may look at.
    pub(super) headers: Vec<(String, String)>,
    /// The name of the program that connects.
    pub(super) agent: String,
}

/// Whether a link can be the earlier one of a client that connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LinkEnd {
    /// The client sent a close frame; what the server sends before its own one still counts.
    Closing,
    /// It ended, so that its client may come back.
    Ended,
    /// It ended, and its client came back.
    Replaced,
}

/// Something that happened, and when.
#[derive(Clone, Debug)]
pub(super) struct HeardEvent {
    pub(super) at: Time,
    pub(super) what: HeardWhat,
}

/// An event on a link. The number is that of the link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum HeardWhat {
    Opened(usize),
    Refused(usize, u16),
    Sent(usize, Said),
    Came(usize, Said),
    /// The client sent a close frame first.
    ClientClosed(usize, Option<u16>),
    /// The server sent a close frame: as the first, or as its answer.
    ServerClosed(usize, Option<u16>),
    /// The client ended the connection without a close frame.
    Cut(usize),
    /// The server ended the connection without a close frame.
    Dropped(usize),
    /// The server ended the session over long poll with this status.
    SessionOver(usize, u16),
    Fetched(Fetch),
}

/// A request beside the socket whose answer is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fetch {
    /// Method, path and query.
    pub(super) request: String,
    pub(super) status: u16,
    pub(super) body: String,
}

/// A message as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Text(String),
    Binary(Vec<u8>),
}

/// Whether pauses of a client are steps of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pauses {
    LeftOut,
    /// Those that are at least this long.
    From(Duration),
}

impl Said {
    fn len(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl HeardWhat {
    /// The link that it happened on.
    pub(super) fn link(&self) -> Option<usize> {
        match self {
            Self::Opened(link)
            | Self::Refused(link, _)
            | Self::Sent(link, _)
            | Self::Came(link, _)
            | Self::ClientClosed(link, _)
            | Self::ServerClosed(link, _)
            | Self::Cut(link)
            | Self::Dropped(link)
            | Self::SessionOver(link, _) => Some(*link),
            Self::Fetched(_) => None,
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Sent(_, said) | Self::Came(_, said) => said.len(),
            _ => 0,
        }
    }

    const fn ends_link(&self) -> bool {
        matches!(
            self,
            Self::Refused(..)
                | Self::ClientClosed(..)
                | Self::ServerClosed(..)
                | Self::Cut(_)
                | Self::Dropped(_)
                | Self::SessionOver(..)
        )
    }
}

impl Heard {
    /// Whether a client said anything, so that there is something to write.
    pub(crate) fn has_said_anything(&self) -> bool {
        let said = |event: &HeardEvent| matches!(event.what, HeardWhat::Sent(..) | HeardWhat::Refused(..));
        self.events.iter().any(said)
    }

    /// How many connections were heard.
    pub(crate) fn connections(&self) -> usize {
        self.links.len()
    }

    /// How many messages were heard, in both directions.
    pub(crate) fn messages(&self) -> usize {
        let is_message =
            |event: &&HeardEvent| matches!(event.what, HeardWhat::Sent(..) | HeardWhat::Came(..));
        self.events.iter().filter(is_message).count()
    }

    /// A new link of the client that asks for it; `opened` says how the server answered.
    pub(super) fn open(
        &mut self,
        at: Time,
        mut opening: OpeningRequest,
        opened: fn(usize) -> HeardWhat,
    ) -> usize {
        let lost = opening.say_each_once();
        let (actor, number) = self.actor_of(&opening);
        let link = self.links.len();
        self.links.push(HeardLink {
            actor,
            number,
            opening,
            ended: None,
        });
        self.hear(at, opened(link));
        for name in lost {
            self.note(format!(
                "the connect param `{name}` was there more than once; only its last value is recorded"
            ));
        }
        link
    }

    /// A link that the server refused.
    pub(super) fn refuse(&mut self, at: Time, opening: OpeningRequest, status: u16) {
        let link = self.open(at, opening, HeardWhat::Opened);
        if self
            .events
            .last()
            .is_some_and(|event| event.what == HeardWhat::Opened(link))
        {
            self.events.pop();
        }
        self.hear(at, HeardWhat::Refused(link, status));
    }

    /// Notes what happened, as long as there is room. Nothing follows the end of a link but the server's close frame.
    pub(super) fn hear(&mut self, at: Time, what: HeardWhat) {
        if let Some(link) = what.link() {
            let still_counts = match self.links[link].ended {
                None => true,
                Some(LinkEnd::Closing) => matches!(what, HeardWhat::Came(..) | HeardWhat::ServerClosed(..)),
                Some(LinkEnd::Ended | LinkEnd::Replaced) => false,
            };
            let ended = match what {
                HeardWhat::ClientClosed(..) => Some(LinkEnd::Closing),
                _ if what.ends_link() => Some(LinkEnd::Ended),
                _ => None,
            };
            if self.links[link].ended != Some(LinkEnd::Replaced) {
                self.links[link].ended = ended.or(self.links[link].ended);
            }
            if !still_counts {
                return;
            }
        }
        if self.unrecorded > 0 || self.events.len() >= MOST_EVENTS || self.bytes + what.len() > MOST_BYTES {
            self.unrecorded += 1;
            return;
        }
        self.bytes += what.len();
        self.events.push(HeardEvent { at, what });
    }

    /// Takes back a message that the server did not take, as the last of the link that says it.
    pub(super) fn take_back(&mut self, link: usize, said: &Said) {
        let is_it =
            |event: &HeardEvent| matches!(&event.what, HeardWhat::Sent(of, it) if *of == link && it == said);
        if let Some(index) = self.events.iter().rposition(is_it) {
            self.events.remove(index);
        }
    }

    /// A client that was thought to be gone goes on.
    pub(super) fn revive(&mut self, link: usize) {
        let last = self
            .events
            .iter()
            .rev()
            .find(|event| event.what.link() == Some(link));
        let was_cut = last.is_some_and(|event| event.what == HeardWhat::Cut(link));
        if was_cut && self.links[link].ended == Some(LinkEnd::Ended) {
            self.links[link].ended = None;
            self.events.retain(|event| event.what != HeardWhat::Cut(link));
        }
    }

    /// Keeps the answer to a request beside the socket.
    pub(super) fn fetch(&mut self, at: Time, fetch: Fetch) {
        if self.fetches < MOST_FETCHES {
            self.fetches += 1;
            self.hear(at, HeardWhat::Fetched(fetch));
        }
    }

    /// Notes what the reader should know, once.
    pub(super) fn note(&mut self, text: String) {
        if !self.notes.contains(&text) {
            self.notes.push(text);
        }
    }

    /// Notes that a part of a link is not recorded, and why.
    pub(super) fn lose(&mut self, link: usize, why: &str) {
        let name = self.name_of(link);
        self.note(format!(
            "{name}: the recording of this connection is not complete: {why}"
        ));
    }

    /// Everything that the head of the file should say.
    pub(super) fn all_notes(&self) -> Vec<String> {
        let mut notes = self.notes.clone();
        if self.ambiguous > 0 {
            notes.push(format!(
                "{} connections may be of clients that were here before; as several asked for the same, each is an actor of its \
                 own",
                self.ambiguous
            ));
        }
        if self.unrecorded > 0 {
            notes.push(format!(
                "the recording was full after {} events; {} more passed and are not in it (at most {MOST_EVENTS} events and \
                 {} kB fit)",
                self.events.len(),
                self.unrecorded,
                MOST_BYTES >> 10
            ));
        }
        notes
    }

    /// The name of an actor in the scenario.
    pub(super) fn name_of(&self, link: usize) -> String {
        actor_name(self.links[link].actor)
    }

    /// The names of all actors.
    pub(super) fn actors(&self) -> usize {
        self.actors
    }

    /// The actor that connects, and the number of this connection: an actor whose last connection ended, if exactly one asked
    /// for the same, else a new actor.
    fn actor_of(&mut self, opening: &OpeningRequest) -> (usize, u32) {
        let ended = |link: &&HeardLink| matches!(link.ended, Some(LinkEnd::Closing | LinkEnd::Ended));
        let like = |alike: fn(&OpeningRequest, &OpeningRequest) -> bool| -> Vec<usize> {
            let links = self.links.iter().filter(ended);
            links
                .filter(|link| alike(&link.opening, opening))
                .map(|link| link.actor)
                .collect()
        };
        let mut candidates = like(is_same_client);
        if candidates.is_empty() {
            candidates = like(is_same_client_with_other_secrets);
        }
        match candidates[..] {
            [actor] => {
                let mut number = 1;
                for link in self.links.iter_mut().filter(|link| link.actor == actor) {
                    link.ended = Some(LinkEnd::Replaced);
                    number += 1;
                }
                (actor, number)
            }
            [] => (self.new_actor(), 1),
            _ => {
                self.ambiguous += 1;
                (self.new_actor(), 1)
            }
        }
    }

    fn new_actor(&mut self) -> usize {
        self.actors += 1;
        self.actors - 1
    }
}

fn is_same_client(a: &OpeningRequest, b: &OpeningRequest) -> bool {
    (&a.params, &a.headers, &a.agent) == (&b.params, &b.headers, &b.agent)
}

/// A client may get a new token before it connects again.
fn is_same_client_with_other_secrets(a: &OpeningRequest, b: &OpeningRequest) -> bool {
    let open = |pairs: &[(String, String)]| -> Vec<(String, String)> {
        let blank = |(name, value): &(String, String)| match is_secret_name(name) {
            true => (name.clone(), String::new()),
            false => (name.clone(), value.clone()),
        };
        pairs.iter().map(blank).collect()
    };
    a.agent == b.agent && open(&a.params) == open(&b.params) && open(&a.headers) == open(&b.headers)
}

/// The name of an actor by its number.
pub(super) fn actor_name(actor: usize) -> String {
    const NAMES: [&str; 12] = [
        "ana", "bea", "cid", "dan", "eva", "fay", "gus", "hal", "ida", "jon", "kim", "leo",
    ];
    NAMES
        .get(actor)
        .map_or_else(|| format!("actor{}", actor + 1), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests;
