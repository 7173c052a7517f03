//! One request and one answer on a new connection, within one deadline; the socket comes back if the server switched
//! protocols. It never decides what is asked or what the answer means.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, Parts};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Sleep, sleep};

use super::http::{RequestError, Response, Truncated};
use super::{Limits, Target};

/// Whom to ask, how long and how much.
pub(super) struct Call<'a> {
    pub(super) target: &'a Target,
    pub(super) what: &'static str,
    pub(super) limits: &'a Limits,
    pub(super) deadline: Duration,
}

/// The answer, and the socket if the server switched protocols.
pub(super) struct Exchange {
    pub(super) response: Response,
    pub(super) switched: Option<(TcpStream, Bytes)>,
}

/// hyper's side of a connection. Driven beside whatever waits for it instead of in a task of its own, so that
/// nothing is left running when the deadline passes.
struct Driver<F> {
    connection: F,
    ended: Option<hyper::Result<Parts<TokioIo<TcpStream>>>>,
}

impl<F> Driver<Pin<&mut F>>
where
    F: Future<Output = hyper::Result<Parts<TokioIo<TcpStream>>>>,
{
    async fn beside<T>(&mut self, wanted: impl Future<Output = T>) -> T {
        let mut wanted = pin!(wanted);
        loop {
            tokio::select! {
                biased;
                result = &mut wanted => return result,
                ended = &mut self.connection, if self.ended.is_none() => self.ended = Some(ended),
            }
        }
    }

    async fn end(mut self) -> hyper::Result<Parts<TokioIo<TcpStream>>> {
        match self.ended.take() {
            Some(ended) => ended,
            None => self.connection.await,
        }
    }
}

impl Call<'_> {
    /// One request, one answer, one deadline over it all.
    pub(super) async fn exchange(
        &self,
        request: hyper::Request<Full<Bytes>>,
    ) -> Result<Exchange, RequestError> {
        let mut deadline = pin!(sleep(self.deadline));
        let tcp = tokio::select! {
            biased;
            connected = self.connect() => connected?,
            () = &mut deadline => return Err(self.connect_timeout()),
        };
        let (mut sender, connection) = http1::Builder::new()
            .title_case_headers(true)
            .max_buf_size(self.head_bytes())
            .handshake(TokioIo::new(tcp))
            .await
            .map_err(|error| self.failed(&error))?;
        let mut driver = Driver {
            connection: pin!(connection.without_shutdown()),
            ended: None,
        };
        let response = tokio::select! {
            biased;
            response = driver.beside(sender.send_request(request)) => response.map_err(|error| self.failed(&error))?,
            () = &mut deadline => return Err(self.answer_timeout()),
        };
        let (head, body) = response.into_parts();
        let mut response = Response::new(&head);
        if head.status == hyper::StatusCode::SWITCHING_PROTOCOLS {
            let parts = tokio::select! {
                biased;
                parts = driver.end() => parts.map_err(|error| self.failed(&error))?,
                () = &mut deadline => return Err(self.answer_timeout()),
            };
            let switched = Some((parts.io.into_inner(), parts.read_buf));
            return Ok(Exchange { response, switched });
        }
        let limit = self.limits.body_bytes;
        let truncated = driver
            .beside(read_body(&mut response.body, body, limit, deadline))
            .await;
        response.truncated = truncated;
        Ok(Exchange {
            response,
            switched: None,
        })
    }

    async fn connect(&self) -> Result<TcpStream, RequestError> {
        let host = self.target.host();
        let lookup = |why| RequestError::Lookup {
            host: host.to_owned(),
            why,
        };
        let addresses: Vec<SocketAddr> = lookup_host((host, self.target.port()))
            .await
            .map_err(lookup)?
            .collect();
        let mut failed = None;
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(tcp) => {
                    tcp.set_nodelay(true).map_err(|why| self.unconnected(why))?;
                    return Ok(tcp);
                }
                Err(why) => failed = Some(why),
            }
        }
        let none = || lookup(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
        Err(failed.map_or_else(none, |why| self.unconnected(why)))
    }

    /// hyper insists on 8 KiB.
    fn head_bytes(&self) -> usize {
        self.limits.head_bytes.max(8 << 10)
    }

    fn at(&self) -> String {
        self.target.authority()
    }

    fn unconnected(&self, why: io::Error) -> RequestError {
        let at = self.at();
        match why.kind() {
            io::ErrorKind::ConnectionRefused => RequestError::ConnectionRefused { at },
            _ => RequestError::Connect { at, why },
        }
    }

    fn connect_timeout(&self) -> RequestError {
        let (at, within) = (self.at(), self.deadline);
        RequestError::ConnectTimeout { at, within }
    }

    fn answer_timeout(&self) -> RequestError {
        let (at, what, within) = (self.at(), self.what, self.deadline);
        RequestError::AnswerTimeout { at, what, within }
    }

    fn failed(&self, error: &hyper::Error) -> RequestError {
        let (at, what) = (self.at(), self.what);
        let source = std::error::Error::source(error);
        if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
            return RequestError::NoAnswer { at, what, why: None };
        }
        match source.and_then(|source| source.downcast_ref::<io::Error>()) {
            Some(why) => {
                let why = Some(why.kind().into());
                RequestError::NoAnswer { at, what, why }
            }
            None => {
                let (limit, why) = (self.head_bytes(), error.to_string());
                RequestError::NotHttp { at, limit, why }
            }
        }
    }
}

/// Reads until the body is whole, too long or late.
async fn read_body(
    into: &mut Vec<u8>,
    mut body: Incoming,
    limit: usize,
    mut deadline: Pin<&mut Sleep>,
) -> Option<Truncated> {
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = &mut deadline => return Some(Truncated::Deadline),
        };
        let data = match frame {
            None => return None,
            Some(Err(_)) => return Some(Truncated::Broken),
            Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
        };
        let room = limit - into.len();
        into.extend_from_slice(&data[..data.len().min(room)]);
        if data.len() > room {
            return Some(Truncated::Limit);
        }
    }
}
