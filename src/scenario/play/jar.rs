//! The cookies of a user: kept from answers, and sent with its requests, its upgrades and its polls.
//!
//! All requests of a user go to the server under test, so a cookie is kept by its name and path; its domain and
//! `Secure` are not looked at.

use std::time::{Duration, UNIX_EPOCH};

use cookie::Cookie;

use crate::clock::Time;
use crate::transport::Response;

/// A user keeps no more cookies than this; the oldest one goes first.
const MOST_COOKIES: usize = 50;
/// A longer cookie is not kept, as in browsers.
const LONGEST_COOKIE: usize = 4096;

/// The cookies of a user.
#[derive(Clone, Debug, Default)]
pub(super) struct CookieJar(Vec<KeptCookie>);

#[derive(Clone, Debug)]
struct KeptCookie {
    name: Box<str>,
    value: Box<str>,
    path: Box<str>,
    until: Time,
}

impl CookieJar {
    /// Keeps the cookies of an answer to a request for `path`, and drops those that the answer ends.
    pub(super) fn keep(&mut self, path: &str, response: &Response, now: Time) {
        let lines = response.headers.iter().filter(|(name, _)| name == "set-cookie");
        for (_, line) in lines.filter(|(_, line)| line.len() <= LONGEST_COOKIE) {
            // A browser drops a cookie that cannot be read, too.
            let Ok(cookie) = Cookie::parse(line.as_str()) else {
                continue;
            };
            let own = cookie.path().filter(|path| path.starts_with('/'));
            let path = own.map_or_else(|| folder_of(path), str::to_owned);
            self.0
                .retain(|kept| *kept.name != *cookie.name() || *kept.path != *path);
            let until = ends_at(&cookie, response.header("date"), now);
            if until > now {
                self.0.push(KeptCookie {
                    name: cookie.name().into(),
                    value: cookie.value().into(),
                    path: path.into(),
                    until,
                });
            }
        }
        let too_many = self.0.len().saturating_sub(MOST_COOKIES);
        self.0.drain(..too_many);
    }

    /// The value of the header `Cookie` of a request for `path`, if any cookie goes with it. Cookies with longer paths
    /// come first (RFC 6265, 5.4).
    pub(super) fn header(&self, path: &str, now: Time) -> Option<String> {
        let path = without_query(path);
        let mut sent: Vec<&KeptCookie> = self
            .0
            .iter()
            .filter(|kept| kept.until > now && is_below(path, &kept.path))
            .collect();
        sent.sort_by_key(|kept| std::cmp::Reverse(kept.path.len()));
        let pairs: Vec<String> = sent
            .iter()
            .map(|kept| format!("{}={}", kept.name, kept.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// When a cookie ends. A date is compared with that of the answer, as the clocks of two machines may differ.
fn ends_at(cookie: &Cookie<'_>, answered: Option<&str>, now: Time) -> Time {
    if let Some(age) = cookie.max_age() {
        let seconds = u64::try_from(age.whole_seconds()).unwrap_or_default();
        return now + Duration::from_secs(seconds.min(LONGEST_AGE));
    }
    let Some(expires) = cookie.expires_datetime() else {
        return Time::MAX;
    };
    let answered = answered.and_then(|date| httpdate::parse_http_date(date).ok());
    let answered = answered.and_then(|date| date.duration_since(UNIX_EPOCH).ok());
    let answered = answered.map_or(0, |date| i64::try_from(date.as_secs()).unwrap_or(i64::MAX));
    // Without a date of the answer only a cookie that ends in 1970 or before is taken for one that is over.
    let left = expires.unix_timestamp().saturating_sub(answered);
    now + Duration::from_secs(u64::try_from(left).unwrap_or_default().min(LONGEST_AGE))
}

/// A year, which is longer than any run.
const LONGEST_AGE: u64 = 365 * 24 * 60 * 60;

/// The path of a cookie that names none: that of the request up to its last slash (RFC 6265, 5.1.4).
fn folder_of(path: &str) -> String {
    match without_query(path).rsplit_once('/') {
        None | Some(("", _)) => "/".to_owned(),
        Some((folder, _)) => folder.to_owned(),
    }
}

fn without_query(path: &str) -> &str {
    path.split(['?', '#']).next().unwrap_or_default()
}

/// Whether a cookie of this path goes with a request (RFC 6265, 5.1.4).
fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || folder.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::ZERO;

    fn response(lines: &[&str]) -> Response {
        let date = ("date", "Sun, 29 Nov 2026 10:00:00 GMT");
        let cookies = lines.iter().map(|line| ("set-cookie", *line));
        let headers = cookies.chain([date]);
        Response {
            status: 200,
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: Vec::new(),
            truncated: None,
        }
    }

    fn jar(lines: &[&str]) -> CookieJar {
        let mut jar = CookieJar::default();
        jar.keep("/login", &response(lines), NOW);
        jar
    }

    #[test]
    fn a_session_cookie_goes_with_every_request() {
        let mut jar = jar(&["_app_key=SFMyNTY.a=.b; path=/; HttpOnly; SameSite=Lax"]);
        assert_eq!(
            jar.header("/socket/websocket?vsn=2.0.0", NOW).as_deref(),
            Some("_app_key=SFMyNTY.a=.b")
        );
        jar.keep("/login", &response(&["_app_key=new; path=/"]), NOW);
        assert_eq!(jar.header("/", NOW).as_deref(), Some("_app_key=new"));
    }

    #[test]
    fn a_cookie_goes_only_below_its_path_and_longer_paths_come_first() {
        let jar = jar(&["a=1; path=/", "b=2; path=/watch", "c=3; path=/watch/"]);
        assert_eq!(jar.header("/watch/7?x=/", NOW).as_deref(), Some("c=3; b=2; a=1"));
        assert_eq!(jar.header("/watch", NOW).as_deref(), Some("b=2; a=1"));
        assert_eq!(jar.header("/watcher", NOW).as_deref(), Some("a=1"));
        let mut own = CookieJar::default();
        own.keep("/users/log-in?x", &response(&["d=4"]), NOW);
        assert_eq!(own.header("/users/other", NOW).as_deref(), Some("d=4"));
        assert_eq!(own.header("/", NOW), None);
    }

    #[test]
    fn a_cookie_that_is_over_is_dropped() {
        let mut jar = jar(&[
            "a=1; path=/",
            "b=2; path=/; max-age=10",
            "c=3; path=/; expires=Sun, 29 Nov 2026 10:00:05 GMT",
        ]);
        assert_eq!(
            jar.header("/", NOW + Duration::from_secs(4)).as_deref(),
            Some("a=1; b=2; c=3")
        );
        assert_eq!(
            jar.header("/", NOW + Duration::from_secs(7)).as_deref(),
            Some("a=1; b=2")
        );
        assert_eq!(
            jar.header("/", NOW + Duration::from_secs(11)).as_deref(),
            Some("a=1")
        );
        jar.keep(
            "/",
            &response(&[
                "a=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT",
                "b=; path=/; max-age=0",
            ]),
            NOW,
        );
        assert_eq!(jar.header("/", NOW).as_deref(), Some("c=3"));
    }

    #[test]
    fn invalid_and_surplus_cookies_are_not_kept() {
        let long = format!("a={}", "x".repeat(LONGEST_COOKIE));
        assert_eq!(jar(&["", "=;", &long]).header("/", NOW), None);
        let many: Vec<String> = (0..60).map(|number| format!("c{number}=1; path=/")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let sent = jar(&many).header("/", NOW).unwrap();
        assert!(sent.starts_with("c10=1") && sent.ends_with("c59=1"), "{sent}");
    }
}
