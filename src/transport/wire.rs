//! The two ends of a connection in memory: what arrived and is not read yet, what is written and not sent yet.
//! tungstenite reads and writes here as if it were a socket that never blocks. No I/O, no decisions.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use super::watch::{FrameWatch, Illegal};

/// How much may wait to be sent before pongs have to wait, too. A server that floods pings and does not read
/// gets an answer to the last one only, as RFC 6455 allows.
const PONGS_WAIT_BEYOND: usize = 256 << 10;

/// How the incoming side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The server said that nothing more comes (FIN).
    Eof,
    /// The connection broke.
    Reset,
    /// What follows is no frame that a server may send.
    Illegal(Illegal),
}

/// What lies between the socket and tungstenite.
pub(super) struct Wire {
    inbox: Vec<u8>,
    read: usize,
    outbox: VecDeque<u8>,
    end: Option<End>,
    answers: Answers,
    watch: FrameWatch,
}

/// Whether what tungstenite writes by itself (pongs, close frames) is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Sent,
    Dropped,
}

impl Wire {
    pub(super) fn new() -> Self {
        Self {
            inbox: Vec::new(),
            read: 0,
            outbox: VecDeque::new(),
            end: None,
            answers: Answers::Sent,
            watch: FrameWatch::default(),
        }
    }

    /// Adds what arrived, up to the first illegal frame. Call it only when all before was read.
    pub(super) fn arrived(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.read, self.inbox.len(), "what arrived earlier is read first");
        let (legal, illegal) = self.watch.see(bytes);
        self.inbox.clear();
        self.inbox.extend_from_slice(&bytes[..legal]);
        self.read = 0;
        if let Some(illegal) = illegal {
            self.ended(End::Illegal(illegal));
        }
    }

    /// Nothing more will arrive.
    pub(super) fn ended(&mut self, end: End) {
        self.end = Some(end);
    }

    /// How the incoming side ended, if it has.
    pub(super) const fn end(&self) -> Option<End> {
        self.end
    }

    /// Adds bytes to those that wait to be sent.
    pub(super) fn put(&mut self, bytes: &[u8]) {
        self.outbox.extend(bytes);
    }

    /// How many bytes wait to be sent.
    pub(super) fn unsent(&self) -> usize {
        self.outbox.len()
    }

    /// The next bytes to send, some of them.
    pub(super) fn to_send(&self) -> &[u8] {
        self.outbox.as_slices().0
    }

    /// The socket took the first `count` bytes.
    pub(super) fn sent(&mut self, count: usize) {
        self.outbox.drain(..count);
        if self.outbox.is_empty() && self.outbox.capacity() > PONGS_WAIT_BEYOND {
            self.outbox = VecDeque::new();
        }
    }

    /// Nothing can be sent any more.
    pub(super) fn discard_unsent(&mut self) {
        self.outbox = VecDeque::new();
        self.drop_answers();
    }

    /// From now on tungstenite's own answers are dropped: a close frame has been sent, nothing may follow it.
    pub(super) fn drop_answers(&mut self) {
        self.answers = Answers::Dropped;
    }

    /// Whether what arrived so far ends within a message.
    pub(super) fn is_within(&self) -> bool {
        self.watch.is_within()
    }

    /// The payload of the first close frame that arrived, exactly as it was.
    pub(super) fn close_payload(&self) -> &[u8] {
        self.watch.close_payload()
    }
}

impl Read for Wire {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let unread = &self.inbox[self.read..];
        if unread.is_empty() {
            return match self.end {
                None => Err(io::ErrorKind::WouldBlock.into()),
                Some(End::Eof) => Ok(0),
                Some(End::Reset) => Err(io::ErrorKind::ConnectionReset.into()),
                Some(End::Illegal(_)) => Err(io::ErrorKind::InvalidData.into()),
            };
        }
        let count = unread.len().min(into.len());
        into[..count].copy_from_slice(&unread[..count]);
        self.read += count;
        Ok(count)
    }
}

impl Write for Wire {
    /// Takes all or nothing, so that hand-made bytes never come between the halves of a frame.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.answers {
            Answers::Dropped => {}
            Answers::Sent if self.unsent() > PONGS_WAIT_BEYOND => {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Answers::Sent => self.put(bytes),
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
