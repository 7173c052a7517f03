//! The shared records of an experiment: broadcasts and whispers of all its sockets.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Value, json};

use super::account::Content;
use super::ledger::{Audience, Audit, Ledger};
use super::member::Heard;
use super::oddity::{Oddity, OddityKind};
use super::site::Site;
use crate::clock::Time;
use crate::load::Timing;

/// The shared books of an experiment.
#[derive(Debug, Default)]
pub(super) struct Books {
    pub(super) broadcasts: RefCell<Ledger>,
    whispers: RefCell<HashMap<(u32, u64), Whisper>>,
    /// Whispers that came to somebody else, again, or from nobody.
    strays: RefCell<Vec<Oddity>>,
}

/// The whispers of an experiment, compared with those that came.
#[derive(Debug, Default)]
pub(super) struct WhisperAudit {
    /// The number of whispers.
    pub(super) sent: usize,
    /// Whispers that came to somebody else, again, or from nobody.
    pub(super) strays: Vec<Oddity>,
    /// Whispers that never came.
    pub(super) lost: Vec<Oddity>,
}

#[derive(Clone, Debug)]
struct Whisper {
    to: u32,
    sent: Time,
    topic: Rc<str>,
    /// Whether its reply came; without that nobody knows whether it was sent on.
    acknowledged: bool,
    came: u32,
}

impl Books {
    /// The content of a socket's next broadcast on a topic, with its number.
    pub(super) fn broadcast(
        &self,
        site: &Site,
        topic: &Rc<str>,
        sender: u32,
        audience: Audience,
    ) -> (u32, Content) {
        let now = site.now();
        let number = self.broadcasts.borrow_mut().sends(topic, sender, audience, now);
        (
            number,
            Content::Json(broadcast_content(site.run, topic, sender, number)),
        )
    }

    /// The content of a whisper to a socket.
    pub(super) fn whisper(&self, site: &Site, topic: &Rc<str>, (from, to): (u32, u32), number: u64) -> Value {
        let whisper = Whisper {
            to,
            sent: site.now(),
            topic: Rc::clone(topic),
            acknowledged: false,
            came: 0,
        };
        self.whispers.borrow_mut().insert((from, number), whisper);
        json!({ "from": from, "n": number, "run": site.run })
    }

    /// The reply to a whisper came.
    pub(super) fn whisper_acknowledged(&self, from: u32, number: u64) {
        if let Some(whisper) = self.whispers.borrow_mut().get_mut(&(from, number)) {
            whisper.acknowledged = true;
        }
    }

    /// Takes a broadcast that came to a socket.
    pub(super) fn heard(&self, site: &Site, socket: u32, heard: &Heard) {
        let sent = broadcast_in(&heard.content, site.run, &heard.topic);
        let Some((sender, number)) = sent else {
            let what = format!(
                "it received {} {}, which nobody sent on this topic",
                heard.event,
                heard.content.shown()
            );
            site.odd(oddity(OddityKind::Misdelivered, socket, heard, what));
            return;
        };
        let sent = self
            .broadcasts
            .borrow_mut()
            .came(&heard.topic, socket, (sender, number), heard.at);
        if let Some(sent) = sent {
            site.measure(Timing::Broadcast, sent, heard.at);
        }
    }

    /// Takes a whisper that came to a socket with this name.
    pub(super) fn heard_whisper(&self, run: u64, socket: u32, name: &str, heard: &Heard) {
        let content = heard.content.json();
        let body = &content["body"];
        let key = body["from"]
            .as_u64()
            .and_then(|from| u32::try_from(from).ok())
            .zip(body["n"].as_u64());
        let mut whispers = self.whispers.borrow_mut();
        let known = key.and_then(|key| whispers.get_mut(&key));
        let Some(whisper) = known.filter(|_| body["run"] == run) else {
            let what = format!("it received a whisper that nobody sent: {content}");
            return self.stray(oddity(OddityKind::Misdelivered, socket, heard, what));
        };
        whisper.came += 1;
        if whisper.to != socket || content["for"] != name {
            let what = format!(
                "it received a whisper that was for socket {}: {content}",
                whisper.to
            );
            self.stray(oddity(OddityKind::Misdelivered, socket, heard, what));
        } else if whisper.came > 1 {
            let what = format!("a whisper came again: {content}");
            self.stray(oddity(OddityKind::Doubled, socket, heard, what));
        }
    }

    fn stray(&self, oddity: Oddity) {
        self.strays.borrow_mut().push(oddity);
    }

    /// Compares the whispers that were sent with those that came.
    pub(super) fn audit_whispers(&self) -> WhisperAudit {
        let whispers = self.whispers.borrow();
        let never_came = whispers.iter().filter(|(_, it)| it.acknowledged && it.came == 0);
        let mut lost: Vec<Oddity> = never_came
            .map(|((from, number), it)| Oddity {
                kind: OddityKind::Lost,
                socket: it.to,
                topic: Rc::clone(&it.topic),
                at: it.sent,
                what: format!("whisper {number} of socket {from} never came"),
            })
            .collect();
        lost.sort_by_key(|it| it.at);
        WhisperAudit {
            sent: whispers.len(),
            strays: self.strays.take(),
            lost,
        }
    }

    /// Compares the broadcasts that were promised with those that came.
    pub(super) fn audit(&self) -> Audit {
        self.broadcasts.borrow().audit()
    }
}

/// The content of a broadcast. Its text follows from the rest, so that any alteration shows.
fn broadcast_content(run: u64, topic: &str, sender: u32, number: u32) -> Value {
    json!({
        "from": sender,
        "n": number,
        "run": run,
        "text": format!("{number} of {sender} on {topic}"),
        "topic": topic,
    })
}

/// The sender and the number of a broadcast, if its content is as it was sent on this topic.
fn broadcast_in(content: &Content, run: u64, topic: &str) -> Option<(u32, u32)> {
    let Content::Json(value) = content else {
        return None;
    };
    let sender = u32::try_from(value["from"].as_u64()?).ok()?;
    let number = u32::try_from(value["n"].as_u64()?).ok()?;
    (*value == broadcast_content(run, topic, sender, number)).then_some((sender, number))
}

fn oddity(kind: OddityKind, socket: u32, heard: &Heard, what: String) -> Oddity {
    Oddity {
        kind,
        socket,
        topic: Rc::clone(&heard.topic),
        at: heard.at,
        what,
    }
}
