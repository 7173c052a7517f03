//! The server under test, as the arguments name it: where it is, how it is reached, and who starts it.

use super::super::args;
use super::super::complaint::Complaint;
use super::super::network::{self, Environment};
use crate::profile::Profile;
use crate::stream::Certificates;
use crate::transport::{Target, Transport};

/// The server under test.
pub(in super::super) enum Server {
    /// The reference server, started for this run.
    Embedded(Profile),
    /// A running server.
    There(Target),
    /// A server that a command starts.
    Exec(Target, String),
}

impl Server {
    /// The same server over another transport, if one is asked for.
    pub(in super::super) fn over(self, transport: Option<Transport>) -> Self {
        match (self, transport) {
            (Self::There(target), Some(transport)) => Self::There(target.over(transport)),
            (Self::Exec(target, command), Some(transport)) => Self::Exec(target.over(transport), command),
            (server, _) => server,
        }
    }

    /// The Phoenix version that the reference server behaves as.
    pub(in super::super) const fn profile(&self) -> Option<&'static str> {
        match self {
            Self::Embedded(profile) => Some(profile.name()),
            Self::There(_) | Self::Exec(..) => None,
        }
    }

    /// Whether its certificates are verified.
    pub(in super::super) fn certificates(&self) -> Certificates {
        match self {
            Self::There(target) | Self::Exec(target, _) if target.is_insecure() => Certificates::Insecure,
            Self::Embedded(_) | Self::There(_) | Self::Exec(..) => Certificates::Verified,
        }
    }
}

/// The server that the arguments name.
pub(in super::super) fn server(typed: &args::Target, profile: Option<Profile>) -> Result<Server, Complaint> {
    match (&typed.target, &typed.exec) {
        (None, None) => Ok(Server::Embedded(profile.unwrap_or(Profile::DEFAULT))),
        (None, Some(_)) => Err(Complaint::new(
            "--exec starts a server, but nothing says where that will listen",
        )
        .expected("--target URL beside it, as --target ws://127.0.0.1:4000/socket")),
        (Some(url), exec) => {
            let target = Target::parse(url).map_err(|why| Complaint::new(why.to_string()))?;
            let environment = if target.is_secure() {
                Environment::Counts
            } else {
                Environment::PassedOver
            };
            let target = target.reached_by(network::settings(&typed.network, environment)?);
            Ok(match exec {
                None => Server::There(target),
                Some(command) => Server::Exec(target, command.clone()),
            })
        }
    }
}
