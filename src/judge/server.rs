//! Accepts the WebSocket connections of clients that are judged.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use http::header::{SEC_WEBSOCKET_PROTOCOL, USER_AGENT};
use http::{HeaderValue, StatusCode};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async_with_config};

use super::court::{ClientSummary, Court, JudgeNews, LinkCommand};
use super::limits::JudgeLimits;
use super::recognise::{ClientKey, vsn};
use super::situations::ConnectionEnd;
use super::walk::{JudgedLink, WalkAdmission};
use crate::clock::Clock;
use crate::protocol::{Frame, FrameKind, Vsn};

/// The subprotocol of clients that send a token with the handshake.
const SUBPROTOCOL: &str = "phoenix";
/// The longest message that a client may send.
const LONGEST_MESSAGE: usize = 1 << 20;
/// How long a client may take to answer a close, or to send the head of its request.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);

/// The server could not listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {host}:{port}: {why}")]
pub struct ListenError {
    host: String,
    port: u16,
    why: std::io::Error,
}

/// The server that judges clients.
pub struct ClientJudge {
    listener: TcpListener,
    address: SocketAddr,
    shared: Arc<JudgeShared>,
    news: UnboundedReceiver<JudgeNews>,
}

struct JudgeShared {
    court: Mutex<Court>,
    /// Tells that the next deadline may be another one.
    changed: Notify,
    clock: Clock,
    news: UnboundedSender<JudgeNews>,
}

impl ClientJudge {
    /// Listens; port 0 is any free one.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn listen(host: &str, port: u16, limits: JudgeLimits) -> Result<Self, ListenError> {
        let failed = |why| ListenError {
            host: host.to_owned(),
            port,
            why,
        };
        let listener = TcpListener::bind((host, port)).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (told, news) = unbounded_channel();
        let shared = JudgeShared {
            court: Mutex::new(Court::new(limits, told.clone())),
            changed: Notify::new(),
            clock: Clock::start(),
            news: told,
        };
        Ok(Self {
            listener,
            address,
            shared: Arc::new(shared),
            news,
        })
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `end`, and tells what happens; then, what became of each client.
    pub async fn serve(
        mut self,
        end: impl Future<Output = ()>,
        mut tell: impl FnMut(JudgeNews),
    ) -> Vec<ClientSummary> {
        tokio::pin!(end);
        loop {
            let deadline = self.shared.court().deadline();
            let wake = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(self.shared.clock.instant(at).into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = &mut end => break,
                () = wake => {
                    let now = self.shared.clock.now();
                    self.shared.court().woken(now);
                }
                () = self.shared.changed.notified() => {}
                Some(news) = self.news.recv() => tell(news),
                accepted = self.listener.accept() => {
                    // What cannot be accepted now, because descriptors are short, is accepted later.
                    if let Ok((stream, _)) = accepted {
                        tokio::spawn(Arc::clone(&self.shared).connection(stream));
                    }
                }
            }
        }
        while let Ok(news) = self.news.try_recv() {
            tell(news);
        }
        self.shared.court().summaries()
    }
}

impl JudgeShared {
    fn court(&self) -> MutexGuard<'_, Court> {
        self.court.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Serves one connection until its end.
    async fn connection(self: Arc<Self>, stream: TcpStream) {
        // Without it messages only go out later.
        let _ = stream.set_nodelay(true);
        let mut client = None;
        #[expect(clippy::result_large_err, reason = "tungstenite asks for this type")]
        let admit = |request: &Request, response| self.admit(request, response, &mut client);
        let limits = WebSocketConfig::default().max_message_size(Some(LONGEST_MESSAGE));
        let opened = accept_hdr_async_with_config(stream, admit, Some(limits));
        let opened = tokio::time::timeout(HANDSHAKE_LIMIT, opened).await;
        let (socket, (key, vsn)) = match (opened, client) {
            (Ok(Ok(socket)), Some(client)) => (socket, client),
            (Ok(Err(Error::Http(_))), _) | (Err(_), _) | (Ok(Ok(_)), None) => return,
            (Ok(Err(why)), _) => {
                // If the one who prints is gone, the command is ending.
                let _ = self.news.send(JudgeNews::NotPhoenix(why.to_string()));
                return;
            }
        };
        let (told, commands) = unbounded_channel();
        let link = self.court().opened(&key, vsn, told, self.clock.now());
        self.changed.notify_one();
        let code = self.talk(socket, commands, &key, link).await;
        self.court().closed(&key, link, code, self.clock.now());
        self.changed.notify_one();
    }

    /// Decides on a request, and notes whose it is.
    #[expect(clippy::result_large_err, reason = "tungstenite asks for this type")]
    fn admit(
        &self,
        request: &Request,
        mut response: Response,
        client: &mut Option<(ClientKey, Vsn)>,
    ) -> Result<Response, ErrorResponse> {
        let refused = |status| {
            let mut refusal = ErrorResponse::new(None);
            *refusal.status_mut() = status;
            Err(refusal)
        };
        let query = request.uri().query().unwrap_or_default();
        let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        if !request.uri().path().ends_with("/websocket") {
            return refused(StatusCode::NOT_FOUND);
        }
        let Ok(vsn) = vsn(query) else {
            return refused(StatusCode::FORBIDDEN);
        };
        let key = ClientKey::new(query, text(USER_AGENT).unwrap_or_default());
        let admission = self.court().asks(&key, self.clock.now());
        self.changed.notify_one();
        if admission == WalkAdmission::Refused {
            return refused(StatusCode::SERVICE_UNAVAILABLE);
        }
        let offered = text(SEC_WEBSOCKET_PROTOCOL).unwrap_or_default();
        if offered.split(',').any(|name| name.trim() == SUBPROTOCOL) {
            response
                .headers_mut()
                .insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        }
        *client = Some((key, vsn));
        Ok(response)
    }

    /// Passes on what the client sends and what the walk wants, until the connection ends; with which code the client ended it.
    async fn talk(
        &self,
        mut socket: WebSocketStream<TcpStream>,
        mut commands: UnboundedReceiver<LinkCommand>,
        key: &ClientKey,
        link: JudgedLink,
    ) -> Option<u16> {
        loop {
            tokio::select! {
                biased;
                command = commands.recv() => match command {
                    Some(LinkCommand::Send(frame)) => {
                        let message = match frame.kind {
                            FrameKind::Binary => Message::binary(frame.bytes),
                            FrameKind::Text => {
                                Message::text(String::from_utf8_lossy(&frame.bytes).into_owned())
                            }
                        };
                        // That it cannot be sent is seen by the next read.
                        let _ = socket.send(message).await;
                    }
                    Some(LinkCommand::End(ConnectionEnd::Cut)) | None => return None,
                    Some(LinkCommand::End(ConnectionEnd::Code(code))) => {
                        close(socket, code).await;
                        return None;
                    }
                },
                message = socket.next() => {
                    let now = self.clock.now();
                    match message {
                        Some(Ok(Message::Text(text))) => {
                            self.court().received(key, link, Frame::Text(&text), now);
                        }
                        Some(Ok(Message::Binary(bytes))) => {
                            self.court().received(key, link, Frame::Binary(&bytes), now);
                        }
                        Some(Ok(Message::Close(frame))) => {
                            close(socket, 1000).await;
                            return frame.map(|it| u16::from(it.code));
                        }
                        Some(Ok(_)) => continue,
                        Some(Err(_)) | None => return None,
                    }
                    self.changed.notify_one();
                }
            }
        }
    }
}

/// Closes a connection, and waits for the client to do so as well.
async fn close(mut socket: WebSocketStream<TcpStream>, code: u16) {
    let frame = CloseFrame {
        code: code.into(),
        reason: "".into(),
    };
    let closed = async {
        // The client may be gone already.
        let _ = socket.close(Some(frame)).await;
        while let Some(Ok(_)) = socket.next().await {}
    };
    // A client that does not answer the close is cut off.
    let _ = tokio::time::timeout(HANDSHAKE_LIMIT, closed).await;
}
