//! The address of the port: `HOST:PORT`.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::str::FromStr;

/// A host and a port, as typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BeamAddress {
    host: String,
    port: u16,
}

impl BeamAddress {
    /// Its addresses.
    pub(super) fn resolve(&self) -> std::io::Result<Vec<SocketAddr>> {
        Ok((self.host.as_str(), self.port).to_socket_addrs()?.collect())
    }

    /// Whether all its addresses are of this machine. A name without an address is not.
    pub(crate) fn is_loopback(&self) -> bool {
        let all = self.resolve().unwrap_or_default();
        !all.is_empty() && all.iter().all(|it| it.ip().to_canonical().is_loopback())
    }
}

impl FromStr for BeamAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "expected HOST:PORT, as in 127.0.0.1:9400 or [::1]:9400";
        let (host, port) = text.rsplit_once(':').ok_or(EXPECTED)?;
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        match port.parse() {
            Ok(port) if port > 0 && !host.is_empty() => Ok(Self {
                host: host.to_owned(),
                port,
            }),
            _ => Err(EXPECTED),
        }
    }
}

impl fmt::Display for BeamAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for text in ["127.0.0.1:9400", "localhost:1", "[::1]:9400"] {
            let address: BeamAddress = text.parse().unwrap();
            assert_eq!(address.to_string(), text);
            assert!(address.is_loopback(), "{text}");
        }
        for text in ["9400", "localhost:", ":9400", "localhost:0", "localhost:99999"] {
            assert!(text.parse::<BeamAddress>().is_err(), "{text}");
        }
        assert!(!"192.0.2.1:9400".parse::<BeamAddress>().unwrap().is_loopback());
    }
}
