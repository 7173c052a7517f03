//! TLS of one connection without I/O: bytes of the network go in, plain bytes come out, and the reverse. At rest it owns
//! no buffers.

use std::fmt;
use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, UnbufferedStatus,
};
use rustls::{ClientConfig, Error, ServerConfig};

use super::tls_error::TlsError;

/// The most bytes that wait until a record, or a message of the handshake, is whole.
const MOST_UNREAD: usize = 80 << 10;
/// What a record is longer than its content, at most.
const RECORD_OVERHEAD: usize = 64;
/// The most plain bytes in a record.
pub const RECORD: usize = 16 << 10;

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Plain bytes cannot be sent yet.
    Handshake,
    /// Plain bytes go both ways.
    Open,
    /// The other side said that it sends nothing more.
    PeerClosed,
    /// Something was wrong, and nothing more can be done.
    Failed,
}

/// TLS of one connection.
pub(super) struct Tls {
    side: Side,
    /// The start of a record, or of a message of the handshake, whose end has not come.
    unread: Vec<u8>,
    progress: Progress,
    /// Whether nothing has come from the other side.
    is_fresh: bool,
}

enum Side {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

impl fmt::Debug for Tls {
    /// Without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}

impl Tls {
    /// A client that greets the server `name`; its first bytes are appended to `out`.
    pub(super) fn client(
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
        out: &mut Vec<u8>,
    ) -> Result<Self, TlsError> {
        let connection = UnbufferedClientConnection::new(config, name).map_err(TlsError::from)?;
        let mut tls = Self {
            side: Side::Client(connection),
            unread: Vec::new(),
            progress: Progress::Handshake,
            is_fresh: true,
        };
        tls.process(&mut [], &mut Vec::new(), out)?;
        Ok(tls)
    }

    /// A server that waits for the greeting of a client.
    pub(super) fn server(config: Arc<ServerConfig>) -> Result<Self, TlsError> {
        let connection = UnbufferedServerConnection::new(config).map_err(TlsError::from)?;
        Ok(Self {
            side: Side::Server(connection),
            unread: Vec::new(),
            progress: Progress::Handshake,
            // What a client sends is left to rustls, which answers what is not TLS with an alert.
            is_fresh: false,
        })
    }

    /// How many bytes wait until a record, or a message of the handshake, is whole.
    pub(super) const fn unread(&self) -> usize {
        self.unread.len()
    }

    pub(super) const fn progress(&self) -> Progress {
        self.progress
    }

    /// Takes bytes from the network. What they say is appended to `plain`; what TLS itself answers is appended to `out`,
    /// also if there is an error.
    pub(super) fn receive(
        &mut self,
        bytes: &mut [u8],
        plain: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), TlsError> {
        self.check_whole()?;
        if std::mem::take(&mut self.is_fresh) && !bytes.is_empty() {
            TlsError::check_first(bytes)?;
        }
        if self.unread.is_empty() {
            let used = self.process(bytes, plain, out)?;
            self.unread.extend_from_slice(&bytes[used..]);
        } else {
            let mut unread = std::mem::take(&mut self.unread);
            unread.extend_from_slice(bytes);
            let used = self.process(&mut unread, plain, out)?;
            if used < unread.len() {
                unread.drain(..used);
                self.unread = unread;
            }
        }
        if self.unread.len() > MOST_UNREAD {
            return Err(TlsError::TooLong);
        }
        Ok(())
    }

    /// Encrypts plain bytes into `out`.
    pub(super) fn send(&mut self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), TlsError> {
        self.write(ToWrite::Plain(plain), out)
    }

    /// Tells the other side that nothing more is sent, if that can be said now.
    pub(super) fn close(&mut self, out: &mut Vec<u8>) {
        let _ = self.write(ToWrite::End, out);
    }

    fn write(&mut self, what: ToWrite<'_>, out: &mut Vec<u8>) -> Result<(), TlsError> {
        self.check_whole()?;
        loop {
            let unread = &mut self.unread;
            let (discard, written) = match &mut self.side {
                Side::Client(connection) => write(connection.process_tls_records(unread), what, out),
                Side::Server(connection) => write(connection.process_tls_records(unread), what, out),
            };
            self.unread.drain(..discard);
            if written? == Written::All {
                return Ok(());
            }
        }
    }

    fn check_whole(&self) -> Result<(), TlsError> {
        match self.progress {
            Progress::Failed => Err(TlsError::Broken("it failed before".to_owned())),
            Progress::Handshake | Progress::Open | Progress::PeerClosed => Ok(()),
        }
    }

    /// Handles the bytes as far as they are whole; returns how many were used up.
    fn process(
        &mut self,
        bytes: &mut [u8],
        plain: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<usize, TlsError> {
        let mut used = 0;
        loop {
            let (discard, step) = self.step(&mut bytes[used..], plain, out);
            used += discard;
            match step {
                Ok(Step::Again) => {}
                Ok(Step::PeerClosed) => self.progress = Progress::PeerClosed,
                Ok(Step::Wait) => return Ok(used),
                Ok(Step::Open) => {
                    if self.progress == Progress::Handshake {
                        self.progress = Progress::Open;
                    }
                    return Ok(used);
                }
                Err(error) => {
                    self.progress = Progress::Failed;
                    // What rustls gives first now is the alert that tells the other side. It must not be asked again: it
                    // would look at the same bytes once more.
                    let _ = self.step(&mut bytes[used..], plain, out);
                    return Err(error.into());
                }
            }
        }
    }

    fn step(
        &mut self,
        unread: &mut [u8],
        plain: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> (usize, Result<Step, Error>) {
        match &mut self.side {
            Side::Client(connection) => handle(connection.process_tls_records(unread), plain, out),
            Side::Server(connection) => handle(connection.process_tls_records(unread), plain, out),
        }
    }
}

/// What follows from a status of rustls.
enum Step {
    /// There may be more to do.
    Again,
    /// More bytes of the network are needed.
    Wait,
    /// The same, and plain bytes can be sent.
    Open,
    /// The other side said that it sends nothing more.
    PeerClosed,
}

/// Does what a status asks for; returns how many bytes of the network were used up.
fn handle<D>(
    status: UnbufferedStatus<'_, '_, D>,
    plain: &mut Vec<u8>,
    out: &mut Vec<u8>,
) -> (usize, Result<Step, Error>) {
    let mut discard = status.discard;
    let step = match status.state {
        Err(error) => Err(error),
        Ok(ConnectionState::ReadTraffic(mut state)) => loop {
            match state.next_record() {
                None => break Ok(Step::Again),
                Some(Err(error)) => break Err(error),
                Some(Ok(record)) => {
                    plain.extend_from_slice(record.payload);
                    discard += record.discard;
                }
            }
        },
        Ok(ConnectionState::EncodeTlsData(mut state)) => {
            encode(&mut state, out);
            Ok(Step::Again)
        }
        Ok(ConnectionState::TransmitTlsData(state)) => {
            state.done();
            Ok(Step::Again)
        }
        Ok(ConnectionState::WriteTraffic(_)) => Ok(Step::Open),
        Ok(ConnectionState::PeerClosed) => Ok(Step::PeerClosed),
        // Early data is never accepted, so nothing of it can wait.
        Ok(_) => Ok(Step::Wait),
    };
    (discard, step)
}

fn encode<D>(state: &mut EncodeTlsData<'_, D>, out: &mut Vec<u8>) {
    let start = out.len();
    if let Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) = state.encode(&mut [])
    {
        out.resize(start + required_size, 0);
        let written = state.encode(&mut out[start..]).unwrap_or_default();
        out.truncate(start + written);
    }
}

/// What is encrypted.
#[derive(Clone, Copy)]
enum ToWrite<'a> {
    Plain(&'a [u8]),
    /// That nothing more comes.
    End,
}

/// Whether it was encrypted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    All,
    /// TLS had something of its own to send first.
    NotYet,
}

/// Encrypts if the status allows it, else does what it asks for first; returns how many bytes of the network were used up.
fn write<D>(
    status: UnbufferedStatus<'_, '_, D>,
    what: ToWrite<'_>,
    out: &mut Vec<u8>,
) -> (usize, Result<Written, TlsError>) {
    let start = out.len();
    let written = match status.state {
        Ok(ConnectionState::WriteTraffic(mut state)) => {
            let length = match what {
                ToWrite::Plain(plain) => plain.len(),
                ToWrite::End => 0,
            };
            out.resize(start + length + (length / RECORD + 1) * RECORD_OVERHEAD, 0);
            let room = &mut out[start..];
            let written = match what {
                ToWrite::Plain(plain) => state.encrypt(plain, room),
                ToWrite::End => state.queue_close_notify(room),
            };
            out.truncate(start + written.as_ref().copied().unwrap_or_default());
            let broken = |why: EncryptError| TlsError::Broken(why.to_string());
            written.map(|_| Written::All).map_err(broken)
        }
        Ok(ConnectionState::EncodeTlsData(mut state)) => {
            encode(&mut state, out);
            Ok(Written::NotYet)
        }
        Ok(ConnectionState::TransmitTlsData(state)) => {
            state.done();
            Ok(Written::NotYet)
        }
        Ok(_) => Err(TlsError::Broken("plain bytes cannot be sent now".to_owned())),
        Err(error) => Err(error.into()),
    };
    (status.discard, written)
}

#[cfg(test)]
mod tests;
