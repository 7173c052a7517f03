//! Decides which connections become WebSockets: origin, version and token first, then the handshake itself
//! (`lib/phoenix/transports/websocket.ex`, `WebSockAdapter.UpgradeValidation`).

use std::borrow::Cow;

use super::super::conduct::{
    BrokenExtensions, HandshakeConduct, Mount, OriginCheck, OriginHost, OverTls, Subprotocols,
    WebSocketVersion,
};
use super::super::shared::Shared;
use super::admission::{Admission, ConnectParams, Refusal};
use super::deflate::{Agreement, agree};
use super::head::is_token;
use super::query::Malformed;
use super::{Request, Response, Version};
use crate::wire::websocket::accept_of;

/// A connection that is let in.
pub(crate) struct Upgrade {
    pub(crate) admission: Admission,
    pub(crate) mount: Mount,
    /// What the handshake is answered with.
    pub(crate) accept: String,
    /// What it agrees on, if messages are compressed.
    pub(crate) compression: Option<Agreement>,
}

impl From<Malformed> for Response {
    fn from(Malformed: Malformed) -> Self {
        Self::raised()
    }
}

impl Upgrade {
    /// Lets a connection in, or not.
    pub(crate) fn judge(shared: &Shared, request: &Request<'_>, mount: Mount) -> Result<Self, Response> {
        let params = ConnectParams::of(request.query)?;
        let conduct = &shared.conduct;
        let checks = conduct.wire.origin_check == OriginCheck::PerMount
            && conduct.wire.over_tls != OverTls::OriginsUnchecked;
        let strict = mount == Mount::Strict && checks;
        if strict
            && !request
                .value("origin")
                .is_none_or(|origin| is_allowed(&origin, conduct.wire.origin_host))
        {
            return Err(forbidden());
        }
        let admission = params.judge(shared, mount).map_err(|refusal| match refusal {
            Refusal::Forbidden => forbidden(),
            Refusal::Raised => Response::raised(),
        })?;
        let offers_subprotocols = !request.values("sec-websocket-protocol").is_empty();
        if offers_subprotocols && conduct.handshake.subprotocols == Subprotocols::Refused {
            return Err(forbidden());
        }
        let key = validate(request, &conduct.handshake).map_err(|text| {
            let asks = request.says("upgrade", "websocket");
            let status = if asks {
                400
            } else {
                conduct.handshake.no_upgrade_status
            };
            Response::new(status, text)
        })?;
        let key = match key.as_slice() {
            [key] => key,
            // Bandit takes the first of one.
            _ => return Err(Response::raised()),
        };
        if conduct.http.broken_extensions == BrokenExtensions::Refused && !extensions_can_be_read(request) {
            return Err(Response::new(400, ""));
        }
        Ok(Self {
            admission,
            mount,
            accept: accept_of(key.as_bytes()),
            compression: conduct
                .compress
                .is_offered_at(mount)
                .then(|| agree(&conduct.compress, conduct.http.look, request))
                .flatten(),
        })
    }
}

/// The host that `/strict_socket` lets in.
const ALLOWED: &str = "allowed.example";

/// `//allowed.example`: any scheme and port.
fn is_allowed(origin: &str, compared: OriginHost) -> bool {
    let Some((_, rest)) = origin.split_once("//") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let with_port = host;
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    match compared {
        OriginHost::WithPort => with_port == ALLOWED,
        OriginHost::Whole => host == ALLOWED,
        OriginHost::End => host.ends_with(ALLOWED),
    }
}

/// The keys of a handshake as RFC 6455 wants it, or what is wrong with it in the adapter's words.
fn validate<'a>(request: &Request<'a>, conduct: &HandshakeConduct) -> Result<Vec<Cow<'a, str>>, String> {
    if request.version == Version::V10 {
        return Err("HTTP version HTTP/1.0 unsupported".to_owned());
    }
    if request.values("host").is_empty() {
        return Err("'host' header is absent".to_owned());
    }
    contains(request, "connection", "upgrade")?;
    contains(request, "upgrade", "websocket")?;
    let keys = request.values("sec-websocket-key");
    if keys.is_empty() {
        return Err("'sec-websocket-key' header is absent".to_owned());
    }
    let versions: Vec<String> = request
        .values("sec-websocket-version")
        .iter()
        .map(|version| version.to_ascii_lowercase())
        .collect();
    if versions != ["13"] && conduct.websocket_version == WebSocketVersion::Thirteen {
        let versions = inspect(&versions);
        return Err(format!(
            "'sec-websocket-version' header must equal '13', got {versions}"
        ));
    }
    Ok(keys)
}

fn contains(request: &Request<'_>, header: &'static str, needle: &str) -> Result<(), String> {
    if request.says(header, needle) {
        return Ok(());
    }
    Err(format!(
        "'{header}' header must contain '{needle}', got {}",
        inspect(&request.values(header))
    ))
}

/// Whether each extension begins with a token, and so do its params.
fn extensions_can_be_read(request: &Request<'_>) -> bool {
    let is_fine = |text: &str| is_token(text.split('=').next().unwrap_or_default().trim());
    let values = request.values("sec-websocket-extensions");
    values.iter().all(|value| {
        value
            .split(',')
            .all(|extension| extension.split(';').all(is_fine))
    })
}

fn forbidden() -> Response {
    Response::new(403, "")
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
            assert!(is_allowed(origin, OriginHost::Whole), "{origin}");
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
            assert!(!is_allowed(origin, OriginHost::Whole), "{origin}");
        }
    }

    #[test]
    fn lists_are_printed_as_elixir_does() {
        assert_eq!(inspect(&["12"]), r#"["12"]"#);
        assert_eq!(inspect(&[""; 0]), "[]");
        assert_eq!(inspect(&["a", "b\"c"]), r#"["a", "b\"c"]"#);
    }
}
