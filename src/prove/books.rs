//! What the sockets of an experiment write down together: broadcasts and whispers.

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
}

#[derive(Clone, Debug)]
struct Whisper {
    to: u32,
    sent: Time,
    topic: Rc<str>,
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
            came: 0,
        };
        self.whispers.borrow_mut().insert((from, number), whisper);
        json!({ "from": from, "n": number, "run": site.run })
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
    pub(super) fn heard_whisper(&self, site: &Site, socket: u32, name: &str, heard: &Heard) {
        let Content::Json(content) = &heard.content else {
            return self.odd_whisper(site, socket, heard);
        };
        let body = &content["body"];
        let key = body["from"]
            .as_u64()
            .and_then(|from| u32::try_from(from).ok())
            .zip(body["n"].as_u64());
        let mut whispers = self.whispers.borrow_mut();
        let known = key.and_then(|key| whispers.get_mut(&key));
        let Some(whisper) = known.filter(|_| body["run"] == site.run) else {
            return self.odd_whisper(site, socket, heard);
        };
        whisper.came += 1;
        if whisper.to != socket || content["for"] != name {
            let what = format!(
                "it received a whisper that was for socket {}: {content}",
                whisper.to
            );
            site.odd(oddity(OddityKind::Misdelivered, socket, heard, what));
        } else if whisper.came > 1 {
            let what = format!("a whisper came again: {content}");
            site.odd(oddity(OddityKind::Doubled, socket, heard, what));
        }
    }

    fn odd_whisper(&self, site: &Site, socket: u32, heard: &Heard) {
        let what = format!(
            "it received a whisper that nobody sent: {}",
            heard.content.shown()
        );
        site.odd(oddity(OddityKind::Misdelivered, socket, heard, what));
    }

    /// The whispers that never came, and how many were sent.
    pub(super) fn audit_whispers(&self) -> (u64, Vec<Oddity>) {
        let whispers = self.whispers.borrow();
        let lost = whispers.iter().filter(|(_, it)| it.came == 0);
        let told = lost.map(|((from, number), it)| Oddity {
            kind: OddityKind::Lost,
            socket: it.to,
            topic: Rc::clone(&it.topic),
            at: it.sent,
            what: format!("whisper {number} of socket {from} never came"),
        });
        (whispers.len() as u64, told.collect())
    }

    /// What the broadcasts prove.
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
