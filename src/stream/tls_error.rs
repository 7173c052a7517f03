//! Why TLS with another side failed, as a sentence that says what was wrong and what helps.

use std::time::{Duration, SystemTime};

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError, Error, InvalidMessage, PeerIncompatible};

/// Why TLS failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The certificate was valid until a time that is over.
    #[error("its certificate expired{}", at(.not_after))]
    Expired {
        /// When, if it is known.
        not_after: Option<SystemTime>,
    },
    /// The certificate becomes valid later.
    #[error("its certificate is not valid yet{}; is the clock of this machine right?", at(.not_before))]
    NotValidYet {
        /// When, if it is known.
        not_before: Option<SystemTime>,
    },
    /// The certificate is for another server.
    #[error(
        "its certificate is for {}, not for {asked}; use such a name in the URL, with --resolve HOST:PORT:ADDR if it has no address",
        names(.has)
    )]
    OtherName {
        /// The name that was asked for.
        asked: String,
        /// The names in the certificate.
        has: Vec<String>,
    },
    /// Nobody who is trusted has signed the certificate.
    #[error(
        "its certificate is signed by an authority that is not trusted; name the certificate of the authority with --cacert FILE"
    )]
    Untrusted,
    /// Anything else about the certificate.
    #[error("its certificate cannot be used: {0}")]
    Certificate(String),
    /// It answered in plain HTTP.
    #[error("it speaks HTTP without TLS; use ws:// or http:// in place of wss:// or https://")]
    PlainHttp,
    /// It sent something else that is not TLS.
    #[error("what it sent is not TLS")]
    NotTls,
    /// The two sides have no version of TLS in common.
    #[error("it speaks neither TLS 1.2 nor TLS 1.3, and older versions are not used")]
    Version,
    /// The two sides have no cipher suite, group or signature algorithm in common.
    #[error("it offers nothing that both sides can use: {0}")]
    NothingInCommon(String),
    /// It wants a certificate of the client and got none.
    #[error("it wants a client certificate; name one with --cert FILE --key FILE")]
    ClientCertificateWanted,
    /// It does not accept the certificate of the client.
    #[error("it does not accept the client certificate: {0}")]
    ClientCertificateRefused(String),
    /// It speaks no HTTP/1.1.
    #[error("it speaks no HTTP/1.1; WebSocket over HTTP/2 (RFC 8441) is not used")]
    NoHttp1,
    /// It ended the connection.
    #[error("it ended the connection during the handshake")]
    Ended,
    /// It refused with an alert.
    #[error("it refused with the alert {0}")]
    Alert(String),
    /// A message of the handshake is too long.
    #[error("it sent a message that is too long")]
    TooLong,
    /// Anything else.
    #[error("{0}")]
    Broken(String),
}

fn at(time: &Option<SystemTime>) -> String {
    time.map(|time| format!(" at {}", humantime::format_rfc3339_seconds(time)))
        .unwrap_or_default()
}

fn names(has: &[String]) -> String {
    if has.is_empty() {
        "nobody".to_owned()
    } else {
        has.join(", ")
    }
}

fn time(time: UnixTime) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(time.as_secs()))
}

impl TlsError {
    /// Holds the first bytes from a server against what TLS begins with: rustls would only say that they are wrong.
    pub(super) fn check_first(bytes: &[u8]) -> Result<(), Self> {
        const ALERT: u8 = 21;
        const HANDSHAKE: u8 = 22;
        if bytes.starts_with(b"HTTP/") {
            return Err(Self::PlainHttp);
        }
        match bytes.first() {
            None | Some(&(ALERT | HANDSHAKE)) => Ok(()),
            Some(_) => Err(Self::NotTls),
        }
    }

    /// The same error once it is known whether the server asked for a certificate, and whether it got one. Many servers
    /// say no more than that the handshake failed.
    pub(super) fn with_certificate(self, asked: Asked) -> Self {
        let Self::Alert(alert) = &self else { return self };
        if !ALERTS_ABOUT_CERTIFICATES.contains(&alert.as_str()) {
            return self;
        }
        match asked {
            Asked::No => self,
            Asked::GotNone => Self::ClientCertificateWanted,
            Asked::GotOne => Self::ClientCertificateRefused(alert.clone()),
        }
    }

    fn of_certificate(error: CertificateError) -> Self {
        match error {
            CertificateError::Expired => Self::Expired { not_after: None },
            CertificateError::ExpiredContext { not_after, .. } => Self::Expired {
                not_after: time(not_after),
            },
            CertificateError::NotValidYet => Self::NotValidYet { not_before: None },
            CertificateError::NotValidYetContext { not_before, .. } => Self::NotValidYet {
                not_before: time(not_before),
            },
            CertificateError::NotValidForNameContext { expected, presented } => Self::OtherName {
                asked: expected.to_str().into_owned(),
                has: presented.iter().map(|name| plain_name(name)).collect(),
            },
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Self::Untrusted,
            other => {
                let text = other.to_string();
                // An authority that signed itself and is used as a server's certificate.
                if text.contains("CaUsedAsEndEntity") {
                    Self::Untrusted
                } else {
                    Self::Certificate(text)
                }
            }
        }
    }
}

/// `DnsName("a.test")` is how rustls writes a name of a certificate.
fn plain_name(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"').to_owned()
}

/// What servers answer to a client whose certificate is missing or not right.
const ALERTS_ABOUT_CERTIFICATES: [&str; 9] = [
    "HandshakeFailure",
    "BadCertificate",
    "UnsupportedCertificate",
    "CertificateRevoked",
    "CertificateExpired",
    "CertificateUnknown",
    "UnknownCA",
    "AccessDenied",
    "DecryptError",
];

/// Whether a server asked for the certificate of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    No,
    GotNone,
    GotOne,
}

impl From<Error> for TlsError {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self::of_certificate(error),
            Error::AlertReceived(AlertDescription::ProtocolVersion)
            | Error::PeerIncompatible(
                PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::Tls12NotOfferedOrEnabled
                | PeerIncompatible::Tls13RequiredForQuic,
            ) => Self::Version,
            Error::AlertReceived(AlertDescription::CertificateRequired) => Self::ClientCertificateWanted,
            Error::AlertReceived(AlertDescription::NoApplicationProtocol) | Error::NoApplicationProtocol => {
                Self::NoHttp1
            }
            Error::AlertReceived(alert) => Self::Alert(format!("{alert:?}")),
            Error::PeerIncompatible(why) => Self::NothingInCommon(format!("{why:?}")),
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => Self::NotTls,
            Error::PeerSentOversizedRecord
            | Error::InvalidMessage(
                InvalidMessage::HandshakePayloadTooLarge | InvalidMessage::MessageTooLarge,
            ) => Self::TooLong,
            other => Self::Broken(other.to_string()),
        }
    }
}
