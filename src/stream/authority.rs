//! An authority of one's own, with the certificate of a server that it signs.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, Error, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};

use super::trust::PemIdentity;
use crate::clock::wall_clock;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long certificates are valid.
const VALID: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// An authority, and a server that it vouches for. The key of the authority is gone: it signs nothing else.
pub struct OwnAuthority {
    /// What clients are to trust, as PEM.
    pub certificate: String,
    /// The certificate of the server, and its key.
    pub server: PemIdentity,
}

/// Why there is no authority.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a certificate for {names}: {why}")]
pub struct AuthorityError {
    /// The names that the certificate was to have.
    pub names: String,
    /// What went wrong.
    pub why: String,
}

impl OwnAuthority {
    /// Makes one for a server with these names and addresses.
    ///
    /// # Errors
    /// A name cannot stand in a certificate.
    pub fn new(names: &[String]) -> Result<Self, AuthorityError> {
        Self::make(names).map_err(|why| AuthorityError {
            names: names.join(", "),
            why: why.to_string(),
        })
    }

    fn make(names: &[String]) -> Result<Self, Error> {
        let mut params = params(&[], "phxproof serve --tls")?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let mut params = self::params(names, "the reference server of phxproof")?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority)?;
        Ok(Self {
            certificate: pem("CERTIFICATE", authority.der()),
            server: PemIdentity {
                certificate: pem("CERTIFICATE", certificate.der()).into_bytes(),
                key: pem("PRIVATE KEY", key.serialized_der()).into_bytes(),
            },
        })
    }
}

fn params(names: &[String], called: &str) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, called);
    // Clocks of clients may be behind.
    params.not_before = (wall_clock() - DAY).into();
    params.not_after = (wall_clock() + VALID).into();
    Ok(params)
}

/// Binary data as a block of text.
fn pem(kind: &str, der: &[u8]) -> String {
    const LINE: usize = 64;
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {kind}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(LINE));
        pem.push_str(line);
        pem.push('\n');
        rest = more;
    }
    pem.push_str(&format!("-----END {kind}-----\n"));
    pem
}
