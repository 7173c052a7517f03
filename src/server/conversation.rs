//! A channel as a process of its own: a mailbox, a state, and callbacks that are called one after the other
//! (`lib/phoenix/channel/server.ex`).

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::channel::{Body, Channel, In, Info, Next, Out, Reason, Status};
use super::conduct::{Isolation, ReplyJoinRef, ReplyRefs, SenderOrder};
use super::context::{Action, Context, Conversation, ConversationId, Reach};
use super::core::{Alarm, Core};
use super::peer::{Bytes, Mail, Peer, Socket};
use super::pubsub::{Address, Broadcast};
use super::refs::{Ref, borrowed};
use super::store::Answer;
use super::wire::{self, Raised, ReplyTo};
use crate::protocol::{Field, Payload};

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
    Push { event: Ref, payload: Letters, reference: Ref },
    Leave { reference: Ref },
    Out { event: Arc<str>, body: Body },
    Info(Info),
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
        let mut processes = self.channels.iter().filter_map(|entry| Some((entry.id, entry.process.as_ref()?)));
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
    pub(crate) fn push_in(&mut self, address: Address, event: &Field<'_>, payload: Payload<'_>, reference: &Field<'_>) {
        let isolation = self.shared.conduct.socket.isolation;
        let Some(socket) = self.socket(address.peer) else { return };
        if socket.is_free(address.conversation, isolation) {
            self.handle_in(address, event, payload, reference);
        } else {
            let payload = match payload {
                Payload::Json(text) => Letters::Json(text.into()),
                Payload::Binary(data) | Payload::BinaryReply { data, .. } => Letters::Binary(data.into()),
            };
            self.post(address, Letter::Push { event: event.into(), payload, reference: reference.into() });
        }
    }

    /// A leave from the client.
    pub(crate) fn leave_in(&mut self, address: Address, reference: &Field<'_>) {
        let isolation = self.shared.conduct.socket.isolation;
        let Some(socket) = self.socket(address.peer) else { return };
        if socket.is_free(address.conversation, isolation) {
            self.leave(address, reference);
        } else {
            self.post(address, Letter::Leave { reference: reference.into() });
        }
    }

    /// Puts a message into a channel's mailbox; it is handled soon. A channel that has ended gets nothing.
    pub(crate) fn post(&mut self, address: Address, letter: Letter) {
        let Some(process) = self.process(address) else { return };
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
            let Some(letter) = self.process(address).and_then(|process| process.mailbox.pop_front()) else { break };
            match letter {
                Letter::Push { event, payload, reference } => {
                    let payload = match &payload {
                        Letters::Json(text) => Payload::Json(text),
                        Letters::Binary(data) => Payload::Binary(data),
                    };
                    self.handle_in(address, &event.field(), payload, &reference.field());
                }
                Letter::Leave { reference } => self.leave(address, &reference.field()),
                Letter::Out { event, body } => self.handle_out(address, &event, &body),
                Letter::Info(info) => self.handle_info(address, info),
            }
        }
    }

    fn siblings_let(&mut self, address: Address) -> bool {
        match self.shared.conduct.socket.isolation {
            Isolation::Channel => true,
            Isolation::Connection => self.socket(address.peer).is_some_and(|socket| {
                socket.channels.iter().filter_map(|entry| entry.process.as_ref()).all(|process| !process.is_busy())
            }),
        }
    }

    fn handle_in(&mut self, address: Address, event: &Field<'_>, payload: Payload<'_>, reference: &Field<'_>) {
        let next = match event.as_str() {
            Some(event) => {
                let payload = match payload {
                    Payload::Json(text) => In::Json(text),
                    Payload::Binary(data) | Payload::BinaryReply { data, .. } => In::Binary(data),
                };
                self.call(address, reference, |channel, cx| channel.handle_in(event, payload, cx))
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
        let out = self.call(address, &Field::Null, |channel, cx| channel.handle_out(event, body, cx));
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
        let Some(unfinished) = self.take_work(address) else { return };
        let reference = unfinished.reference.field();
        let next = self.call(address, &reference, |channel, cx| channel.answered(answer, cx));
        self.follow(address, &reference, next);
        self.wake_siblings(address);
    }

    /// A sleep is over.
    pub(crate) fn woken(&mut self, address: Address) {
        let Some(mut unfinished) = self.take_work(address) else { return };
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
        let Some(socket) = self.socket(address.peer) else { return };
        let waiting: Vec<_> = socket
            .channels
            .iter()
            .filter(|entry| entry.process.as_ref().is_some_and(|process| !process.mailbox.is_empty()))
            .map(|entry| Address { peer: address.peer, conversation: entry.id })
            .collect();
        self.ready.extend(waiting);
    }

    /// Calls a channel. None: it has ended. An error: it raised.
    pub(crate) fn call<R>(
        &mut self,
        address: Address,
        reference: &Field<'_>,
        callback: impl FnOnce(&mut dyn Channel, &mut Context<'_>) -> R,
    ) -> Option<Result<R, String>> {
        let Core { peers, actions, shared, now, .. } = self;
        let Socket { user, channels, .. } = peers.get_mut(address.peer as usize)?.socket()?;
        let entry = channels.iter_mut().find(|entry| entry.id == address.conversation)?;
        let process = entry.process.as_mut()?;
        actions.clear();
        let mut cx = Context {
            conversation: Conversation { id: entry.id, user, topic: &entry.topic },
            reference: &borrowed(reference),
            now: *now,
            conduct: &shared.conduct.app,
            presence: &shared.presence,
            actions,
        };
        let result = catch_unwind(AssertUnwindSafe(|| callback(&mut *process.channel, &mut cx)));
        Some(result.map_err(|panic| {
            actions.clear();
            panic_text(&*panic)
        }))
    }

    /// Carries out what a callback wanted, and then what it returned.
    fn follow(&mut self, address: Address, reference: &Field<'_>, next: Option<Result<Next, String>>) {
        let next = match next {
            None => return,
            Some(Ok(next)) => next,
            Some(Err(text)) => return self.end(address, &Reason::Crash(text)),
        };
        let late = self.shared.conduct.socket.sender_order == SenderOrder::ReplyFirst;
        if late && let Next::Reply(status, body) = &next {
            let replied = self.reply_out(address, reference, *status, body);
            let done = replied.and_then(|()| self.carry_out(address));
            return self.crash_if(address, done);
        }
        match self.carry_out(address) {
            Ok(()) => self.finish(address, reference, next),
            Err(raised) => self.end(address, &Reason::Crash(raised.to_string())),
        }
    }

    fn finish(&mut self, address: Address, reference: &Field<'_>, next: Next) {
        match next {
            Next::NoReply => {}
            Next::Reply(status, body) => {
                let replied = self.reply_out(address, reference, status, &body);
                self.crash_if(address, replied);
            }
            Next::BusyFor(time, next) => {
                self.set_work(address, reference, Some(*next));
                self.timers.set(self.now + time, Alarm::Wake(address));
            }
            Next::Call(request) => {
                self.set_work(address, reference, None);
                self.ask_store(address, request);
            }
            Next::Stop(reason) => self.end(address, &reason),
            Next::StopWithReply(reason, status, body) => {
                match self.reply_out(address, reference, status, &body) {
                    Ok(()) => self.end(address, &reason),
                    Err(raised) => self.end(address, &Reason::Crash(raised.to_string())),
                }
            }
        }
    }

    fn crash_if(&mut self, address: Address, done: Result<(), Raised>) {
        if let Err(raised) = done {
            self.end(address, &Reason::Crash(raised.to_string()));
        }
    }

    fn set_work(&mut self, address: Address, reference: &Field<'_>, next: Option<Next>) {
        if let Some(process) = self.process(address) {
            process.work = Work::Busy(Box::new(Unfinished { reference: reference.into(), next }));
        }
    }

    /// Carries out what the last callback wanted. An error: Phoenix raises at that place, the rest is not done.
    pub(crate) fn carry_out(&mut self, address: Address) -> Result<(), Raised> {
        let mut actions = std::mem::take(&mut self.actions);
        let done = actions.drain(..).try_for_each(|action| self.act(address, action));
        self.actions = actions;
        done
    }

    fn act(&mut self, address: Address, action: Action) -> Result<(), Raised> {
        match action {
            Action::Push { event, body } => self.push_out(address, &event, &body),
            Action::Reply { to, status, body } => {
                self.reply_out(address, &to.reference.field(), status, &body)
            }
            Action::Broadcast { event, body, to } => {
                let Some(topic) = self.joined_topic(address) else { return Err(Raised::NotJoined) };
                let except = (to == Reach::Others).then_some(address.conversation);
                self.broadcast(&Arc::new(Broadcast::new(topic, event, body, except)), address.conversation)
            }
            Action::SendAfter { delay, info } => {
                if delay.is_zero() {
                    self.post(address, Letter::Info(info));
                } else {
                    self.timers.set(self.now + delay, Alarm::Info(address, info));
                }
                Ok(())
            }
            Action::SendEvery { interval, info } => {
                let interval = interval.max(SHORTEST_INTERVAL);
                self.timers.set(self.now + interval, Alarm::Every(address, interval, info));
                Ok(())
            }
        }
    }

    /// The topic of a channel that has joined.
    fn joined_topic(&mut self, address: Address) -> Option<Arc<str>> {
        let entry = self.socket(address.peer)?.entry(address.conversation)?;
        entry.seat.is_some().then(|| entry.topic.clone())
    }

    fn push_out(&mut self, address: Address, event: &str, body: &Body) -> Result<(), Raised> {
        self.say(address, |socket, entry, process, out| {
            entry.seat.ok_or(Raised::NotJoined)?;
            wire::push(socket.vsn, &process.join_ref, (&entry.topic, event), body, out)
        })
    }

    pub(crate) fn reply_out(
        &mut self,
        address: Address,
        reference: &Field<'_>,
        status: Status,
        body: &Body,
    ) -> Result<(), Raised> {
        let conduct = self.shared.conduct.socket.clone();
        self.say(address, |socket, entry, process, out| {
            let to = ReplyTo {
                join_ref: match conduct.reply_join_ref {
                    ReplyJoinRef::Own => process.join_ref.field(),
                    ReplyJoinRef::Foreign => "0".into(),
                },
                reference: match conduct.reply_refs {
                    ReplyRefs::Echoed => borrowed(reference),
                    ReplyRefs::Missing => Field::Null,
                },
                topic: (&*entry.topic).into(),
            };
            wire::reply(socket.vsn, to, status, body, out)
        })
    }

    /// Encodes in the channel's process, and sends the frame to the connection's.
    fn say(
        &mut self,
        address: Address,
        encode: impl FnOnce(&Socket, &Entry, &Process, &mut Vec<u8>) -> Result<(), Raised>,
    ) -> Result<(), Raised> {
        let Some(peer) = self.peers.get_mut(address.peer as usize) else { return Ok(()) };
        let Some(socket) = peer.socket() else { return Ok(()) };
        let Some(entry) = socket.channels.iter().find(|entry| entry.id == address.conversation) else {
            return Ok(());
        };
        let Some(process) = &entry.process else { return Ok(()) };
        let mut frame = Vec::new();
        encode(socket, entry, process, &mut frame)?;
        self.mail(address.peer, Mail::Frame(Bytes::Own(frame.into_boxed_slice())));
        Ok(())
    }
}

/// `:timer.send_interval` takes whole milliseconds.
const SHORTEST_INTERVAL: std::time::Duration = std::time::Duration::from_millis(1);

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the channel panicked".to_owned())
}

impl Core {
    /// The connection that a channel belongs to.
    pub(crate) fn socket(&mut self, peer: u32) -> Option<&mut Socket> {
        self.peers.get_mut(peer as usize).and_then(Peer::socket)
    }

    /// A channel's process, if it lives.
    pub(crate) fn process(&mut self, address: Address) -> Option<&mut Process> {
        self.socket(address.peer)?.entry(address.conversation)?.process.as_deref_mut()
    }
}
