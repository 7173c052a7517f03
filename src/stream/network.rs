//! How a server is reached: at which addresses, through which proxy, and with whose trust.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::proxy::{ProxyAddress, ProxySettings};
use super::trust::{Certificates, ClientTls};

/// How servers are reached.
#[derive(Clone, Debug, Default)]
pub struct NetworkSettings {
    /// Addresses of names, in place of what the resolver says.
    pub resolve: Vec<Resolve>,
    /// The proxy on the way.
    pub proxy: ProxySettings,
    /// The TLS of the client; if absent, it trusts the authorities of the system.
    pub tls: Option<ClientTls>,
}

impl NetworkSettings {
    /// The addresses that were given for a name; `None` if the resolver decides.
    pub fn given(&self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        let given = self.resolve.iter().find(|it| it.is_for(host, port))?;
        let addresses = given.addresses.iter();
        Some(addresses.map(|&address| SocketAddr::new(address, port)).collect())
    }

    /// The proxy between the client and a server with these addresses; none are known if the name has none here.
    pub fn proxy_to(&self, host: &str, port: u16, addresses: &[SocketAddr]) -> Option<&ProxyAddress> {
        let is_loopback = addresses
            .first()
            .is_some_and(|address| address.ip().to_canonical().is_loopback());
        match &self.proxy {
            ProxySettings::None => None,
            ProxySettings::Given(proxy) => Some(proxy),
            ProxySettings::Environment { proxy, except } => {
                (!is_loopback && !except.covers(host, port)).then_some(proxy)
            }
        }
    }

    /// The TLS of the client.
    pub fn tls(&self) -> &ClientTls {
        self.tls.as_ref().unwrap_or(ClientTls::usual())
    }

    /// Whether certificates of servers are verified.
    pub fn certificates(&self) -> Certificates {
        self.tls.as_ref().map(ClientTls::certificates).unwrap_or_default()
    }
}

/// `HOST:PORT:ADDR`: addresses of a name for one port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    host: String,
    port: u16,
    addresses: Vec<IpAddr>,
}

impl Resolve {
    fn is_for(&self, host: &str, port: u16) -> bool {
        self.port == port && (self.host == "*" || self.host.eq_ignore_ascii_case(host))
    }
}

impl fmt::Display for Resolve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let addresses: Vec<_> = self.addresses.iter().map(IpAddr::to_string).collect();
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        write!(f, "{host}:{}:{}", self.port, addresses.join(","))
    }
}

impl FromStr for Resolve {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (host, rest) = match text.strip_prefix('[') {
                Some(rest) => rest.split_once("]:")?,
                None => text.split_once(':')?,
            };
            let (port, addresses) = rest.split_once(':')?;
            let addresses = addresses.split(',').map(|address| {
                let bare = address.trim().trim_start_matches('[').trim_end_matches(']');
                bare.parse().ok()
            });
            Some(Self {
                host: Some(host).filter(|host| !host.is_empty())?.to_owned(),
                port: port.parse().ok()?,
                addresses: addresses.collect::<Option<_>>()?,
            })
        };
        parse().ok_or_else(|| {
            "expected HOST:PORT:ADDR, as in example.com:443:127.0.0.1; several addresses are separated by commas"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(text: &str) -> Vec<SocketAddr> {
        let settings = NetworkSettings {
            resolve: vec![text.parse().unwrap()],
            ..NetworkSettings::default()
        };
        settings.given("A.test", 443).unwrap_or_default()
    }

    #[test]
    fn addresses_are_given_for_a_host_and_a_port() {
        assert_eq!(
            resolve("a.test:443:127.0.0.1"),
            ["127.0.0.1:443".parse().unwrap()]
        );
        assert_eq!(
            resolve("*:443:[::1],10.0.0.7"),
            ["[::1]:443".parse().unwrap(), "10.0.0.7:443".parse().unwrap()]
        );
        assert_eq!(resolve("a.test:80:127.0.0.1"), []);
        assert_eq!(resolve("b.test:443:127.0.0.1"), []);
        for wrong in [
            "",
            "a.test",
            "a.test:443",
            "a.test:x:1.1.1.1",
            "a.test:443:b",
            ":443:1.1.1.1",
        ] {
            assert!(wrong.parse::<Resolve>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_proxy_of_the_environment_is_never_used_for_loopback() {
        let of = |proxy| NetworkSettings {
            proxy,
            ..NetworkSettings::default()
        };
        let proxy: ProxyAddress = "http://10.0.0.1:3128".parse().unwrap();
        let (there, here) = (
            ["10.0.0.7:443".parse().unwrap()],
            ["127.0.0.1:443".parse().unwrap()],
        );
        let environment = of(ProxySettings::environment(
            Some("http://10.0.0.1:3128"),
            Some("b.test"),
        ));
        assert_eq!(environment.proxy_to("a.test", 443, &there), Some(&proxy));
        assert_eq!(environment.proxy_to("a.test", 443, &[]), Some(&proxy));
        assert_eq!(environment.proxy_to("a.test", 443, &here), None);
        assert_eq!(environment.proxy_to("www.b.test", 443, &there), None);
        let given = of(ProxySettings::Given(proxy.clone()));
        assert_eq!(given.proxy_to("a.test", 443, &here), Some(&proxy));
    }
}
