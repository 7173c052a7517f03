//! Whom a client trusts and who it says it is: the settings of its TLS.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, ServerConfig, SignatureScheme};

use super::tls::Tls;
use super::tls_error::{Asked, TlsError};

/// The only protocol that is spoken over TLS.
const HTTP_1: &[u8] = b"http/1.1";

/// Whether certificates of servers are verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificates {
    /// They are.
    #[default]
    Verified,
    /// Any is accepted: `--insecure`.
    Insecure,
}

/// What TLS needs to know, in the formats of files.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Whether certificates of servers are verified.
    pub certificates: Certificates,
    /// Authorities that are trusted beside those of the system, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// The certificate of the client.
    pub identity: Option<PemIdentity>,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct PemIdentity {
    /// The certificate and those between it and the authority, as PEM.
    pub certificate: Vec<u8>,
    /// The key, as PEM.
    pub key: Vec<u8>,
}

impl fmt::Debug for PemIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PemIdentity").finish_non_exhaustive()
    }
}

/// What is wrong with a file of certificates or with a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The authorities cannot be read.
    #[error("it has no certificate of an authority: {0}; expected PEM, `-----BEGIN CERTIFICATE-----`")]
    Authorities(String),
    /// The certificate cannot be read.
    #[error("it has no certificate: {0}; expected PEM, `-----BEGIN CERTIFICATE-----`")]
    Certificate(String),
    /// The key cannot be read.
    #[error("it has no private key: {0}; expected PEM, `-----BEGIN PRIVATE KEY-----`")]
    Key(String),
    /// The key is not that of the certificate.
    #[error("the key cannot be used with the certificate: {0}")]
    Mismatch(String),
}

/// The TLS of a client.
#[derive(Clone, Debug)]
pub struct ClientTls {
    /// For connections that may shorten the handshake, as a client that was there before does.
    config: Arc<ClientConfig>,
    /// For connections that have never been there.
    stranger: Arc<ClientConfig>,
    resolver: Arc<OwnCertificate>,
    certificates: Certificates,
}

impl ClientTls {
    /// With these settings.
    ///
    /// # Errors
    /// A certificate or a key cannot be used.
    pub fn new(trust: &Trust) -> Result<Self, TrustError> {
        let key = trust.identity.as_ref().map(certified_key).transpose()?;
        let resolver = Arc::new(OwnCertificate {
            key,
            asked: AtomicBool::new(false),
        });
        let builder = ClientConfig::builder_with_provider(provider())
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .map_err(|why| TrustError::Mismatch(why.to_string()))?;
        let builder = match trust.certificates {
            Certificates::Verified => builder.with_root_certificates(roots(trust.authorities.as_deref())?),
            Certificates::Insecure => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(TrustAnyone(provider()))),
        };
        let mut config = builder.with_client_cert_resolver(Arc::<OwnCertificate>::clone(&resolver));
        config.alpn_protocols = vec![HTTP_1.to_vec()];
        let mut stranger = config.clone();
        stranger.resumption = Resumption::disabled();
        config.resumption = Resumption::in_memory_sessions(256);
        Ok(Self {
            config: Arc::new(config),
            stranger: Arc::new(stranger),
            resolver,
            certificates: trust.certificates,
        })
    }

    /// Trusts the authorities of the system, and has no certificate of its own.
    pub(super) fn usual() -> &'static Self {
        static USUAL: LazyLock<ClientTls> = LazyLock::new(|| {
            ClientTls::new(&Trust::default()).expect("settings without files cannot be wrong")
        });
        &USUAL
    }

    /// Whether certificates of servers are verified.
    pub const fn certificates(&self) -> Certificates {
        self.certificates
    }

    /// TLS to the server of this name.
    ///
    /// # Errors
    /// No certificate can have such a name.
    pub fn to(&self, name: &str) -> Result<SecureTo, TlsError> {
        let no_name = |_| TlsError::Broken(format!("{name:?} is no name that a certificate can have"));
        Ok(SecureTo {
            tls: self.clone(),
            name: ServerName::try_from(name.to_owned()).map_err(no_name)?,
        })
    }
}

/// TLS of a client to one server.
#[derive(Clone, Debug)]
pub struct SecureTo {
    tls: ClientTls,
    name: ServerName<'static>,
}

/// Whether a client may shorten the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// It has never been at the server.
    Full,
    /// It may have been there before.
    Resumable,
}

impl SecureTo {
    /// The TLS of a new connection; its first bytes are appended to `out`.
    pub(super) fn begin(&self, handshake: Handshake, out: &mut Vec<u8>) -> Result<Tls, TlsError> {
        let config = match handshake {
            Handshake::Full => &self.tls.stranger,
            Handshake::Resumable => &self.tls.config,
        };
        Tls::client(Arc::clone(config), self.name.clone(), out)
    }

    /// Says of an error what it means for a client that has, or has not, a certificate.
    pub fn explained(&self, error: TlsError) -> TlsError {
        error.with_certificate(self.tls.resolver.asked())
    }
}

/// The TLS of a server.
#[derive(Clone, Debug)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
}

impl ServerTls {
    /// With this certificate. Handshakes can be shortened; what that needs is in the tickets that clients keep.
    ///
    /// # Errors
    /// The certificate or its key cannot be used.
    pub fn new(identity: &PemIdentity) -> Result<Self, TrustError> {
        let unusable = |why: Error| TrustError::Mismatch(why.to_string());
        let key = certified_key(identity)?;
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(rustls::ALL_VERSIONS)
            .map_err(unusable)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::unwrap_or_clone(key))));
        config.alpn_protocols = vec![HTTP_1.to_vec()];
        config.ticketer = aws_lc_rs::Ticketer::new().map_err(unusable)?;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Self {
            config: Arc::new(config),
        })
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }
}

/// The one implementation of cryptography. It is named wherever a configuration is built, as rustls refuses to choose
/// where a build has several.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> =
        LazyLock::new(|| Arc::new(aws_lc_rs::default_provider()));
    Arc::clone(&PROVIDER)
}

fn roots(authorities: Option<&[u8]>) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    // Certificates of the system that cannot be used are those of authorities that this client does not trust then.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = authorities {
        for certificate in certificates(pem).map_err(TrustError::Authorities)? {
            roots
                .add(certificate)
                .map_err(|why| TrustError::Authorities(why.to_string()))?;
        }
    }
    Ok(roots)
}

/// All certificates of a PEM file; at least one.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match all {
        Ok(all) if all.is_empty() => Err("nothing in it is one".to_owned()),
        Ok(all) => Ok(all),
        Err(why) => Err(why.to_string()),
    }
}

/// A certificate with its key, as rustls wants them.
pub(super) fn certified_key(identity: &PemIdentity) -> Result<Arc<CertifiedKey>, TrustError> {
    let chain = certificates(&identity.certificate).map_err(TrustError::Certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&identity.key).map_err(|why| TrustError::Key(why.to_string()))?;
    CertifiedKey::from_der(chain, key, &provider())
        .map(Arc::new)
        .map_err(|why| TrustError::Mismatch(why.to_string()))
}

/// The certificate of the client, if it has one; notices whether a server asked for it.
#[derive(Debug)]
struct OwnCertificate {
    key: Option<Arc<CertifiedKey>>,
    asked: AtomicBool,
}

impl OwnCertificate {
    fn asked(&self) -> Asked {
        match (self.asked.load(Ordering::Relaxed), &self.key) {
            (false, _) => Asked::No,
            (_, None) => Asked::GotNone,
            (_, Some(_)) => Asked::GotOne,
        }
    }
}

impl ResolvesClientCert for OwnCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        self.key.is_some()
    }
}

/// Accepts any certificate, but only from whom has its key.
#[derive(Debug)]
struct TrustAnyone(Arc<CryptoProvider>);

impl ServerCertVerifier for TrustAnyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
