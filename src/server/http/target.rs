//! The target of a request (RFC 9112, 3): which forms the web servers take, and which hosts.

use super::super::conduct::HttpConduct;

/// A target in its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The host and the port, if the target is a whole URL.
    pub(super) authority: Option<&'a str>,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
}

impl<'a> From<&'a str> for Target<'a> {
    fn from(target: &'a str) -> Self {
        let target = target.split('#').next().unwrap_or_default();
        let (authority, rest) = match after_scheme(target) {
            Some(rest) => {
                let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
                (Some(authority), rest)
            }
            None => (None, target),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Self {
            authority,
            path: if path.is_empty() { "/" } else { path },
            query,
        }
    }
}

fn after_scheme(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")).then_some(rest)
}

/// The status for a request whose first line asks for what is not served, however it goes on.
pub(super) fn refused(conduct: &HttpConduct, input: &[u8]) -> Option<u16> {
    let line = input.split(|&byte| byte == b'\n').next()?;
    let line = std::str::from_utf8(line.get(..line.len().min(conduct.max_request_line))?).ok()?;
    let (method, rest) = line.split_once(' ')?;
    if conduct.unserved_methods.contains(&method) {
        return Some(501);
    }
    // Without a second blank the target may be the begin of one.
    let (target, _) = rest.split_once(' ')?;
    let is_fine = target.starts_with('/')
        || after_scheme(target).is_some()
        || match method {
            "OPTIONS" => target == "*",
            "CONNECT" => true,
            _ => false,
        };
    (!is_fine).then_some(400)
}

/// Whether a host is a name or an address, with or without a port.
pub(super) fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            address
                .bytes()
                .all(|byte| byte.is_ascii_hexdigit() || b":.".contains(&byte))
                && (port.is_empty() || port.starts_with(':'))
        }
        None => {
            let name = text.split(':').next().unwrap_or_default();
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use crate::server::conduct::Conduct;

    fn parts(target: &str) -> (Option<&str>, &str, &str) {
        let Target {
            authority,
            path,
            query,
        } = target.into();
        (authority, path, query)
    }

    #[test]
    fn a_target_may_be_a_url_and_have_a_fragment() {
        assert_eq!(parts("http://a:1/b/c?d=e#f"), (Some("a:1"), "/b/c", "d=e"));
        assert_eq!(parts("HTTP://a?b"), (Some("a"), "/", "b"));
        assert_eq!(parts("/b#c?d"), (None, "/b", ""));
        assert_eq!(parts("/b?u=http://c/d"), (None, "/b", "u=http://c/d"));
    }

    #[test]
    fn other_targets_are_refused() {
        let both = |line: &str| {
            [Profile::BANDIT_1_8_12, Profile::COWBOY_1_8_12]
                .map(|profile| refused(&Conduct::of(profile).http, line.as_bytes()))
        };
        for line in ["GET /a HTTP/1.1", "GET http://a/b HTTP/1.1", "OPTIONS * HTTP/1.1"] {
            assert_eq!(both(line), [None, None], "{line}");
        }
        for line in [
            "GET a HTTP/1.1",
            "GET * HTTP/1.1",
            "GET ftp://a/b HTTP/1.1",
            "GET  /a HTTP/1.1",
        ] {
            assert_eq!(both(line), [Some(400), Some(400)], "{line}");
        }
        assert_eq!(both("CONNECT a:1 HTTP/1.1"), [None, Some(501)]);
        assert_eq!(both("TRACE / HTTP/7"), [None, Some(501)]);
    }

    #[test]
    fn hosts_are_names_and_addresses() {
        for host in ["", "a.example", "a_b:80", "a,b", "[::1]", "[::1]:80", "127.0.0.1"] {
            assert!(is_host(host), "{host}");
        }
        for host in ["a b", "a/b", "a%20b", "\"a\"", "[zz]", "[::1]x", "é"] {
            assert!(!is_host(host), "{host}");
        }
    }
}
