//! The mailbox of a session's process.

use std::collections::VecDeque;

use super::ids::ChannelId;
use super::message::Encoded;

/// A message to a session's process.
#[derive(Debug)]
pub(crate) enum SessionMessage {
    /// A message for the client that another process encoded: a reply, a push, a broadcast.
    Client(Encoded),
    /// `{:socket_close, pid, reason}`
    ChannelClosed(ChannelId),
    /// `{:DOWN, …}`
    ChannelDown(ChannelId),
    /// The `disconnect` broadcast.
    Disconnect,
    /// `:socket_drain`
    Drain,
}

/// Messages in the order in which they came. Mostly there is none, and mostly one otherwise.
#[derive(Default)]
pub(crate) enum Mailbox {
    #[default]
    Empty,
    One(SessionMessage),
    Many(Box<Queue>),
}

/// A longer queue, with the bytes in it.
#[derive(Default)]
pub(crate) struct Queue {
    messages: VecDeque<SessionMessage>,
    bytes: usize,
}

impl Mailbox {
    pub(crate) fn push(&mut self, message: SessionMessage) {
        match std::mem::take(self) {
            Self::Empty => *self = Self::One(message),
            Self::One(first) => {
                let mut queue = Box::new(Queue::default());
                queue.push(first);
                queue.push(message);
                *self = Self::Many(queue);
            }
            Self::Many(mut queue) => {
                queue.push(message);
                *self = Self::Many(queue);
            }
        }
    }

    pub(crate) fn pop(&mut self) -> Option<SessionMessage> {
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
    pub(crate) fn take_back(&mut self) -> Option<SessionMessage> {
        self.take(Queue::take_back)
    }

    fn take(&mut self, from: impl FnOnce(&mut Queue) -> Option<SessionMessage>) -> Option<SessionMessage> {
        match std::mem::take(self) {
            Self::Empty => None,
            Self::One(message) => Some(message),
            Self::Many(mut queue) => {
                let message = from(&mut queue);
                if !queue.messages.is_empty() {
                    *self = Self::Many(queue);
                }
                message
            }
        }
    }
}

impl Queue {
    /// What a message takes beside its bytes.
    const OVERHEAD: usize = size_of::<SessionMessage>();

    fn push(&mut self, message: SessionMessage) {
        self.bytes += Self::weight(&message);
        self.messages.push_back(message);
    }

    fn pop(&mut self) -> Option<SessionMessage> {
        let message = self.messages.pop_front()?;
        self.bytes -= Self::weight(&message);
        Some(message)
    }

    fn take_back(&mut self) -> Option<SessionMessage> {
        let message = self.messages.pop_back()?;
        self.bytes -= Self::weight(&message);
        Some(message)
    }

    fn weight(message: &SessionMessage) -> usize {
        match message {
            SessionMessage::Client(message) => message.payload.len() + Self::OVERHEAD,
            _ => Self::OVERHEAD,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::FrameKind;

    fn message(text: &str) -> SessionMessage {
        SessionMessage::Client(Encoded {
            kind: FrameKind::Text,
            payload: text.as_bytes().into(),
        })
    }

    fn emptied(mailbox: &mut Mailbox) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| mailbox.pop())
            .map(|message| match message {
                SessionMessage::Client(message) => message.payload.to_vec(),
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
}
