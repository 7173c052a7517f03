//! The way from a socket to the server: the address that is connected to, the proxy, and TLS.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use super::settings::LoadSettings;
use crate::stream::{SecureTo, Tunnel};

/// Memory that TLS takes for each socket.
const BYTES_OF_TLS: u64 = 5_000;

/// What happens on a connection before HTTP.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    /// The request to the proxy, if there is one on the way.
    pub(super) tunnel: Option<Tunnel>,
    /// TLS to the server.
    pub(super) secure: Option<SecureTo>,
}

/// Why there is no way to the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WayError {
    /// A host name does not resolve.
    #[error("cannot find {host}: {why}")]
    NoAddress {
        /// The host name.
        host: String,
        /// The system's error.
        why: String,
    },
    /// The host name cannot stand in a certificate.
    #[error("TLS to {host} is impossible: {why}")]
    NoTls {
        /// The host name.
        host: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Way {
    /// The way to the server of these settings, and the address that is connected to.
    ///
    /// # Errors
    /// The name of the server, or of the proxy, has no address.
    pub(super) fn find(settings: &LoadSettings) -> Result<(Self, SocketAddr), WayError> {
        let (target, network) = (&settings.target, settings.target.network());
        let (host, port) = (target.host(), target.port());
        let addresses = match network.given(host, port) {
            Some(given) => Ok(given),
            None => lookup(host, port),
        };
        let known = addresses.as_deref().unwrap_or_default();
        let secure = target.is_secure().then(|| network.tls().to(host));
        let secure = secure.transpose().map_err(|why| WayError::NoTls {
            host: host.to_owned(),
            why: why.to_string(),
        })?;
        match network.proxy_to(host, port, known) {
            Some(proxy) => {
                let way = Self {
                    tunnel: Some(Tunnel::new(proxy, host, port)),
                    secure,
                };
                Ok((way, that_answers(&lookup(&proxy.host, proxy.port)?)))
            }
            None => Ok((Self { tunnel: None, secure }, that_answers(&addresses?))),
        }
    }

    /// The memory that it takes for each socket.
    pub(super) const fn bytes_each(settings: &LoadSettings) -> u64 {
        if settings.target.is_secure() {
            BYTES_OF_TLS
        } else {
            0
        }
    }
}

/// All addresses of a name; at least one.
fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, WayError> {
    let fail = |why: String| WayError::NoAddress {
        host: host.to_owned(),
        why,
    };
    let addresses = (host, port).to_socket_addrs();
    let addresses: Vec<_> = addresses.map_err(|error| fail(error.to_string()))?.collect();
    if addresses.is_empty() {
        return Err(fail("it has no address".to_owned()));
    }
    Ok(addresses)
}

/// The first address that accepts a connection, or the first of all. A host name may have an IPv4 and an IPv6 address
/// while the server listens on only one of them.
fn that_answers(addresses: &[SocketAddr]) -> SocketAddr {
    let answers = |it: &&SocketAddr| TcpStream::connect_timeout(it, Duration::from_secs(1)).is_ok();
    match addresses {
        [only] => *only,
        several => *several.iter().find(answers).unwrap_or(&several[0]),
    }
}
