//! The upgrade to WebSocket, as a client sees it: the key that it sends, and whether a 101 answers what was asked
//! (RFC 6455, 4.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::wire::http::{Head, without_parameters};
use crate::wire::websocket::{
    BadParams, DeflateParams, PERMESSAGE_DEFLATE, accept_of, deflate_agreed, is_deflate,
};

/// The key of an upgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(pub [u8; 16]);

impl Key {
    /// The value of `Sec-WebSocket-Key`.
    pub fn text(self) -> String {
        STANDARD.encode(self.0)
    }
}

/// What a client offered that a server may choose from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered {
    /// With their params.
    extensions: Vec<String>,
    subprotocols: Vec<String>,
}

impl Offered {
    /// What stands in these headers of a request.
    pub fn in_headers<'a>(headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut offered = Self::default();
        for (name, value) in headers {
            let list = match name {
                _ if name.eq_ignore_ascii_case("sec-websocket-extensions") => &mut offered.extensions,
                _ if name.eq_ignore_ascii_case("sec-websocket-protocol") => &mut offered.subprotocols,
                _ => continue,
            };
            list.extend(value.split(',').map(|element| element.trim().to_owned()));
        }
        offered
    }
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
    /// permessage-deflate with params that answer no offer, or twice.
    #[error("it answers permessage-deflate with {got:?}: {why}")]
    Deflate {
        /// What came.
        got: String,
        /// What is wrong with it.
        why: BadParams,
    },
    /// A subprotocol that was not offered.
    #[error("it chose the subprotocol {got}, which was not offered")]
    Subprotocol {
        /// What came.
        got: String,
    },
}

/// Checks what a client must check in a 101: `key` is the value of `Sec-WebSocket-Key`. Returns how messages are compressed,
/// if both sides agreed on that.
///
/// # Errors
/// What is wrong with it.
pub fn check_switch(
    head: &Head<'_, '_>,
    key: &str,
    offered: &Offered,
) -> Result<Option<DeflateParams>, BadSwitch> {
    let names = |list, name: &str| head.elements(list).any(|it| it.eq_ignore_ascii_case(name));
    if !names("upgrade", "websocket") {
        let got = said(head, "upgrade");
        return Err(BadSwitch::Upgrade { got });
    }
    if !names("connection", "upgrade") {
        let got = said(head, "connection");
        return Err(BadSwitch::Connection { got });
    }
    let expected = accept_of(key.as_bytes());
    if head.values("sec-websocket-accept").next() != Some(expected.as_bytes()) {
        let got = said(head, "sec-websocket-accept");
        return Err(BadSwitch::Accept { got, expected });
    }
    let not_in = |list, offered: &[String]| {
        let mut chosen = head.elements(list);
        let extra = chosen.find(|element| !offered.iter().any(|it| without_parameters(it) == *element));
        extra.map(|element| format!("{element:?}"))
    };
    if let Some(got) = not_in("sec-websocket-extensions", &offered.extensions) {
        return Err(BadSwitch::Extension { got });
    }
    if let Some(got) = not_in("sec-websocket-protocol", &offered.subprotocols) {
        return Err(BadSwitch::Subprotocol { got });
    }
    compression(head, offered)
}

/// What the server answered to the offers of permessage-deflate.
fn compression(head: &Head<'_, '_>, offered: &Offered) -> Result<Option<DeflateParams>, BadSwitch> {
    let answers = head.values("sec-websocket-extensions");
    let answers = answers.filter_map(|value| std::str::from_utf8(value).ok());
    let mut answers = answers
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|it| is_deflate(it));
    let Some(answer) = answers.next() else {
        return Ok(None);
    };
    let bad = |answer: &str, why| BadSwitch::Deflate {
        got: answer.to_owned(),
        why,
    };
    if let Some(second) = answers.next() {
        return Err(bad(second, BadParams::Twice(PERMESSAGE_DEFLATE.to_owned())));
    }
    let offers = offered.extensions.iter().map(String::as_str);
    deflate_agreed(answer, offers)
        .map(Some)
        .map_err(|why| bad(answer, why))
}

/// The first value of a header, in quotes.
fn said(head: &Head<'_, '_>, name: &str) -> String {
    let value = head.values(name).next();
    value.map_or_else(
        || "missing".to_owned(),
        |value| format!("{:?}", String::from_utf8_lossy(value)),
    )
}
