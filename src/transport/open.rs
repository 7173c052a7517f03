//! The WebSocket upgrade: asks for it, and tells a server that agreed from one that refused and one that did neither
//! right. It never decides whether a refusal is deserved, and asks only once.

use std::time::Duration;

use hyper::body::Bytes;
use hyper::header::{
    CONNECTION, HeaderMap, HeaderName, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::call::Call;
use super::http::{Head, RequestError, Response, standard_headers};
use super::params::query;
use super::percent::percent_encoded;
use super::{Connection, Limits, Target};

/// What to ask for.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// From the first slash, with the query: `/socket/websocket?vsn=2.0.0`.
    pub path_and_query: String,
    /// Sent beside the standard ones, or in their place: with `Sec-WebSocket-Version: 12` no 13 is sent.
    pub headers: Vec<(String, String)>,
    /// For the handshake and the connection after it.
    pub limits: Limits,
    /// For everything until the connection is open: finding the host, connecting, the whole head of the answer.
    pub deadline: Duration,
}

impl Upgrade {
    /// The upgrade at the mount of `target`, with these connect params.
    pub fn new(
        target: &Target,
        params: &[(String, String)],
        headers: &[(String, String)],
        deadline: Duration,
    ) -> Self {
        let query = query(params, |_, value| percent_encoded(value));
        Self {
            path_and_query: format!("{}/websocket{query}", target.mount()),
            headers: headers.to_vec(),
            limits: Limits::default(),
            deadline,
        }
    }
}

/// How the server answered.
#[derive(Debug)]
pub enum Opened {
    /// It switched to WebSocket; the [`Response`] is its 101.
    Open(Connection, Response),
    /// It answered with any other status, a redirect included.
    Refused(Response),
}

/// Why there is neither a connection nor a refusal.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No answer came.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// It answered 101, but not as RFC 6455 asks.
    #[error("the server switched protocols, but not to what was asked for: {0}")]
    BadSwitch(#[from] BadSwitch),
}

/// What is wrong with a 101.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSwitch {
    /// `Upgrade` is not `websocket`.
    #[error("its header Upgrade is {got}; expected websocket")]
    Upgrade {
        /// What came.
        got: String,
    },
    /// `Connection` does not name `upgrade`.
    #[error("its header Connection is {got}; expected Upgrade")]
    Connection {
        /// What came.
        got: String,
    },
    /// The key was not answered rightly.
    #[error("its header Sec-WebSocket-Accept is {got}; expected {expected:?}")]
    Accept {
        /// What came.
        got: String,
        /// What the key asks for.
        expected: String,
    },
    /// An extension that was not offered.
    #[error("it uses the extension {got}, which was not offered")]
    Extension {
        /// What came.
        got: String,
    },
    /// A subprotocol that was not offered.
    #[error("it chose the subprotocol {got}, which was not offered")]
    Subprotocol {
        /// What came.
        got: String,
    },
}

/// Connects and asks for a WebSocket.
///
/// # Errors
/// If no head of an answer came in time, or a 101 that is not right. A refusal is no error.
pub async fn open(target: &Target, upgrade: &Upgrade) -> Result<Opened, OpenError> {
    let mut standard = standard_headers(target);
    standard.extend([
        (CONNECTION, "Upgrade".to_owned()),
        (UPGRADE, "websocket".to_owned()),
        (SEC_WEBSOCKET_VERSION, "13".to_owned()),
        (SEC_WEBSOCKET_KEY, generate_key()),
    ]);
    let head = Head {
        method: "GET",
        path_and_query: &upgrade.path_and_query,
        standard,
        headers: &upgrade.headers,
    };
    let call = Call {
        target,
        what: "upgrade",
        limits: &upgrade.limits,
        deadline: upgrade.deadline,
    };
    let request = head.build(Bytes::new())?;
    let asked = request.headers().clone();
    let exchange = call.exchange(request).await?;
    let Some((tcp, early)) = exchange.switched else {
        return Ok(Opened::Refused(exchange.response));
    };
    check_switch(&asked, &exchange.response)?;
    let connection = Connection::new(tcp, &early, &upgrade.limits);
    Ok(Opened::Open(connection, exchange.response))
}

/// RFC 6455, section 4.1, what a client must check in a 101. An extension or a subprotocol that the user's headers
/// offered may be accepted.
fn check_switch(asked: &HeaderMap, answer: &Response) -> Result<(), BadSwitch> {
    let got = |name| said(answer.header(name));
    if !tokens(answer, &UPGRADE).any(|token| token.eq_ignore_ascii_case("websocket")) {
        return Err(BadSwitch::Upgrade { got: got("upgrade") });
    }
    if !tokens(answer, &CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade")) {
        return Err(BadSwitch::Connection {
            got: got("connection"),
        });
    }
    let key = asked
        .get(SEC_WEBSOCKET_KEY)
        .map_or(&b""[..], |key| key.as_bytes());
    let expected = derive_accept_key(key);
    if answer.header("sec-websocket-accept") != Some(&expected) {
        let got = got("sec-websocket-accept");
        return Err(BadSwitch::Accept { got, expected });
    }
    if let Some(got) = not_offered(asked, answer, &SEC_WEBSOCKET_EXTENSIONS) {
        return Err(BadSwitch::Extension { got });
    }
    if let Some(got) = not_offered(asked, answer, &SEC_WEBSOCKET_PROTOCOL) {
        return Err(BadSwitch::Subprotocol { got });
    }
    Ok(())
}

fn said(value: Option<&str>) -> String {
    value.map_or_else(|| "missing".to_owned(), |value| format!("{value:?}"))
}

/// The elements of a header that is a list, without their parameters.
fn tokens<'a>(answer: &'a Response, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let named = answer.headers.iter().filter(move |(n, _)| n == name.as_str());
    named
        .flat_map(|(_, value)| value.split(','))
        .map(without_parameters)
}

fn without_parameters(element: &str) -> &str {
    element.split(';').next().unwrap_or_default().trim()
}

/// The first element of the answer's list that is not in the list that was asked for.
fn not_offered(asked: &HeaderMap, answer: &Response, name: &HeaderName) -> Option<String> {
    let offered: Vec<&str> = asked
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(without_parameters)
        .collect();
    let mut chosen = tokens(answer, name);
    chosen
        .find(|element| !offered.contains(element))
        .map(|element| format!("{element:?}"))
}
