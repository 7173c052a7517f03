//! Turns the flags about TLS, addresses and proxies into settings, with the files and the environment that they mean.

use std::env;
use std::path::Path;

use super::args;
use super::complaint::Complaint;
use crate::stream::{
    Certificates, ClientTls, NetworkSettings, PemIdentity, ProxySettings, ServerTls, Trust, TrustError,
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
    let [authorities, certificate, key] = [
        ("--cacert", typed.cacert.as_deref()),
        ("--cert", typed.cert.as_deref()),
        ("--key", typed.key.as_deref()),
    ];
    let trust = Trust {
        certificates: if typed.insecure {
            Certificates::Insecure
        } else {
            Certificates::Verified
        },
        authorities: authorities.1.map(|path| read(authorities.0, path)).transpose()?,
        identity: identity(certificate, key)?,
    };
    ClientTls::new(&trust).map_err(|why| unusable(&why, authorities, certificate, key))
}

/// A flag, and the file that it names.
type Named<'a> = (&'static str, Option<&'a Path>);

/// A certificate and its key, if both are named.
fn identity(certificate: Named<'_>, key: Named<'_>) -> Result<Option<PemIdentity>, Complaint> {
    let alone = |flag: &str, other: &str| {
        Complaint::new(format!("{flag} says nothing without {other}"))
            .expected(format!("{} FILE and {} FILE, both in PEM", certificate.0, key.0))
    };
    match (certificate.1, key.1) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(alone(certificate.0, key.0)),
        (None, Some(_)) => Err(alone(key.0, certificate.0)),
        (Some(certificate_file), Some(key_file)) => Ok(Some(PemIdentity {
            certificate: read(certificate.0, certificate_file)?,
            key: read(key.0, key_file)?,
        })),
    }
}

/// The TLS of a server whose certificate is in files, if any are named.
pub(super) fn server_tls(
    certificate: Option<&Path>,
    key: Option<&Path>,
) -> Result<Option<ServerTls>, Complaint> {
    let (certificate, key) = (("--tls-cert", certificate), ("--tls-key", key));
    let Some(identity) = identity(certificate, key)? else {
        return Ok(None);
    };
    ServerTls::new(&identity)
        .map(Some)
        .map_err(|why| unusable(&why, certificate, certificate, key))
}

fn unusable(why: &TrustError, authorities: Named<'_>, certificate: Named<'_>, key: Named<'_>) -> Complaint {
    let (flag, path) = match why {
        TrustError::Authorities(_) => authorities,
        TrustError::Certificate(_) | TrustError::Mismatch(_) => certificate,
        TrustError::Key(_) => key,
    };
    let complaint = Complaint::new(format!("the file of {flag} cannot be used: {why}"));
    match path {
        Some(path) => complaint.place(path.display().to_string()),
        None => complaint,
    }
}

/// The content of a file that a flag names.
fn read(flag: &str, path: &Path) -> Result<Vec<u8>, Complaint> {
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
