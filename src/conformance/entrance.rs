//! Tests whether a target accepts a client and lets it join, before a load.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::LocalSet;

use super::context::RunContext;
use super::offered::setting;
use super::reach::CheckError;
use super::run::reached;
use super::settings::CheckSettings;
use crate::clock::Clock;
use crate::driver::Line;
use crate::protocol::{Frame, Payload, Vsn};
use crate::scenario::{Actor, Noted, Offer, Play, PlayStatus, Program, RecordedEntry, Who, shorten};
use crate::transport::{Limits, Request, request};

/// Why a client could not connect or join.
#[derive(Debug, thiserror::Error)]
pub enum EntranceError {
    /// No server listens at the target, or it has no Phoenix socket there.
    #[error(transparent)]
    Target(#[from] CheckError),
    /// The connect or the join of the scenario had no reply, or failed in another way.
    #[error("{0}")]
    Failed(String),
    /// A join was refused.
    #[error("the join of {topic} was refused: {response}")]
    JoinRefused {
        /// The topic.
        topic: String,
        /// The response, as JSON.
        response: String,
    },
}

impl EntranceError {
    /// Advice for the user.
    pub fn next(&self) -> Option<&'static str> {
        match self {
            Self::Target(why) => why.next(),
            Self::Failed(_) => None,
            Self::JoinRefused { .. } => {
                Some("name a topic of your application that may be joined: --topic T --join-params JSON")
            }
        }
    }
}

/// Plays how the first client of a scenario connects and joins ([`Program::entrance`]), with fresh names from
/// this number on.
///
/// # Errors
/// If it could not connect or join.
pub async fn enter(
    settings: CheckSettings,
    entrance: Program,
    first_fresh: u64,
) -> Result<(), EntranceError> {
    LocalSet::new()
        .run_until(entered(Rc::new(settings), entrance, first_fresh))
        .await
}

/// The `server` header of the HTTP responses, if there is one.
pub async fn server_header(settings: &CheckSettings) -> Option<String> {
    let asked = Request {
        method: "GET".to_owned(),
        path_and_query: format!("{}/websocket", settings.target.mount()),
        headers: settings.headers.clone(),
        body: Vec::new(),
        limits: Limits::default(),
        deadline: Duration::from_secs(2),
    };
    let response = request(&settings.target, &asked).await.ok()?;
    let named = response.headers.into_iter().find(|(name, _)| name == "server");
    named.map(|(_, value)| value.chars().filter(|c| !c.is_control()).take(80).collect())
}

async fn entered(
    settings: Rc<CheckSettings>,
    entrance: Program,
    first_fresh: u64,
) -> Result<(), EntranceError> {
    let clock = Clock::start();
    let context = Rc::new(RunContext {
        target: settings.target.clone(),
        timeout: settings.timeout,
        line: Line::default(),
        clock,
        settings: Rc::clone(&settings),
    });
    let offers = vec![
        (Offer::Sender, json!(0)),
        (Offer::Seq, json!(0)),
        (Offer::Mark, json!("")),
    ];
    let setting = setting(&context, offers, first_fresh);
    let program = Arc::new(entrance);
    let mut play = Play::new(Arc::clone(&program), setting);
    context.play(&mut play).await;
    let entries = &play.recording().entries;
    if !entries.iter().any(|entry| matches!(entry.what, Noted::Opened)) {
        // Use the error messages of `check`, unless only the connect of this scenario failed.
        reached(&settings, clock).await?;
    }
    if let Some(refused) = entries
        .iter()
        .find_map(|entry| refusal(entry, &program, play.vsn()))
    {
        return Err(refused);
    }
    match play.progress() {
        PlayStatus::Failed(failure) => Err(EntranceError::Failed(failure.in_one_line())),
        PlayStatus::Playing | PlayStatus::Paused | PlayStatus::Settling | PlayStatus::Over => Ok(()),
    }
}

/// The error for a reply that is not ok.
fn refusal(entry: &RecordedEntry, program: &Program, usual: Vsn) -> Option<EntranceError> {
    let Who::Actor(actor, number) = entry.who else {
        return None;
    };
    let frame = match &entry.what {
        Noted::Text(text) => Frame::Text(text),
        Noted::Binary(bytes) => Frame::Binary(bytes),
        _ => return None,
    };
    let vsn = program.vsn_of(Actor(actor), number, usual);
    let message = vsn.decode_from_server(frame).ok()?;
    let reply = message.reply().filter(|reply| reply.status != "ok")?;
    Some(EntranceError::JoinRefused {
        topic: message.topic.as_str().unwrap_or_default().to_owned(),
        response: response(reply.response),
    })
}

/// The response, shortened for the error message.
fn response(payload: Payload<'_>) -> String {
    match payload {
        Payload::Json(json) => shorten(json),
        Payload::Binary(bytes) | Payload::BinaryReply { data: bytes, .. } => {
            format!("{} bytes", bytes.len())
        }
    }
}
