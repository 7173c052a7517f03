//! A channel as a process of its own: a mailbox, a state, and callbacks that are called one after the other
//! (`lib/phoenix/channel/server.ex`).

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;

use super::channel::{Body, Channel, In, Info, Next, Out, Reason};
use super::conduct::{Isolation, Names};
use super::context::ConversationId;
use super::core::{Core, Pipelined};
use super::peer::{Peer, Socket};
use super::pubsub::Address;
use super::refs::Ref;
use super::store::Answer;
use crate::protocol::{Field, Payload};

mod callback;

/// A channel in the socket's map.
pub(crate) struct Entry {
    pub(crate) id: ConversationId,
    pub(crate) topic: Arc<str>,
    /// The join_ref as the join had it, null included.
    pub(crate) join_ref: Ref,
    /// The place among the topic's listeners, once joined.
    pub(crate) seat: Option<u32>,
    /// None: it has ended, and the connection has not heard of that yet.
    pub(crate) process: Option<Box<Process>>,
}

/// The process behind a channel.
pub(crate) struct Process {
    /// The join_ref of what it says: the join's, or the join's ref.
    pub(crate) join_ref: Ref,
    pub(crate) channel: Box<dyn Channel>,
    pub(crate) mailbox: VecDeque<Letter>,
    pub(crate) work: Work,
}

/// What a process is doing.
pub(crate) enum Work {
    /// Waits for its next message.
    Idle,
    /// Is in `join`.
    Joining,
    /// Sleeps, or waits for the store. The ref is that of the push which it handles.
    Busy(Box<Unfinished>),
}

/// What a busy process goes on with.
pub(crate) struct Unfinished {
    pub(crate) reference: Ref,
    /// None: the store's answer will say.
    pub(crate) next: Option<Next>,
}

/// A message to a channel's process.
pub(crate) enum Letter {
    Push {
        event: Ref,
        payload: Letters,
        reference: Ref,
    },
    Leave {
        reference: Ref,
    },
    Out {
        event: Arc<str>,
        body: Body,
    },
    Info(Info),
    /// `phx_drain`
    Drain,
}

/// The payload of a push that has to wait.
pub(crate) enum Letters {
    Json(Box<str>),
    Binary(Box<[u8]>),
}

/// More messages than this at a channel that does not get on cost the client its connection.
const MAX_LETTERS: usize = 100_000;

impl Process {
    pub(crate) fn is_busy(&self) -> bool {
        !matches!(self.work, Work::Idle)
    }
}

impl Socket {
    /// Whether a message to this channel is handled now, or has to wait.
    fn is_free(&self, id: ConversationId, isolation: Isolation) -> bool {
        let mut processes = self
            .channels
            .iter()
            .filter_map(|entry| Some((entry.id, entry.process.as_ref()?)));
        match isolation {
            Isolation::Channel => processes
                .find(|&(other, _)| other == id)
                .is_some_and(|(_, process)| !process.is_busy() && process.mailbox.is_empty()),
            Isolation::Connection => processes
                .all(|(other, process)| !process.is_busy() && (other != id || process.mailbox.is_empty())),
        }
    }
}

impl Core {
    /// A push from the client, to a channel that the connection believes alive.
    pub(crate) fn push_in(
        &mut self,
        address: Address,
        event: &Field<'_>,
        payload: Payload<'_>,
        reference: &Field<'_>,
    ) {
        let isolation = self.shared.conduct.socket.isolation;
        let alone = self.pipelined == Pipelined::No;
        let Some(socket) = self.socket(address.peer) else {
            return;
        };
        if alone && socket.is_free(address.conversation, isolation) {
            self.handle_in(address, event, payload, reference);
        } else {
            let payload = match payload {
                Payload::Json(text) => Letters::Json(text.into()),
                Payload::Binary(data) | Payload::BinaryReply { data, .. } => Letters::Binary(data.into()),
            };
            self.post(
                address,
                Letter::Push {
                    event: event.into(),
                    payload,
                    reference: reference.into(),
                },
            );
        }
    }

    /// A leave from the client.
    pub(crate) fn leave_in(&mut self, address: Address, reference: &Field<'_>) {
        let isolation = self.shared.conduct.socket.isolation;
        let alone = self.pipelined == Pipelined::No;
        let Some(socket) = self.socket(address.peer) else {
            return;
        };
        if alone && socket.is_free(address.conversation, isolation) {
            self.leave(address, reference);
        } else {
            self.post(
                address,
                Letter::Leave {
                    reference: reference.into(),
                },
            );
        }
    }

    /// Puts a message into a channel's mailbox; it is handled soon. A channel that has ended gets nothing.
    pub(crate) fn post(&mut self, address: Address, letter: Letter) {
        let Some(process) = self.process(address) else {
            return;
        };
        if process.mailbox.len() >= MAX_LETTERS {
            self.close_later(address.peer);
            return;
        }
        process.mailbox.push_back(letter);
        self.ready.push_back(address);
    }

    /// Handles what waits at a channel, as long as it is free.
    pub(crate) fn run(&mut self, address: Address) {
        while let Some(process) = self.process(address)
            && !process.is_busy()
            && self.siblings_let(address)
        {
            let Some(letter) = self
                .process(address)
                .and_then(|process| process.mailbox.pop_front())
            else {
                break;
            };
            match letter {
                Letter::Push {
                    event,
                    payload,
                    reference,
                } => {
                    let payload = match &payload {
                        Letters::Json(text) => Payload::Json(text),
                        Letters::Binary(data) => Payload::Binary(data),
                    };
                    self.handle_in(address, &event.field(), payload, &reference.field());
                }
                Letter::Leave { reference } => self.leave(address, &reference.field()),
                Letter::Out { event, body } => self.handle_out(address, &event, &body),
                Letter::Info(info) => self.handle_info(address, info),
                Letter::Drain => self.channel_drained(address),
            }
        }
    }

    fn siblings_let(&mut self, address: Address) -> bool {
        match self.shared.conduct.socket.isolation {
            Isolation::Channel => true,
            Isolation::Connection => self.socket(address.peer).is_some_and(|socket| {
                socket
                    .channels
                    .iter()
                    .filter_map(|entry| entry.process.as_ref())
                    .all(|process| !process.is_busy())
            }),
        }
    }

    fn handle_in(
        &mut self,
        address: Address,
        event: &Field<'_>,
        payload: Payload<'_>,
        reference: &Field<'_>,
    ) {
        let next = match event.as_str() {
            Some(event) => {
                let payload = match payload {
                    Payload::Json(text) => In::Json(text),
                    Payload::Binary(data) | Payload::BinaryReply { data, .. } => In::Binary(data),
                };
                let event = match self.shared.conduct.socket.events {
                    Names::Exact => Cow::Borrowed(event),
                    Names::AnyCase => event.to_ascii_lowercase().into(),
                };
                self.call(address, reference, |channel, cx| {
                    channel.handle_in(&event, payload, cx)
                })
            }
            // No channel here has a clause for an event that is no text.
            None => Some(Err(format!("no clause of handle_in matches the event {event:?}"))),
        };
        self.follow(address, reference, next);
    }

    fn handle_info(&mut self, address: Address, info: Info) {
        let next = self.call(address, &Field::Null, |channel, cx| channel.handle_info(info, cx));
        self.follow(address, &Field::Null, next);
    }

    fn handle_out(&mut self, address: Address, event: &str, body: &Body) {
        let out = self.call(address, &Field::Null, |channel, cx| {
            channel.handle_out(event, body, cx)
        });
        let outcome = match out {
            None => return,
            Some(Err(text)) => Err(text),
            Some(Ok(out)) => {
                let done = self.carry_out(address);
                done.and_then(|()| match out {
                    Out::AsItIs => self.push_out(address, event, body),
                    Out::Instead(other) => self.push_out(address, event, &other),
                    Out::Nothing => Ok(()),
                })
                .map_err(|raised| raised.to_string())
            }
        };
        if let Err(text) = outcome {
            self.end(address, &Reason::Crash(text));
        }
    }

    /// The store has answered.
    pub(crate) fn answered(&mut self, address: Address, answer: Answer) {
        let Some(unfinished) = self.take_work(address) else {
            return;
        };
        let reference = unfinished.reference.field();
        let next = self.call(address, &reference, |channel, cx| channel.answered(answer, cx));
        self.follow(address, &reference, next);
        self.wake_siblings(address);
    }

    /// A sleep is over.
    pub(crate) fn woken(&mut self, address: Address) {
        let Some(mut unfinished) = self.take_work(address) else {
            return;
        };
        if let Some(next) = unfinished.next.take() {
            self.finish(address, &unfinished.reference.field(), next);
        }
        self.wake_siblings(address);
    }

    fn take_work(&mut self, address: Address) -> Option<Box<Unfinished>> {
        let process = self.process(address)?;
        match std::mem::replace(&mut process.work, Work::Idle) {
            Work::Busy(unfinished) => Some(unfinished),
            other => {
                process.work = other;
                None
            }
        }
    }

    /// Lets those go on who had to wait for this channel: itself, and with it whoever shares its fate.
    fn wake_siblings(&mut self, address: Address) {
        let Some(socket) = self.socket(address.peer) else {
            return;
        };
        let waiting: Vec<_> = socket
            .channels
            .iter()
            .filter(|entry| {
                entry
                    .process
                    .as_ref()
                    .is_some_and(|process| !process.mailbox.is_empty())
            })
            .map(|entry| Address {
                peer: address.peer,
                conversation: entry.id,
            })
            .collect();
        self.ready.extend(waiting);
    }
}

impl Core {
    /// The connection that a channel belongs to.
    pub(crate) fn socket(&mut self, peer: u32) -> Option<&mut Socket> {
        self.peers.get_mut(peer as usize).and_then(Peer::socket)
    }

    /// A channel's process, if it lives.
    pub(crate) fn process(&mut self, address: Address) -> Option<&mut Process> {
        self.socket(address.peer)?
            .entry(address.conversation)?
            .process
            .as_deref_mut()
    }
}
