//! What a room answers when nothing else goes on: with that, its answers under all other circumstances are compared,
//! since nobody here knows the application.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::choice::offered;
use super::drive::{RunContext, drive};
use super::probe::setting;
use crate::protocol::{Frame, Payload};
use crate::scenario::{Noted, Play, read};

/// The answers to three pushes after a join.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Baseline {
    /// The status of all three.
    pub(super) status: String,
    /// What their responses tell.
    pub(super) state: State,
}

/// What the responses to three equal pushes tell of the conversation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// They differ among each other, and are the same again after another join: these three.
    Told([Value; 3]),
    /// They do not differ, so nothing is told.
    Untold,
    /// They are other ones after another join: they depend on more than the conversation, rightly or not.
    Elsewhere,
}

const THREE_PUSHES: &str = r#"
about: What three pushes are answered after a join.
steps:
  - ana: connect
  - ana: { join: "{{topic}}", with: "{{join_params}}" }
  - repeat: 3
    steps: [ana: { push: "{{push_event}}", with: "{{push_payload}}", reply: any }]
  - ana: { leave: "{{topic}}", reply: any }
"#;

/// Asks twice, over two connections, one after the other. Nothing where the pushes are not answered alike.
pub(super) async fn ask(context: &Rc<RunContext>, number: u64) -> Option<Baseline> {
    let first = answers(context, number).await?;
    let [(status, _), ..] = &first;
    if first.iter().any(|(other, _)| other != status) {
        return None;
    }
    let again = answers(context, number).await;
    let repeats = again.as_ref() == Some(&first);
    let status = status.clone();
    let [a, b, c] = first.map(|(_, response)| response);
    let state = if a == b || b == c || a == c {
        State::Untold
    } else if repeats {
        State::Told([a, b, c])
    } else {
        State::Elsewhere
    };
    Some(Baseline { status, state })
}

async fn answers(context: &Rc<RunContext>, number: u64) -> Option<[(String, Value); 3]> {
    let program = read("probe", THREE_PUSHES).ok()?;
    let mut play = Play::new(
        Arc::new(program),
        setting(context, offered(&context.settings, None, number), number),
    );
    drive(&mut play, context, None, |_| true, Duration::ZERO).await;
    let replies = play.recording().entries.iter().filter_map(|entry| {
        let Noted::Text(text) = &entry.what else {
            return None;
        };
        let message = play.vsn().decode_from_server(Frame::Text(text)).ok()?;
        let of_a_push = matches!(message.reference.as_str(), Some("2" | "3" | "4"));
        let reply = message.reply().filter(|_| of_a_push)?;
        let Payload::Json(response) = reply.response else {
            return None;
        };
        Some((reply.status.into_owned(), serde_json::from_str(response).ok()?))
    });
    replies.collect::<Vec<_>>().try_into().ok()
}
