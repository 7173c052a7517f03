//! Opens connections along routes: pairs of addresses that each carry only so many, as ports run out.

use std::io;
use std::net::{IpAddr, SocketAddr};

use mio::net::TcpStream;
use socket2::{Domain, Protocol, Socket, Type};

/// From where to where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) destination: SocketAddr,
    /// The address to connect from; the kernel's choice if left out.
    pub(super) source: Option<IpAddr>,
}

/// Ports that are tried from a source address of our own choice: above what servers listen on, below what the kernel
/// hands out by itself on other systems.
const FIRST_PORT: u16 = 20_000;
const LAST_PORT: u16 = 60_999;
/// So many ports that others use are skipped before a connection counts as impossible.
const TRIES: usize = 64;

/// Hands out the ports of the source addresses of a shard.
#[derive(Debug)]
pub(super) struct Dialer {
    next_port: u16,
}

impl Dialer {
    /// Ports from a begin that the seed decides, so that a run does not meet what the one before left behind.
    pub(super) fn new(seed: u64) -> Self {
        let span = u64::from(LAST_PORT - FIRST_PORT) + 1;
        let offset = u16::try_from(seed % span).unwrap_or_default();
        Self {
            next_port: FIRST_PORT + offset,
        }
    }

    /// Starts to connect. With a source address the port is chosen here: the kernel would choose it without knowing
    /// the destination, and so could use each only once.
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
    // A port that only an ended connection still holds can be had again.
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
