//! An address on which a run can be watched: `9000`, `127.0.0.1:9000`, `[::1]:9000`, `localhost` or `0.0.0.0:9000`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// An address to listen on; port 0 is any free port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LiveAddress(pub(super) SocketAddr);

impl LiveAddress {
    /// A free port of loopback.
    pub(crate) const FREE: Self = Self(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0));
}

impl FromStr for LiveAddress {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let loopback = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let port = text.strip_prefix(':').unwrap_or(text);
        if let Ok(port) = port.parse() {
            return Ok(Self(loopback(port)));
        }
        let address = text
            .replacen(
                "localhost",
                "127.0.0.1",
                usize::from(text.starts_with("localhost")),
            )
            .trim()
            .to_owned();
        let whole = address.parse::<SocketAddr>();
        let without_port = || address.trim_matches(['[', ']']).parse::<IpAddr>();
        whole
            .or_else(|_| without_port().map(|ip| SocketAddr::from((ip, 0))))
            .map(Self)
            .map_err(
                |_| "expected an address of this machine with a port, as 127.0.0.1:9000, or a port, as 9000",
            )
    }
}

impl fmt::Display for LiveAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_type_them() {
        let read = |text: &str| text.parse::<LiveAddress>().map(|it| it.to_string());
        for (typed, meant) in [
            ("9000", "127.0.0.1:9000"),
            (":9000", "127.0.0.1:9000"),
            ("127.0.0.1", "127.0.0.1:0"),
            ("localhost:9000", "127.0.0.1:9000"),
            ("0.0.0.0:9000", "0.0.0.0:9000"),
            ("[::1]:9000", "[::1]:9000"),
            ("[::1]", "[::1]:0"),
        ] {
            assert_eq!(read(typed).as_deref(), Ok(meant), "{typed}");
        }
        for typed in ["", "somewhere:9000", "127.0.0.1:99999", "http://127.0.0.1"] {
            assert!(read(typed).is_err(), "{typed}");
        }
    }
}
