//! The two ends of a connection in memory: what arrived and is not read yet, what is written and not sent yet.
//! tungstenite reads and writes here as if it were a socket that never blocks. No I/O, no decisions.

use std::collections::VecDeque;
use std::io::{self, Cursor, Read, Write};

use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, OpCode};

/// How much is taken from the socket at once; more is left there, so that the server feels it.
const INBOX_BYTES: usize = 8 << 10;

/// How much may wait to be sent before pongs have to wait, too. A server that floods pings and does not read
/// gets an answer to the last one only, as RFC 6455 allows.
const PONGS_WAIT_BEYOND: usize = 256 << 10;

/// How the socket's reading side ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The server said that nothing more comes (FIN).
    Eof,
    /// The connection broke.
    Reset,
}

/// What lies between the socket and tungstenite.
pub(super) struct Wire {
    inbox: Vec<u8>,
    read: usize,
    outbox: VecDeque<u8>,
    end: Option<End>,
    answers: Answers,
    closes: CloseWatch,
}

/// Whether what tungstenite writes by itself (pongs, close frames) is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answers {
    Sent,
    Dropped,
}

impl Wire {
    /// A wire on which `early` has arrived already.
    pub(super) fn new(early: &[u8]) -> Self {
        let mut wire = Self {
            inbox: Vec::with_capacity(INBOX_BYTES),
            read: 0,
            outbox: VecDeque::new(),
            end: None,
            answers: Answers::Sent,
            closes: CloseWatch::default(),
        };
        wire.arrived(early);
        wire
    }

    /// Adds what arrived. Call it only when all before was read, with at most what [`Self::room`] gave.
    pub(super) fn arrived(&mut self, bytes: &[u8]) {
        debug_assert_eq!(self.read, self.inbox.len(), "what arrived earlier is read first");
        self.closes.see(bytes);
        self.inbox.clear();
        self.inbox.extend_from_slice(bytes);
        self.read = 0;
    }

    /// Nothing more will arrive.
    pub(super) fn ended(&mut self, end: End) {
        self.end = Some(end);
    }

    /// How the reading side ended, if it has.
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

    /// The payload of the last whole close frame that arrived, exactly as it was. tungstenite hides codes
    /// that must not be sent.
    pub(super) fn close_payload(&self) -> &[u8] {
        &self.closes.payload
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
            };
        }
        let count = unread.len().min(into.len());
        into[..count].copy_from_slice(&unread[..count]);
        self.read += count;
        Ok(count)
    }
}

impl Write for Wire {
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

/// Walks over the frames that arrive and keeps the payload of the first close frame.
#[derive(Default)]
struct CloseWatch {
    header: Vec<u8>,
    frame: Watched,
    left: u64,
    payload: Vec<u8>,
}

/// What the bytes belong to that are walked over.
#[derive(Clone, Copy, Default)]
enum Watched {
    #[default]
    Header,
    Payload,
    Close,
    /// The close frame was seen, or the server sends nonsense: nothing to look for any more.
    Done,
}

impl CloseWatch {
    fn see(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.frame {
                Watched::Done => return,
                Watched::Header => self.see_header(bytes),
                Watched::Payload | Watched::Close => self.see_payload(bytes),
            };
        }
    }

    /// One byte more: the header's length is known only once it is whole.
    fn see_header<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        self.header.push(bytes[0]);
        match FrameHeader::parse(&mut Cursor::new(&self.header)) {
            Ok(None) => {}
            Ok(Some((header, length))) => {
                self.header.clear();
                self.left = length;
                self.frame = match header.opcode {
                    OpCode::Control(Control::Close) if length > 125 => Watched::Done,
                    OpCode::Control(Control::Close) if length == 0 => Watched::Done,
                    OpCode::Control(Control::Close) => Watched::Close,
                    _ if length == 0 => Watched::Header,
                    _ => Watched::Payload,
                };
            }
            Err(_) => self.frame = Watched::Done,
        }
        &bytes[1..]
    }

    fn see_payload<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let (payload, rest) = bytes.split_at(left.min(bytes.len()));
        self.left -= payload.len() as u64;
        if matches!(self.frame, Watched::Close) {
            self.payload.extend_from_slice(payload);
        }
        if self.left == 0 {
            self.frame = match self.frame {
                Watched::Close => Watched::Done,
                _ => Watched::Header,
            };
        }
        rest
    }
}
