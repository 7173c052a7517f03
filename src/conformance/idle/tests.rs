//! The measurement, with small servers that end connections in different ways.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::LocalSet;

use super::*;
use crate::clock::Clock;
use crate::conformance::settings::CheckSettings;
use crate::conformance::silence::{CutBy, HEARTBEAT, SilentDirection, WATCHED_FOR};
use crate::driver::Line;
use crate::transport::Target;
use crate::wire::websocket::accept_of;

/// What a server does once a WebSocket is open.
#[derive(Clone, Copy)]
enum Then {
    Fins,
    Resets,
    IsDeaf,
}

/// A server on a free port, as a task of this `LocalSet`.
async fn serve(then: Then) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::task::spawn_local(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            tokio::task::spawn_local(open(tcp, then));
        }
    });
    address
}

async fn open(mut tcp: TcpStream, then: Then) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let key = head
        .lines()
        .find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let accept = accept_of(key.unwrap().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    tcp.write_all(answer.as_bytes()).await.unwrap();
    match then {
        Then::Fins => {}
        Then::Resets => socket2::SockRef::from(&tcp)
            .set_linger(Some(Duration::ZERO))
            .unwrap(),
        // Reads until the client has gone, and says nothing.
        Then::IsDeaf => while tcp.read(&mut [0; 1024]).await.is_ok_and(|count| count > 0) {},
    }
}

/// What is found at such a server.
fn found(then: Then) -> Vec<IdleFinding> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let local = LocalSet::new();
    local.block_on(&runtime.unwrap(), async {
        let target = Target::parse(&format!("ws://{}/socket", serve(then).await)).unwrap();
        let clock = Clock::start();
        // What is not answered is waited for in vain.
        let timeout = Duration::from_secs(match then {
            Then::IsDeaf => 3,
            Then::Fins | Then::Resets => 20,
        });
        let settings = CheckSettings {
            idle: Some(IdleSettings {
                transports: vec![Transport::WebSocket],
                longest: Duration::from_millis(60),
                heartbeat: Duration::from_millis(20),
            }),
            ..CheckSettings::new(target.clone(), Vec::new())
        };
        let context = Rc::new(RunContext {
            target,
            timeout,
            line: Line::default(),
            clock,
            settings: Rc::new(settings),
        });
        measure(&context, ServerPushes::OnLab(1), clock.now(), &mut |_| {}).await
    })
}

fn of(found: &[IdleFinding], direction: SilentDirection) -> &IdleFinding {
    found.iter().find(|it| it.direction == direction).unwrap()
}

#[test]
fn an_end_in_order_a_reset_and_no_answer_are_told_apart() {
    for (then, by) in [
        (Then::Fins, CutBy::Fin),
        (Then::Resets, CutBy::Rst),
        (Then::IsDeaf, CutBy::Nothing),
    ] {
        let found = found(then);
        let silent = of(&found, SilentDirection::Both);
        assert_eq!(silent.by, Some(by.clone()), "{silent:?}");
        assert_eq!(silent.cut_after.is_some(), by != CutBy::Nothing, "{silent:?}");
        assert_eq!(silent.alive_after, None, "{silent:?}");
        for direction in [
            SilentDirection::FromClient,
            SilentDirection::FromServer,
            SilentDirection::Neither,
        ] {
            assert_eq!(of(&found, direction).by, Some(by.clone()));
        }
        let beaten = found
            .iter()
            .find(|it| it.traffic.starts_with("a heartbeat"))
            .unwrap();
        assert!(beaten.warning.is_some(), "{beaten:?}");
    }
}

#[test]
fn one_silent_connection_of_each_transport_is_watched_to_the_end() {
    let settings = IdleSettings {
        transports: Transport::ALL.to_vec(),
        longest: WATCHED_FOR,
        heartbeat: HEARTBEAT,
    };
    for transport in Transport::ALL {
        let plan = plan(transport, &settings, ServerPushes::Never);
        assert!(plan.contains(&(Traffic::Nothing, WATCHED_FOR)), "{plan:?}");
        assert!(plan.contains(&(Traffic::Heartbeats, WATCHED_FOR)), "{plan:?}");
        assert!(plan.iter().all(|(_, watched_for)| *watched_for <= WATCHED_FOR));
    }
}
