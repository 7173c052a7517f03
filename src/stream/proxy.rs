//! A proxy between a client and a server: which one, and the request by which it passes a connection on (HTTP CONNECT).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::wire::http::{NO_HEADERS, read_head};

/// The port of a proxy that names none, as curl has it.
const USUAL_PORT: u16 = 1080;
/// The longest head of its answer.
const LONGEST_HEAD: usize = 16 << 10;

/// The proxy on the way to servers.
#[derive(Clone, Debug, Default)]
pub enum ProxySettings {
    /// None.
    #[default]
    None,
    /// The one that was asked for, whatever the server is.
    Given(ProxyAddress),
    /// The one that the environment names, but not for this machine and not for some servers.
    Environment {
        /// The proxy.
        proxy: ProxyAddress,
        /// The servers that are reached without it.
        except: Exceptions,
    },
}

impl ProxySettings {
    /// What the variables `HTTPS_PROXY` and `NO_PROXY` mean. What is no proxy there is passed over.
    pub fn environment(https_proxy: Option<&str>, no_proxy: Option<&str>) -> Self {
        match https_proxy.and_then(|text| text.parse().ok()) {
            None => Self::None,
            Some(proxy) => Self::Environment {
                proxy,
                except: Exceptions::of(no_proxy.unwrap_or_default()),
            },
        }
    }
}

/// Where a proxy is.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `user:password`, if it wants one.
    user: Option<String>,
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for ProxyAddress {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ProxyAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no proxy; expected http://HOST:PORT");
        let rest = match text.split_once("://") {
            None => text,
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) => {
                return Err(format!(
                    "a proxy cannot be reached by {scheme}://; expected http://HOST:PORT"
                ));
            }
        };
        let rest = rest.trim_end_matches('/');
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (Some(user.to_owned()), place),
            None => (None, rest),
        };
        let uri: http::uri::Authority = place.parse().map_err(|_| wrong())?;
        let port = match &place[uri.host().len()..] {
            "" => USUAL_PORT,
            port => port.trim_start_matches(':').parse().map_err(|_| wrong())?,
        };
        let host = uri
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        if host.is_empty() {
            return Err(wrong());
        }
        Ok(Self { host, port, user })
    }
}

/// The servers that are reached without a proxy, as `NO_PROXY` lists them.
#[derive(Clone, Debug)]
pub struct Exceptions(Vec<String>);

impl Exceptions {
    fn of(list: &str) -> Self {
        let names = list.split([',', ' ']).map(|it| it.trim().to_ascii_lowercase());
        Self(names.filter(|it| !it.is_empty()).collect())
    }

    /// Whether the server is one of them: by its name, a domain that it is in, its address, or `*`.
    pub(super) fn covers(&self, host: &str, port: u16) -> bool {
        let host = host.to_ascii_lowercase();
        self.0.iter().any(|entry| {
            let (name, of_port) = match entry.rsplit_once(':') {
                Some((name, of_port)) if !name.contains(':') => (name, of_port.parse().ok()),
                _ => (entry.as_str(), None),
            };
            let name = name.trim_start_matches(['.', '[']).trim_end_matches(']');
            let is_within = host
                .strip_suffix(name)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
            of_port.is_none_or(|of_port: u16| of_port == port) && (name == "*" || is_within)
        })
    }
}

/// Why a proxy passes a connection not on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// It refused.
    #[error("it refused to pass the connection on, with {status}{}", hint(*.status))]
    Refused {
        /// The status of its answer.
        status: u16,
    },
    /// What it answered is not HTTP.
    #[error("its answer cannot be read as HTTP/1.1: {0}")]
    NotHttp(String),
    /// It ended the connection.
    #[error("it ended the connection before it answered")]
    Ended,
}

const fn hint(status: u16) -> &'static str {
    match status {
        407 => "; give a user and a password: --proxy http://USER:PASSWORD@HOST:PORT",
        403 => "; it does not allow connections to this server and port",
        _ => "",
    }
}

/// The request to pass a connection on to a server, and what the proxy answers. It does no I/O.
#[derive(Clone, Debug)]
pub struct Tunnel {
    request: String,
}

impl Tunnel {
    /// To this server, by this proxy.
    pub fn new(proxy: &ProxyAddress, host: &str, port: u16) -> Self {
        let place = match host.contains(':') {
            true => format!("[{host}]:{port}"),
            false => format!("{host}:{port}"),
        };
        let user = proxy
            .user
            .as_ref()
            .map(|user| format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(user)))
            .unwrap_or_default();
        Self {
            request: format!("CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{user}\r\n"),
        }
    }

    /// What is sent to the proxy first.
    pub fn request(&self) -> &[u8] {
        self.request.as_bytes()
    }

    /// Reads the answer: the length of its head once it is whole. What follows comes from the server.
    ///
    /// # Errors
    /// The proxy does not pass the connection on.
    pub fn answer(bytes: &[u8]) -> Result<Option<usize>, ProxyError> {
        let (mut headers, mut rest) = (NO_HEADERS, bytes);
        let head = read_head(&mut rest, &mut headers, LONGEST_HEAD)
            .map_err(|why| ProxyError::NotHttp(why.to_string()))?;
        match head {
            None => Ok(None),
            Some(head) if (200..300).contains(&head.status) => Ok(Some(bytes.len() - rest.len())),
            Some(head) => Err(ProxyError::Refused { status: head.status }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(text: &str) -> ProxyAddress {
        text.parse().unwrap()
    }

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        assert_eq!(proxy("http://p.test:3128/").to_string(), "p.test:3128");
        assert_eq!(proxy("p.test").to_string(), "p.test:1080");
        assert_eq!(proxy("http://[::1]:8080").to_string(), "[::1]:8080");
        for wrong in [
            "",
            "http://",
            "https://p.test",
            "socks5://p.test",
            "http://p.test:x",
        ] {
            assert!(wrong.parse::<ProxyAddress>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_request_names_the_server_and_the_user() {
        let request = |text: &str, host| Tunnel::new(&proxy(text), host, 443).request;
        assert_eq!(
            request("http://p.test:1", "a.test"),
            "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"
        );
        assert_eq!(
            request("http://me:secret@p.test:1", "::1"),
            "CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
        );
    }

    #[test]
    fn only_a_success_passes_a_connection_on() {
        let whole = b"HTTP/1.1 200 Connection established\r\n\r\n";
        assert_eq!(Tunnel::answer(&whole[..20]), Ok(None));
        assert_eq!(Tunnel::answer(whole), Ok(Some(whole.len())));
        let refused = Tunnel::answer(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        assert_eq!(refused, Err(ProxyError::Refused { status: 407 }));
        assert!(matches!(
            Tunnel::answer(b"SSH-2.0\r\n"),
            Err(ProxyError::NotHttp(_))
        ));
    }

    #[test]
    fn exceptions_are_names_domains_ports_and_everything() {
        let covers = |list, host| Exceptions::of(list).covers(host, 443);
        for list in ["a.test", ".test", "b.c, a.test", "A.TEST:443", "*"] {
            assert!(covers(list, "a.test"), "{list}");
        }
        for list in ["", "b.test", "test.", "a.test:80", "xa.test"] {
            assert!(!covers(list, "a.test"), "{list}");
        }
        assert!(covers("10.0.0.7", "10.0.0.7"));
        assert!(covers("[::1]", "::1"));
        assert!(!covers("test", "atest"));
    }
}
