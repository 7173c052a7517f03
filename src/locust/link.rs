//! The connection to the master: ZeroMQ over TCP. The master identifies this worker by the name of its socket.

use std::fmt;
use std::io;
use std::str::FromStr;
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;
use zeromq::util::PeerIdentity;
use zeromq::{
    DealerSocket, Socket as _, SocketEvent, SocketOptions, SocketRecv as _, SocketSend as _, ZmqMessage,
};

use super::message::{LocustMessage, NoLocustMessage};

/// How long the master may take to answer the connection.
const CONNECTS_WITHIN: Duration = Duration::from_secs(5);
/// The default port of a Locust master.
const USUAL_PORT: u16 = 5557;

/// The address of a master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MasterAddress {
    host: String,
    port: u16,
}

/// The reason why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the host and port of a Locust master, as 127.0.0.1:5557 or locust-master:5557")]
pub struct NoAddress;

impl FromStr for MasterAddress {
    type Err = NoAddress;

    fn from_str(text: &str) -> Result<Self, NoAddress> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !host.ends_with(':') && (!host.contains(':') || host.ends_with(']')) => {
                (host, port.parse().map_err(|_| NoAddress)?)
            }
            _ => (text, USUAL_PORT),
        };
        let is_host = |letter: char| letter.is_ascii_alphanumeric() || "-._[]:".contains(letter);
        if host.is_empty() || !host.chars().all(is_host) || port == 0 {
            return Err(NoAddress);
        }
        Ok(Self {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for MasterAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// The reason why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Nothing answers there.
    #[error("no Locust master answers at {address}: {why}")]
    Unreachable {
        /// The address.
        address: MasterAddress,
        /// The error of the system.
        why: io::Error,
    },
    /// A server answers that is no master.
    #[error("the server at {address} is no Locust master: {why}")]
    NoMaster {
        /// The address.
        address: MasterAddress,
        /// The way in which it differs from a master.
        why: String,
    },
    /// The connection ended.
    #[error("the connection to the Locust master ended")]
    Ended,
}

/// A message from the master, if it can be read.
#[derive(Debug)]
pub enum FromMaster {
    /// A message.
    Message(LocustMessage),
    /// Bytes that are no message.
    Garbled(NoLocustMessage),
}

/// A connection to the master.
pub struct Link {
    socket: DealerSocket,
    events: futures_util::stream::BoxStream<'static, SocketEvent>,
}

impl Link {
    /// Connects with this name.
    ///
    /// # Errors
    /// There is no master.
    pub async fn connect(address: &MasterAddress, name: &str) -> Result<Self, LinkError> {
        let place = address.to_string();
        // ZeroMQ retries for ever without an error, so first find out whether anything listens there.
        let reached = timeout(CONNECTS_WITHIN, TcpStream::connect(&place)).await;
        let reached = reached.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        reached.map_err(|why| LinkError::Unreachable {
            address: address.clone(),
            why,
        })?;
        let no_master = |why: String| LinkError::NoMaster {
            address: address.clone(),
            why,
        };
        let name: PeerIdentity = name.parse().map_err(|why| no_master(format!("{why}")))?;
        let mut options = SocketOptions::default();
        options.peer_identity(name).connect_timeout(CONNECTS_WITHIN);
        let mut socket = DealerSocket::with_options(options);
        let events = socket.monitor().boxed();
        match timeout(CONNECTS_WITHIN * 2, socket.connect(&format!("tcp://{place}"))).await {
            Ok(Ok(())) => Ok(Self { socket, events }),
            Ok(Err(why)) => Err(no_master(why.to_string())),
            Err(_) => Err(no_master("it did not answer in time".to_owned())),
        }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn send(&mut self, message: &LocustMessage) -> Result<(), LinkError> {
        let sent = self.socket.send(ZmqMessage::from(message.bytes())).await;
        sent.map_err(|_| LinkError::Ended)
    }

    /// The next message. It may be dropped while it waits.
    ///
    /// # Errors
    /// The connection ended.
    pub async fn receive(&mut self) -> Result<FromMaster, LinkError> {
        loop {
            tokio::select! {
                message = self.socket.recv() => {
                    let message = message.map_err(|_| LinkError::Ended)?;
                    let bytes: Vec<u8> = message.into_vec().iter().flat_map(|frame| frame.to_vec()).collect();
                    return Ok(match LocustMessage::read(&bytes) {
                        Ok(message) => FromMaster::Message(message),
                        Err(why) => FromMaster::Garbled(why),
                    });
                }
                event = self.events.next() => {
                    if matches!(event, Some(SocketEvent::Disconnected(_)) | None) {
                        return Err(LinkError::Ended);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_type_them() {
        let read = |text: &str| text.parse::<MasterAddress>().map(|it| it.to_string());
        assert_eq!(read("127.0.0.1:5557"), Ok("127.0.0.1:5557".to_owned()));
        assert_eq!(read("locust-master"), Ok("locust-master:5557".to_owned()));
        assert_eq!(read("[::1]:99"), Ok("[::1]:99".to_owned()));
        for wrong in ["", ":5557", "a:port", "http://a:5557", "a:0", "a b:1", "a:99999"] {
            assert_eq!(read(wrong), Err(NoAddress), "{wrong}");
        }
    }
}
