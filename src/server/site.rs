//! The sessions of the users of the pages, in a signed cookie as with `Plug.Session`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::token::{SECRET_KEY_BASE, Signer};
pub(crate) use session::SiteSession;

mod csrf;
mod session;

/// The name of the cookie.
pub(crate) const COOKIE: &str = "_phxproof_key";
/// The salt of its signature.
const SALT: &str = "phxproof session";

/// Signs sessions, and makes the random parts of CSRF tokens.
#[derive(Debug)]
pub(crate) struct Site {
    signer: Signer,
    /// The time of the start of the server. It makes the random parts of two servers differ.
    started: Duration,
    made: AtomicU64,
}

impl Site {
    /// The site of a server that starts now.
    pub(crate) fn new(now: Duration) -> Self {
        Self {
            signer: Signer::new(SECRET_KEY_BASE, SALT),
            started: now,
            made: AtomicU64::new(0),
        }
    }

    /// The session that the header `cookie` carries; a new one if it carries none that was signed here.
    pub(crate) fn session(&self, cookies: Option<&str>) -> SiteSession {
        let own = cookies
            .into_iter()
            .flat_map(|all| all.split(';'))
            .find_map(|pair| {
                let (name, value) = pair.trim().split_once('=')?;
                (name == COOKIE).then_some(value)
            });
        let kept = own.and_then(|value| SiteSession::decode(&self.signer.verify(value)?));
        kept.unwrap_or_default()
    }

    /// The value of the header `set-cookie` for a session.
    pub(crate) fn set_cookie(&self, session: &SiteSession) -> String {
        let value = self.signer.sign(&session.encode());
        format!("{COOKIE}={value}; path=/; HttpOnly; SameSite=Lax")
    }

    /// A CSRF token for a page. Each page has another one, which is masked, as in `Plug.CSRFProtection`.
    pub(crate) fn csrf_token(&self, session: &mut SiteSession) -> String {
        let secret = session.csrf.get_or_insert_with(|| self.random());
        csrf::masked(secret, &self.random())
    }

    /// Whether a form carries a CSRF token of its session.
    pub(crate) fn is_csrf_token(session: &SiteSession, token: &str) -> bool {
        session
            .csrf
            .as_deref()
            .is_some_and(|secret| csrf::unmasked(token).is_some_and(|sent| sent == secret.as_bytes()))
    }

    /// A text of 24 letters. Only someone who knows the secret of the server can guess it.
    fn random(&self) -> String {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let signed = self
            .signer
            .sign(format!("{}.{number}", self.started.as_nanos()).as_bytes());
        signed[signed.len() - csrf::LENGTH..].to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(line: &str) -> &str {
        line.split(';').next().unwrap()
    }

    #[test]
    fn a_session_comes_back_from_its_cookie_and_a_changed_one_does_not() {
        let site = Site::new(Duration::ZERO);
        let mut session = site.session(None);
        session.user = Some("ana@example.com".to_owned());
        let token = site.csrf_token(&mut session);
        let line = site.set_cookie(&session);
        let kept = site.session(Some(&format!("other=1; {}", cookie(&line))));
        assert_eq!(kept, session);
        assert!(Site::is_csrf_token(&kept, &token));
        let changed = cookie(&line).replace("_phxproof_key=SFMyNTY.", "_phxproof_key=SFMyNTY.A");
        assert_eq!(site.session(Some(&changed)), SiteSession::default());
    }

    #[test]
    fn every_page_has_another_csrf_token_and_those_of_other_sessions_are_refused() {
        let site = Site::new(Duration::ZERO);
        let (mut ana, mut bea) = (SiteSession::default(), SiteSession::default());
        let (first, second) = (site.csrf_token(&mut ana), site.csrf_token(&mut ana));
        assert_ne!(first, second);
        assert!(Site::is_csrf_token(&ana, &first) && Site::is_csrf_token(&ana, &second));
        site.csrf_token(&mut bea);
        assert!(!Site::is_csrf_token(&bea, &first) && !Site::is_csrf_token(&SiteSession::default(), &first));
        assert!(!Site::is_csrf_token(&ana, "") && !Site::is_csrf_token(&ana, "wrong"));
    }
}
