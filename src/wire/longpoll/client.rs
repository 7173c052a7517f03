//! The client's half of long poll: reads the body of an answer, and writes the body of a batch.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// A server handles this many messages of a batch and ignores the rest.
pub const MOST_IN_A_BATCH: usize = 100;

/// The body of an answer to a poll or a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollAnswer<'b> {
    /// The status that counts; that of the HTTP answer is nearly always 200.
    pub status: u16,
    /// The token of the session; only polls are answered with one.
    pub token: Option<Cow<'b, str>>,
    /// The messages that were waiting, in order.
    pub messages: Vec<Cow<'b, str>>,
}

/// A body is not a long poll answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not a long poll answer: {0}")]
pub struct AnswerError(String);

#[derive(Deserialize)]
struct AnswerBody<'b> {
    status: u16,
    #[serde(borrow, default)]
    token: Option<AnswerText<'b>>,
    #[serde(borrow, default)]
    messages: Vec<AnswerText<'b>>,
}

/// A text that is borrowed if it has no escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct AnswerText<'b>(#[serde(borrow)] Cow<'b, str>);

/// Reads the body of an answer.
///
/// # Errors
/// If it is not JSON, has no status, or its messages are not texts.
pub fn read_answer(body: &[u8]) -> Result<PollAnswer<'_>, AnswerError> {
    let body: AnswerBody<'_> = serde_json::from_slice(body).map_err(|why| AnswerError(why.to_string()))?;
    Ok(PollAnswer {
        status: body.status,
        token: body.token.map(|token| token.0),
        messages: body.messages.into_iter().map(|message| message.0).collect(),
    })
}

/// Whether a text can be a line of a batch as it is: the server takes a line that does not begin with `[` as binary.
pub fn is_line(text: &str) -> bool {
    text.starts_with('[') && !text.contains('\n')
}

/// Appends a text message to a batch. A text that [`is_line`] denies is misread by the server.
pub fn push_text(text: &str, batch: &mut Vec<u8>) {
    end_line(batch);
    batch.extend_from_slice(text.as_bytes());
}

/// Appends a binary message to a batch.
pub fn push_binary(bytes: &[u8], batch: &mut Vec<u8>) {
    end_line(batch);
    batch.extend_from_slice(STANDARD.encode(bytes).as_bytes());
}

/// Lines are separated, not ended: behind the last one a server would read an empty message.
fn end_line(batch: &mut Vec<u8>) {
    if !batch.is_empty() {
        batch.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read() {
        let body = br#"{"messages":["[null,\"1\",\"a\",\"b\",{}]","plain"],"status":200,"token":"t"}"#;
        let answer = read_answer(body).unwrap();
        assert_eq!((answer.status, answer.token.as_deref()), (200, Some("t")));
        assert_eq!(answer.messages, [r#"[null,"1","a","b",{}]"#, "plain"]);
        let answer = read_answer(br#"{"status":410}"#).unwrap();
        assert_eq!(
            (answer.status, answer.token, answer.messages.len()),
            (410, None, 0)
        );
    }

    #[test]
    fn what_is_not_an_answer_is_told() {
        for body in [
            "",
            "[]",
            "{}",
            r#"{"status":"200"}"#,
            r#"{"status":200,"messages":[{}]}"#,
        ] {
            let why = read_answer(body.as_bytes()).unwrap_err().to_string();
            assert!(why.starts_with("it is not a long poll answer: "), "{why}");
        }
    }

    #[test]
    fn a_batch_has_a_line_for_each_message_and_no_line_end_behind_the_last() {
        let mut batch = Vec::new();
        push_text("[1]", &mut batch);
        push_binary(&[0, 255], &mut batch);
        push_text("[2]", &mut batch);
        assert_eq!(batch, b"[1]\nAP8=\n[2]");
        assert!(is_line("[1]") && !is_line("{}") && !is_line("[\n]"));
    }
}
