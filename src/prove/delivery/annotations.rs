//! Annotations of videos: each has an id of its own, reaches all who have joined, and is in the list of each who joins later.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use serde_json::{Value, json};

use super::super::account::{Content, Expected};
use super::super::ledger::{Audience, Audit, Ledger};
use super::super::member::{Heard, Member, NoAnswer};
use super::super::oddity::{Oddity, OddityKind};
use super::super::site::Site;
use crate::clock::Time;

/// The shared records of all annotators.
#[derive(Debug, Default)]
pub(super) struct AnnotationBook {
    ledger: RefCell<Ledger>,
    /// The body of each id, by video.
    ids: RefCell<HashMap<(Rc<str>, u64), String>>,
    /// When each body was acknowledged, by video.
    acknowledged: RefCell<HashMap<Rc<str>, Vec<Acknowledged>>>,
    oddities: RefCell<Vec<Oddity>>,
    annotations: Cell<u64>,
}

/// An annotation whose reply came.
#[derive(Debug)]
struct Acknowledged {
    body: String,
    at: Time,
}

impl AnnotationBook {
    /// Joins a video; all that was acknowledged before is in the list.
    pub(super) async fn join(&self, member: &mut Member, video: &Rc<str>) -> Result<(), NoAnswer> {
        let asked = member.site.now();
        self.ledger.borrow_mut().asks(video, member.number, asked);
        let answer = member
            .join(video, &json!({ "last_seen_id": 0 }), Expected::AnyOk)
            .await?;
        let now = member.site.now();
        self.ledger.borrow_mut().joined(video, member.number, now);
        self.check_list(member, video, &answer.response, (asked, now));
        Ok(())
    }

    fn check_list(&self, member: &Member, video: &Rc<str>, response: &Content, (asked, now): (Time, Time)) {
        let listed: Vec<String> = match response {
            Content::Json(response) => response["annotations"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|annotation| self.known(member.number, video, annotation, now))
                .collect(),
            Content::Binary(_) => Vec::new(),
        };
        let acknowledged = self.acknowledged.borrow();
        let due = acknowledged.get(video).into_iter().flatten();
        for Acknowledged { body, .. } in due.filter(|it| it.at < asked) {
            let kind = match listed.iter().filter(|it| *it == body).count() {
                0 => OddityKind::Lost,
                1 => continue,
                _ => OddityKind::Doubled,
            };
            let what = format!(
                "its join brought annotation {body:?}, which was acknowledged before, not exactly once"
            );
            self.odd(kind, (member.number, video), now, what);
        }
    }

    /// Leaves a video.
    pub(super) async fn leave(&self, member: &mut Member, video: &Rc<str>) -> Result<(), NoAnswer> {
        self.ledger
            .borrow_mut()
            .leaves(video, member.number, member.site.now());
        member.leave(video).await?;
        self.ledger
            .borrow_mut()
            .left(video, member.number, member.site.now());
        Ok(())
    }

    /// A socket was thrown out of a video, which is an oddity already.
    pub(super) fn is_gone(&self, member: &Member, video: &Rc<str>) {
        let now = member.site.now();
        self.ledger.borrow_mut().left(video, member.number, now);
    }

    /// Annotates a video, and waits for the reply.
    pub(super) async fn annotate(&self, member: &mut Member, video: &Rc<str>) -> Result<(), NoAnswer> {
        let sent = member.site.now();
        let number = self
            .ledger
            .borrow_mut()
            .sends(video, member.number, Audience::All, sent);
        let body = body(member.number, number);
        let content = Content::Json(json!({ "at": number, "body": body }));
        let (_, at) = member
            .ask(video, "new_annotation", &content, Expected::Ok(Content::empty()))
            .await?;
        self.annotations.set(self.annotations.get() + 1);
        self.ledger.borrow_mut().acknowledged(video, number, at);
        let mut acknowledged = self.acknowledged.borrow_mut();
        acknowledged
            .entry(Rc::clone(video))
            .or_default()
            .push(Acknowledged { body, at });
        Ok(())
    }

    /// Takes an annotation that was broadcast.
    pub(super) fn heard(&self, site: &Site, socket: u32, heard: &Heard) {
        let Content::Json(annotation) = &heard.content else {
            let what = "it received an annotation of bytes".to_owned();
            return self.odd(OddityKind::Altered, (socket, &heard.topic), heard.at, what);
        };
        let Some(body) = self.known(socket, &heard.topic, annotation, heard.at) else {
            return;
        };
        if let Some((sender, number)) = in_body(&body) {
            let sent = self
                .ledger
                .borrow_mut()
                .came(&heard.topic, socket, (sender, number), heard.at);
            if let Some(sent) = sent {
                site.measure(crate::load::Timing::Broadcast, sent, heard.at);
            }
        }
    }

    /// The body of an annotation that somebody sent, whose id is its own.
    fn known(&self, socket: u32, video: &Rc<str>, annotation: &Value, at: Time) -> Option<String> {
        let body = annotation["body"].as_str().unwrap_or_default();
        let (Some(id), Some((_, number))) = (annotation["id"].as_u64(), in_body(body)) else {
            let what = format!("it received an annotation that nobody sent: {annotation}");
            self.odd(OddityKind::Misdelivered, (socket, video), at, what);
            return None;
        };
        if annotation["at"].as_u64() != Some(u64::from(number)) || !annotation["user"]["username"].is_string()
        {
            let what = format!("it received an annotation that was altered: {annotation}");
            self.odd(OddityKind::Altered, (socket, video), at, what);
        }
        let mut ids = self.ids.borrow_mut();
        let known = ids
            .entry((Rc::clone(video), id))
            .or_insert_with(|| body.to_owned());
        if known != body {
            let what = format!("the id {id} belongs to two annotations: {known:?} and {body:?}");
            self.odd(OddityKind::Altered, (socket, video), at, what);
        }
        Some(body.to_owned())
    }

    fn odd(&self, kind: OddityKind, (socket, topic): (u32, &Rc<str>), at: Time, what: String) {
        self.oddities.borrow_mut().push(Oddity {
            kind,
            socket,
            topic: Rc::clone(topic),
            at,
            what,
        });
    }

    /// Compares the annotations that were promised with those that came.
    pub(super) fn audit(&self) -> Audit {
        let mut audit = self.ledger.borrow().audit();
        audit.oddities.extend(self.oddities.borrow().iter().cloned());
        audit
    }
}

fn body(sender: u32, number: u32) -> String {
    format!("annotation {number} of {sender}")
}

/// The sender and the number in the body of an annotation.
fn in_body(body: &str) -> Option<(u32, u32)> {
    let (number, sender) = body.strip_prefix("annotation ")?.split_once(" of ")?;
    Some((sender.parse().ok()?, number.parse().ok()?))
}
