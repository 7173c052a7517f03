//! Status and response of a `phx_reply`, in JSON or in a binary frame.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::protocol::Payload;

/// What a `phx_reply` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply<'a> {
    /// Empty if the payload has none.
    pub(super) status: Cow<'a, str>,
    /// The whole payload if it has no response of its own.
    pub(super) response: Payload<'a>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    response: &'a RawValue,
}

impl<'a> Reply<'a> {
    pub(super) fn of(payload: Payload<'a>) -> Self {
        match payload {
            Payload::BinaryReply { status, data } => Self {
                status: status.into(),
                response: Payload::Binary(data),
            },
            Payload::Json(json) => Self::of_json(json),
            Payload::Binary(_) => Self::without_status(payload),
        }
    }

    fn of_json(json: &'a str) -> Self {
        match serde_json::from_str::<Body<'a>>(json) {
            Ok(body) => Self {
                status: body.status,
                response: Payload::Json(body.response.get()),
            },
            Err(_) => Self::without_status(Payload::Json(json)),
        }
    }

    fn without_status(response: Payload<'a>) -> Self {
        Self {
            status: "".into(),
            response,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(payload: Payload<'_>, status: &str, response: Payload<'_>) {
        let status = status.into();
        assert_eq!(Reply::of(payload), Reply { status, response });
    }

    #[test]
    fn keys_come_in_any_order() {
        let response = Payload::Json(r#"{"a":[1]}"#);
        check(
            Payload::Json(r#"{"response":{"a":[1]},"status":"ok"}"#),
            "ok",
            response,
        );
        check(
            Payload::Json(r#"{"status":"error","more":1,"response":{"a":[1]}}"#),
            "error",
            response,
        );
    }

    #[test]
    fn a_binary_reply_has_its_status_in_the_frame() {
        let payload = Payload::BinaryReply {
            status: "ok",
            data: &[1, 2],
        };
        check(payload, "ok", Payload::Binary(&[1, 2]));
    }

    #[test]
    fn what_is_no_reply_has_no_status() {
        for json in ["null", "[]", "{}", r#"{"status":"ok"}"#, r#"{"status":1,"response":{}}"#] {
            check(Payload::Json(json), "", Payload::Json(json));
        }
    }
}
