//! Keeps foreign web pages from steering a run: a page of another origin in the user's browser, or one whose name was
//! made to point at this machine (DNS rebinding).

use std::net::{IpAddr, SocketAddr};

use super::answer::Answer;
use super::request::LiveRequest;

/// Refuses a request that a foreign page has made. A server on loopback answers nothing to a foreign name; one with an
/// address of the network is read under any name, but steered only under its address.
pub(super) fn admit(request: &LiveRequest, local: SocketAddr) -> Result<(), Answer> {
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    if reads && !local.ip().is_loopback() {
        return Ok(());
    }
    let host = request.host.as_deref().unwrap_or_default();
    if !is_address(host) {
        return Err(Answer::text(
            421,
            format!(
                "this server is not `{}`: use its address, http://{local}/\n",
                host.escape_debug()
            ),
        ));
    }
    let is_own = request
        .origin
        .as_deref()
        .is_none_or(|origin| origin == format!("http://{host}"));
    let is_asked_here = request
        .fetch_site
        .as_deref()
        .is_none_or(|site| matches!(site, "same-origin" | "none"));
    let is_foreign = !is_own || !is_asked_here;
    if !reads && is_foreign {
        return Err(Answer::text(
            403,
            "a page of another origin may not steer this run\n",
        ));
    }
    Ok(())
}

/// Whether a `Host` is an address or `localhost`, and so no name that somebody else can point here.
fn is_address(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|it| it.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    name.eq_ignore_ascii_case("localhost") || bare.unwrap_or(name).parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: &str = "127.0.0.1:9000";
    const NETWORK: &str = "0.0.0.0:9000";

    fn asked(method: &str, host: &str, origin: Option<&str>) -> LiveRequest {
        LiveRequest {
            method: method.to_owned(),
            host: Some(host.to_owned()),
            origin: origin.map(str::to_owned),
            ..LiveRequest::default()
        }
    }

    fn status(request: &LiveRequest, local: &str) -> u16 {
        admit(request, local.parse().unwrap()).map_or_else(|answer| answer.status, |()| 200)
    }

    #[test]
    fn a_request_of_the_page_itself_or_of_a_program_is_admitted() {
        for host in [LOOPBACK, "localhost:9000", "[::1]:9000", "192.168.1.7"] {
            assert_eq!(status(&asked("GET", host, None), LOOPBACK), 200, "{host}");
            assert_eq!(status(&asked("PUT", host, None), LOOPBACK), 200, "{host}");
            let own = format!("http://{host}");
            assert_eq!(status(&asked("PUT", host, Some(&own)), NETWORK), 200, "{host}");
        }
        assert_eq!(status(&asked("GET", "build-box:9000", None), NETWORK), 200);
    }

    #[test]
    fn a_page_of_another_origin_does_not_steer() {
        for origin in [
            "http://evil.example",
            "null",
            "http://127.0.0.1:8000",
            "https://127.0.0.1:9000",
        ] {
            assert_eq!(
                status(&asked("PUT", LOOPBACK, Some(origin)), LOOPBACK),
                403,
                "{origin}"
            );
        }
        let mut without_origin = asked("PUT", LOOPBACK, None);
        without_origin.fetch_site = Some("cross-site".to_owned());
        assert_eq!(status(&without_origin, LOOPBACK), 403);
    }

    #[test]
    fn a_name_that_was_made_to_point_here_gets_nothing() {
        let rebound = asked("PUT", "evil.example:9000", Some("http://evil.example:9000"));
        assert_eq!([LOOPBACK, NETWORK].map(|it| status(&rebound, it)), [421, 421]);
        assert_eq!(status(&asked("GET", "evil.example:9000", None), LOOPBACK), 421);
        assert_eq!(
            status(
                &LiveRequest {
                    method: "PUT".to_owned(),
                    ..LiveRequest::default()
                },
                LOOPBACK
            ),
            421
        );
    }
}
