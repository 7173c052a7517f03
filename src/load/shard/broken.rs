//! Maps I/O errors to the kinds of errors of a connection.

use std::io::{self, Error};

use super::super::error_kind::ErrorKind;
use super::super::tcp_link::LinkUse;
use super::Shard;
use crate::stream::TlsError;

impl Shard<'_> {
    /// Handles an I/O error that ended a connection or prevented it.
    pub(super) fn broke(&mut self, id: u32, of: LinkUse, error: &Error) {
        if let Some(tls) = error.get_ref().and_then(|it| it.downcast_ref::<TlsError>()) {
            return self.tls_failed(id, tls.clone());
        }
        let trouble = trouble_of(error);
        self.link_ended(id, of, (trouble, Some(error.to_string())));
    }
}

/// The error kind for an I/O error.
fn trouble_of(error: &Error) -> ErrorKind {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ErrorKind::Refused,
        io::ErrorKind::TimedOut => ErrorKind::Silent,
        io::ErrorKind::AddrInUse | io::ErrorKind::AddrNotAvailable | io::ErrorKind::OutOfMemory => {
            ErrorKind::Exhausted
        }
        _ if is_out_of_descriptors(error) => ErrorKind::Exhausted,
        _ => ErrorKind::Reset,
    }
}

#[cfg(unix)]
fn is_out_of_descriptors(error: &Error) -> bool {
    use rustix::io::Errno;
    [Errno::MFILE, Errno::NFILE, Errno::NOBUFS]
        .iter()
        .any(|it| error.raw_os_error() == Some(it.raw_os_error()))
}

#[cfg(not(unix))]
fn is_out_of_descriptors(_: &Error) -> bool {
    false
}
