//! Connections with `fallback`: the client begins with WebSocket, and goes on over long poll if that does not work.

use std::time::Duration;

use super::Play;
use super::choice::{FallbackStatus, Undecided};
use super::closing::describe_ending;
use super::command::{Attempt, Command, ConnectOptions, Happening, LinkId};
use super::inbox::Arrived;
use super::link::{Link, SETTLE_REF, State};
use super::recording::Noted;
use crate::client::{Fallback, HealthCheck};
use crate::clock::Time;
use crate::protocol::REPLY;
use crate::scenario::program::ConnectFallback;
use crate::transport::{Incoming, Outgoing, Transport};

/// Whether a message is the reply to the health ping or to a join that was sent again. No step takes such messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settles {
    Yes,
    No,
}

impl Play {
    /// Begins to connect. A client that fell back before goes over long poll at once.
    pub(super) fn dial(
        &mut self,
        id: LinkId,
        fallback: Option<ConnectFallback>,
        mut options: ConnectOptions,
        now: Time,
    ) {
        if let Some(ConnectFallback { after, .. }) = fallback {
            let remembers = self.fell_back.contains(&id.actor);
            let transport = match remembers {
                true => Transport::LongPoll,
                false => Transport::WebSocket,
            };
            options.request.transport = Some(transport);
            let status = if remembers {
                let why = "over long poll: the client remembers that it fell back before".to_owned();
                self.tell_choice(id, &why, now);
                FallbackStatus::Chosen {
                    transport,
                    why,
                    answered: Vec::new(),
                    trial: None,
                }
            } else {
                FallbackStatus::Undecided(Box::new(Undecided {
                    client: Fallback::begin(after, now),
                    options: options.clone(),
                    joins: Vec::new(),
                }))
            };
            if let Some(link) = self.link(id) {
                link.fallback = status;
            }
        }
        self.commands.push_back(Command::Connect(id, options));
    }

    /// When clients fall back, unless something happens before.
    pub(super) fn fallback_deadlines(&self) -> impl Iterator<Item = Time> {
        self.links
            .iter()
            .flatten()
            .filter_map(|link| match &link.fallback {
                FallbackStatus::Undecided(undecided) => Some(undecided.client.deadline()),
                _ => None,
            })
    }

    /// Makes the client fall back if its WebSocket failed. Returns the happening if the play must still handle it.
    pub(super) fn choose_transport(&mut self, happening: Happening, now: Time) -> Option<Happening> {
        let (id, why) = match &happening {
            Happening::Refused(id, response) => {
                (*id, format!("the server refused it with {}", response.status))
            }
            Happening::Unanswered(id, why, _) => (*id, why.clone()),
            Happening::Incoming(id, Incoming::Closed(ending)) => (*id, describe_ending(ending)),
            Happening::Dialled(id, _) | Happening::Opened(id, _) | Happening::Incoming(id, _) => {
                return (!self.is_given_up(*id)).then_some(happening);
            }
            Happening::Moving(_) | Happening::Http(..) | Happening::Restarted(_) => return Some(happening),
        };
        if self.is_given_up(id) {
            return None;
        }
        let falls_back = |link: &mut Link| link.fallback.falls_back_by(&happening, now);
        if !self.link(id).is_some_and(falls_back) {
            return Some(happening);
        }
        self.fall_back(id, &format!("the WebSocket failed: {why}"), now);
        None
    }

    /// Whether the client has replaced this WebSocket by a long poll session.
    fn is_given_up(&self, id: LinkId) -> bool {
        let link = self.links.get(id.actor).and_then(Option::as_ref);
        link.is_some_and(|link| link.id.number == id.number && link.id.attempt != id.attempt)
    }

    /// Sends the health ping over a WebSocket that has just opened.
    pub(super) fn ping(&mut self, id: LinkId, now: Time) {
        let Some(link) = self.link(id) else { return };
        let FallbackStatus::Undecided(undecided) = &mut link.fallback else {
            return;
        };
        undecided.client.opened(now);
        if let Ok((Outgoing::Text(text), _)) = link.settle() {
            // The scenario bounds what the client sends, so this always fits.
            let _ = self.note(now, id, Noted::SentText(text.as_str().into()));
            self.commands.push_back(Command::Send(id, Outgoing::Text(text)));
        }
    }

    /// Takes the answer to the ping, and the second answer to a join that had to be sent again.
    pub(super) fn settles(&mut self, id: LinkId, arrived: &Arrived, now: Time) -> Settles {
        let Some(head) = arrived
            .head
            .as_ref()
            .filter(|head| head.event.as_deref() == Some(REPLY))
        else {
            return Settles::No;
        };
        let Some(link) = self.link(id) else {
            return Settles::No;
        };
        match &mut link.fallback {
            FallbackStatus::Undecided(undecided) if head.reference.trim_matches('"') == SETTLE_REF => {
                let took = undecided.client.answered(now).unwrap_or_default();
                let why = format!(
                    "over WebSocket: it answered the health ping after {}",
                    in_millis(took)
                );
                let undecided = std::mem::take(&mut link.fallback).into_undecided();
                link.fallback = FallbackStatus::Chosen {
                    transport: Transport::WebSocket,
                    why: why.clone(),
                    answered: Vec::new(),
                    trial: undecided,
                };
                self.tell_choice(id, &why, now);
                Settles::Yes
            }
            FallbackStatus::Chosen { answered, .. } => {
                let Some(at) = answered.iter().position(|reference| *reference == head.reference) else {
                    return Settles::No;
                };
                answered.remove(at);
                Settles::Yes
            }
            _ => Settles::No,
        }
    }

    /// Makes each client fall back whose deadline has passed.
    pub(super) fn fall_back_if_late(&mut self, now: Time) {
        for index in 0..self.links.len() {
            let Some(link) = &self.links[index] else { continue };
            let FallbackStatus::Undecided(undecided) = &link.fallback else {
                continue;
            };
            if undecided.client.deadline() <= now {
                let after = in_millis(undecided.client.after());
                let why = match undecided.client.stage() {
                    HealthCheck::Opening(_) => format!("the WebSocket did not open within {after}"),
                    HealthCheck::Pinged(_) => {
                        format!("the WebSocket did not answer the health ping within {after}")
                    }
                };
                self.fall_back(link.id, &why, now);
            }
        }
    }

    /// Gives up the WebSocket, and opens a long poll session on which the joins are sent again.
    fn fall_back(&mut self, id: LinkId, why: &str, now: Time) {
        let Some(link) = self.link(id) else { return };
        let Some(undecided) = std::mem::take(&mut link.fallback).into_undecided() else {
            return;
        };
        let Undecided {
            mut options, joins, ..
        } = *undecided;
        let why = format!("over long poll: {why}");
        let is_reply = |it: &&Arrived| {
            it.head
                .as_ref()
                .is_some_and(|head| head.event.as_deref() == Some(REPLY))
        };
        let taken = link.arrived.iter().filter(|it| it.taken).filter(is_reply);
        link.fallback = FallbackStatus::Chosen {
            transport: Transport::LongPoll,
            why: why.clone(),
            answered: taken
                .filter_map(|it| Some(it.head.as_ref()?.reference.clone()))
                .collect(),
            trial: None,
        };
        link.arrived.clear();
        link.state = State::Opening;
        link.id.attempt = Attempt::Fallback;
        let session = link.id;
        self.fell_back.push(id.actor);
        self.tell_choice(id, &why, now);
        options.request.transport = Some(Transport::LongPoll);
        self.commands.push_back(Command::Send(id, Outgoing::Cut));
        self.commands.push_back(Command::Connect(session, options));
        for join in joins {
            if let Outgoing::Text(text) = &join {
                let _ = self.note(now, session, Noted::SentText(text.as_str().into()));
            }
            self.commands.push_back(Command::Send(session, join));
        }
    }

    fn tell_choice(&mut self, id: LinkId, why: &str, now: Time) {
        // There is one such entry a connection, so it always fits.
        let _ = self.note(now, id, Noted::Settled(why.to_owned()));
    }
}

fn in_millis(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
