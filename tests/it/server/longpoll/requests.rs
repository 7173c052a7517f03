//! The requests of long poll, one by one: methods, heads, bodies, tokens.

use phxproof::profile::Profile;
use phxproof::server::{Server, ServerSettings};

use super::client::{Answer, Connection, FAST, JOIN, JOINED, NDJSON, SLOW, Session, ask, push, pushed};
use super::{Seen, expect, on_both, on_profile};

/// The names of an answer's headers in their order, with the values of those that do not change.
fn headers(answer: &Answer) -> String {
    let lines = answer.head.lines().filter(|line| !line.is_empty());
    let lines = lines.map(|line| {
        let name = line.split(':').next().unwrap_or_default();
        match name {
            "date" | "content-length" => name,
            _ => line,
        }
    });
    lines.collect::<Vec<_>>().join("|")
}

#[test]
fn answers_have_the_head_of_their_web_server() {
    let opened = |server: &Server| headers(&ask(server, &format!("GET {SLOW}"), &[], None));
    on_profile(Profile::BANDIT_1_8_12, |server| {
        expect(
            opened(server).as_str(),
            "date|content-length|vary: accept-encoding|cache-control: no-store|access-control-allow-origin: *|\
             content-type: application/json; charset=utf-8",
        )
    })
    .unwrap();
    on_profile(Profile::COWBOY_1_8_12, |server| {
        expect(
            opened(server).as_str(),
            "access-control-allow-origin: *|cache-control: no-store|content-length|\
             content-type: application/json; charset=utf-8|date|server: cowboy",
        )
    })
    .unwrap();
}

/// Every answer of a session says that it is not to be stored.
pub(super) fn nothing_is_stored(server: &Server) -> Seen {
    let session = Session::open(server, FAST);
    let answers = [session.post(&[JOIN]), session.poll(), session.poll()];
    for answer in answers {
        expect(answer.header("cache-control"), Some("no-store"))?;
    }
    Ok(())
}

#[test]
fn answers_are_not_to_be_stored_since_1_8_10() {
    on_both(nothing_is_stored).unwrap();
    on_profile(Profile::BANDIT_1_8_9, |server| {
        let answer = ask(server, &format!("GET {SLOW}"), &[], None);
        expect(
            answer.header("cache-control"),
            Some("max-age=0, private, must-revalidate"),
        )
    })
    .unwrap();
}

#[test]
fn a_preflight_request_is_granted_and_other_methods_are_refused() {
    on_both(|server| {
        let asks = ["access-control-request-headers: content-type, x-y"];
        let granted = ask(server, &format!("OPTIONS {SLOW}"), &asks, None);
        expect(granted.status, 200)?;
        expect(
            granted.header("access-control-allow-headers"),
            Some("content-type, x-y"),
        )?;
        expect(
            granted.header("access-control-allow-methods"),
            Some("get, post, options"),
        )?;
        let session = Session::open(server, SLOW);
        for method in ["PUT", "DELETE", "PATCH"] {
            let refused = ask(server, &session.request(method), &[], Some(JOIN));
            expect((refused.status, refused.body.as_str()), (400, ""))?;
        }
        let nowhere = ask(server, "GET /strict_socket/longpoll?vsn=2.0.0", &[], None);
        expect(nowhere.status, 404)
    })
    .unwrap();
}

/// A client that is refused is told so in the body.
pub(super) fn refusals_are_in_the_body(server: &Server) -> Seen {
    for query in ["vsn=9.0.0", "vsn=2.0.0&token=forged", "vsn[]=2.0.0"] {
        let refused = ask(server, &format!("GET /socket/longpoll?{query}"), &[], None);
        expect(
            (refused.status, refused.body.as_str()),
            (200, r#"{"status":403}"#),
        )?;
    }
    Ok(())
}

#[test]
fn a_client_that_is_refused_is_told_so_in_the_body() {
    on_both(refusals_are_in_the_body).unwrap();
}

/// A token that was not signed here opens nothing.
pub(super) fn forged_tokens_open_nothing(server: &Server) -> Seen {
    let session = Session::joined(server, FAST);
    let (signed, signature) = session.token.rsplit_once('.').expect("a signature");
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let forged = format!("{signed}.{other}{}", &signature[1..]);
    for token in [forged.as_str(), "forged", ""] {
        let header = format!("x-phoenix-longpoll-token: {token}");
        let posted = ask(
            server,
            &format!("POST {FAST}"),
            &[NDJSON, &header],
            Some(&push(2)),
        );
        expect(posted.body.as_str(), r#"{"status":410}"#)?;
        let polled = ask(server, &format!("GET {FAST}"), &[&header], None);
        expect(polled.brought(), (410, Vec::new()))?;
        let in_query = ask(
            server,
            &format!("POST {FAST}&token={token}"),
            &[NDJSON],
            Some(&push(2)),
        );
        expect(in_query.told(), 410)?;
    }
    expect(session.poll().brought(), (204, Vec::new()))
}

#[test]
fn a_token_that_was_not_signed_here_opens_nothing() {
    on_both(forged_tokens_open_nothing).unwrap();
}

/// The token in the header counts, and that in the query if there is none.
pub(super) fn the_header_wins(server: &Server) -> Seen {
    let (one, other) = (Session::joined(server, FAST), Session::joined(server, FAST));
    let headers = [NDJSON, &one.header()];
    let both = ask(server, &other.request("POST"), &headers, Some(&push(2)));
    expect(both.told(), 200)?;
    let alone = ask(server, &format!("POST {FAST}"), &headers, Some(&push(3)));
    expect(alone.told(), 200)?;
    let polled = ask(server, &other.request("GET"), &[&one.header()], None);
    expect(polled.brought(), (200, vec![pushed(2), pushed(3)]))?;
    expect(polled.token(), one.token.clone())?;
    expect(other.poll().brought(), (204, Vec::new()))
}

#[test]
fn the_token_in_the_header_counts_since_1_8_10() {
    on_both(the_header_wins).unwrap();
    on_profile(Profile::BANDIT_1_8_9, |server| {
        let session = Session::joined(server, SLOW);
        let headers = [NDJSON, &session.header()];
        let unseen = ask(server, &format!("POST {SLOW}"), &headers, Some(&push(2)));
        expect(unseen.told(), 410)?;
        let nested = ask(server, &format!("POST {SLOW}&token[]=1"), &[NDJSON], Some(JOIN));
        expect(nested.status, 500)
    })
    .unwrap();
}

#[test]
fn a_session_of_a_server_that_ran_before_has_ended() {
    on_both(|before| {
        let token = Session::open(before, FAST).token;
        on_both(|server| {
            // It stands at the same place as the one of the server before.
            let session = Session::open(server, SLOW);
            let header = format!("x-phoenix-longpoll-token: {token}");
            let posted = ask(server, &format!("POST {FAST}"), &[NDJSON, &header], Some(JOIN));
            expect(posted.told(), 410)?;
            let polled = ask(server, &format!("GET {FAST}"), &[&header], None);
            expect(polled.told(), 410)?;
            // In the query it is a connect param too, and the application refuses it.
            let in_query = ask(server, &format!("GET {FAST}&token={token}"), &[], None);
            expect(in_query.body.as_str(), r#"{"status":403}"#)?;
            expect(session.post(&[JOIN]).told(), 200)?;
            expect(session.poll().brought(), (200, vec![JOINED.to_owned()]))
        })
    })
    .unwrap();
}

/// A body without a content type is one message.
pub(super) fn a_content_type_is_optional(server: &Server) -> Seen {
    let session = Session::open(server, SLOW);
    expect(
        ask(server, &session.request("POST"), &[], Some(JOIN))
            .body
            .as_str(),
        r#"{"status":200}"#,
    )?;
    let other = ["content-type: application/x-ndjson; charset=utf-8"];
    expect(
        ask(server, &session.request("POST"), &other, Some(&push(2))).told(),
        200,
    )?;
    expect(
        session.poll().brought(),
        (200, vec![JOINED.to_owned(), pushed(2)]),
    )
}

#[test]
fn a_body_without_a_content_type_is_one_message() {
    on_both(a_content_type_is_optional).unwrap();
}

#[test]
fn a_body_may_come_late_and_in_chunks() {
    on_both(|server| {
        let session = Session::open(server, SLOW);
        let mut connection = Connection::open(server.address());
        let head = format!("{} HTTP/1.1\r\nhost: a\r\n{NDJSON}\r\n", session.request("POST"));
        let (begin, rest) = JOIN.split_at(7);
        let length = JOIN.len();
        connection.write(format!("{head}content-length: {length}\r\n\r\n{begin}").as_bytes());
        // Another request is answered meanwhile, so that the first part was read alone.
        expect(ask(server, "GET /nowhere", &[], None).status, 404)?;
        connection.write(rest.as_bytes());
        expect(connection.answer().told(), 200)?;
        let push = push(2);
        let (begin, rest) = push.split_at(5);
        let (first, second) = (begin.len(), rest.len());
        connection.write(
            format!("{head}transfer-encoding: chunked\r\n\r\n{first:x}\r\n{begin}\r\n{second:x}\r\n")
                .as_bytes(),
        );
        expect(ask(server, "GET /nowhere", &[], None).status, 404)?;
        connection.write(format!("{rest}\r\n0\r\n\r\n").as_bytes());
        expect(connection.answer().told(), 200)?;
        expect(
            session.poll().brought(),
            (200, vec![JOINED.to_owned(), pushed(2)]),
        )
    })
    .unwrap();
}

#[test]
fn a_client_that_waits_to_be_asked_for_its_body_is_asked() {
    on_both(|server| {
        let session = Session::open(server, SLOW);
        let mut connection = Connection::open(server.address());
        let length = format!("content-length: {}", JOIN.len());
        connection.send(
            &session.request("POST"),
            &[NDJSON, &length, "expect: 100-continue"],
            None,
        );
        expect(connection.answer().status, 100)?;
        connection.write(JOIN.as_bytes());
        expect(connection.answer().told(), 200)
    })
    .unwrap();
}

#[test]
fn a_body_that_is_too_long_is_a_500_and_the_session_lives() {
    on_both(|server| {
        let session = Session::joined(server, SLOW);
        let long = format!(r#"["1","2","lab:room","echo","{}"]"#, "x".repeat(8_100_000));
        expect(session.post(&[&long]).status, 500)?;
        expect(session.post(&[&push(3)]).told(), 200)?;
        expect(session.poll().brought(), (200, vec![pushed(3)]))
    })
    .unwrap();
}

#[test]
fn requests_on_one_connection_are_answered_one_after_the_other() {
    on_both(|server| {
        let session = Session::joined(server, FAST);
        let mut connection = Connection::open(server.address());
        connection.send(&session.request("GET"), &[], None);
        connection.send(&session.request("POST"), &[NDJSON], Some(&push(2)));
        connection.send(&session.request("GET"), &[], None);
        expect(connection.answer().told(), 204)?;
        expect(connection.answer().told(), 200)?;
        expect(connection.answer().brought(), (200, vec![pushed(2)]))
    })
    .unwrap();
}

#[test]
fn a_connection_that_is_not_kept_ends_with_the_answer() {
    on_both(|server| {
        let mut connection = Connection::open(server.address());
        connection.send(&format!("GET {SLOW}"), &["connection: close"], None);
        let answer = connection.answer();
        expect((answer.told(), answer.header("connection")), (410, Some("close")))?;
        expect(connection.answer_or_end(), None)
    })
    .unwrap();
}

#[test]
fn a_session_is_reached_over_the_other_mount_and_speaks_the_version_that_it_was_opened_with() {
    let settings = ServerSettings::default();
    super::on(&settings, |server| {
        let session = Session::joined(server, FAST);
        let elsewhere = format!("POST /socket/longpoll?vsn=9.0.0&token={}", session.token);
        expect(ask(server, &elsewhere, &[NDJSON], Some(&push(2))).told(), 200)?;
        expect(session.poll().brought(), (200, vec![pushed(2)]))
    })
    .unwrap();
}
