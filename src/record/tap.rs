//! Reads one connection beside the bytes that are passed on: requests and answers, and after an upgrade the frames of both sides.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::frames::{FrameReader, Side};
use super::heard::{Fetch, HeardWhat, LONGEST_FETCH};
use super::request::{BadRequest, RequestHead, agreed, is_text};
use super::session::{Book, PollExchange, opening_of};
use crate::clock::Clock;
use crate::transport::{Target, Transport};
use crate::wire::http::{Body, Head, NO_HEADERS, read_head};

/// The longest head of an answer, and the longest body of a long poll request or answer, that is read.
const LONGEST_HEAD: usize = 64 << 10;
const LONGEST_BODY: usize = 1 << 20;

/// The settings that all connections have in common.
#[derive(Clone)]
pub(super) struct TapSettings {
    pub(super) target: Target,
    pub(super) clock: Clock,
    pub(super) book: Arc<Mutex<Book>>,
}

/// One connection.
pub(super) struct Tap {
    settings: TapSettings,
    client: ClientPhase,
    server: ServerPhase,
    /// Requests without an answer, the oldest first.
    exchanges: VecDeque<Exchange>,
    /// Bytes of either side that belong to a line which is not whole.
    client_held: Vec<u8>,
    server_held: Vec<u8>,
    /// The bytes of the client behind a request to upgrade, until that is answered.
    early: Vec<u8>,
    link: Option<usize>,
}

/// The part that comes next from the client.
enum ClientPhase {
    /// A head, of which so much is there.
    Head(Vec<u8>),
    Body(Body, Vec<u8>),
    /// A request to upgrade was sent.
    Upgrading,
    Frames(FrameReader),
    /// Bytes that are not read.
    Opaque,
}

/// The part that comes next from the server.
enum ServerPhase {
    Head(Vec<u8>),
    Body(Body, Vec<u8>),
    Frames(FrameReader),
    Opaque,
}

/// A request on its way.
struct Exchange {
    head: RequestHead,
    kind: ExchangeKind,
    status: u16,
    content_type: String,
}

enum ExchangeKind {
    /// An upgrade of the target's socket.
    Upgrade,
    Poll(PollExchange),
    /// Another upgrade, which is passed on and not read.
    OtherUpgrade,
    Other,
}

impl TapSettings {
    /// The recording so far. A panic elsewhere cannot leave it half changed.
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tap {
    pub(super) fn new(settings: TapSettings) -> Self {
        Self {
            settings,
            client: ClientPhase::Head(Vec::new()),
            server: ServerPhase::Head(Vec::new()),
            exchanges: VecDeque::new(),
            client_held: Vec::new(),
            server_held: Vec::new(),
            early: Vec::new(),
            link: None,
        }
    }

    /// Takes bytes from the client, and appends what is to be sent to the server.
    ///
    /// # Errors
    /// If they are not a request.
    pub(super) fn take_of_client(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), BadRequest> {
        let mut rest = std::mem::take(&mut self.client_held);
        rest.extend_from_slice(bytes);
        while !rest.is_empty() {
            match &mut self.client {
                ClientPhase::Head(begun) => {
                    begun.append(&mut rest);
                    let Some((head, length)) = RequestHead::parse(begun)? else {
                        return Ok(());
                    };
                    rest = begun.split_off(length);
                    head.write_for(&self.settings.target, out);
                    self.client_begins(head);
                }
                ClientPhase::Body(body, kept) => {
                    let mut input = rest.as_slice();
                    while let Some(piece) = body.take(&mut input).map_err(|_| BadRequest::Malformed)? {
                        keep(kept, piece);
                    }
                    let taken = rest.len() - input.len();
                    out.extend_from_slice(&rest[..taken]);
                    rest.drain(..taken);
                    if !self.end_of_request() && !rest.is_empty() {
                        // The line before a chunk, which is not whole.
                        self.client_held = rest;
                        return Ok(());
                    }
                }
                ClientPhase::Upgrading => {
                    out.extend_from_slice(&rest);
                    keep(&mut self.early, &rest);
                    return Ok(());
                }
                ClientPhase::Frames(_) => {
                    out.extend_from_slice(&rest);
                    self.client_frames(&rest);
                    return Ok(());
                }
                ClientPhase::Opaque => {
                    out.extend_from_slice(&rest);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn client_begins(&mut self, head: RequestHead) {
        let kind = match head.transport(self.settings.target.mount()) {
            Some(Transport::WebSocket) => ExchangeKind::Upgrade,
            Some(Transport::LongPoll) => ExchangeKind::Poll(self.settings.book().poll(&head)),
            None if head.asks_to_upgrade() => {
                let path = head.path().to_owned();
                let note = format!("a connection to {path} was passed on and is not in the recording");
                self.settings.book().heard.note(note);
                ExchangeKind::OtherUpgrade
            }
            None => ExchangeKind::Other,
        };
        self.client = match kind {
            ExchangeKind::Upgrade | ExchangeKind::OtherUpgrade => ClientPhase::Upgrading,
            ExchangeKind::Poll(_) | ExchangeKind::Other => ClientPhase::Body(head.body, Vec::new()),
        };
        self.exchanges.push_back(Exchange {
            head,
            kind,
            status: 0,
            content_type: String::new(),
        });
        self.end_of_request();
    }

    /// If the body of the request is whole, its messages are under way, and another request may follow.
    fn end_of_request(&mut self) -> bool {
        let ClientPhase::Body(body, kept) = &self.client else {
            return true;
        };
        if !body.is_whole() {
            return false;
        }
        if let Some(Exchange {
            kind: ExchangeKind::Poll(poll),
            ..
        }) = self.exchanges.back_mut()
        {
            let now = self.settings.clock.now();
            let mut book = self.settings.book.lock().unwrap_or_else(PoisonError::into_inner);
            book.posted(now, poll, kept);
        }
        self.client = ClientPhase::Head(Vec::new());
        true
    }

    /// Takes bytes of the server, which are passed on as they are.
    pub(super) fn take_of_server(&mut self, bytes: &[u8]) {
        let mut rest = std::mem::take(&mut self.server_held);
        rest.extend_from_slice(bytes);
        while !rest.is_empty() {
            match &mut self.server {
                ServerPhase::Head(begun) => {
                    begun.append(&mut rest);
                    let begun = std::mem::take(begun);
                    match self.server_begins(&begun) {
                        Some(length) => rest = begun[length..].to_vec(),
                        None if begun.len() > LONGEST_HEAD => self.server = ServerPhase::Opaque,
                        None => {
                            if let ServerPhase::Head(kept) = &mut self.server {
                                *kept = begun;
                            }
                            return;
                        }
                    }
                }
                ServerPhase::Body(body, kept) => {
                    let mut input = rest.as_slice();
                    let broken = loop {
                        match body.take(&mut input) {
                            Ok(Some(piece)) => keep(kept, piece),
                            Ok(None) => break false,
                            Err(_) => break true,
                        }
                    };
                    rest = input.to_vec();
                    if broken {
                        self.server = ServerPhase::Opaque;
                    } else if !self.end_of_answer() {
                        self.server_held = rest;
                        return;
                    }
                }
                ServerPhase::Frames(_) => {
                    self.server_frames(&rest);
                    return;
                }
                ServerPhase::Opaque => return,
            }
        }
    }

    /// Reads the head of an answer, and returns its length; none if it is not whole, or if it cannot be read.
    fn server_begins(&mut self, begun: &[u8]) -> Option<usize> {
        let mut headers = NO_HEADERS;
        let mut input = begun;
        let head = match read_head(&mut input, &mut headers, LONGEST_HEAD) {
            Ok(Some(head)) => head,
            Ok(None) => return None,
            Err(_) => {
                self.server = ServerPhase::Opaque;
                return None;
            }
        };
        let length = begun.len() - input.len();
        let Some(exchange) = self.exchanges.front_mut() else {
            self.server = ServerPhase::Opaque;
            return Some(begun.len());
        };
        exchange.status = head.status;
        let kind = head.values("content-type").next().unwrap_or_default();
        exchange.content_type = String::from_utf8_lossy(kind).into_owned();
        if head.status == 101 {
            self.switch(&head);
            return Some(length);
        }
        let body = head.body(&exchange.head.method).unwrap_or(Body::UntilEnd);
        if matches!(exchange.kind, ExchangeKind::Upgrade | ExchangeKind::OtherUpgrade) {
            self.client = ClientPhase::Head(Vec::new());
            self.early = Vec::new();
        }
        self.server = ServerPhase::Body(body, Vec::new());
        self.end_of_answer();
        Some(length)
    }

    /// The server switched protocols.
    fn switch(&mut self, head: &Head<'_, '_>) {
        let Some(exchange) = self.exchanges.pop_front() else {
            return;
        };
        (self.client, self.server) = (ClientPhase::Opaque, ServerPhase::Opaque);
        if !matches!(exchange.kind, ExchangeKind::Upgrade) {
            return;
        }
        let now = self.settings.clock.now();
        let opening = opening_of(&exchange.head, Transport::WebSocket);
        let link = self.settings.book().heard.open(now, opening, HeardWhat::Opened);
        self.link = Some(link);
        match agreed(head, &exchange.head) {
            Ok(compression) => {
                let client = FrameReader::new(Side::Client, compression.map(|it| it.client));
                let server = FrameReader::new(Side::Server, compression.map(|it| it.server));
                (self.client, self.server) = (ClientPhase::Frames(client), ServerPhase::Frames(server));
                let early = std::mem::take(&mut self.early);
                self.client_frames(&early);
            }
            Err(why) => self.settings.book().heard.lose(link, &why),
        }
    }

    /// If the body of the answer is whole, the exchange is over.
    fn end_of_answer(&mut self) -> bool {
        match &self.server {
            ServerPhase::Body(body, _) if body.is_whole() => {
                self.answered();
                true
            }
            ServerPhase::Body(..) => false,
            _ => true,
        }
    }

    fn answered(&mut self) {
        let ServerPhase::Body(_, kept) = std::mem::replace(&mut self.server, ServerPhase::Head(Vec::new()))
        else {
            return;
        };
        let Some(exchange) = self.exchanges.pop_front() else {
            return;
        };
        let now = self.settings.clock.now();
        let mut book = self.settings.book();
        match &exchange.kind {
            ExchangeKind::Upgrade => {
                let opening = opening_of(&exchange.head, Transport::WebSocket);
                book.heard.refuse(now, opening, exchange.status);
            }
            ExchangeKind::Poll(poll) => book.answered(now, poll, exchange.status, &kept),
            ExchangeKind::Other if exchange.status == 200 && exchange.head.method == "GET" => {
                if let (true, Ok(body)) = (is_text(&exchange.content_type), String::from_utf8(kept))
                    && body.len() < LONGEST_FETCH
                {
                    let request = format!("GET {}", exchange.head.path_and_query);
                    let status = exchange.status;
                    book.heard.fetch(
                        now,
                        Fetch {
                            request,
                            status,
                            body,
                        },
                    );
                }
            }
            ExchangeKind::Other | ExchangeKind::OtherUpgrade => {}
        }
    }

    /// The server ended the connection. A body that ends with it is whole.
    pub(super) fn server_ended(&mut self) {
        if matches!(self.server, ServerPhase::Body(Body::UntilEnd, _)) {
            self.answered();
        }
        self.ended(HeardWhat::Dropped);
    }

    /// The client ended the connection.
    pub(super) fn client_ended(&mut self) {
        let now = self.settings.clock.now();
        for exchange in &self.exchanges {
            if let ExchangeKind::Poll(poll) = &exchange.kind {
                self.settings.book().aborted(now, poll);
            }
        }
        self.ended(HeardWhat::Cut);
    }

    fn ended(&mut self, what: fn(usize) -> HeardWhat) {
        if let Some(link) = self.link {
            let now = self.settings.clock.now();
            self.settings.book().heard.hear(now, what(link));
        }
    }

    fn client_frames(&mut self, bytes: &[u8]) {
        if let (ClientPhase::Frames(reader), Some(link)) = (&mut self.client, self.link) {
            let read = reader.read(bytes);
            let now = self.settings.clock.now();
            self.settings.book().frames(now, link, Side::Client, read);
        }
    }

    fn server_frames(&mut self, bytes: &[u8]) {
        if let (ServerPhase::Frames(reader), Some(link)) = (&mut self.server, self.link) {
            let read = reader.read(bytes);
            let now = self.settings.clock.now();
            self.settings.book().frames(now, link, Side::Server, read);
        }
    }
}

/// Keeps a piece of a body, as far as there is room.
fn keep(kept: &mut Vec<u8>, piece: &[u8]) {
    let room = LONGEST_BODY.saturating_sub(kept.len()).min(piece.len());
    kept.extend_from_slice(&piece[..room]);
}
