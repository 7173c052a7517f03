//! The reading of the server's messages: each is due, or an oddity.

use std::rc::Rc;

use super::super::oddity::OddityKind;
use super::content::content;
use super::{Account, Answer, Came, Content, Due, Ends, Expected, Stage};
use crate::clock::Time;
use crate::protocol::{CLOSE, ERROR, Field, Frame, JOIN, LEAVE, Message, PHOENIX_TOPIC, REPLY, Vsn};

impl Account {
    /// Takes a message of the server.
    pub(in super::super) fn take(&mut self, frame: Frame<'_>, now: Time) -> Came {
        let message = match self.vsn.decode_from_server(frame) {
            Ok(message) => message,
            Err(error) => return self.unreadable(&error.to_string(), now),
        };
        let (Some(topic), Some(event)) = (message.topic.as_str(), message.event.as_str()) else {
            return self.unreadable("its topic or its event is no text", now);
        };
        let topic: Rc<str> = topic.into();
        match event {
            REPLY if *topic == *PHOENIX_TOPIC => self.take_beat(&message, now),
            REPLY => self.take_reply(&message, &topic, now),
            ERROR => self.take_end(&message, &topic, Ends::Crash, now),
            CLOSE => self.take_end(&message, &topic, Ends::Close, now),
            _ => self.take_other(&message, &topic, now),
        }
    }

    fn unreadable(&mut self, why: &str, now: Time) -> Came {
        let what = format!("it received a message that is none: {why}");
        self.odd(OddityKind::Unreadable, &"".into(), now, what);
        Came::Nothing
    }

    fn take_beat(&mut self, message: &Message<'_>, now: Time) -> Came {
        let reference = number(&message.reference);
        let is_due = self.heartbeat.is_some_and(|(due, _)| Some(due) == reference);
        let is_ok = message.reply().is_some_and(|reply| reply.status == "ok");
        match (is_due, is_ok) {
            (true, true) => self.heartbeat = None,
            (true, false) => {
                self.heartbeat = None;
                let what = "the answer to its heartbeat is not ok".to_owned();
                self.odd(OddityKind::Altered, &PHOENIX_TOPIC.into(), now, what);
            }
            (false, _) => {
                let what = format!("it received an answer to a heartbeat that it did not send: {message:?}");
                self.odd(OddityKind::Misdelivered, &PHOENIX_TOPIC.into(), now, what);
            }
        }
        Came::Nothing
    }

    fn take_reply(&mut self, message: &Message<'_>, topic: &Rc<str>, now: Time) -> Came {
        let Some(reference) = number(&message.reference) else {
            let what = format!("a reply has the ref {:?}, which it never sent", message.reference);
            self.odd(OddityKind::Misdelivered, topic, now, what);
            return Came::Nothing;
        };
        let due = self.due.remove(&reference);
        let Some(due) = due.or_else(|| self.overdue.remove(&reference)) else {
            self.undue(reference, topic, now);
            return Came::Nothing;
        };
        let Some(reply) = message.reply() else {
            let what = format!("the reply to {} has no status", due.event);
            self.odd(OddityKind::Altered, topic, now, what);
            return Came::Nothing;
        };
        if due.topic != *topic {
            let what = format!("the reply to {} on {} came for this topic", due.event, due.topic);
            self.odd(OddityKind::Misdelivered, topic, now, what);
        }
        if self.vsn == Vsn::V2 && number(&message.join_ref) != Some(due.join_ref) {
            let what = format!(
                "the reply to {} has the join_ref {:?}; expected {}",
                due.event, message.join_ref, due.join_ref
            );
            self.odd(OddityKind::Misdelivered, topic, now, what);
        }
        let response = content(&reply.response);
        self.check_reply(&due, &reply.status, &response, now);
        if &*due.event == JOIN {
            self.joined(&due, &reply.status);
        }
        let answer = Answer {
            status: reply.status.into_owned(),
            response,
            sent: due.sent,
        };
        Came::Answer(reference, answer)
    }

    /// A reply that nobody waits for.
    fn undue(&mut self, reference: u64, topic: &Rc<str>, now: Time) {
        if self.doubtful.remove(&reference) {
            return;
        }
        let (kind, what) = if reference < self.next_ref {
            let what = format!("the reply with the ref {reference} came again");
            (OddityKind::Doubled, what)
        } else {
            let what = format!("a reply has the ref {reference}, which it never sent");
            (OddityKind::Misdelivered, what)
        };
        self.odd(kind, topic, now, what);
    }

    fn check_reply(&mut self, due: &Due, status: &str, response: &Content, now: Time) {
        let fits = match &due.expected {
            Expected::Ok(expected) => status == "ok" && response == expected,
            Expected::Error(expected) => status == "error" && *response == Content::Json(expected.clone()),
            Expected::AnyOk => status == "ok",
            Expected::Nothing => true,
        };
        if !fits {
            let what = format!(
                "the reply to {} is {status} {}; expected {}",
                due.event,
                response.shown(),
                due.expected.shown()
            );
            let kind = match &*due.event {
                JOIN => OddityKind::Refused,
                // The server keeps both for one conversation.
                "count" | "get" => OddityKind::Bled,
                _ => OddityKind::Altered,
            };
            self.odd(kind, &due.topic, now, what);
        }
    }

    fn joined(&mut self, due: &Due, status: &str) {
        let Some(channel) = self.channels.get_mut(&due.topic) else {
            return;
        };
        if channel.join_ref == due.join_ref && channel.stage == Stage::Joining {
            channel.stage = if status == "ok" {
                Stage::Joined
            } else {
                Stage::Over
            };
        }
    }

    fn take_end(&mut self, message: &Message<'_>, topic: &Rc<str>, how: Ends, now: Time) -> Came {
        let name = how.event();
        let kind = match how {
            Ends::Crash => OddityKind::Error,
            Ends::Close => OddityKind::Close,
        };
        let join_ref = number(&message.join_ref).or_else(|| number(&message.reference));
        let Some(channel) = self.channels.get_mut(topic) else {
            let what = format!("it received {name} of a topic that it never joined");
            self.odd(OddityKind::Misdelivered, topic, now, what);
            return Came::Nothing;
        };
        if let Some(join_ref) = join_ref
            && join_ref != channel.join_ref
        {
            let mut open = channel.earlier.iter_mut().filter(|it| !it.is_over);
            match open.find(|it| it.join_ref == join_ref) {
                Some(earlier) => earlier.is_over = true,
                None => {
                    let what = format!(
                        "{name} has the join_ref {join_ref}, which it never sent or which ended before"
                    );
                    self.odd(OddityKind::Misdelivered, topic, now, what);
                }
            }
            return Came::Nothing;
        }
        let is_expected = channel.stage == Stage::Ending(how);
        let was_over = channel.stage == Stage::Over;
        channel.stage = Stage::Over;
        self.doubt(topic);
        if was_over {
            let what = format!("it received {name} of a channel that had ended before");
            self.odd(OddityKind::Doubled, topic, now, what);
        } else if !is_expected {
            let what = format!("it received {name} without a reason");
            self.odd(kind, topic, now, what);
        }
        Came::Ended(Rc::clone(topic))
    }

    /// The channel ended: what was sent to it may be answered or not.
    fn doubt(&mut self, topic: &Rc<str>) {
        let gone: Vec<u64> = self
            .due
            .iter()
            .filter(|(_, due)| due.topic == *topic && &*due.event != LEAVE)
            .map(|(reference, _)| *reference)
            .collect();
        let late = self
            .overdue
            .extract_if(|_, due| due.topic == *topic && &*due.event != LEAVE);
        self.doubtful.extend(late.map(|(reference, _)| reference));
        for reference in gone {
            self.due.remove(&reference);
            self.doubtful.insert(reference);
        }
    }

    fn take_other(&mut self, message: &Message<'_>, topic: &Rc<str>, now: Time) -> Came {
        let event = message.event.as_str().unwrap_or_default().to_owned();
        let Some(channel) = self.channels.get(topic) else {
            let what = format!("it received {event} of a topic that it never joined");
            self.odd(OddityKind::Misdelivered, topic, now, what);
            return Came::Nothing;
        };
        let content = content(&message.payload);
        let topic = Rc::clone(topic);
        match number(&message.join_ref) {
            Some(join_ref) if join_ref != channel.join_ref => {
                if channel.earlier.iter().all(|it| it.join_ref != join_ref) {
                    let what = format!("{event} has the join_ref {join_ref}, which is none of its own");
                    self.odd(OddityKind::Misdelivered, &topic, now, what);
                }
                Came::Nothing
            }
            Some(_) | None => Came::Message {
                topic,
                event,
                content,
            },
        }
    }
}

fn number(field: &Field<'_>) -> Option<u64> {
    field.as_str()?.parse().ok()
}
