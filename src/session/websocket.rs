//! An open WebSocket, as a client sees it: whole messages in, frames out, and what RFC 6455 asks a client to answer.

use super::Outgoing;
use crate::wire::websocket::{
    Assembly, BeyondWindow, Close, CloseError, Coding, DeflateParams, Deflater, FrameError, Header, Inflater,
    Opcode, Received, parse_close, write_close, write_frame,
};

/// The most that a control frame can carry (RFC 6455, 5.5).
const CONTROL_BYTES: usize = 125;

/// A message that becomes more than so many times smaller is sent as it is: Bandit closes the connection with 1009 on one
/// that grows 25-fold, and any message may be sent uncompressed.
const MOST_GROWTH: usize = 20;

/// Where a session writes what is to be sent.
pub trait Output {
    /// The key that masks the next frame.
    fn key(&mut self) -> [u8; 4];
    /// What is to be sent; the session appends to it.
    fn bytes(&mut self) -> &mut Vec<u8>;
}

/// An open WebSocket. At rest it owns no memory, unless both sides agreed on compression with a context that each message
/// takes over from the one before.
#[derive(Debug, Default)]
pub struct WebSocket {
    assembly: Assembly,
    closing: Closing,
    compression: Option<Box<ClientCompression>>,
}

/// How messages are compressed.
#[derive(Debug)]
struct ClientCompression {
    outgoing: Deflater,
    incoming: Inflater,
}

/// How far the close handshake is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Closing {
    #[default]
    No,
    /// We sent a close frame; the server may still send messages.
    Sent,
    /// The server sent its close frame, and has ours.
    Done,
}

/// Why something cannot be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// More than a control frame can carry.
    #[error("a control frame of {0} bytes; expected at most {CONTROL_BYTES}")]
    LongControl(usize),
    /// The reason of a close frame stands behind its code.
    #[error("a close frame with a reason but without a code; expected both or none")]
    ReasonWithoutCode,
    /// The connection is being closed.
    #[error("a close frame was sent: no message can follow")]
    Closing,
}

impl WebSocket {
    /// A WebSocket whose messages are compressed as the upgrade agreed on.
    pub fn new(agreed: Option<DeflateParams>) -> Self {
        let compression = agreed.map(|agreed| {
            Box::new(ClientCompression {
                outgoing: Deflater::new(agreed.client),
                incoming: Inflater::new(agreed.server, BeyondWindow::Refused),
            })
        });
        Self {
            compression,
            ..Self::default()
        }
    }

    /// Whether messages may be compressed.
    pub fn coding(&self) -> Coding {
        match self.compression {
            Some(_) => Coding::Deflate,
            None => Coding::Plain,
        }
    }

    /// How many bytes of fragments it keeps.
    pub fn kept(&self) -> usize {
        self.assembly.kept()
    }

    /// Whether `input`, which follows what was taken so far, ends within a message.
    pub fn ends_within(&self, input: &[u8]) -> bool {
        self.assembly.ends_within(input)
    }

    /// Takes the next message or control frame from the front of `input`; none if it is not whole yet. Pings and close
    /// frames are answered, unless a close frame was sent before.
    ///
    /// # Errors
    /// If the server sent what it must not, or a message longer than `limit`. The close frame that says so is written, and
    /// nothing that follows may be read.
    #[inline]
    pub fn next<'b>(
        &mut self,
        input: &mut &'b [u8],
        limit: usize,
        output: &mut impl Output,
    ) -> Result<Option<Received<'b>>, FrameError> {
        let received = match self.closing {
            Closing::Done if Header::parse(input).is_some() => Err(FrameError::AfterClose),
            Closing::Done => Ok(None),
            Closing::No | Closing::Sent => {
                let compression = self.compression.as_mut();
                let inflater = compression.map(|compression| &mut compression.incoming);
                self.assembly.next(input, limit, inflater)
            }
        };
        let answered = received.and_then(|received| {
            match received {
                Some(Received::Ping(payload)) if self.closing == Closing::No => {
                    write(Opcode::Pong, payload, output);
                }
                Some(Received::Close(payload)) => self.close_received(payload, output)?,
                _ => {}
            }
            Ok(received)
        });
        answered.inspect_err(|error| {
            if self.closing == Closing::No {
                write(Opcode::Close, &error.close_code().to_be_bytes(), output);
            }
            self.closing = Closing::Done;
        })
    }

    /// Answers a close frame with the same code and reason, or with 1002 if its code must not be sent.
    fn close_received(&mut self, payload: &[u8], output: &mut impl Output) -> Result<(), FrameError> {
        let mut answer = payload.to_vec();
        match parse_close(payload) {
            Ok(_) => {}
            Err(CloseError::Code(_)) => {
                let (code, reason) = (1002, "Protocol violation");
                answer.clear();
                write_close(Close { code, reason }, &mut answer);
            }
            Err(CloseError::NotUtf8 { .. }) => return Err(FrameError::NotText),
            Err(error @ CloseError::OneByte) => return Err(FrameError::Close(error)),
        }
        if self.closing == Closing::No {
            write(Opcode::Close, &answer, output);
        }
        self.closing = Closing::Done;
        Ok(())
    }

    /// Writes one thing to send. What is made by hand can be sent at any time; a close frame made by hand is our close frame.
    /// A cut is for the driver.
    ///
    /// # Errors
    /// If no such frame can exist, or if a close frame was sent before.
    pub fn send(&mut self, outgoing: &Outgoing, output: &mut impl Output) -> Result<(), SendError> {
        if let Outgoing::Together(all) = outgoing {
            return all.iter().try_for_each(|one| self.send(one, output));
        }
        let is_by_hand = matches!(outgoing, Outgoing::Frame(_) | Outgoing::Bytes(_) | Outgoing::Cut);
        if self.closing != Closing::No && !is_by_hand {
            return Err(SendError::Closing);
        }
        match outgoing {
            Outgoing::Cut | Outgoing::Together(_) => {}
            Outgoing::Bytes(bytes) => output.bytes().extend_from_slice(bytes),
            Outgoing::Frame(frame) => {
                let key = output.key();
                frame.write(key, output.bytes());
            }
            Outgoing::Text(text) => self.write_message(Opcode::Text, text.as_bytes(), output),
            Outgoing::Binary(bytes) => self.write_message(Opcode::Binary, bytes, output),
            Outgoing::Ping(payload) => write(Opcode::Ping, fitting(payload)?, output),
            Outgoing::Close { code, reason } => {
                let payload = match code {
                    Some(code) => [&code.to_be_bytes(), reason.as_bytes()].concat(),
                    None if reason.is_empty() => Vec::new(),
                    None => return Err(SendError::ReasonWithoutCode),
                };
                write(Opcode::Close, fitting(&payload)?, output);
            }
        }
        if outgoing.closes() && self.closing == Closing::No {
            self.closing = Closing::Sent;
        }
        Ok(())
    }
}

impl ClientCompression {
    /// Writes a message compressed, unless a server could take it for a bomb.
    fn write(&mut self, opcode: Opcode, message: &[u8], output: &mut impl Output) {
        let mut payload = Vec::new();
        self.outgoing.write(message, &mut payload);
        if payload.len() * MOST_GROWTH < message.len() {
            // What is not sent must not be referred to.
            self.outgoing.forget();
            return write(opcode, message, output);
        }
        let header = Header {
            mask: Some(output.key()),
            reserved: Header::COMPRESSED,
            ..Header::new(opcode, payload.len() as u64)
        };
        header.write_with(&payload, output.bytes());
    }
}

impl WebSocket {
    /// Writes a message, compressed if that was agreed on. It is for the caller to know that no close frame was sent.
    #[inline]
    pub fn write_message(&mut self, opcode: Opcode, payload: &[u8], output: &mut impl Output) {
        match &mut self.compression {
            None => write(opcode, payload, output),
            Some(compression) => compression.write(opcode, payload, output),
        }
    }
}

fn fitting(payload: &[u8]) -> Result<&[u8], SendError> {
    match payload.len() {
        0..=CONTROL_BYTES => Ok(payload),
        more => Err(SendError::LongControl(more)),
    }
}

#[inline]
fn write(opcode: Opcode, payload: &[u8], output: &mut impl Output) {
    let key = output.key();
    write_frame(opcode, payload, Some(key), output.bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Sent(Vec<u8>);

    impl Output for Sent {
        fn key(&mut self) -> [u8; 4] {
            [0; 4]
        }

        fn bytes(&mut self) -> &mut Vec<u8> {
            &mut self.0
        }
    }

    fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_frame(opcode, payload, None, &mut bytes);
        bytes
    }

    /// Opcode and payload of each frame that the session wrote while it took these bytes, and its error.
    fn answers(session: &mut WebSocket, mut input: &[u8]) -> (Vec<(Opcode, Vec<u8>)>, Option<FrameError>) {
        let mut sent = Sent::default();
        let error = loop {
            match session.next(&mut input, 100, &mut sent) {
                Ok(Some(_)) => {}
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        let (mut frames, mut rest) = (Vec::new(), &sent.0[..]);
        while let Some(header) = Header::parse(rest) {
            let head = header.header_len();
            let payload = usize::try_from(header.length).unwrap();
            frames.push((header.opcode, rest[head..head + payload].to_vec()));
            rest = &rest[head + payload..];
        }
        (frames, error)
    }

    fn close(code: u16, reason: &str) -> Vec<u8> {
        [&code.to_be_bytes()[..], reason.as_bytes()].concat()
    }

    #[test]
    fn pings_are_answered_until_a_close_frame_was_sent() {
        let (mut session, ping) = (WebSocket::default(), frame(Opcode::Ping, b"p"));
        assert_eq!(
            answers(&mut session, &ping),
            (vec![(Opcode::Pong, b"p".to_vec())], None)
        );
        let closing = Outgoing::Close {
            code: Some(1000),
            reason: String::new(),
        };
        session.send(&closing, &mut Sent::default()).unwrap();
        assert_eq!(answers(&mut session, &ping), (vec![], None));
        let answer = frame(Opcode::Close, &close(1000, ""));
        assert_eq!(answers(&mut session, &answer), (vec![], None));
        assert_eq!(
            session.send(&closing, &mut Sent::default()),
            Err(SendError::Closing)
        );
    }

    #[test]
    fn a_close_frame_is_answered_with_its_code_unless_it_must_not_be_sent() {
        for (came, answer) in [
            (close(4001, "bye"), close(4001, "bye")),
            (vec![], vec![]),
            (close(1005, ""), close(1002, "Protocol violation")),
        ] {
            let frames = answers(&mut WebSocket::default(), &frame(Opcode::Close, &came));
            assert_eq!(frames, (vec![(Opcode::Close, answer)], None));
        }
    }

    #[test]
    fn what_a_server_must_not_send_is_answered_with_a_close_frame_once() {
        for (came, code) in [
            (frame(Opcode::Reserved(3), b""), 1002_u16),
            (frame(Opcode::Text, b"\xff"), 1007),
            (frame(Opcode::Binary, &[0; 101]), 1009),
            (frame(Opcode::Close, b"\x03"), 1002),
            (frame(Opcode::Close, b"\x03\xed\xff"), 1007),
        ] {
            let mut session = WebSocket::default();
            let (frames, error) = answers(&mut session, &came);
            assert_eq!(frames, [(Opcode::Close, code.to_be_bytes().to_vec())]);
            assert_eq!(error.map(|error| error.close_code()), Some(code));
            let late = answers(&mut session, &frame(Opcode::Text, b"late"));
            assert_eq!(late, (vec![], Some(FrameError::AfterClose)));
        }
    }
}
