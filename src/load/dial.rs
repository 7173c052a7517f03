//! Opens TCP connections along routes. A route is a pair of addresses, and it carries a limited number of connections
//! because ports run out.

use std::io;
use std::net::{IpAddr, SocketAddr};

use mio::net::TcpStream;
use socket2::{Domain, Protocol, Socket, Type};

/// A source and a destination address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) destination: SocketAddr,
    /// The address to connect from; if absent, the kernel chooses.
    pub(super) source: Option<IpAddr>,
}

/// The first port that is tried with an explicit source address, above the ports that servers usually listen on.
const FIRST_PORT: u16 = 20_000;
const LAST_PORT: u16 = 60_999;
/// How many ports in use are skipped before the connection attempt fails.
const TRIES: usize = 64;

/// Allocates ports of the source addresses of a shard.
#[derive(Debug)]
pub(super) struct Dialer {
    next_port: u16,
}

impl Dialer {
    /// Starts at a port that depends on the seed, so that a run does not collide with connections left over from the
    /// last run.
    pub(super) fn new(seed: u64) -> Self {
        let span = u64::from(LAST_PORT - FIRST_PORT) + 1;
        let offset = u16::try_from(seed % span).unwrap_or_default();
        Self {
            next_port: FIRST_PORT + offset,
        }
    }

    /// Starts to connect. With an explicit source address, the port is chosen here: the kernel would choose it
    /// without knowing the destination, so it could use each port only once.
    pub(super) fn dial(&mut self, route: Route) -> io::Result<TcpStream> {
        let Some(source) = route.source else {
            let stream = TcpStream::connect(route.destination)?;
            stream.set_nodelay(true)?;
            return Ok(stream);
        };
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for _ in 0..TRIES {
            let port = self.next_port;
            self.next_port = if port == LAST_PORT { FIRST_PORT } else { port + 1 };
            match connect_from(SocketAddr::new(source, port), route.destination) {
                Err(error) if is_taken(&error) => last = error,
                outcome => return outcome,
            }
        }
        Err(last)
    }
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable
    )
}

fn connect_from(source: SocketAddr, destination: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(
        Domain::for_address(destination),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    // Allows reuse of a port that only a closed connection still holds.
    socket.set_reuse_address(true)?;
    socket.bind(&source.into())?;
    match socket.connect(&destination.into()) {
        Ok(()) => {}
        Err(error) if is_under_way(&error) => {}
        Err(error) => return Err(error),
    }
    Ok(TcpStream::from_std(socket.into()))
}

#[cfg(unix)]
fn is_under_way(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::INPROGRESS.raw_os_error())
}

#[cfg(not(unix))]
fn is_under_way(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}
