//! Whether phoenix.js can play a scenario at all: it chooses its refs itself, and sends no frames by hand.

use serde_json::Value;

use crate::protocol::{REPLY, Vsn};
use crate::scenario::{Connect, Data, JoinRef, Offer, OutgoingPayload, Program, Send, SendKind, What};

/// Why phoenix.js cannot play the scenario, if it cannot. `vsn` is the serializer of the run.
pub(super) fn why_not(program: &Program, vsn: Vsn) -> Option<&'static str> {
    if program.vsn.unwrap_or(vsn) == Vsn::V1 {
        return Some("it speaks 2.0.0 only");
    }
    if !program.secrets.is_empty() {
        return Some("it uses secrets from the environment");
    }
    let compares = |offer| {
        matches!(
            offer,
            Offer::FirstAnswer | Offer::SecondAnswer | Offer::ThirdAnswer
        )
    };
    if program.offers().any(compares) {
        return Some("its steps compare with answers that were recorded before");
    }
    if program.has_no_socket() {
        return Some("it has requests only, and no socket");
    }
    program.acts().find_map(|act| match &act.what {
        What::Connect(_, connect) => of_connect(connect),
        What::Send(_, send) => of_send(send),
        What::Raw(..) => Some("it sends no frames by hand (`raw`)"),
        What::Pong(..) => Some("a WebSocket of JavaScript shows no pongs"),
        What::Receive(_, receive) if receive.event.as_fixed() == Some(REPLY) => {
            Some("it hands a reply to the push that it answers only")
        }
        What::Receive(..)
        | What::ReceiveNothing(..)
        | What::Close(..)
        | What::Cut(_)
        | What::Closed(..)
        | What::ClosedOrAlive(_)
        | What::Sleep(_)
        | What::Restart(_) => None,
        What::Http(http) => http.by.map(|_| "it sends no cookies"),
    })
}

fn of_connect(connect: &Connect) -> Option<&'static str> {
    let vsn = connect.params.iter().find(|(name, _)| name == "vsn");
    match vsn {
        _ if !connect.headers.is_empty() => Some("it sends no request headers of its own"),
        Some((_, None)) => Some("it always says its `vsn`"),
        Some(_) if connect.vsn() == Some(Vsn::V1) => Some("it speaks 2.0.0 only"),
        _ => None,
    }
}

fn of_send(send: &Send) -> Option<&'static str> {
    let has_payload = match &send.payload {
        OutgoingPayload::Json(data) => *data != Data::empty_map(),
        OutgoingPayload::Binary(_) => true,
    };
    let has_own_join_ref = match send.kind {
        // A heartbeat has none, unless a step says otherwise.
        SendKind::Heartbeat => matches!(send.join_ref, JoinRef::This(_)),
        SendKind::Join | SendKind::Leave | SendKind::Push(_) => !matches!(send.join_ref, JoinRef::Current),
    };
    match send.kind {
        _ if send.reference.is_some() => Some("it chooses each `ref` itself"),
        _ if has_own_join_ref => Some("it chooses each `join_ref` itself"),
        SendKind::Leave | SendKind::Heartbeat if has_payload => {
            Some("it leaves and sends heartbeats with an empty payload")
        }
        SendKind::Join | SendKind::Leave | SendKind::Heartbeat | SendKind::Push(_) => None,
    }
}

/// Whether phoenix.js sends a payload as it is: one that counts as false in JavaScript becomes `{}`, and a whole number of
/// more than 53 bits becomes another one.
pub(super) fn survives(payload: &Value) -> bool {
    let counts_as_false = match payload {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(_) | Value::Object(_) => false,
    };
    !counts_as_false && has_small_numbers(payload)
}

fn has_small_numbers(value: &Value) -> bool {
    const MOST: u64 = 1 << 53;
    match value {
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => number <= MOST,
            (None, Some(number)) => number.unsigned_abs() <= MOST,
            (None, None) => true,
        },
        Value::Array(items) => items.iter().all(has_small_numbers),
        Value::Object(members) => members.values().all(has_small_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conformance::built_in;
    use crate::scenario::read;

    fn of(steps: &str) -> Option<&'static str> {
        let source = format!("about: A.\nsteps:\n  - ana: connect\n{steps}");
        why_not(&read("a.yaml", &source).expect("a scenario"), Vsn::V2)
    }

    #[test]
    fn what_phoenix_js_has_no_way_to_send_is_not_played() {
        assert_eq!(
            of("  - ana: { join: \"lab:1\" }\n  - ana: { push: echo }\n"),
            None
        );
        assert_eq!(of("  - ana: heartbeat\n  - ana: cut\n"), None);
        let refs = of("  - ana: { join: \"lab:1\", ref: \"7\" }\n");
        assert_eq!(refs, Some("it chooses each `ref` itself"));
        let raw = of("  - ana: { raw: { text: hello } }\n");
        assert_eq!(raw, Some("it sends no frames by hand (`raw`)"));
        let vsn = of("  - ana: { connect: socket, params: { vsn: 1.0.0 } }\n");
        assert_eq!(vsn, Some("it speaks 2.0.0 only"));
    }

    #[test]
    fn phoenix_js_plays_half_of_the_built_in_cases() {
        let played = built_in()
            .iter()
            .filter(|case| why_not(&case.program, Vsn::V2).is_none());
        assert!(played.count() * 2 >= built_in().len());
    }
}
