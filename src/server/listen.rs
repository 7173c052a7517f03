//! The listening sockets. On Linux each shard has one of its own, and the kernel spreads the connections over them;
//! elsewhere the first shard accepts all connections, and passes them on in turn.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use mio::net::TcpListener;
use socket2::{Domain, Protocol, Socket, Type};

use super::settings::{ServerSettings, StartError};
use super::shard::Accepting;

/// Connections that the kernel keeps until they are accepted; it may allow fewer.
const BACKLOG: i32 = 4096;

/// Where the shards listen, and how. Each shard makes its own socket.
pub(crate) struct ListenPlan {
    pub(crate) address: SocketAddr,
    pub(crate) accepting: Accepting,
    port: Port,
    /// Holds a shared port until all listen; it does not listen itself.
    _reserved: Option<Socket>,
}

/// Whether others may listen on the same port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Alone,
    Shared,
}

impl ListenPlan {
    /// Finds the address, and sees to it that it can be had.
    pub(crate) fn find(settings: &ServerSettings) -> Result<Self, StartError> {
        let host = &settings.host;
        let resolved = (host.as_str(), settings.port).to_socket_addrs();
        let asked = resolved
            .and_then(|mut all| all.next().ok_or_else(|| io::Error::other("it has no address")))
            .map_err(|source| StartError::Host {
                host: host.clone(),
                source,
            })?;
        // Alone, also where more follow: else the port could be shared with another server.
        let first = bind(asked, Port::Alone).map_err(|source| StartError::listen(asked, source))?;
        let bound = first
            .local_addr()
            .map_err(|source| StartError::listen(asked, source))?;
        let address = bound.as_socket().unwrap_or(asked);
        drop(first);
        let shared = settings.shards > 1 && cfg!(target_os = "linux");
        let port = if shared { Port::Shared } else { Port::Alone };
        let reserved = shared.then(|| bind(address, port)).transpose();
        Ok(Self {
            address,
            accepting: if settings.shards > 1 && !shared {
                Accepting::RoundRobin(0)
            } else {
                Accepting::Own
            },
            port,
            _reserved: reserved.map_err(|source| StartError::listen(asked, source))?,
        })
    }

    /// The listener of a shard, if it has one.
    pub(crate) fn listen(&self, shard: usize) -> Result<Option<TcpListener>, StartError> {
        if shard > 0 && self.port == Port::Alone {
            return Ok(None);
        }
        let listener = bind(self.address, self.port).and_then(|socket| {
            socket.listen(BACKLOG)?;
            Ok(TcpListener::from_std(socket.into()))
        });
        listener
            .map(Some)
            .map_err(|source| StartError::listen(self.address, source))
    }
}

fn bind(address: SocketAddr, port: Port) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Else a server could not come back to a port whose last connections the kernel still remembers.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if port == Port::Shared {
        share(&socket)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

#[cfg(unix)]
fn share(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(unix))]
fn share(_: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
