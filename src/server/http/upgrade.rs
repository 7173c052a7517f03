//! Who is let in as a WebSocket: origin, version and token first, then the handshake itself
//! (`lib/phoenix/transports/websocket.ex`, `WebSockAdapter.UpgradeValidation`).

use std::sync::Arc;
use std::time::Duration;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::super::conduct::{OriginCheck, VsnCheck};
use super::super::core::Core;
use super::super::peer::{Identity, Socket, Stage, Voice};
use super::super::token::MAX_AGE;
use super::query::{Malformed, Param, param};
use super::route::{Answer, Mount, since_epoch};
use super::version::negotiate;
use super::{Request, Response};
use crate::protocol::Vsn;

/// A connection that is let in.
pub(crate) struct Upgrade {
    vsn: Vsn,
    user: Option<String>,
    idle: Duration,
    accept: String,
}

/// The status of a refusal, and its body.
struct Refusal(u16, String);

impl Refusal {
    fn empty(status: u16) -> Self {
        Self(status, String::new())
    }
}

/// Plug answers a query that it cannot read with 400.
impl From<Malformed> for Refusal {
    fn from(Malformed: Malformed) -> Self {
        Self::empty(400)
    }
}

impl Core {
    /// Lets a connection in, or not.
    pub(super) fn connect(&self, request: &Request<'_>, mount: Mount, query: &str) -> Answer {
        match self.judge(request, mount, query) {
            Ok(upgrade) => Answer::Upgrade(Box::new(upgrade)),
            Err(Refusal(status, body)) => Answer::Response(Response::new(status, body)),
        }
    }

    fn judge(&self, request: &Request<'_>, mount: Mount, query: &str) -> Result<Upgrade, Refusal> {
        let (vsn, token) = (param(query, "vsn")?, param(query, "token")?);
        let strict = mount == Mount::Strict && self.shared.conduct.wire.origin_check == OriginCheck::PerMount;
        if strict && !request.values("origin").next().is_none_or(is_allowed) {
            return Err(Refusal::empty(403));
        }
        let vsn = match vsn {
            None => Some(Vsn::V1),
            Some(Param::Text(text)) => match self.shared.conduct.wire.vsn_check {
                VsnCheck::Refuses => negotiate(&text),
                VsnCheck::TakesAnyForNewest => negotiate(&text).or(Some(Vsn::V2)),
            },
            Some(Param::List) => return Err(Refusal::empty(self.shared.conduct.wire.vsn_list_status)),
            // It cannot even be printed into the warning.
            Some(Param::Map) => return Err(Refusal::empty(500)),
        };
        let vsn = vsn.ok_or(Refusal::empty(403))?;
        let user = match token {
            None => None,
            Some(Param::Text(token)) => {
                let name = self.shared.tokens.verify(&token, since_epoch(), MAX_AGE);
                Some(name.map_err(|_| Refusal::empty(403))?)
            }
            // `Phoenix.Token.verify` has no clause for it.
            Some(Param::List | Param::Map) => return Err(Refusal::empty(500)),
        };
        let key = validate(request).map_err(|text| Refusal(400, text))?;
        Ok(Upgrade {
            vsn,
            user,
            idle: mount.idle(),
            accept: derive_accept_key(key.as_bytes()),
        })
    }

    /// Turns the connection into a socket.
    pub(super) fn upgrade(&mut self, peer: u32, upgrade: Upgrade) {
        let head = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: {}\r\ncache-control: max-age=0, private, must-revalidate\r\n\r\n",
            upgrade.accept
        );
        self.out.extend_from_slice(head.as_bytes());
        let (user, identity) = match upgrade.user {
            None => (Arc::clone(&self.shared.anonymous), Identity::Anonymous),
            Some(name) => {
                // All connections of a user share its name.
                let name = self
                    .users
                    .get_key_value(&*name)
                    .map_or_else(|| name.into(), |(name, _)| Arc::clone(name));
                self.users.entry(Arc::clone(&name)).or_default().insert(peer);
                (name, Identity::Signed)
            }
        };
        let Some(receiver) = self.peers.get_mut(peer as usize) else {
            return;
        };
        receiver.stage = Stage::Socket(Box::new(Socket {
            vsn: upgrade.vsn,
            user,
            identity,
            idle: upgrade.idle,
            channels: Vec::new(),
            joining: None,
            fragments: None,
            heartbeats: 0,
            voice: Voice::Speaks,
        }));
        self.refresh(peer);
        self.watch(peer);
    }
}

/// `//allowed.example`: any scheme and port.
fn is_allowed(origin: &str) -> bool {
    let Some((_, rest)) = origin.split_once("//") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    host == "allowed.example"
}

/// The key of a handshake as RFC 6455 wants it, or what is wrong with it in the adapter's words.
fn validate<'a>(request: &Request<'a>) -> Result<&'a str, String> {
    if !request.is_current {
        return Err("HTTP version HTTP/1.0 unsupported".to_owned());
    }
    request.values("host").next().ok_or("'host' header is absent")?;
    contains(request, "connection", "upgrade")?;
    contains(request, "upgrade", "websocket")?;
    let key = request
        .values("sec-websocket-key")
        .next()
        .ok_or("'sec-websocket-key' header is absent")?;
    let versions: Vec<String> = request
        .values("sec-websocket-version")
        .map(str::to_ascii_lowercase)
        .collect();
    if versions != ["13"] {
        let versions = inspect(&versions);
        return Err(format!(
            "'sec-websocket-version' header must equal '13', got {versions}"
        ));
    }
    Ok(key)
}

fn contains(request: &Request<'_>, header: &'static str, needle: &str) -> Result<(), String> {
    if request
        .elements(header)
        .any(|element| element.eq_ignore_ascii_case(needle))
    {
        return Ok(());
    }
    let values: Vec<&str> = request.values(header).collect();
    Err(format!(
        "'{header}' header must contain '{needle}', got {}",
        inspect(&values)
    ))
}

/// A list of texts as Elixir's `inspect` prints it.
fn inspect(values: &[impl AsRef<str>]) -> String {
    let values: Vec<String> = values
        .iter()
        .map(|value| {
            format!(
                "\"{}\"",
                value.as_ref().replace('\\', "\\\\").replace('"', "\\\"")
            )
        })
        .collect();
    format!("[{}]", values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_listed_host_is_allowed_with_any_scheme_and_port() {
        for origin in [
            "https://allowed.example",
            "http://allowed.example:8080",
            "//allowed.example",
        ] {
            assert!(is_allowed(origin), "{origin}");
        }
    }

    #[test]
    fn other_hosts_are_not() {
        for origin in [
            "https://evil.example",
            "https://allowed.example.evil",
            "null",
            "",
            "https://a@evil/allowed.example",
        ] {
            assert!(!is_allowed(origin), "{origin}");
        }
    }

    #[test]
    fn lists_are_printed_as_elixir_does() {
        assert_eq!(inspect(&["12"]), r#"["12"]"#);
        assert_eq!(inspect(&[""; 0]), "[]");
        assert_eq!(inspect(&["a", "b\"c"]), r#"["a", "b\"c"]"#);
    }
}
