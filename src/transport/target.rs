//! The address of a server as the user types it: `ws://127.0.0.1:4000/socket`, or `http://…` for long poll.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;

use super::Transport;
use crate::stream::{Certificates, NetworkSettings, ProxySettings};

/// Where a server is, how it is reached, and the path under which its sockets are mounted.
#[derive(Clone, Debug)]
pub struct Target {
    transport: Transport,
    security: Security,
    host: String,
    port: Port,
    mount: String,
    network: Arc<NetworkSettings>,
}

/// Whether bytes are encrypted on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Security {
    Plain,
    Tls,
}

/// Whether the port was typed: if not, it is left out where it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Typed(u16),
    Default,
}

/// Why a text is no [`Target`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TargetError {
    /// Not a URL at all.
    #[error("{url:?} is no URL: {why}; expected something like ws://127.0.0.1:4000/socket")]
    NoUrl {
        /// What was typed.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing like `ws://` in front.
    #[error(
        "{url:?} does not say how to connect; expected ws://, wss://, http:// or https:// in front, as in ws://{url}"
    )]
    NoScheme {
        /// What was typed.
        url: String,
    },
    /// A scheme other than those of HTTP and WebSocket.
    #[error("cannot connect by {scheme}://; expected ws://, wss://, http:// or https://")]
    UnknownScheme {
        /// What was typed before `://`.
        scheme: String,
    },
    /// A part that has no meaning here.
    #[error("{url:?} has {part}; expected scheme, host, port and path only")]
    Superfluous {
        /// What was typed.
        url: String,
        /// The part that is too much.
        part: &'static str,
    },
    /// A port that is no number from 1 to 65535.
    #[error("{url:?} has no usable port; expected a number from 1 to 65535")]
    Port {
        /// What was typed.
        url: String,
    },
}

impl Target {
    /// Reads a URL with the scheme `ws`, or `http` for long poll, or `wss` or `https` for the same over TLS. The port is 80, or
    /// 443 with TLS, unless typed. A URL as a browser shows it, with `/websocket` or `/longpoll` behind the mount and perhaps a
    /// query, means the mount.
    ///
    /// # Errors
    /// If it is no such URL, or has parts that mean nothing here: a query, a fragment, a user.
    pub fn parse(url: &str) -> Result<Self, TargetError> {
        let no_url = |why: &dyn fmt::Display| TargetError::NoUrl {
            url: url.to_owned(),
            why: why.to_string(),
        };
        let superfluous = |part| TargetError::Superfluous {
            url: url.to_owned(),
            part,
        };
        if url.contains('#') {
            return Err(superfluous("a fragment (#…)"));
        }
        let (transport, security) = read_scheme(url)?;
        let uri: Uri = url.parse().map_err(|why| no_url(&why))?;
        let authority = uri.authority().ok_or_else(|| no_url(&"it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(superfluous("a user (…@)"));
        }
        let path = uri.path().trim_end_matches('/');
        let in_browser = Transport::ALL.map(|it| format!("/{it}"));
        let mount = in_browser.iter().find_map(|suffix| path.strip_suffix(&**suffix));
        if mount.is_none() && uri.query().is_some() {
            return Err(superfluous("a query (?…)"));
        }
        if authority.host().is_empty() {
            return Err(no_url(&"it names no host"));
        }
        Ok(Self {
            transport,
            host: authority.host().to_ascii_lowercase(),
            port: read_port(url, authority.as_str(), authority.host())?,
            mount: mount.unwrap_or(path).to_owned(),
            security,
            network: Arc::default(),
        })
    }

    /// The same server, reached with these settings.
    #[must_use]
    pub fn reached_by(self, network: NetworkSettings) -> Self {
        Self {
            network: Arc::new(network),
            ..self
        }
    }

    /// How it is reached.
    pub(crate) fn network(&self) -> &NetworkSettings {
        &self.network
    }

    /// Whether it is reached by TLS.
    pub const fn is_secure(&self) -> bool {
        matches!(self.security, Security::Tls)
    }

    /// Whether TLS is used, and any certificate is accepted.
    pub fn is_insecure(&self) -> bool {
        self.is_secure() && self.network.certificates() == Certificates::Insecure
    }

    /// The path under which the sockets are mounted, as `/socket`: without a slash at its end, so empty for the root.
    pub fn mount(&self) -> &str {
        &self.mount
    }

    /// The same server with another last segment of the path: `/socket` becomes `/fast_socket`.
    #[must_use]
    pub fn with_mount(&self, last_segment: &str) -> Self {
        let parent = self.mount.rsplit_once('/').map_or("", |(parent, _)| parent);
        Self {
            mount: format!("{parent}/{last_segment}"),
            ..self.clone()
        }
    }

    /// The transport that the scheme of the URL names.
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// The same server and mount over another transport.
    #[must_use]
    pub fn over(&self, transport: Transport) -> Self {
        Self {
            transport,
            ..self.clone()
        }
    }

    /// The host as a resolver wants it: an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port to connect to.
    pub const fn port(&self) -> u16 {
        match self.port {
            Port::Typed(port) => port,
            Port::Default if self.is_secure() => 443,
            Port::Default => 80,
        }
    }

    /// Host and port as errors name them: the port is always there.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port())
    }

    /// Whether the host can only be this machine: an address of the loopback network, also one that was given for the
    /// name, or `localhost`. Other names count as remote; no resolver is asked. What a proxy reaches is remote, unless the
    /// proxy is on this machine.
    pub fn is_loopback(&self) -> bool {
        let by_proxy = match &self.network.proxy {
            ProxySettings::Given(proxy) => is_this_machine(&proxy.host),
            ProxySettings::None | ProxySettings::Environment { .. } => true,
        };
        let here = match self.network.given(self.host(), self.port()) {
            Some(given) => given.iter().all(|it| it.ip().to_canonical().is_loopback()),
            None => is_this_machine(self.host()),
        };
        here && by_proxy
    }

    /// The value of the header `Host`: the port is left out if it was not typed.
    pub fn host_header(&self) -> String {
        match self.port {
            Port::Typed(port) => format!("{}:{port}", self.host),
            Port::Default => self.host.clone(),
        }
    }

    /// The target as a URL.
    pub fn url(&self) -> String {
        let scheme = match (self.transport, self.security) {
            (Transport::WebSocket, Security::Plain) => "ws",
            (Transport::WebSocket, Security::Tls) => "wss",
            (Transport::LongPoll, Security::Plain) => "http",
            (Transport::LongPoll, Security::Tls) => "https",
        };
        format!("{scheme}://{}{}", self.host_header(), self.mount)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url())
    }
}

/// An address of the loopback network, or a name that can mean nothing else.
fn is_this_machine(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// The scheme is looked at first: what is wrong with it is worth a sentence of its own.
fn read_scheme(url: &str) -> Result<(Transport, Security), TargetError> {
    let Some((scheme, _)) = url.split_once("://") else {
        return Err(TargetError::NoScheme { url: url.to_owned() });
    };
    let scheme = scheme.to_ascii_lowercase();
    match scheme.as_str() {
        "ws" => Ok((Transport::WebSocket, Security::Plain)),
        "wss" => Ok((Transport::WebSocket, Security::Tls)),
        "http" => Ok((Transport::LongPoll, Security::Plain)),
        "https" => Ok((Transport::LongPoll, Security::Tls)),
        _ => Err(TargetError::UnknownScheme { scheme }),
    }
}

fn read_port(url: &str, authority: &str, host: &str) -> Result<Port, TargetError> {
    let typed = &authority[host.len()..];
    if typed.is_empty() {
        return Ok(Port::Default);
    }
    match typed.strip_prefix(':').and_then(|port| port.parse().ok()) {
        None | Some(0) => Err(TargetError::Port { url: url.to_owned() }),
        Some(port) => Ok(Port::Typed(port)),
    }
}

#[cfg(test)]
mod tests;
