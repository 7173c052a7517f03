//! Tries the topics and the push from the command line before any case runs. If a topic cannot be joined or
//! the push is not answered, the user has to correct it; it says nothing about the server.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::context::RunContext;
use super::offered::{offered, setting};
use super::reach::CheckError;
use super::settings::Room;
use crate::protocol::{Frame, JOIN, Message, Payload, REPLY};
use crate::scenario::{Noted, Play, read, shorten, show_bytes};

const ABOUT: &str = "about: Whether a room is as the command line says.\nsteps:\n  - ana: connect\n";
const TOPIC: &str = "  - ana: { join: \"{{topic}}\", with: \"{{join_params}}\", reply: any }\n";
const PUSH: &str =
    "  - ana: { push: \"{{push_event}}\", on: \"{{topic}}\", with: \"{{push_payload}}\", reply: any }\n";
const OTHER: &str = "  - ana: { join: \"{{other_topic}}\", with: \"{{other_join_params}}\", reply: any }\n";

/// What to do about each mistake.
const NEXT_TOPIC: &str =
    "name a topic that may be joined, and what it is joined with: --topic T --join-params JSON";
const NEXT_OTHER: &str = "name a second topic that may be joined, and what it is joined with: --other-topic T --other-join-params JSON";
const NEXT_PUSH: &str = "name a push that the application answers: --push EVENT=JSON; without --push the cases that need one are skipped";

/// Joins the topics and sends the push from the command line.
///
/// # Errors
/// If a topic was not joined or the push was not answered, with what happened instead.
pub(super) async fn rehearse(context: &Rc<RunContext>, room: &Room, number: u64) -> Result<(), CheckError> {
    let mut source = [ABOUT, TOPIC].concat();
    if room.push.is_some() {
        source.push_str(PUSH);
    }
    let other = room.other_topic.as_deref().filter(|other| *other != room.topic);
    if other.is_some() {
        source.push_str(OTHER);
    }
    let Ok(program) = read("rehearsal", &source) else {
        return Ok(());
    };
    let offers = offered(&context.settings, None, number);
    let mut play = Play::new(Arc::new(program), setting(context, offers, number));
    context.play(&mut play).await;
    let seen = Seen {
        play: &play,
        timeout: context.timeout,
    };
    seen.joined("--topic", &room.topic, NEXT_TOPIC)?;
    if let Some((event, _)) = &room.push {
        seen.answered(event, &room.topic)?;
    }
    match other {
        Some(topic) => seen.joined("--other-topic", topic, NEXT_OTHER),
        None => Ok(()),
    }
}

/// What was received in the rehearsal.
struct Seen<'p> {
    play: &'p Play,
    timeout: Duration,
}

impl Seen<'_> {
    fn joined(&self, flag: &str, topic: &str, next: &'static str) -> Result<(), CheckError> {
        let vsn = self.play.vsn();
        let asked = self
            .play
            .recording()
            .entries
            .iter()
            .any(|entry| match &entry.what {
                Noted::SentText(text) => vsn.decode_from_client(Frame::Text(text)).is_ok_and(|message| {
                    message.event.as_str() == Some(JOIN) && message.topic.as_str() == Some(topic)
                }),
                _ => false,
            });
        // Without a connection nothing was tested; the cases judge that.
        if !asked {
            return Ok(());
        }
        let answers = self.said_on(topic, |message| {
            let reply = message.reply()?;
            let response = match reply.response {
                Payload::Json(text) => shorten(text),
                Payload::Binary(bytes) | Payload::BinaryReply { data: bytes, .. } => show_bytes(bytes),
            };
            Some((reply.status == "ok", format!("{} {response}", reply.status)))
        });
        let actual = match answers.into_iter().next() {
            Some((true, _)) => return Ok(()),
            Some((false, answer)) => format!("the server answered {answer}"),
            None => self.instead(topic),
        };
        Err(CheckError::Room {
            what: format!("{flag} {topic} cannot be joined"),
            actual,
            next,
        })
    }

    /// Accepts any second reply, because the cases judge the refs.
    fn answered(&self, event: &str, topic: &str) -> Result<(), CheckError> {
        let replies = self.said_on(topic, |message| {
            (message.event.as_str() == Some(REPLY)).then_some(())
        });
        if replies.len() > 1 {
            return Ok(());
        }
        Err(CheckError::Room {
            what: format!("--push {event} is not answered on {topic}"),
            actual: self.instead(topic),
            next: NEXT_PUSH,
        })
    }

    /// What arrived on the topic instead of a reply.
    fn instead(&self, topic: &str) -> String {
        let events = self.said_on(topic, |message| message.event.as_str().map(str::to_owned));
        let ended = self
            .play
            .recording()
            .entries
            .iter()
            .any(|entry| matches!(entry.what, Noted::Ended(_)));
        match events.into_iter().rfind(|event| event != REPLY) {
            _ if ended => "the server ended the connection".to_owned(),
            Some(event) => format!("{event} came instead"),
            None => format!("nothing came within {}", humantime::format_duration(self.timeout)),
        }
    }

    fn said_on<T>(&self, topic: &str, what: impl Fn(&Message<'_>) -> Option<T>) -> Vec<T> {
        let entries = &self.play.recording().entries;
        let said = entries.iter().filter_map(|entry| {
            let frame = match &entry.what {
                Noted::Text(text) => Frame::Text(text),
                Noted::Binary(bytes) => Frame::Binary(bytes),
                _ => return None,
            };
            let message = self.play.vsn().decode_from_server(frame).ok()?;
            (message.topic.as_str() == Some(topic))
                .then(|| what(&message))
                .flatten()
        });
        said.collect()
    }
}
