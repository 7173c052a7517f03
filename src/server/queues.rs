//! The queue of each shard, in which the other shards, the store and the server's owner leave notes, with a waker for
//! the shard's epoll loop.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use mio::Waker;
use mio::net::TcpStream;

use super::ids::{Address, ChannelId};
use super::longpoll::PollNote;
use super::pubsub::Broadcast;
use super::store::Answer;

/// What a shard is told.
pub(crate) enum Note {
    /// A broadcast of a channel on another shard.
    Broadcast(Arc<Broadcast>, ChannelId),
    /// The sessions of this user are to end.
    Disconnect(Arc<str>),
    /// The store has answered a channel.
    Answer(Address, Answer),
    /// A request of long poll, or its answer.
    LongPoll(Box<PollNote>),
    /// A connection that another shard accepted.
    Accepted(TcpStream),
    /// The server ends.
    Drain,
}

/// The receiving end of the queue of a shard.
pub(crate) struct Inbox {
    notes: Receiver<Note>,
    /// A note that was taken out before its turn.
    first: Option<Note>,
}

impl Inbox {
    const fn new(notes: Receiver<Note>) -> Self {
        Self { notes, first: None }
    }

    /// The next note.
    pub(crate) fn next(&mut self) -> Option<Note> {
        self.first.take().or_else(|| self.notes.try_recv().ok())
    }

    /// The next note, if it is a broadcast.
    pub(crate) fn next_broadcast(&mut self) -> Option<(Arc<Broadcast>, ChannelId)> {
        match self.next() {
            Some(Note::Broadcast(broadcast, sender)) => Some((broadcast, sender)),
            other => {
                self.first = other;
                None
            }
        }
    }
}

/// The queues of all shards.
pub(crate) struct ShardQueues {
    queues: Vec<(Sender<Note>, Waker)>,
}

impl ShardQueues {
    /// Queues to shards with these wakers, and the receiving end of each.
    pub(crate) fn new(wakers: Vec<Waker>) -> (Self, Vec<Inbox>) {
        let (queues, inboxes) = wakers
            .into_iter()
            .map(|waker| {
                let (queue, inbox) = mpsc::channel();
                ((queue, waker), Inbox::new(inbox))
            })
            .unzip();
        (Self { queues }, inboxes)
    }

    pub(crate) fn shards(&self) -> usize {
        self.queues.len()
    }

    /// Tells one shard. A note to a shard that has ended is dropped.
    pub(crate) fn tell(&self, shard: usize, note: Note) {
        let (queue, waker) = &self.queues[shard];
        if queue.send(note).is_ok() {
            wake(waker);
        }
    }

    /// Tells all shards but one.
    pub(crate) fn tell_others(&self, shard: usize, note: impl Fn() -> Note) {
        for other in (0..self.queues.len()).filter(|&other| other != shard) {
            self.tell(other, note());
        }
    }

    /// Tells all shards.
    pub(crate) fn tell_all(&self, note: impl Fn() -> Note) {
        for shard in 0..self.queues.len() {
            self.tell(shard, note());
        }
    }
}

/// A waker that cannot be written to is full of wake-ups already.
fn wake(waker: &Waker) {
    let woken: io::Result<()> = waker.wake();
    drop(woken);
}
