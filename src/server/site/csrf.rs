//! CSRF tokens: the secret of a session, masked anew for each page so that pages of one session differ
//! (`Plug.CSRFProtection`).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;

/// The letters of a secret, and of a mask.
pub(super) const LENGTH: usize = 24;

/// The token of a page: the secret combined with the mask, and the mask.
pub(super) fn masked(secret: &str, mask: &str) -> String {
    format!(
        "{}{mask}",
        URL_SAFE.encode(combined(secret.as_bytes(), mask.as_bytes()))
    )
}

/// The secret in a token.
pub(super) fn unmasked(token: &str) -> Option<Vec<u8>> {
    let at = token
        .len()
        .checked_sub(LENGTH)
        .filter(|at| token.is_char_boundary(*at))?;
    let (combination, mask) = token.split_at(at);
    let combination = URL_SAFE.decode(combination).ok()?;
    (combination.len() == LENGTH).then(|| combined(&combination, mask.as_bytes()))
}

fn combined(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}
