//! One connection. At rest it owns no buffers: what came in whole is gone, what went out whole too.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use mio::net::TcpStream;

use super::context::ConversationId;
use super::conversation::Entry;
use super::http::Body;
use super::message::{Dialect, Encoded};
use super::refs::Ref;
use crate::clock::Time;
use crate::protocol::websocket::Opcode;

/// A connection, before and after it was upgraded.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    pub(crate) stage: PeerStage,
    /// Input that is not whole yet, or that must wait while a join blocks the connection.
    pub(crate) input: Vec<u8>,
    /// What was sent to this connection's process and not handled yet.
    pub(crate) mailbox: Mailbox,
    /// Output that the kernel did not take. While there is some, nothing is read and no mail is handled, as a
    /// process that is blocked in `send` does neither.
    pub(crate) backlog: Option<Box<Backlog>>,
    /// When the connection has been silent for too long.
    pub(crate) deadline: Time,
    /// The earliest alarm that is set for it.
    pub(crate) alarm: Time,
    /// Tells connections apart that had the same place one after the other.
    pub(crate) serial: u32,
    pub(crate) unread: Unread,
    pub(crate) queued: Queued,
}

/// Whether the kernel may hold input that nobody read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    Nothing,
    Something,
}

/// Whether the connection stands in the list of those with mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    No,
    Yes,
}

/// How far a connection is.
pub(crate) enum PeerStage {
    /// Waits for a request, behind what is left of the last one's body.
    Http(Before, Body),
    /// Was upgraded.
    Socket(Box<Socket>),
    /// Was answered, and is closed once that is written.
    Leaving,
}

/// What a connection saw before a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    Nothing,
    /// Another request, and its answer.
    Answered,
}

/// Output that waits.
pub(crate) struct Backlog {
    pub(crate) bytes: Vec<u8>,
    pub(crate) written: usize,
    pub(crate) since: Time,
}

/// What `Phoenix.Socket` keeps of a connection.
pub(crate) struct Socket {
    pub(crate) dialect: Dialect,
    pub(crate) user: Arc<str>,
    pub(crate) identity: Identity,
    pub(crate) idle: Duration,
    pub(crate) channels: Vec<Entry>,
    pub(crate) joining: Option<Box<Joining>>,
    pub(crate) fragments: Option<Box<Fragments>>,
    pub(crate) heartbeats: u32,
    pub(crate) voice: Voice,
}

/// The socket's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    /// nil
    Anonymous,
    /// `users_socket:<user>`
    Signed,
}

/// Whether the server may still write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voice {
    Speaks,
    /// A close frame went out; what the client says is still heard.
    Silent,
}

/// The join that blocks the connection.
pub(crate) struct Joining {
    pub(crate) id: ConversationId,
    pub(crate) reference: Ref,
}

/// A message whose end has not come.
pub(crate) struct Fragments {
    pub(crate) opcode: Opcode,
    pub(crate) data: Vec<u8>,
    /// How much of it is known to be UTF-8.
    pub(crate) checked: usize,
}

impl Peer {
    /// A connection that was just accepted.
    pub(crate) fn new(stream: TcpStream, serial: u32, deadline: Time) -> Self {
        Self {
            stream,
            stage: PeerStage::Http(Before::Nothing, Body::NONE),
            input: Vec::new(),
            mailbox: Mailbox::Empty,
            backlog: None,
            deadline,
            alarm: deadline,
            serial,
            unread: Unread::Nothing,
            queued: Queued::No,
        }
    }

    pub(crate) fn socket(&mut self) -> Option<&mut Socket> {
        match &mut self.stage {
            PeerStage::Socket(socket) => Some(socket),
            PeerStage::Http(..) | PeerStage::Leaving => None,
        }
    }

    /// Whether the connection's process is stuck: in a join or in `send`.
    pub(crate) fn is_blocked(&self) -> bool {
        self.backlog.is_some() || matches!(&self.stage, PeerStage::Socket(socket) if socket.joining.is_some())
    }
}

impl Socket {
    pub(crate) fn entry(&mut self, id: ConversationId) -> Option<&mut Entry> {
        self.channels.iter_mut().find(|entry| entry.id == id)
    }
}

/// A message to the connection's process.
#[derive(Debug)]
pub(crate) enum Mail {
    /// A message for the client that was encoded elsewhere: a reply, a push, a broadcast.
    Message(Encoded),
    /// `{:socket_close, pid, reason}`
    ChannelClosed(ConversationId),
    /// `{:DOWN, …}`
    ChannelDown(ConversationId),
    /// The `disconnect` broadcast.
    Disconnect,
    /// `:socket_drain`
    Drain,
}

/// A queue that is mostly empty, and mostly of one otherwise.
#[derive(Default)]
pub(crate) enum Mailbox {
    #[default]
    Empty,
    One(Mail),
    Many(Box<Queue>),
}

/// A longer queue, with the bytes in it.
#[derive(Default)]
pub(crate) struct Queue {
    mails: VecDeque<Mail>,
    bytes: usize,
}

impl Mailbox {
    pub(crate) fn push(&mut self, mail: Mail) {
        match std::mem::take(self) {
            Self::Empty => *self = Self::One(mail),
            Self::One(first) => {
                let mut queue = Box::new(Queue::default());
                queue.push(first);
                queue.push(mail);
                *self = Self::Many(queue);
            }
            Self::Many(mut queue) => {
                queue.push(mail);
                *self = Self::Many(queue);
            }
        }
    }

    pub(crate) fn pop(&mut self) -> Option<Mail> {
        self.take(Queue::pop)
    }

    /// The bytes of all messages in it, so that a reader that is too slow is noticed.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Empty | Self::One(_) => 0,
            Self::Many(queue) => queue.bytes,
        }
    }

    /// Takes back what was put in last.
    pub(crate) fn take_back(&mut self) -> Option<Mail> {
        self.take(Queue::take_back)
    }

    fn take(&mut self, from: impl FnOnce(&mut Queue) -> Option<Mail>) -> Option<Mail> {
        match std::mem::take(self) {
            Self::Empty => None,
            Self::One(mail) => Some(mail),
            Self::Many(mut queue) => {
                let mail = from(&mut queue);
                if !queue.mails.is_empty() {
                    *self = Self::Many(queue);
                }
                mail
            }
        }
    }
}

impl Queue {
    /// What a message takes beside its bytes.
    const OVERHEAD: usize = size_of::<Mail>();

    fn push(&mut self, mail: Mail) {
        self.bytes += Self::weight(&mail);
        self.mails.push_back(mail);
    }

    fn pop(&mut self) -> Option<Mail> {
        let mail = self.mails.pop_front()?;
        self.bytes -= Self::weight(&mail);
        Some(mail)
    }

    fn take_back(&mut self) -> Option<Mail> {
        let mail = self.mails.pop_back()?;
        self.bytes -= Self::weight(&mail);
        Some(mail)
    }

    fn weight(mail: &Mail) -> usize {
        match mail {
            Mail::Message(message) => message.payload().len() + Self::OVERHEAD,
            _ => Self::OVERHEAD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::FrameKind;

    fn message(text: &str) -> Mail {
        Mail::Message(Encoded::Own(FrameKind::Text, text.as_bytes().into()))
    }

    fn emptied(mailbox: &mut Mailbox) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| mailbox.pop())
            .map(|mail| match mail {
                Mail::Message(message) => message.payload().to_vec(),
                other => panic!("not a message for the client: {other:?}"),
            })
            .collect()
    }

    #[test]
    fn mail_comes_out_as_it_went_in() {
        let mut mailbox = Mailbox::Empty;
        for text in ["a", "b", "c"] {
            mailbox.push(message(text));
        }
        assert_eq!(emptied(&mut mailbox), [b"a", b"b", b"c"]);
        assert!(matches!(mailbox, Mailbox::Empty));
        assert_eq!(mailbox.bytes(), 0);
    }

    #[test]
    fn the_weight_of_what_waits_is_known() {
        let mut mailbox = Mailbox::Empty;
        mailbox.push(message("abc"));
        mailbox.push(message("defg"));
        assert!(mailbox.bytes() >= 7);
    }

    #[test]
    fn a_connection_is_small() {
        assert!(
            size_of::<Peer>() <= 128,
            "a connection takes {} bytes",
            size_of::<Peer>()
        );
        assert!(
            size_of::<Socket>() <= 128,
            "a socket takes {} bytes",
            size_of::<Socket>()
        );
    }
}
