//! A connected stream to a target: its addresses, the proxy on the way, and TLS. It does not decide what is said on it.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpStream, lookup_host};

use super::Target;
use super::answer::RequestError;
use crate::stream::{ProxyAddress, Stream, Tunnel};

/// Connects to a target. The caller has a deadline.
///
/// # Errors
/// If it has no address or accepts no connection, or if the proxy or TLS fails.
pub(crate) async fn dial(target: &Target) -> Result<Stream, RequestError> {
    let (host, port, network) = (target.host(), target.port(), target.network());
    let addresses = match network.given(host, port) {
        Some(given) => Ok(given),
        None => lookup(host, port).await,
    };
    let known = addresses.as_deref().unwrap_or_default();
    let tcp = match network.proxy_to(host, port, known) {
        // The proxy may know a name that has no address here.
        Some(proxy) => through(target, proxy).await?,
        None => connect(&addresses?, &target.authority()).await?,
    };
    if !target.is_secure() {
        return Ok(Stream::Plain(tcp));
    }
    let failed = |why| RequestError::Tls {
        at: target.authority(),
        why,
    };
    let to = network.tls().to(host).map_err(failed)?;
    Stream::secure(tcp, &to).await.map_err(failed)
}

async fn lookup(host: &str, port: u16) -> Result<Vec<SocketAddr>, RequestError> {
    let failed = |why| RequestError::Lookup {
        host: host.to_owned(),
        why,
    };
    let addresses: Vec<_> = lookup_host((host, port)).await.map_err(failed)?.collect();
    if addresses.is_empty() {
        let why = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        return Err(failed(why));
    }
    Ok(addresses)
}

/// Connects to the first address that accepts.
async fn connect(addresses: &[SocketAddr], at: &str) -> Result<TcpStream, RequestError> {
    let mut failed = io::ErrorKind::NotFound.into();
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(tcp) => {
                tcp.set_nodelay(true).map_err(|why| unconnected(at, why))?;
                return Ok(tcp);
            }
            Err(why) => failed = why,
        }
    }
    Err(unconnected(at, failed))
}

/// Connects to a proxy, which passes the connection on.
async fn through(target: &Target, proxy: &ProxyAddress) -> Result<TcpStream, RequestError> {
    let addresses = lookup(&proxy.host, proxy.port).await?;
    let mut tcp = connect(&addresses, &format!("the proxy {proxy}")).await?;
    let tunnel = Tunnel::new(proxy, target.host(), target.port());
    let passed_on = Stream::tunnel(&mut tcp, &tunnel).await;
    passed_on.map_err(|why| RequestError::Proxy {
        at: proxy.to_string(),
        why,
    })?;
    Ok(tcp)
}

/// There is no connection because the system said so.
pub(super) fn unconnected(at: &str, why: io::Error) -> RequestError {
    let at = at.to_owned();
    match why.kind() {
        io::ErrorKind::ConnectionRefused => RequestError::ConnectionRefused { at },
        _ => RequestError::Connect { at, why },
    }
}
