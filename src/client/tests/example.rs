//! How a socket is driven: what happened goes in, frames and events come out.

use crate::client::{ClientContext, Config, Event, Outbox, Socket};
use crate::clock::Time;
use crate::protocol::{Frame, Message, Payload, Vsn};

/// Where a driver would write to its connection.
#[derive(Default)]
struct Wire(Vec<String>);

impl Outbox for Wire {
    fn connect(&mut self) {
        self.0.push("connect".to_owned());
    }
    fn close(&mut self, _code: Option<u16>, _reason: &str) {}
    fn transmit(&mut self, message: &Message<'_>) {
        let mut frame = Vec::new();
        Vsn::V2
            .encode_from_client(message, &mut frame)
            .expect("short enough");
        self.0.push(String::from_utf8(frame).expect("JSON"));
    }
    fn event(&mut self, event: Event<'_>) {
        if let Event::Reply { status, response, .. } = event {
            self.0.push(format!("{status}: {response:?}"));
        }
    }
}

#[test]
fn a_push_is_held_back_until_the_join_is_answered() {
    let (config, mut wire, mut socket) = (Config::phoenix_js(), Wire::default(), Socket::new());
    let now = Time::ZERO;
    let context = &mut ClientContext {
        config: &config,
        now,
        out: &mut wire,
    };

    socket.connect(context);
    let channel = socket.join(context, "room:1".into(), "{}".into());
    socket.push(context, channel, "echo", Payload::Json(r#"{"a":1}"#));
    socket.handle_open(context);
    for answer in [
        r#"["3","3","room:1","phx_reply",{"status":"ok","response":{}}]"#,
        r#"["3","5","room:1","phx_reply",{"status":"ok","response":{"a":1}}]"#,
    ] {
        let message = Vsn::V2
            .decode_from_server(Frame::Text(answer))
            .expect("a message");
        socket.handle_message(context, &message);
    }

    assert_eq!(
        wire.0,
        [
            "connect",
            r#"["3","3","room:1","phx_join",{}]"#,
            r#"["3","5","room:1","echo",{"a":1}]"#, // held back until the join, and then with a new ref
            r#"ok: Json("{\"a\":1}")"#,
        ]
    );
    let heartbeat = Time::from_micros(30_000_000);
    assert_eq!(socket.next_deadline(&config), Some(heartbeat));
}
