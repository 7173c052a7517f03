//! The listening sockets. On Linux each shard has one of its own, and the kernel spreads the connections; elsewhere
//! the first shard accepts, and hands them round.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use mio::net::TcpListener;
use socket2::{Domain, Protocol, Socket, Type};

use super::shard::Accepting;
use super::start::{Settings, StartError};

/// Connections that the kernel keeps until they are accepted; it may allow fewer.
const BACKLOG: i32 = 4096;

/// One place for each shard.
pub(crate) struct Listeners {
    pub(crate) address: SocketAddr,
    pub(crate) listeners: Vec<Option<TcpListener>>,
    pub(crate) accepting: Accepting,
}

/// Whether others may listen on the same port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Alone,
    Shared,
}

/// Listens where the settings say.
pub(crate) fn listen(settings: &Settings) -> Result<Listeners, StartError> {
    let host = &settings.host;
    let resolved = (host.as_str(), settings.port).to_socket_addrs();
    let asked = resolved
        .and_then(|mut all| all.next().ok_or_else(|| io::Error::other("it has no address")))
        .map_err(|source| StartError::Host {
            host: host.clone(),
            source,
        })?;
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::InUse { address: asked },
        _ => StartError::Listen {
            address: asked,
            source,
        },
    };
    // Alone even where more follow: a port that another process shares would be shared with it.
    let first = bind(asked, Port::Alone).map_err(failed)?;
    let address = first.local_addr().map_err(failed)?;
    let shards = settings.shards.max(1);
    if shards == 1 {
        return Ok(Listeners {
            address,
            listeners: vec![Some(first)],
            accepting: Accepting::Own,
        });
    }
    several(first, address, shards).map_err(failed)
}

/// A listener a shard where the kernel spreads connections over all who share a port, else one whose shard hands
/// them round.
fn several(first: TcpListener, address: SocketAddr, shards: usize) -> io::Result<Listeners> {
    if cfg!(target_os = "linux") {
        drop(first);
        let listeners = (0..shards)
            .map(|_| bind(address, Port::Shared).map(Some))
            .collect::<io::Result<_>>()?;
        return Ok(Listeners {
            address,
            listeners,
            accepting: Accepting::Own,
        });
    }
    let mut listeners: Vec<_> = (1..shards).map(|_| None).collect();
    listeners.insert(0, Some(first));
    Ok(Listeners {
        address,
        listeners,
        accepting: Accepting::RoundRobin(0),
    })
}

fn bind(address: SocketAddr, port: Port) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // Else a server could not come back to a port whose last connections the kernel still remembers.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    if port == Port::Shared {
        share(&socket)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from_std(socket.into()))
}

#[cfg(unix)]
fn share(socket: &Socket) -> io::Result<()> {
    socket.set_reuse_port(true)
}

#[cfg(not(unix))]
fn share(_: &Socket) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
