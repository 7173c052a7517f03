//! Certificates that tests make for themselves, and a small server of TLS.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};

/// An authority that nobody trusts by itself.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate with its key, signed by an authority.
pub(crate) struct Signed {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(DnType::CommonName, "an authority of the tests");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    /// A certificate for these names, changed by `change` before it is signed.
    pub(crate) fn sign(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Signed {
        let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Signed {
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }

    /// Its certificate as a file.
    pub(crate) fn write(&self, folder: &Path) -> PathBuf {
        write(folder, "authority.pem", "CERTIFICATE", self.issuer.der())
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        roots
    }
}

impl Signed {
    /// Certificate and key as files.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> [PathBuf; 2] {
        [
            write(folder, &format!("{name}.pem"), "CERTIFICATE", &self.certificate),
            write(folder, &format!("{name}.key"), "PRIVATE KEY", &self.key),
        ]
    }
}

fn write(folder: &Path, name: &str, kind: &str, der: &[u8]) -> PathBuf {
    let path = folder.join(name);
    let text = format!(
        "-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n",
        STANDARD.encode(der)
    );
    std::fs::write(&path, text).unwrap();
    path
}

/// Whose certificate a server wants of its clients.
pub(crate) enum Clients<'a> {
    Anyone,
    Of(&'a Authority),
}

/// The settings of a server with this certificate.
pub(crate) fn settings(signed: &Signed, clients: Clients<'_>) -> ServerConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        Clients::Anyone => builder.with_no_client_auth(),
        Clients::Of(authority) => {
            let roots = Arc::new(authority.roots());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signed.key.clone()));
    builder
        .with_single_cert(vec![signed.certificate.clone()], key)
        .unwrap()
}

/// A server that answers each request with 404, over TLS; the place where it listens.
pub(crate) fn serve(settings: ServerConfig) -> SocketAddr {
    let settings = Arc::new(settings);
    accept(move |tcp| {
        let connection = ServerConnection::new(Arc::clone(&settings)).unwrap();
        let mut stream = StreamOwned::new(connection, tcp);
        let mut request = [0; 4096];
        if stream.read(&mut request).is_ok_and(|count| count > 0) {
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n");
        }
        let _ = stream.flush();
    })
}

/// A server that handles each connection in this way.
pub(crate) fn accept(handle: impl Fn(std::net::TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(handle));
    address
}
