//! Turns the flags about TLS, addresses and proxies into settings, with the files and the environment that they mean.

use std::env;
use std::path::Path;

use super::args;
use super::complaint::Complaint;
use crate::stream::{
    Certificates, ClientTls, NetworkSettings, PemIdentity, ProxySettings, Trust, TrustError,
};

/// Larger files are not read.
const LARGEST_FILE: u64 = 4 << 20;

/// How a server is reached. The environment names a proxy for servers with TLS only.
pub(super) fn settings(
    typed: &args::Network,
    environment: Environment,
) -> Result<NetworkSettings, Complaint> {
    let proxy = match (&typed.proxy, environment) {
        (Some(proxy), _) => ProxySettings::Given(proxy.clone()),
        (None, Environment::Counts) => ProxySettings::environment(
            variable("HTTPS_PROXY").as_deref(),
            variable("NO_PROXY").as_deref(),
        ),
        (None, Environment::PassedOver) => ProxySettings::None,
    };
    Ok(NetworkSettings {
        resolve: typed.resolve.clone(),
        proxy,
        tls: Some(tls(typed)?),
    })
}

/// Whether variables of the environment say through which proxy a server is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Environment {
    Counts,
    PassedOver,
}

/// A variable by its name in upper case or, as curl also has it, in lower case.
fn variable(name: &str) -> Option<String> {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    set(&name.to_ascii_lowercase()).or_else(|| set(name))
}

fn tls(typed: &args::Network) -> Result<ClientTls, Complaint> {
    let authorities = typed.cacert.as_deref().map(|path| read("--cacert", path));
    let identity = match (&typed.cert, &typed.key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(PemIdentity {
            certificate: read("--cert", certificate)?,
            key: read("--key", key)?,
        }),
        (Some(_), None) => return Err(alone("--cert", "--key")),
        (None, Some(_)) => return Err(alone("--key", "--cert")),
    };
    let trust = Trust {
        certificates: if typed.insecure {
            Certificates::Insecure
        } else {
            Certificates::Verified
        },
        authorities: authorities.transpose()?,
        identity,
    };
    ClientTls::new(&trust).map_err(|why| unusable(typed, &why))
}

fn alone(flag: &str, other: &str) -> Complaint {
    Complaint::new(format!("{flag} says nothing without {other}"))
        .expected("--cert FILE and --key FILE, both in PEM")
}

fn unusable(typed: &args::Network, why: &TrustError) -> Complaint {
    let (flag, path) = match why {
        TrustError::Authorities(_) => ("--cacert", &typed.cacert),
        TrustError::Certificate(_) | TrustError::Mismatch(_) => ("--cert", &typed.cert),
        TrustError::Key(_) => ("--key", &typed.key),
    };
    let complaint = Complaint::new(format!("the file of {flag} cannot be used: {why}"));
    match path {
        Some(path) => complaint.place(path.display().to_string()),
        None => complaint,
    }
}

/// The content of a file that a flag names.
pub(super) fn read(flag: &str, path: &Path) -> Result<Vec<u8>, Complaint> {
    let failed = |why: String| {
        Complaint::new(format!("the file of {flag} cannot be read: {why}")).place(path.display().to_string())
    };
    let size = std::fs::metadata(path)
        .map_err(|why| failed(why.to_string()))?
        .len();
    if size > LARGEST_FILE {
        return Err(failed(format!(
            "it has {size} bytes, and {LARGEST_FILE} is the most"
        )));
    }
    std::fs::read(path).map_err(|why| failed(why.to_string()))
}
