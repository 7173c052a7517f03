//! Sessions and requests on several shards: a request reaches its session wherever its connection is.

use phxproof::server::{Server, ServerSettings};

use super::client::{FAST, JOIN, JOINED, SLOW, Session, push, pushed};
use super::{Seen, expect, on};

fn on_three_shards(conversation: impl FnOnce(&Server) -> Seen) -> Seen {
    let settings = ServerSettings {
        shards: 3,
        ..ServerSettings::default()
    };
    on(&settings, conversation)
}

#[test]
fn a_session_is_reached_from_connections_of_all_shards() {
    on_three_shards(|server| {
        let session = Session::joined(server, FAST);
        // Each request has a connection of its own, which the kernel gives to any shard.
        for n in 2..30 {
            expect(session.post(&[&push(n)]).told(), 200)?;
            expect(session.poll().brought(), (200, vec![pushed(n)]))?;
        }
        for n in 30..40 {
            // Which of them comes first is open.
            let mut poll = session.polling();
            expect(session.post(&[&push(n)]).told(), 200)?;
            expect(poll.answer().brought(), (200, vec![pushed(n)]))?;
        }
        expect(session.poll().brought(), (204, Vec::new()))
    })
    .unwrap();
}

#[test]
fn sessions_of_all_shards_hear_a_broadcast() {
    on_three_shards(|server| {
        let sessions: Vec<_> = (0..9).map(|_| Session::joined(server, SLOW)).collect();
        let broadcast = r#"["1","2","lab:room","broadcast",{"n":1}]"#;
        let told = r#"[null,null,"lab:room","broadcasted",{"n":1}]"#.to_owned();
        let mut polls: Vec<_> = sessions[1..].iter().map(Session::polling).collect();
        expect(sessions[0].post(&[broadcast]).told(), 200)?;
        for poll in &mut polls {
            expect(poll.answer().brought(), (200, vec![told.clone()]))?;
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_session_that_has_ended_is_gone_on_all_shards() {
    on_three_shards(|server| {
        let session = Session::open(server, FAST);
        expect(session.post(&["[1,2]"]).told(), 408)?;
        let mut posts: Vec<_> = (0..9).map(|_| session.posting(&[JOIN])).collect();
        for post in &mut posts {
            expect(post.answer().told(), 410)?;
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn a_server_with_chance_speaks_over_long_poll() {
    let settings = ServerSettings {
        chance: Some(7),
        shards: 2,
        ..ServerSettings::default()
    };
    on(&settings, |server| {
        for _ in 0..5 {
            let session = Session::open(server, SLOW);
            let leave = r#"["1","2","lab:room","phx_leave",{}]"#;
            expect(session.post(&[JOIN, leave]).told(), 200)?;
            let mut brought = Vec::new();
            while brought.len() < 3 {
                let (told, more) = session.poll().brought();
                expect(told, 200)?;
                brought.extend(more);
            }
            let left = r#"["1","2","lab:room","phx_reply",{"response":{},"status":"ok"}]"#;
            let closed = r#"["1","1","lab:room","phx_close",{}]"#;
            expect(
                brought,
                vec![JOINED.to_owned(), left.to_owned(), closed.to_owned()],
            )?;
        }
        Ok(())
    })
    .unwrap();
}
