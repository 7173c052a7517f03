//! All clients that are judged: gives what happens on a connection to the walk of its client, and what the walk wants to the connection.

use std::collections::HashMap;
use std::fmt;

use tokio::sync::mpsc::UnboundedSender;

use super::limits::JudgeLimits;
use super::provoke::ServerFrame;
use super::recognise::ClientKey;
use super::situations::ConnectionEnd;
use super::verdict::{ClientVerdict, PromiseOutcome};
use super::walk::{JudgedLink, Walk, WalkAdmission, WalkOutput};
use crate::clock::Time;
use crate::protocol::{Frame, Vsn};

/// More clients than this are refused.
const MOST_CLIENTS: usize = 1000;

/// An order to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LinkCommand {
    /// Send this.
    Send(ServerFrame),
    /// End the connection.
    End(ConnectionEnd),
}

/// The verdicts on one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientSummary {
    /// Its name.
    pub name: String,
    /// All verdicts, in their order.
    pub verdicts: Vec<ClientVerdict>,
    /// The situation in which it was cut short or lost; `None` if it was led through all.
    pub cut_short_in: Option<&'static str>,
}

impl ClientSummary {
    /// Whether it broke a promise.
    pub fn broke_a_promise(&self) -> bool {
        self.broken().next().is_some()
    }

    /// How many promises were held, broken and not judged, and where the walk was cut short.
    pub fn in_one_line(&self) -> String {
        let [held, broken, not_judged] = self.counts();
        let name = &self.name;
        let counts = format!("{name}: {held} held, {broken} broken, {not_judged} not judged");
        match self.cut_short_in {
            Some(situation) => format!("{counts}, cut short in the situation {situation}"),
            None => format!("{counts}, led through all situations"),
        }
    }

    fn broken(&self) -> impl Iterator<Item = &ClientVerdict> {
        let is_broken = |it: &&ClientVerdict| matches!(it.outcome, PromiseOutcome::Broken { .. });
        self.verdicts.iter().filter(is_broken)
    }

    fn counts(&self) -> [usize; 3] {
        let mut counts = [0; 3];
        for verdict in &self.verdicts {
            match verdict.outcome {
                PromiseOutcome::Held { .. } => counts[0] += 1,
                PromiseOutcome::Broken { .. } => counts[1] += 1,
                PromiseOutcome::NotJudged { .. } => counts[2] += 1,
            }
        }
        counts
    }
}

/// The news that the user is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JudgeNews {
    /// A verdict on a client.
    Verdict {
        /// The client.
        name: String,
        /// The verdict.
        verdict: ClientVerdict,
    },
    /// A client uses two connections at once; perhaps they are two clients.
    Beside {
        /// The client.
        name: String,
    },
    /// A request that is not the upgrade to a Phoenix WebSocket was refused.
    NotPhoenix(String),
    /// The walk of a client is over.
    Over(ClientSummary),
}

impl fmt::Display for ClientSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.in_one_line())?;
        self.broken().try_for_each(|verdict| write!(f, "\n  {verdict}"))
    }
}

/// A client and its connections.
struct Judged {
    summary: ClientSummary,
    walk: Walk,
    links: HashMap<JudgedLink, UnboundedSender<LinkCommand>>,
    /// Whether it was told that two connections are in use.
    told_beside: bool,
}

/// All clients.
pub(super) struct Court {
    limits: JudgeLimits,
    clients: HashMap<ClientKey, Judged>,
    links: u64,
    news: UnboundedSender<JudgeNews>,
}

impl Court {
    pub(super) fn new(limits: JudgeLimits, news: UnboundedSender<JudgeNews>) -> Self {
        Self {
            limits,
            clients: HashMap::new(),
            links: 0,
            news,
        }
    }

    /// A client asks for a connection.
    pub(super) fn asks(&mut self, key: &ClientKey, now: Time) -> WalkAdmission {
        if !self.clients.contains_key(key) {
            if self.clients.len() >= MOST_CLIENTS {
                return WalkAdmission::Refused;
            }
            let name = match key {
                ClientKey::Named(name) => name.clone(),
                ClientKey::Unnamed { .. } => format!("client-{}", self.clients.len() + 1),
            };
            let judged = Judged {
                summary: ClientSummary {
                    name,
                    verdicts: Vec::new(),
                    cut_short_in: None,
                },
                walk: Walk::new(self.limits),
                links: HashMap::new(),
                told_beside: false,
            };
            self.clients.insert(key.clone(), judged);
        }
        let mut admission = WalkAdmission::Refused;
        self.with(key, |walk| admission = walk.asks(now));
        admission
    }

    /// A connection opened; what it has to do is sent to it.
    pub(super) fn opened(
        &mut self,
        key: &ClientKey,
        vsn: Vsn,
        commands: UnboundedSender<LinkCommand>,
        now: Time,
    ) -> JudgedLink {
        self.links += 1;
        let link = JudgedLink(self.links);
        if let Some(judged) = self.clients.get_mut(key) {
            judged.links.insert(link, commands);
        }
        self.with(key, |walk| walk.opened(link, vsn, now));
        link
    }

    pub(super) fn received(&mut self, key: &ClientKey, link: JudgedLink, frame: Frame<'_>, now: Time) {
        self.with(key, |walk| walk.received(link, frame, now));
    }

    pub(super) fn closed(&mut self, key: &ClientKey, link: JudgedLink, code: Option<u16>, now: Time) {
        if let Some(judged) = self.clients.get_mut(key) {
            judged.links.remove(&link);
        }
        self.with(key, |walk| walk.closed(link, code, now));
    }

    /// Wakes the walks that asked for it.
    pub(super) fn woken(&mut self, now: Time) {
        let due: Vec<_> = self
            .clients
            .iter()
            .filter(|(_, judged)| judged.walk.deadline().is_some_and(|deadline| deadline <= now))
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            self.with(&key, |walk| walk.woken(now));
        }
    }

    /// When the next walk wants to be woken.
    pub(super) fn deadline(&self) -> Option<Time> {
        self.clients
            .values()
            .filter_map(|judged| judged.walk.deadline())
            .min()
    }

    /// The verdicts on each client, in the order of their names.
    pub(super) fn summaries(&self) -> Vec<ClientSummary> {
        let mut summaries: Vec<_> = self
            .clients
            .values()
            .map(|judged| ClientSummary {
                cut_short_in: judged.walk.situation(),
                ..judged.summary.clone()
            })
            .collect();
        summaries.sort_by(|a, b| a.name.cmp(&b.name));
        summaries
    }

    /// Tells the walk of a client something, and does what it wants.
    fn with(&mut self, key: &ClientKey, tell: impl FnOnce(&mut Walk)) {
        let Some(judged) = self.clients.get_mut(key) else {
            return;
        };
        tell(&mut judged.walk);
        for output in judged.walk.take() {
            let name = judged.summary.name.clone();
            let news = match output {
                // A connection that is gone needs nothing.
                WalkOutput::Send(link, frame) => {
                    if let Some(commands) = judged.links.get(&link) {
                        let _ = commands.send(LinkCommand::Send(frame));
                    }
                    continue;
                }
                WalkOutput::End(link, how) => {
                    if let Some(commands) = judged.links.remove(&link) {
                        let _ = commands.send(LinkCommand::End(how));
                    }
                    continue;
                }
                WalkOutput::Verdict(verdict) => {
                    judged.summary.verdicts.push(verdict.clone());
                    JudgeNews::Verdict { name, verdict }
                }
                WalkOutput::Beside if judged.told_beside => continue,
                WalkOutput::Beside => {
                    judged.told_beside = true;
                    JudgeNews::Beside { name }
                }
                WalkOutput::Over => {
                    judged.summary.cut_short_in = judged.walk.situation();
                    JudgeNews::Over(judged.summary.clone())
                }
            };
            // If the one who prints is gone, the command is ending.
            let _ = self.news.send(news);
        }
    }
}
