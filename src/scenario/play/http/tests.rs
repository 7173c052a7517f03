//! Tests of requests in which the test is the server.

use std::time::Duration;

use super::super::{ConnectOptions, Happening, PlayStatus, Purpose, Setting};
use super::*;
use crate::protocol::Vsn;
use crate::scenario::read;

/// A play whose requests the test answers.
struct Table {
    play: Play,
    asked: Option<RequestId>,
}

impl Table {
    fn new(steps: &str) -> Self {
        let program = read("a.yaml", &format!("about: A.\nfresh: [video]\nsteps:\n{steps}")).unwrap();
        let setting = Setting {
            timeout: Duration::from_secs(5),
            round_trip: Duration::ZERO,
            vsn: Vsn::V2,
            offers: Vec::new(),
            first_fresh: 100,
            first_user: 0,
            purpose: Purpose::Case,
        };
        let mut play = Play::new(Arc::new(program), setting);
        play.begin(Time::ZERO);
        Self { play, asked: None }
    }

    /// The next request, as `METHOD PATH` with its headers and its body.
    fn asks(&mut self) -> (String, HttpRequest) {
        match self.play.next_command() {
            Some(Command::Http(id, request)) => {
                self.asked = Some(id);
                (format!("{} {}", request.method, request.path), request)
            }
            other => panic!("{other:?}"),
        }
    }

    fn connects(&mut self) -> ConnectOptions {
        match self.play.next_command() {
            Some(Command::Connect(_, options)) => options,
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self, status: u16, headers: &[(&str, &str)], body: &str) {
        let headers = headers.iter();
        let response = Response {
            status,
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.as_bytes().to_vec(),
            truncated: None,
        };
        let id = self.asked.take().unwrap();
        self.play.handle(Happening::Http(id, Ok(response)), Time::ZERO);
    }

    /// The failed expectation, and the actual answer.
    fn failure(&self) -> String {
        match self.play.progress() {
            PlayStatus::Failed(it) => {
                let actor = it.actor.as_deref().unwrap_or("nobody");
                format!(
                    "{} {actor}: {}; expected {}; {}",
                    it.at, it.what, it.expected, it.actual
                )
            }
            other => panic!("{other:?}"),
        }
    }
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    let mut headers = request.headers.iter();
    headers
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.as_str())
}

const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");

#[test]
fn a_user_logs_in_with_values_of_the_page_and_connects_with_its_cookie() {
    let mut table = Table::new(
        "  - ana: { http: GET /login, save: { csrf: { css: \"input[name=_csrf_token]\", attribute: value } } }\n  \
           - ana:\n      http: POST /login\n      form: { _csrf_token: \"{{csrf}}\", \"user[email]\": a b@c }\n      \
             save: { token: { regex: 'userToken = \"(.*?)\"' }, next: { header: x-next }, title: { css: h1 } }\n  \
           - ana: { http: \"GET {{next}}\", save: { id: /data/id } }\n  \
           - ana: { connect: socket, params: { token: \"{{token}}\", id: \"{{id}}\", title: \"{{title}}\" } }\n",
    );
    let (line, request) = table.asks();
    assert_eq!((line.as_str(), header(&request, "Cookie")), ("GET /login", None));
    let page = "<form><input name=_csrf_token value='t&amp;1'></form>";
    table.answer(200, &[HTML, ("set-cookie", "key=one; path=/; HttpOnly")], page);
    let (line, request) = table.asks();
    assert_eq!(
        (line.as_str(), header(&request, "Cookie")),
        ("POST /login", Some("key=one"))
    );
    assert_eq!(
        request.body.as_deref(),
        Some("_csrf_token=t%261&user[email]=a%20b%40c")
    );
    assert_eq!(
        header(&request, "Content-Type"),
        Some("application/x-www-form-urlencoded")
    );
    table.answer(
        302,
        &[("location", "/watch/7"), ("set-cookie", "key=two; path=/")],
        "",
    );
    let (line, request) = table.asks();
    assert_eq!(
        (line.as_str(), header(&request, "Cookie")),
        ("GET /watch/7", Some("key=two"))
    );
    assert_eq!(
        (request.body.as_deref(), header(&request, "Content-Type")),
        (None, None)
    );
    let page = "<h1> Video 7\n</h1><script>userToken = \"SFM.1\"</script>";
    table.answer(200, &[HTML, ("x-next", "/api/me")], page);
    assert_eq!(table.asks().0, "GET /api/me");
    table.answer(200, &[], r#"{"data":{"id":5}}"#);
    let request = table.connects().request;
    let said: Vec<_> = request
        .params
        .iter()
        .map(|(_, value)| value.as_deref().unwrap())
        .collect();
    assert_eq!(said, ["SFM.1", "5", "Video 7"]);
    assert_eq!(
        request.headers,
        [("Cookie".to_owned(), Some("key=two".to_owned()))]
    );
}

#[test]
fn the_cookies_of_one_user_go_with_no_request_of_another() {
    let mut table =
        Table::new("  - ana: { http: GET / }\n  - bea: { http: GET / }\n  - http: GET /\n  - bea: connect\n");
    for cookie in ["key=ana", "key=bea", "key=nobody"] {
        assert_eq!(header(&table.asks().1, "Cookie"), None);
        table.answer(200, &[("set-cookie", cookie)], "");
    }
    let headers = table.connects().request.headers;
    assert_eq!(headers, [("Cookie".to_owned(), Some("key=bea".to_owned()))]);
}

#[test]
fn the_answers_to_requests_that_run_together_may_come_in_any_order() {
    let mut table =
        Table::new("  - ana, bea: { http: \"GET /watch/{{video}}\" }\n  - ana: connect\n  - bea: connect\n");
    table.asks();
    let first = table.asked;
    table.asks();
    table.answer(200, &[("set-cookie", "key=bea; path=/")], "");
    table.asked = first;
    table.answer(200, &[("set-cookie", "key=ana; path=/")], "");
    let headers = table.connects().request.headers;
    assert_eq!(headers, [("Cookie".to_owned(), Some("key=ana".to_owned()))]);
}

#[test]
fn a_body_in_json_keeps_its_types_and_is_sent_again_where_a_redirect_asks_for_it() {
    let mut table = Table::new("  - ana: { http: POST /api, json: { at: 5, video: \"{{video}}\" } }\n");
    let (_, request) = table.asks();
    assert_eq!(request.body.as_deref(), Some(r#"{"at":5,"video":"100"}"#));
    table.answer(308, &[("location", "v2")], "");
    let (line, request) = table.asks();
    assert_eq!(line, "POST /v2");
    assert_eq!(request.body.as_deref(), Some(r#"{"at":5,"video":"100"}"#));
    assert_eq!(header(&request, "Content-Type"), Some("application/json"));
}

#[test]
fn redirects_are_followed_only_so_far_and_not_where_one_is_awaited() {
    let mut table = Table::new("  - ana: { http: GET /a, follow: 2 }\n");
    for _ in 0..3 {
        table.asks();
        table.answer(302, &[("location", "/b")], "");
    }
    let expected = "a.yaml:4:10 ana: the request was redirected again and again; expected at most 2 redirects; 302 to /b";
    assert_eq!(table.failure(), expected);
    let mut table = Table::new(
        "  - ana: { http: GET /a, answer: 302, save: { to: { header: location } } }\n  - http: GET {{to}}\n",
    );
    table.asks();
    table.answer(302, &[("location", "/b")], "");
    assert_eq!(table.asks().0, "GET /b");
}

#[test]
fn a_failed_save_shows_the_answer() {
    let page = "<html><head><title>Log in</title><script>x</script></head><body><p role=alert>Invalid email or password</p></body></html>";
    let failure = |save: &str| {
        let mut table = Table::new(&format!(
            "  - ana: {{ http: POST /login, save: {{ a: {save} }} }}\n"
        ));
        table.asks();
        table.answer(200, &[HTML], page);
        table.failure()
    };
    let all = [
        "{ css: \"meta[name=user-token]\", attribute: content }",
        "{ css: p, attribute: id }",
        "{ regex: 'token=(\\w+)' }",
        "{ header: location }",
        "/token",
    ];
    insta::assert_snapshot!(all.map(failure).join("\n"));
}

#[test]
fn a_status_from_400_fails_a_step_of_a_user_unless_the_step_expects_it() {
    let failure = |step: &str| {
        let mut table = Table::new(step);
        table.asks();
        table.answer(403, &[], "invalid CSRF token");
        table.failure()
    };
    let found = failure("  - ana: { http: POST /login }\n");
    assert!(
        found.contains("expected a status below 400; 403 invalid CSRF token"),
        "{found}"
    );
    let found = failure("  - ana: { http: POST /login, answer: 302 }\n");
    assert!(
        found.contains("expected status 302; 403 invalid CSRF token"),
        "{found}"
    );
    let mut table = Table::new("  - ana: { http: POST /login, answer: 403 }\n");
    table.asks();
    table.answer(403, &[], "");
    assert_eq!(table.play.progress(), PlayStatus::Over);
    let mut table = Table::new("  - http: POST /login\n");
    table.asks();
    table.answer(403, &[], "");
    assert_eq!(table.play.progress(), PlayStatus::Over);
}
