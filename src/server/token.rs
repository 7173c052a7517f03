//! Signed tokens, as `Phoenix.Token` and `Plug.Crypto` make and read them. Time is an argument, as a duration since 1970.

use std::time::Duration;

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::conduct::TokenCheck;

mod term;
#[cfg(test)]
mod tests;

/// The secret of the recorded servers (`application.ex`), so that their tokens are good here and ours there.
pub(crate) const SECRET_KEY_BASE: &str =
    "phxproofphxproofphxproofphxproofphxproofphxproofphxproofphxproofphxproofphxproof";
/// The salt of the tokens that a socket is let in with.
pub(crate) const USER_SALT: &str = "user socket";
/// How long such a token is good (`user_socket.ex`).
pub(crate) const MAX_AGE: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How the text of every token begins: the name of the algorithm, in base64.
const PROTECTED: &str = "SFMyNTY";
/// The age that stands in a token for those who don't ask for another.
const DEFAULT_MAX_AGE: Duration = Duration::from_secs(86_400);

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// It is not a token, or another server signed it, or it is from the future.
    #[error("the token was not signed here")]
    Invalid,
    /// It is older than allowed.
    #[error("the token is too old")]
    Expired,
}

/// Signs names, and reads what it signed.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    signer: Signer,
    check: TokenCheck,
}

impl Tokens {
    /// Derives the key, which takes a thousand rounds: once a server, not once a token.
    pub(crate) fn new(secret_key_base: &str, salt: &str, check: TokenCheck) -> Self {
        Self {
            signer: Signer::new(secret_key_base, salt),
            check,
        }
    }

    /// A token for a name, signed now.
    pub(crate) fn sign(&self, name: &str, now: Duration) -> String {
        self.signer
            .sign(&term::encode(name, millis(now), DEFAULT_MAX_AGE))
    }

    /// The name in a token that was signed here no longer than `max_age` ago.
    ///
    /// # Errors
    /// If it was not, or not here.
    pub(crate) fn verify(&self, token: &str, now: Duration, max_age: Duration) -> Result<String, TokenError> {
        let payload = match self.check {
            TokenCheck::All | TokenCheck::SignatureOnly | TokenCheck::AtMostADay => self.signer.verify(token),
            TokenCheck::AgeOnly => unsigned_payload(token),
        };
        let (name, signed) = payload
            .as_deref()
            .and_then(term::decode)
            .ok_or(TokenError::Invalid)?;
        let max_age = if self.check == TokenCheck::AtMostADay {
            DEFAULT_MAX_AGE
        } else {
            max_age
        };
        let oldest = i128::from(millis(now)) - i128::from(millis(max_age));
        if self.check == TokenCheck::SignatureOnly {
            return Ok(name.to_owned());
        }
        if signed > i128::from(millis(now)) {
            return Err(TokenError::Invalid);
        }
        if signed < oldest {
            return Err(TokenError::Expired);
        }
        Ok(name.to_owned())
    }
}

/// `Plug.Crypto.MessageVerifier`: bytes with a signature. Long poll sessions carry other terms than [`Tokens`] does.
#[derive(Clone, Debug)]
pub(crate) struct Signer {
    keyed: Hmac<Sha256>,
}

impl Signer {
    /// PBKDF2-HMAC-SHA256, 1000 rounds, 32 bytes, as `Plug.Crypto` derives its keys unless told otherwise.
    pub(crate) fn new(secret_key_base: &str, salt: &str) -> Self {
        let key: [u8; 32] =
            pbkdf2::pbkdf2_hmac_array::<Sha256, 32>(secret_key_base.as_bytes(), salt.as_bytes(), 1000);
        let keyed = Hmac::new_from_slice(&key).expect("a key of any length will do");
        Self { keyed }
    }

    /// `SFMyNTY.<payload>.<signature>`
    pub(crate) fn sign(&self, payload: &[u8]) -> String {
        let plain = format!("{PROTECTED}.{}", URL_SAFE_NO_PAD.encode(payload));
        let signature = self.keyed.clone().chain_update(&plain).finalize().into_bytes();
        format!("{plain}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// The payload, if the signature is ours. Takes the same time wherever it differs.
    pub(crate) fn verify(&self, token: &str) -> Option<Vec<u8>> {
        let (plain, signature) = token.rsplit_once('.')?;
        let payload = unsigned_payload(token)?;
        let signature = decode_base64(signature)?;
        self.keyed
            .clone()
            .chain_update(plain)
            .verify_slice(&signature)
            .ok()?;
        Some(payload)
    }
}

/// The payload of what has the form of a token.
fn unsigned_payload(token: &str) -> Option<Vec<u8>> {
    let mut parts = token.split('.');
    let (protected, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    (protected == PROTECTED && parts.next().is_none()).then(|| decode_base64(payload))?
}

/// `Base.url_decode64(text, padding: false)`: padding is all there or not at all, and the bits behind the last byte
/// may be anything.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone);
    const BARE: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);
    const PADDED: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        LENIENT.with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
    );
    if text.ends_with('=') {
        PADDED.decode(text).ok()
    } else {
        BARE.decode(text).ok()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
