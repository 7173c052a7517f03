//! Byte streams between a client and a server: plain, or TLS over them, perhaps through a proxy. They know no protocol
//! above the bytes.

mod asynchronous;
mod authority;
mod network;
mod proxy;
mod socket;
mod tls;
mod tls_error;
mod trust;

pub use asynchronous::Stream;
pub use authority::OwnAuthority;
pub use network::{NetworkSettings, Resolve};
pub use proxy::{ProxyAddress, ProxyError, ProxySettings, Tunnel};
pub use socket::{Rest, SocketStream, Taken};
pub use tls::RECORD;
pub use tls_error::TlsError;
pub use trust::{Certificates, ClientTls, Handshake, PemIdentity, SecureTo, ServerTls, Trust, TrustError};
