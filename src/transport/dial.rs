//! A connected stream to a target. It does not decide what is said on it.

use std::io;
use std::net::SocketAddr;

use tokio::net::{TcpStream, lookup_host};

use super::Target;
use super::answer::RequestError;
use crate::stream::Stream;

/// Connects to a target. The caller has a deadline.
pub(super) async fn dial(target: &Target) -> Result<Stream, RequestError> {
    let host = target.host();
    let lookup = |why| RequestError::Lookup {
        host: host.to_owned(),
        why,
    };
    let addresses: Vec<SocketAddr> = lookup_host((host, target.port()))
        .await
        .map_err(lookup)?
        .collect();
    let mut failed = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(tcp) => {
                tcp.set_nodelay(true).map_err(|why| unconnected(target, why))?;
                return Ok(Stream::Plain(tcp));
            }
            Err(why) => failed = Some(why),
        }
    }
    let none = || lookup(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    Err(failed.map_or_else(none, |why| unconnected(target, why)))
}

/// There is no connection because the system said so.
pub(super) fn unconnected(target: &Target, why: io::Error) -> RequestError {
    let at = target.authority();
    match why.kind() {
        io::ErrorKind::ConnectionRefused => RequestError::ConnectionRefused { at },
        _ => RequestError::Connect { at, why },
    }
}
