//! What the reference server keeps for long poll clients is bounded.

use super::client::{JOIN, SLOW, Session, ask, push, pushed};
use super::{expect, on_both};

#[test]
fn a_session_that_leaves_too_much_unpolled_is_ended_and_others_are_not() {
    on_both(|server| {
        let [teller, listener, silent] = [(); 3].map(|()| Session::joined(server, SLOW));
        // A session may leave 16 MiB unpolled.
        let text = "x".repeat(1 << 20);
        let broadcast = format!(r#"["1","2","lab:room","broadcast_from",{{"text":"{text}"}}]"#);
        for _ in 0..17 {
            expect(teller.post(&[&broadcast]).told(), 200)?;
            let (status, messages) = listener.poll().brought();
            expect((status, messages.len()), (200, 1))?;
        }
        expect(silent.post(&[&push(3)]).told(), 410)?;
        expect(listener.post(&[&push(3)]).told(), 200)?;
        expect(listener.poll().brought(), (200, vec![pushed(3)]))
    })
    .unwrap();
}

#[test]
fn a_session_that_leaves_less_unpolled_lives() {
    on_both(|server| {
        let [teller, silent] = [(); 2].map(|()| Session::joined(server, SLOW));
        let text = "x".repeat(1 << 20);
        let broadcast = format!(r#"["1","2","lab:room","broadcast_from",{{"text":"{text}"}}]"#);
        for _ in 0..15 {
            expect(teller.post(&[&broadcast]).told(), 200)?;
        }
        let (status, messages) = silent.poll().brought();
        expect((status, messages.len()), (200, 15))
    })
    .unwrap();
}

#[test]
fn a_body_in_chunks_that_is_too_long_is_a_500_and_the_session_lives() {
    on_both(|server| {
        let session = Session::open(server, SLOW);
        let chunk = format!("f4240\r\n{}\r\n", "x".repeat(1_000_000));
        let body = format!("{}0\r\n\r\n", chunk.repeat(9));
        let mut connection = session.sending("POST", &["transfer-encoding: chunked"]);
        connection.write(body.as_bytes());
        expect(connection.answer().status, 500)?;
        expect(session.post(&[JOIN]).told(), 200)?;
        let request = format!("GET {SLOW}");
        expect(ask(server, &request, &[], None).told(), 410)
    })
    .unwrap();
}
