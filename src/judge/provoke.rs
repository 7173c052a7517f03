//! The messages that the judge sends, as the server of the client's version encodes them.

use super::connection::{ClientConnection, JoinStage};
use super::situations::Provocation;
use crate::protocol::{CLOSE, ERROR, EncodeError, Field, FrameKind, Message, Payload, REPLY, Reply, Vsn};

/// A topic that no client joins, and a ref that none uses.
const NOBODYS_TOPIC: &str = "phxproof:nobody";
const NOBODYS_REF: &str = "4000000000";
const NEWS: &str = "phxproof_news";
const CRASH: Payload<'static> = Payload::Json("{\"reason\":\"channel_crash\"}");
const JOINS: Payload<'static> =
    Payload::Json("{\"joins\":{\"ana\":{\"metas\":[{\"phx_ref\":\"phxproof1\"}]}},\"leaves\":{}}");
const STATE: Payload<'static> = Payload::Json("{\"bea\":{\"metas\":[{\"phx_ref\":\"phxproof2\"}]}}");

/// An encoded message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerFrame {
    pub(super) kind: FrameKind,
    pub(super) bytes: Vec<u8>,
}

/// Encodes one message.
pub(super) fn encode(vsn: Vsn, message: &Message<'_>) -> Result<ServerFrame, EncodeError> {
    let mut bytes = Vec::new();
    let kind = vsn.encode_from_server(message, &mut bytes)?;
    Ok(ServerFrame { kind, bytes })
}

/// A reply.
pub(super) fn reply(
    vsn: Vsn,
    to: &Message<'_>,
    status: &str,
    response: Payload<'_>,
) -> Result<ServerFrame, EncodeError> {
    let reply = Reply {
        status: status.into(),
        response,
    };
    let mut scratch = String::new();
    let message = Message {
        join_ref: to.join_ref.clone(),
        reference: to.reference.clone(),
        topic: to.topic.clone(),
        event: REPLY.into(),
        payload: reply.payload(&mut scratch),
    };
    encode(vsn, &message)
}

/// The reply ok to a join.
pub(super) fn join_reply(vsn: Vsn, topic: &str, join_ref: &str) -> Result<ServerFrame, EncodeError> {
    reply(
        vsn,
        &Message::join(join_ref, topic, Payload::EMPTY),
        "ok",
        Payload::EMPTY,
    )
}

/// `phx_close` of a join.
pub(super) fn close(vsn: Vsn, topic: &str, join_ref: &str) -> Result<ServerFrame, EncodeError> {
    encode(
        vsn,
        &Message::push(join_ref, join_ref, topic, CLOSE, Payload::EMPTY),
    )
}

/// The frames that a provocation sends on this connection, which notes the changes to its joins.
pub(super) fn frames(
    connection: &mut ClientConnection,
    topic: &str,
    provocation: Provocation,
) -> Result<Vec<ServerFrame>, EncodeError> {
    let vsn = connection.vsn;
    let present = connection
        .present(topic)
        .map(|join| join.reference.clone())
        .unwrap_or_default();
    let older = connection.older(topic).unwrap_or(&present).to_owned();
    let error = |join_ref: &str| encode(vsn, &Message::push(join_ref, join_ref, topic, ERROR, CRASH));
    let push = |event, payload| {
        encode(
            vsn,
            &Message::push(present.as_str(), Field::Null, topic, event, payload),
        )
    };
    let frame = match provocation {
        Provocation::Error => {
            connection.set(topic, JoinStage::Over);
            error(&present)
        }
        Provocation::Close => {
            connection.set(topic, JoinStage::Over);
            close(vsn, topic, &present)
        }
        Provocation::OlderError => error(&older),
        Provocation::OlderClose => close(vsn, topic, &older),
        Provocation::JoinReply => {
            connection.set(topic, JoinStage::Joined);
            join_reply(vsn, topic, &present)
        }
        Provocation::LateJoinReply => return late(connection, topic),
        Provocation::ForeignTopic => encode(vsn, &Message::broadcast(NOBODYS_TOPIC, NEWS, Payload::EMPTY)),
        Provocation::ForeignReply => {
            let asked = Message::push(present.as_str(), NOBODYS_REF, topic, NEWS, Payload::EMPTY);
            reply(vsn, &asked, "ok", Payload::EMPTY)
        }
        Provocation::BinaryPush => push(NEWS, Payload::Binary(&[0, 1, 254, 255])),
        Provocation::BinaryReply => {
            let asked = Message::push(present.as_str(), NOBODYS_REF, topic, NEWS, Payload::EMPTY);
            reply(vsn, &asked, "ok", Payload::Binary(&[0, 255]))
        }
        Provocation::BinaryBroadcast => {
            encode(vsn, &Message::broadcast(topic, NEWS, Payload::Binary(&[255, 0])))
        }
        Provocation::PresenceDiff => encode(vsn, &Message::broadcast(topic, "presence_diff", JOINS)),
        Provocation::PresenceState => push("presence_state", STATE),
    };
    Ok(vec![frame?])
}

/// The answers to joins that were given up: the reply ok to the join, then what the leave behind it gets.
pub(super) fn late(connection: &mut ClientConnection, topic: &str) -> Result<Vec<ServerFrame>, EncodeError> {
    let vsn = connection.vsn;
    // A client that did not leave has joined anew; the join before is then the one that is answered late.
    let replaced = connection.older(topic).map(str::to_owned);
    let mut frames = Vec::new();
    for join in connection.joins_mut(topic) {
        let is_replaced = join.stage == JoinStage::Unanswered && replaced.as_ref() == Some(&join.reference);
        if join.stage != JoinStage::GivenUp && !is_replaced {
            continue;
        }
        join.stage = JoinStage::Over;
        frames.push(join_reply(vsn, topic, &join.reference)?);
        if let Some(reference) = join.leave.take() {
            let leave = Message::leave(&join.reference, &reference, topic);
            frames.push(reply(vsn, &leave, "ok", Payload::EMPTY)?);
            frames.push(close(vsn, topic, &join.reference)?);
        }
    }
    Ok(frames)
}
