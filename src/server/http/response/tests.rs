//! Tests of the heads of responses.

use super::*;

const ASKED: Asked = Asked {
    version: Version::V11,
    body: BodyWanted::Yes,
    then: Then::KeepAlive,
};

fn written(response: &Response, look: Look, asked: Asked) -> String {
    let mut out = Vec::new();
    response.write(look, asked, &mut out);
    let text = String::from_utf8(out).unwrap();
    let lines = text
        .lines()
        .map(|line| if line.starts_with("date: ") { "date" } else { line });
    lines.collect::<Vec<_>>().join("|")
}

#[test]
fn a_header_of_the_applications_own_is_the_last_one() {
    let response = Response::new(200, "").with_header("x-token-age", 5);
    for look in [Look::Bandit, Look::Cowboy] {
        assert!(
            written(&response, look, ASKED).ends_with("|x-token-age: 5|"),
            "{look:?}"
        );
    }
}

#[test]
fn an_answer_in_json_lets_any_site_read_it_and_is_not_to_be_stored() {
    let response = Response::json(200, b"{}".to_vec(), Cache::NoStore);
    assert_eq!(
        written(&response, Look::Bandit, ASKED),
        "HTTP/1.1 200 OK|date|content-length: 2|vary: accept-encoding|cache-control: no-store|\
         access-control-allow-origin: *|content-type: application/json; charset=utf-8||{}"
    );
    assert_eq!(
        written(&response, Look::Cowboy, ASKED),
        "HTTP/1.1 200 OK|access-control-allow-origin: *|cache-control: no-store|content-length: 2|\
         content-type: application/json; charset=utf-8|date|server: Cowboy||{}"
    );
}

#[test]
fn a_preflight_request_gets_back_the_headers_that_it_asks_for() {
    let response = Response::preflight("content-type".to_owned());
    assert_eq!(
        written(&response, Look::Bandit, ASKED),
        "HTTP/1.1 200 OK|date|content-length: 0|vary: accept-encoding|\
         cache-control: max-age=0, private, must-revalidate|access-control-allow-origin: *|\
         access-control-allow-headers: content-type|access-control-allow-methods: get, post, options|\
         access-control-max-age: 3600|"
    );
    assert_eq!(
        written(&response, Look::Cowboy, ASKED),
        "HTTP/1.1 200 OK|access-control-allow-headers: content-type|\
         access-control-allow-methods: get, post, options|access-control-allow-origin: *|\
         access-control-max-age: 3600|cache-control: max-age=0, private, must-revalidate|content-length: 0|\
         date|server: Cowboy|"
    );
}

#[test]
fn bandit_begins_with_the_date_and_cowboy_goes_by_the_alphabet() {
    let response = Response::new(404, "not found");
    assert_eq!(
        written(&response, Look::Bandit, ASKED),
        "HTTP/1.1 404 Not Found|date|content-length: 9|vary: accept-encoding|\
         cache-control: max-age=0, private, must-revalidate||not found"
    );
    assert_eq!(
        written(&response, Look::Cowboy, ASKED),
        "HTTP/1.1 404 Not Found|cache-control: max-age=0, private, must-revalidate|content-length: 9|date|\
         server: Cowboy||not found"
    );
}

#[test]
fn a_head_request_gets_no_body() {
    let asked = Asked {
        body: BodyWanted::No,
        ..ASKED
    };
    assert!(written(&Response::new(404, "not found"), Look::Bandit, asked).contains("content-length: 9"));
    assert!(!written(&Response::new(400, ""), Look::Bandit, asked).contains("content-length"));
}

#[test]
fn what_the_web_server_refuses_has_hardly_a_head() {
    let refused = Response::refused(400);
    assert_eq!(
        written(&refused, Look::Bandit, ASKED),
        "HTTP/1.0 400 Bad Request|connection: close|"
    );
    assert_eq!(
        written(&refused, Look::Cowboy, ASKED),
        "HTTP/1.1 400 Bad Request|connection: close|content-length: 0|"
    );
}
