//! The address of a server as the user types it: `ws://127.0.0.1:4000/socket`.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use http::Uri;

use crate::stream::{Certificates, NetworkSettings, ProxySettings};

/// What a client puts behind the mount to connect by WebSocket.
const TRANSPORT: &str = "/websocket";

/// Where a server is, how it is reached, and the path under which its sockets are mounted.
#[derive(Clone, Debug)]
pub struct Target {
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
    /// Reads a URL with the scheme `ws` or `http`, which mean the same, or `wss` or `https` for TLS. The port is 80, or
    /// 443 with TLS, unless typed. A URL as a browser shows it, with `/websocket` behind the mount and perhaps a query, means the mount.
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
        let security = security(url)?;
        let uri: Uri = url.parse().map_err(|why| no_url(&why))?;
        let authority = uri.authority().ok_or_else(|| no_url(&"it names no host"))?;
        if authority.as_str().contains('@') {
            return Err(superfluous("a user (…@)"));
        }
        let path = uri.path().trim_end_matches('/');
        let mount = path.strip_suffix(TRANSPORT);
        if mount.is_none() && uri.query().is_some() {
            return Err(superfluous("a query (?…)"));
        }
        if authority.host().is_empty() {
            return Err(no_url(&"it names no host"));
        }
        Ok(Self {
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

    /// The target as a URL with the scheme `ws` or `wss`.
    pub fn url(&self) -> String {
        let scheme = if self.is_secure() { "wss" } else { "ws" };
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
fn security(url: &str) -> Result<Security, TargetError> {
    let Some((scheme, _)) = url.split_once("://") else {
        return Err(TargetError::NoScheme { url: url.to_owned() });
    };
    let scheme = scheme.to_ascii_lowercase();
    match scheme.as_str() {
        "ws" | "http" => Ok(Security::Plain),
        "wss" | "https" => Ok(Security::Tls),
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
mod tests {
    use super::*;

    fn parse(url: &str) -> Target {
        Target::parse(url).unwrap()
    }

    #[test]
    fn host_port_and_mount_are_read() {
        let target = parse("ws://127.0.0.1:4000/socket");
        assert_eq!(
            (target.host(), target.port(), target.mount()),
            ("127.0.0.1", 4000, "/socket")
        );
        assert_eq!(target.host_header(), "127.0.0.1:4000");
        assert_eq!(target.url(), "ws://127.0.0.1:4000/socket");
    }

    #[test]
    fn http_means_the_same_and_the_port_may_be_left_out() {
        let target = parse("http://Example.test/a/socket/");
        assert_eq!(
            (target.host(), target.port(), target.mount()),
            ("example.test", 80, "/a/socket")
        );
        assert_eq!(target.url(), "ws://example.test/a/socket");
    }

    #[test]
    fn tls_has_another_scheme_and_another_port() {
        for url in ["wss://a.test/socket", "HTTPS://a.test/socket"] {
            let target = parse(url);
            assert!(target.is_secure());
            assert_eq!((target.port(), &*target.url()), (443, "wss://a.test/socket"));
        }
        assert_eq!(parse("wss://a.test:8443").port(), 8443);
        assert!(!parse("ws://a.test").is_secure());
    }

    #[test]
    fn what_was_given_for_a_name_and_a_proxy_decide_what_is_loopback() {
        let given = |text: &str| NetworkSettings {
            resolve: vec![text.parse().unwrap()],
            ..NetworkSettings::default()
        };
        let by = |proxy: &str| NetworkSettings {
            proxy: ProxySettings::Given(proxy.parse().unwrap()),
            ..NetworkSettings::default()
        };
        let is_loopback = |url: &str, network| parse(url).reached_by(network).is_loopback();
        assert!(is_loopback("ws://a.test:1", given("a.test:1:127.0.0.1")));
        assert!(!is_loopback("ws://localhost:1", given("localhost:1:10.0.0.7")));
        assert!(!is_loopback("ws://localhost:1", by("http://10.0.0.1:3128")));
        assert!(is_loopback("ws://localhost:1", by("http://127.0.0.1:3128")));
    }

    #[test]
    fn ipv6_literals_lose_their_brackets_only_for_the_resolver() {
        let target = parse("ws://[::1]:4000/socket");
        assert_eq!(target.host(), "::1");
        assert_eq!(target.host_header(), "[::1]:4000");
        assert!(target.is_loopback());
        assert_eq!(parse("ws://[::1]/socket").port(), 80);
    }

    #[test]
    fn without_a_path_the_mount_is_empty() {
        assert_eq!(parse("ws://localhost:1").mount(), "");
        assert_eq!(parse("ws://localhost:1/").mount(), "");
        assert_eq!(parse("ws://localhost:1").with_mount("socket").mount(), "/socket");
    }

    #[test]
    fn a_url_as_a_browser_shows_it_means_the_mount() {
        for url in [
            "ws://localhost:4000/socket/websocket",
            "ws://localhost:4000/socket/websocket/",
            "ws://localhost:4000/socket/websocket?vsn=2.0.0",
            "ws://localhost:4000/socket/websocket?token=a%2Fb&vsn=2.0.0",
        ] {
            assert_eq!(parse(url).url(), "ws://localhost:4000/socket", "{url}");
        }
        assert_eq!(parse("ws://localhost/websocket").mount(), "");
        assert_eq!(parse("ws://localhost/my-websocket").mount(), "/my-websocket");
    }

    #[test]
    fn another_mount_takes_the_place_of_the_last_segment_only() {
        let target = parse("ws://localhost:4000/a/socket").with_mount("fast_socket");
        assert_eq!(target.url(), "ws://localhost:4000/a/fast_socket");
    }

    #[test]
    fn only_what_must_be_this_machine_is_loopback() {
        for url in [
            "ws://localhost",
            "ws://a.localhost",
            "ws://127.9.9.9",
            "ws://[::ffff:127.0.0.1]",
        ] {
            assert!(parse(url).is_loopback(), "{url}");
        }
        for url in [
            "ws://localhost.example",
            "ws://10.0.0.1",
            "ws://0.0.0.0",
            "ws://[fe80::1]",
        ] {
            assert!(!parse(url).is_loopback(), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_in_one_sentence() {
        let said = |url| Target::parse(url).unwrap_err().to_string();
        assert!(said("localhost:4000/socket").ends_with("as in ws://localhost:4000/socket"));
        assert!(said("ftp://localhost").starts_with("cannot connect by ftp://"));
        assert!(said("ws://localhost/socket?vsn=2.0.0").contains("has a query"));
        assert!(said("ws://localhost/socket#x").contains("has a fragment"));
        assert!(said("ws://me:secret@localhost/socket").contains("has a user"));
        for url in [
            "ws://localhost:0/",
            "ws://localhost:/",
            "ws://localhost:65536/",
            "ws://localhost:x/",
        ] {
            let said = said(url);
            assert!(said.contains("port") || said.contains("is no URL"), "{said}");
        }
        for url in [
            "ws://",
            "ws:///socket",
            "ws://:4000/",
            "ws://a b/",
            "ws://[::1/",
            "",
        ] {
            assert!(Target::parse(url).is_err(), "{url}");
        }
    }
}
