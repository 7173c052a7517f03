//! One request and one answer within one deadline, on a new or a kept connection. Returns the socket if the server switched
//! protocols. It does not interpret the answer.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, ReadBuf, split};
use tokio::time::{Sleep, sleep};

use super::answer::{RequestError, Response, Truncated};
use super::dial::dial;
use super::{Limits, Target};
use crate::stream::{Stream, TlsError};
use crate::wire::http::{Body, Head, HttpError, NO_HEADERS, read_head};

/// At least so much of an answer is read at once.
const PIECE_BYTES: usize = 8 << 10;

/// How a server of TLS answers what is not TLS: with a record that is an alert.
const TLS_ALERT: &[u8] = &[21, 3];
/// What a server of HTTP/2 sends first is a frame of settings, on stream 0; its length stands before this.
const HTTP_2_SETTINGS: &[u8] = &[4, 0, 0, 0, 0, 0];

/// Which server is asked, how long the answer may take and how much of it is read.
pub(super) struct Call<'a> {
    pub(super) target: &'a Target,
    pub(super) what: &'static str,
    pub(super) limits: &'a Limits,
    pub(super) deadline: Duration,
    /// Counts the pieces of the body as they arrive.
    pub(super) moved: Option<&'a Cell<u64>>,
}

/// How a server answered; `E` is what can be wrong with a 101.
pub(super) enum Answer<E> {
    Response(Response),
    /// A 101, the connection, and what came after the head of the 101.
    Switched(Stream, Vec<u8>, Response),
    BadSwitch(E),
}

/// What was read of an answer.
struct Read<E> {
    response: Response,
    /// What came after the head.
    rest: Vec<u8>,
    body: Body,
    /// Whether the server closes the connection behind the answer.
    closes: bool,
    switch: Result<(), E>,
}

impl Call<'_> {
    /// One request, one answer, one deadline over it all, on a new connection. A 101 is held against `check`.
    pub(super) async fn exchange<E>(
        &self,
        method: &str,
        request: &[u8],
        check: impl Fn(&Head<'_, '_>) -> Result<(), E>,
    ) -> Result<Answer<E>, RequestError> {
        let mut deadline = pin!(sleep(self.deadline));
        let mut stream = self.connected(deadline.as_mut()).await?;
        let read = self.ask(&mut stream, (method, request), check, deadline).await?;
        match read.switch {
            Err(bad) => Ok(Answer::BadSwitch(bad)),
            Ok(()) if read.response.status == 101 => Ok(Answer::Switched(stream, read.rest, read.response)),
            Ok(()) => Ok(Answer::Response(read.response)),
        }
    }

    /// One request and one answer on the kept connection of an earlier request, or on a new one. Returns the connection if
    /// another request may follow on it. A server may end a kept connection just as the request is sent; then one that asks
    /// for something (GET) is sent again. One that carries something is not, because the server may have handled it
    /// (RFC 9110, 9.2.2).
    pub(super) async fn converse(
        &self,
        kept: Option<Stream>,
        method: &str,
        request: &[u8],
    ) -> Result<(Response, Option<Stream>), RequestError> {
        let mut deadline = pin!(sleep(self.deadline));
        let no_switch = |_: &Head<'_, '_>| Ok::<(), Infallible>(());
        let asked = (method, request);
        if let Some(mut stream) = still_open(kept) {
            match self.ask(&mut stream, asked, no_switch, deadline.as_mut()).await {
                Err(RequestError::NoAnswer { .. }) if matches!(method, "GET" | "HEAD") => {}
                Err(error) => return Err(error),
                Ok(read) => return Ok(read.into_response(stream)),
            }
        }
        let mut stream = self.connected(deadline.as_mut()).await?;
        let read = self.ask(&mut stream, asked, no_switch, deadline).await?;
        Ok(read.into_response(stream))
    }

    async fn connected(&self, deadline: Pin<&mut Sleep>) -> Result<Stream, RequestError> {
        tokio::select! {
            biased;
            connected = dial(self.target) => connected,
            () = deadline => Err(self.connect_timeout()),
        }
    }

    async fn ask<E>(
        &self,
        stream: &mut Stream,
        (method, request): (&str, &[u8]),
        check: impl Fn(&Head<'_, '_>) -> Result<(), E>,
        mut deadline: Pin<&mut Sleep>,
    ) -> Result<Read<E>, RequestError> {
        let (mut reader, mut writer) = split(stream);
        // A server may answer before it has read everything; that it cannot be sent is seen in how the answer ends.
        let sending = async {
            let _ = writer.write_all(request).await;
            let _ = writer.flush().await;
            pending::<Infallible>().await
        };
        let reading = async {
            let mut read = self
                .read_head(&mut reader, method, check, deadline.as_mut())
                .await?;
            if read.response.status != 101 {
                let limit = self.limits.body_bytes;
                read.response.truncated = read.body(&mut reader, limit, deadline, self.moved).await;
            }
            Ok(read)
        };
        tokio::select! {
            biased;
            read = reading => read,
            never = sending => match never {},
        }
    }

    async fn read_head<E>(
        &self,
        reader: &mut (impl AsyncRead + Unpin),
        method: &str,
        check: impl Fn(&Head<'_, '_>) -> Result<(), E>,
        mut deadline: Pin<&mut Sleep>,
    ) -> Result<Read<E>, RequestError> {
        let mut input = Vec::new();
        let mut interim = 0;
        loop {
            let (mut headers, mut rest) = (NO_HEADERS, &input[..]);
            let head = read_head(&mut rest, &mut headers, self.head_bytes())
                .map_err(|why| self.not_http(&input, &why))?;
            if let Some(head) = head {
                return Ok(Read {
                    body: head.body(method).map_err(|why| self.not_http(&[], &why))?,
                    closes: head.closes(),
                    switch: if head.status == 101 { check(&head) } else { Ok(()) },
                    response: Response::new(&head),
                    rest: rest.to_vec(),
                });
            }
            // Interim answers are over.
            let skipped = input.len() - rest.len();
            input.drain(..skipped);
            interim += skipped;
            if interim > self.head_bytes() {
                return Err(self.not_http(&[], &HttpError::InterimTooLong));
            }
            let read = tokio::select! {
                biased;
                () = &mut deadline => return Err(self.answer_timeout()),
                read = read_more(reader, &mut input) => read,
            };
            let (at, what) = (self.at(), self.what);
            match read {
                Ok(0) => return Err(RequestError::NoAnswer { at, what, why: None }),
                Ok(_) => {}
                Err(why) => {
                    if let Some(tls) = why.get_ref().and_then(|why| why.downcast_ref::<TlsError>()) {
                        let why = tls.clone();
                        return Err(RequestError::Tls { at, why });
                    }
                    let why = Some(why.kind().into());
                    return Err(RequestError::NoAnswer { at, what, why });
                }
            }
        }
    }

    fn head_bytes(&self) -> usize {
        self.limits.head_bytes.max(8 << 10)
    }

    fn at(&self) -> String {
        self.target.authority()
    }

    fn connect_timeout(&self) -> RequestError {
        let (at, within) = (self.at(), self.deadline);
        RequestError::ConnectTimeout { at, within }
    }

    fn answer_timeout(&self) -> RequestError {
        let (at, what, within) = (self.at(), self.what, self.deadline);
        RequestError::AnswerTimeout { at, what, within }
    }

    /// What came is no HTTP/1.1; what it is instead is said where that is easy to see.
    fn not_http(&self, input: &[u8], why: &HttpError) -> RequestError {
        let at = self.at();
        if input.starts_with(TLS_ALERT) {
            return RequestError::SpeaksTls { at };
        }
        if input.get(3..9) == Some(HTTP_2_SETTINGS) {
            return RequestError::SpeaksHttp2 { at };
        }
        RequestError::NotHttp {
            at,
            limit: self.head_bytes(),
            why: why.to_string(),
        }
    }
}

impl<E> Read<E> {
    /// The response, and the connection if another request may follow on it.
    fn into_response(self, stream: Stream) -> (Response, Option<Stream>) {
        let goes_on = self.goes_on();
        (self.response, goes_on.then_some(stream))
    }

    /// Whether another request may follow on the same connection.
    fn goes_on(&self) -> bool {
        self.body.is_whole() && self.rest.is_empty() && self.response.truncated.is_none() && !self.closes
    }

    /// Reads until the body is whole, too long or late; says why it is not whole, if it is not.
    async fn body(
        &mut self,
        reader: &mut (impl AsyncRead + Unpin),
        limit: usize,
        mut deadline: Pin<&mut Sleep>,
        moved: Option<&Cell<u64>>,
    ) -> Option<Truncated> {
        let into = &mut self.response.body;
        loop {
            let mut rest = &self.rest[..];
            loop {
                match self.body.take(&mut rest) {
                    Err(_) => return Some(Truncated::Broken),
                    Ok(None) => break,
                    Ok(Some(piece)) => {
                        let room = limit - into.len();
                        into.extend_from_slice(&piece[..piece.len().min(room)]);
                        if piece.len() > room {
                            return Some(Truncated::Limit);
                        }
                    }
                }
            }
            let taken = self.rest.len() - rest.len();
            self.rest.drain(..taken);
            if self.body.is_whole() {
                return None;
            }
            let read = tokio::select! {
                biased;
                () = &mut deadline => return Some(Truncated::Deadline),
                read = read_more(reader, &mut self.rest) => read,
            };
            match read {
                Ok(0) if self.body == Body::UntilEnd => return None,
                Ok(0) | Err(_) => return Some(Truncated::Broken),
                Ok(_) => {
                    if let Some(moved) = moved {
                        moved.set(moved.get() + 1);
                    }
                }
            }
        }
    }
}

/// The kept stream, unless the server has ended it, or has sent bytes without a request.
fn still_open(kept: Option<Stream>) -> Option<Stream> {
    let mut stream = kept?;
    let (mut byte, mut context) = ([0; 1], Context::from_waker(Waker::noop()));
    let read = Pin::new(&mut stream).poll_read(&mut context, &mut ReadBuf::new(&mut byte));
    read.is_pending().then_some(stream)
}

async fn read_more(reader: &mut (impl AsyncRead + Unpin), into: &mut Vec<u8>) -> io::Result<usize> {
    into.reserve(PIECE_BYTES);
    reader.read_buf(into).await
}
