//! How shards, the store and the server's owner reach a shard: a queue, and a waker for its epoll.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};

use mio::Waker;
use mio::net::TcpStream;

use super::context::ConversationId;
use super::pubsub::{Address, Broadcast};
use super::store::Answer;

/// What a shard is told.
pub(crate) enum Note {
    /// A broadcast of a conversation on another shard.
    Broadcast(Arc<Broadcast>, ConversationId),
    /// The connections of this user are to end.
    Disconnect(Arc<str>),
    /// The store has answered.
    Answer(Address, Answer),
    /// A connection that another shard accepted.
    Accepted(TcpStream),
    /// The server ends.
    Drain,
}

/// All shards' queues.
pub(crate) struct Links {
    queues: Vec<(Sender<Note>, Waker)>,
}

impl Links {
    /// Queues to shards with these wakers, and the other ends.
    pub(crate) fn new(wakers: Vec<Waker>) -> (Self, Vec<Receiver<Note>>) {
        let (queues, inboxes) = wakers
            .into_iter()
            .map(|waker| {
                let (queue, inbox) = mpsc::channel();
                ((queue, waker), inbox)
            })
            .unzip();
        (Self { queues }, inboxes)
    }

    pub(crate) fn shards(&self) -> usize {
        self.queues.len()
    }

    /// Tells one shard. A shard that has ended hears nothing.
    pub(crate) fn tell(&self, shard: usize, note: Note) {
        let (queue, waker) = &self.queues[shard];
        if queue.send(note).is_ok() {
            wake(waker);
        }
    }

    /// Tells all but one.
    pub(crate) fn tell_others(&self, shard: usize, note: impl Fn() -> Note) {
        for other in (0..self.queues.len()).filter(|&other| other != shard) {
            self.tell(other, note());
        }
    }

    /// Tells all.
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
