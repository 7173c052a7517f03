//! Idle time-outs, measured at the reference server.

use std::time::Duration;

use phxproof::Target;
use phxproof::conformance::internal::{CheckSettings, IdleSettings, NoHost, check};
use phxproof::conformance::{CutBy, IdleFinding, SilentDirection};
use phxproof::internal::transport::Transport;
use phxproof::server::{Server, ServerSettings};

/// What is found at this mount of the reference server.
fn found(mount: &str, longest: Duration) -> Vec<IdleFinding> {
    let server = Server::start(&ServerSettings::default()).unwrap();
    let target = Target::parse(&format!("ws://{}/{mount}", server.address())).unwrap();
    let settings = CheckSettings {
        idle: Some(IdleSettings {
            transports: Transport::ALL.to_vec(),
            longest,
            heartbeat: longest / 8,
        }),
        timeout: Duration::from_secs(20),
        ..CheckSettings::new(target, Vec::new())
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let result = runtime
        .block_on(check(settings, &NoHost, &mut |_| {}, std::future::pending()))
        .unwrap();
    server.drain();
    server.join();
    result.idle
}

fn of(found: &[IdleFinding], transport: Transport, traffic: &str) -> IdleFinding {
    let own = found.iter().filter(|it| it.transport == transport);
    let mut meant = own.filter(|it| it.traffic.starts_with(traffic));
    meant.next().unwrap().clone()
}

/// This mount cuts after 2 s of silence of the client, and ends a long poll session that is not polled for 1.5 s.
#[test]
fn a_silent_client_is_cut_and_one_that_sends_anything_is_not() {
    let found = found("fast_socket", Duration::from_secs(4));
    let over_websocket = |traffic| of(&found, Transport::WebSocket, traffic);
    for (traffic, direction) in [
        ("nothing", SilentDirection::Both),
        ("a push of the server", SilentDirection::FromClient),
    ] {
        let silent = over_websocket(traffic);
        assert_eq!(silent.direction, direction);
        assert_eq!(silent.by, Some(CutBy::CloseFrame(Some(1002))), "{silent:?}");
        assert!(silent.cut_after.is_some() && silent.heartbeat_leaves_ms.is_some());
    }
    for traffic in ["a pong of the client", "a ping of the client", "a heartbeat"] {
        let kept = over_websocket(traffic);
        assert_eq!((&kept.by, &kept.warning), (&None, &None), "{kept:?}");
        assert!(kept.sentence.contains("not cut within"), "{kept:?}");
    }
    let silent = of(&found, Transport::LongPoll, "nothing");
    assert_eq!(
        (&silent.by, silent.cut_after),
        (&Some(CutBy::Nothing), None),
        "{silent:?}"
    );
    assert!(
        silent.sentence.contains("a session ended after between"),
        "{silent:?}"
    );
    let polled = of(&found, Transport::LongPoll, "polls");
    assert_eq!((&polled.by, &polled.warning), (&None, &None), "{polled:?}");
}

#[test]
fn a_server_that_does_not_cut_in_that_time_is_not_said_to() {
    let found = found("socket", Duration::from_millis(400));
    for finding in &found {
        assert_eq!(
            (&finding.by, finding.cut_after, &finding.warning),
            (&None, None, &None)
        );
        assert!(finding.sentence.contains("not cut within"), "{finding:?}");
    }
    assert!(found.len() >= 8, "{found:?}");
}
