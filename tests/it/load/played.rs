//! How a swarm plays scenarios: roles, tokens, joins and leaves in a round, several scenarios at once, the user's own topic.

use std::sync::Arc;
use std::time::Duration;

use phxproof::Target;
use phxproof::load::{LoadSettings, Override, Share, built_in};

use super::fake::{Fake, Manner};
use super::{assert_all_right, open, run, serve, settings, settings_of_own};

#[test]
fn scenarios_share_sockets_and_sends_by_their_weights() {
    let server = serve();
    let share = |name: &str, weight| {
        let it = built_in().iter().find(|it| it.name == name).expect("built in");
        Share {
            name: name.into(),
            weight,
            ..Share::new(Arc::clone(&it.program))
        }
    };
    let target = Target::parse(&format!("ws://{}/socket", server.address())).expect("an address");
    let (first, others) = (share("fanout", 1), [share("rumbl", 2), share("idle", 3)]);
    let result = run(&LoadSettings {
        sockets: 60,
        shards: Some(3),
        schedule: open(150.0, 400),
        ..LoadSettings::of_several(target, first, others)
    });
    assert_eq!((result.sockets.joined, result.counts.dropped), (60, 0));
    // A third of the sends goes to the ten of a room, the rest to the ten of a video: whose topics are their own.
    assert_eq!(
        (result.messages.sent, result.counts.broadcasts),
        (60, 20 * 10 + 40 * 10)
    );
    assert_eq!(result.messages.expected, 60 + 600);
    let apart = result.scenarios.iter().map(|it| {
        let broadcasts = it.latency_us.broadcast.count;
        (it.name.as_str(), it.sockets, it.latency_us.join.count, broadcasts)
    });
    assert_eq!(
        apart.collect::<Vec<_>>(),
        [
            ("fanout", 10, 10, 200),
            ("rumbl", 20, 20, 400),
            ("idle", 30, 30, 0)
        ]
    );
    assert_all_right(&result);
    server.drain();
}

#[test]
fn people_watch_a_video_and_one_of_them_annotates_it() {
    let server = serve();
    let result = run(&LoadSettings {
        schedule: open(100.0, 300),
        ..settings(&server, "rumbl")
    });
    // Two instances of ten; each annotation reaches the ten of its own.
    assert_eq!((result.messages.sent, result.counts.broadcasts), (30, 300));
    assert!(
        result.messages.all_right() && result.mismatches.is_empty(),
        "{:?}",
        result.messages
    );
    server.drain();
}

#[test]
fn people_of_their_own_are_let_in_by_tokens_and_known_by_their_names() {
    let server = serve();
    let scenario = "about: Everybody is somebody.\nfresh: [video]\nsteps:\n  \
        - ana: { connect: socket, as: \"ana-{{video}}\", params: { locale: \"{{video}}\" } }\n  \
        - ana: { join: \"videos:{{video}}\" }\n  \
        - ana: { push: new_annotation, with: { body: hi, at: 1 } }\n  \
        - ana: { receive: new_annotation, with: { user: { username: \"ana-{{video}}\" } } }\n  \
        - ana: cut\n";
    let result = run(&LoadSettings {
        ..settings_of_own(server.address(), scenario)
    });
    assert_eq!((result.sockets.joined, result.sockets.lost), (20, 0));
    // Who comes back needs a token again.
    assert!(result.sockets.reconnects > 0, "{:?}", result.sockets);
    assert!(
        result.messages.sent >= 20 && result.troubles.is_empty(),
        "{:?}",
        result.troubles
    );
    server.drain();
}

#[test]
fn who_gets_no_token_is_counted_so() {
    let fake = Fake::start(Manner::Unavailable);
    let scenario = "about: A.\nsteps:\n  - ana: { connect: socket, as: ana }\n  - ana: { join: \"a:b\" }\n";
    let result = run(&LoadSettings {
        timeout: Duration::from_millis(300),
        ..settings_of_own(fake.address, scenario)
    });
    assert_eq!(result.sockets.opened, 0);
    assert!(result.troubles.contains_key("no-token"), "{:?}", result.troubles);
}

#[test]
fn a_herd_comes_back_and_rejoins() {
    let server = serve();
    let herd = "about: A herd.\nfresh: [room]\nsteps:\n  - ana: connect\n  - ana: { join: \"lab:{{room}}\" }\n  \
                - sleep: 100ms\n  - ana: cut\n";
    let settings = LoadSettings {
        duration: Duration::from_millis(500),
        ..settings_of_own(server.address(), herd)
    };
    let result = run(&settings);
    assert!(
        result.sockets.reconnects >= 20 && result.latency_us.rejoin.count >= 20,
        "{:?}",
        result.sockets
    );
    assert_eq!(result.sockets.lost, 0);
    server.drain();
}

#[test]
fn who_joins_and_leaves_meanwhile_is_counted_exactly() {
    let server = serve();
    let scenario = "about: Guests come and go.\nshared: [room]\nsteps:\n  - ana, bea: connect\n  \
        - ana, bea: { join: \"lab:{{room}}\" }\n  - ana: { push: broadcast, with: { m: \"{{mark}}\" } }\n  \
        - ana, bea: { receive: broadcasted }\n  - bea: leave\n  - bea: { join: \"lab:{{room}}\" }\n";
    let settings = LoadSettings {
        schedule: open(500.0, 500),
        ..settings_of_own(server.address(), scenario)
    };
    let result = run(&settings);
    assert!(result.messages.all_right(), "{:?}", result.messages);
    assert!(result.counts.broadcasts >= 250 * 10 && result.counts.rounds > 250);
    server.drain();
}

#[test]
fn a_server_without_lab_is_loaded_by_topic_and_push() {
    let server = serve();
    let instead = Override {
        topic: Some("lab:lobby".to_owned()),
        join_params: Some(serde_json::json!({"a": 1})),
        push: Some((
            "echo".to_owned(),
            serde_json::json!({"n": "{{seq}}", "text": "from {{sender}}"}),
        )),
        push_reply: None,
        offers: Vec::new(),
    };
    let result = run(&LoadSettings {
        instead,
        schedule: open(100.0, 200),
        ..settings(&server, "echo")
    });
    assert_eq!((result.messages.sent, result.messages.received), (20, 20));
    assert_all_right(&result);
    server.drain();
}
