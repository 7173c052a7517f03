//! Asks the application for its replies on a topic while nothing else is going on. All later replies are
//! compared with these, because the rules of the application are not known.

use std::rc::Rc;
use std::sync::Arc;

use serde_json::Value;

use super::context::RunContext;
use super::offered::{Baseline, State, offered, setting};
use crate::protocol::{Frame, Payload};
use crate::scenario::{Noted, Play, read};

const THREE_PUSHES: &str = r#"
about: What three pushes are answered after a join.
steps:
  - ana: connect
  - ana: { join: "{{topic}}", with: "{{join_params}}" }
  - repeat: 3
    steps: [ana: { push: "{{push_event}}", with: "{{push_payload}}", reply: any }]
  - ana: { leave: "{{topic}}", reply: any }
"#;

/// Asks twice, over two connections, one after the other. Returns nothing if the pushes are not answered,
/// or not all with the same status.
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
    context.play(&mut play).await;
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
