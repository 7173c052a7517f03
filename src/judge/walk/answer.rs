//! How a walk answers what the client sends: as Phoenix does, except for what it holds back.

use super::super::connection::JoinStage;
use super::super::history::Fact;
use super::super::provoke::{close, join_reply, late, reply};
use super::super::situations::HeldBack;
use super::Walk;
use crate::clock::Time;
use crate::protocol::{EncodeError, HEARTBEAT, JOIN, LEAVE, Message, PHOENIX_TOPIC, Payload, Vsn};

/// The reply of Phoenix to a topic that no channel has.
const UNMATCHED: Payload<'static> = Payload::Json("{\"reason\":\"unmatched topic\"}");

/// How the join_ref of a message fits to the topic's present join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    /// The topic is joined by this join.
    Present,
    /// The join is another one; Phoenix ignores the message.
    Stale,
    /// The topic is not joined.
    NoChannel,
}

impl Walk {
    /// Notes a message and answers it.
    pub(super) fn answer(&mut self, message: &Message<'_>, now: Time) -> Result<(), EncodeError> {
        let Some((_, connection)) = &mut self.current else {
            return Ok(());
        };
        let reference = message.reference.as_str();
        if let Some(number) = reference.and_then(|text| text.parse().ok()) {
            connection.last_ref = Some(number);
        }
        let (Some(topic), Some(event)) = (message.topic.as_str(), message.event.as_str()) else {
            return Ok(());
        };
        match (topic, event) {
            (PHOENIX_TOPIC, HEARTBEAT) => self.heartbeat(message, now),
            (_, JOIN) => self.join(topic, reference.unwrap_or_default(), now),
            (_, LEAVE) => self.leave(topic, message, now),
            _ => self.push(topic, message),
        }
    }

    /// Answers what was held back.
    pub(super) fn release(&mut self) -> Result<(), EncodeError> {
        let was = std::mem::take(&mut self.hold);
        let Some((_, connection)) = self.current.as_mut().filter(|_| was == HeldBack::Joins) else {
            return Ok(());
        };
        let mut frames = late(connection, &self.topic)?;
        if connection.is(&self.topic, JoinStage::Unanswered) {
            connection.set(&self.topic, JoinStage::Joined);
            let join_ref = connection.present(&self.topic).map_or("", |join| &join.reference);
            frames.push(join_reply(connection.vsn, &self.topic, join_ref)?);
        }
        self.send(frames);
        Ok(())
    }

    fn heartbeat(&mut self, message: &Message<'_>, now: Time) -> Result<(), EncodeError> {
        let Some((_, connection)) = &mut self.current else {
            return Ok(());
        };
        let last = connection
            .last_heartbeat
            .replace(now)
            .unwrap_or(connection.opened_at);
        self.pace.heartbeat = self.pace.heartbeat.max(now.since(last));
        self.history.note(Fact::Heartbeat, now);
        if self.hold != HeldBack::Everything {
            let frame = reply(connection.vsn, message, "ok", Payload::EMPTY)?;
            self.send([frame]);
        }
        Ok(())
    }

    fn join(&mut self, topic: &str, reference: &str, now: Time) -> Result<(), EncodeError> {
        self.noted(Fact::Joined(topic.to_owned()), now);
        if !self.wanted.iter().any(|it| it == topic) {
            self.wanted.push(topic.to_owned());
        }
        let Some((_, connection)) = &mut self.current else {
            return Ok(());
        };
        let replaced = connection
            .present(topic)
            .filter(|join| join.stage == JoinStage::Joined)
            .map(|join| join.reference.clone());
        if replaced.is_some() {
            connection.set(topic, JoinStage::Over);
        }
        connection.join(topic, reference);
        if self.hold == HeldBack::Joins && topic == self.topic {
            return Ok(());
        }
        connection.set(topic, JoinStage::Joined);
        let mut frames = vec![join_reply(connection.vsn, topic, reference)?];
        if let Some(older) = replaced {
            frames.push(close(connection.vsn, topic, &older)?);
        }
        self.send(frames);
        Ok(())
    }

    fn leave(&mut self, topic: &str, message: &Message<'_>, now: Time) -> Result<(), EncodeError> {
        let fit = self.fit(topic, message);
        let Some((_, connection)) = &mut self.current else {
            return Ok(());
        };
        let vsn = connection.vsn;
        let present = connection.present_mut(topic).filter(|_| fit == Fit::Present);
        let frames = match present {
            Some(join) if join.stage == JoinStage::Unanswered => {
                join.stage = JoinStage::GivenUp;
                join.leave = message.reference.as_str().map(str::to_owned);
                Vec::new()
            }
            Some(join) => {
                join.stage = JoinStage::Over;
                let join_ref = join.reference.clone();
                self.wanted.retain(|it| it != topic);
                vec![
                    reply(vsn, message, "ok", Payload::EMPTY)?,
                    close(vsn, topic, &join_ref)?,
                ]
            }
            None if fit == Fit::Stale => return Ok(()),
            None => {
                // It left after its channel had crashed.
                self.wanted.retain(|it| it != topic);
                vec![reply(vsn, message, "ok", Payload::EMPTY)?]
            }
        };
        self.noted(Fact::Left(topic.to_owned()), now);
        self.send(frames);
        Ok(())
    }

    fn push(&mut self, topic: &str, message: &Message<'_>) -> Result<(), EncodeError> {
        let fit = self.fit(topic, message);
        let Some((_, connection)) = &self.current else {
            return Ok(());
        };
        let frame = match fit {
            _ if self.hold == HeldBack::Everything => return Ok(()),
            Fit::Stale => return Ok(()),
            Fit::Present => reply(connection.vsn, message, "ok", message.payload)?,
            Fit::NoChannel => reply(connection.vsn, message, "error", UNMATCHED)?,
        };
        self.send([frame]);
        Ok(())
    }

    fn fit(&self, topic: &str, message: &Message<'_>) -> Fit {
        let Some((_, connection)) = &self.current else {
            return Fit::NoChannel;
        };
        let Some(present) = connection
            .present(topic)
            .filter(|_| connection.has_asked_for(topic))
        else {
            return Fit::NoChannel;
        };
        let named = message.join_ref.as_str();
        if connection.vsn == Vsn::V1 || named.is_none_or(|it| it == present.reference) {
            Fit::Present
        } else {
            Fit::Stale
        }
    }

    fn noted(&mut self, fact: Fact, now: Time) {
        self.history.note(fact, now);
        self.changed_at = now;
    }
}
