//! The cause of a failure: the kind of the last step of its shrunk conversation that does more than ask.
//!
//! One mistake of a server makes conversations fail in many ways. A failure follows from a cause if it is gone without the steps of that
//! cause.

use super::conversation::{
    AstrayMessage, ClientStep, Deed, MadeConversation, OddFrame, OtherJoinRef, Params, PushKind, Topic,
};
use super::property::{Flaw, Property};
use crate::protocol::ERROR;

/// A kind of step, with the rule that it touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    kind: &'static str,
    rule: &'static str,
}

impl Cause {
    /// The cause that a shrunk conversation shows; nothing if it has no step.
    pub(super) fn of(conversation: &MadeConversation) -> Option<Self> {
        let mut steps = conversation.steps.iter().rev();
        let step = steps.find(|step| !asks(&step.deed));
        let step = step.or(conversation.steps.last())?;
        Some(Self {
            kind: step.deed.kind(),
            rule: rule(&step.deed),
        })
    }

    /// The rule that this cause touches, where it shows by this flaw.
    pub(super) fn rule_of(self, flaw: &Flaw) -> &'static str {
        let is_content = matches!(flaw.property, Property::AsPredicted | Property::OtherContent);
        match is_content && flaw.about == ERROR {
            true => "crash-reason",
            false => self.rule,
        }
    }

    /// The conversation without the steps of this cause; nothing if it has none.
    pub(super) fn removed_from(&self, conversation: &MadeConversation) -> Option<MadeConversation> {
        let is_other = |step: &&ClientStep| step.deed.kind() != self.kind;
        let steps: Vec<ClientStep> = conversation.steps.iter().filter(is_other).cloned().collect();
        (steps.len() < conversation.steps.len()).then_some(MadeConversation { steps })
    }
}

/// Whether a step only asks for an answer.
const fn asks(deed: &Deed) -> bool {
    match deed {
        Deed::Connect | Deed::Heartbeat | Deed::Join(_, Params::Plain(_)) => true,
        Deed::Push(_, push) => matches!(push, PushKind::Count | PushKind::Get(_) | PushKind::Ack),
        _ => false,
    }
}

/// The rule that a step touches first.
const fn rule(deed: &Deed) -> &'static str {
    match deed {
        Deed::Connect => "connect-upgrades",
        Deed::Heartbeat => "heartbeat-reply",
        Deed::Join(Topic::Unknown(_), _) => "join-unmatched-topic",
        Deed::Join(_, Params::Deny(_)) => "join-refused",
        Deed::Join(_, Params::Crash) => "join-crashed",
        Deed::Join(_, Params::Since(_)) => "catch-up",
        Deed::Join(Topic::Presence, _) => "presence-state-on-join",
        Deed::Join(..) => "join-reply",
        Deed::Push(Topic::Unknown(_), _) => "unmatched-topic-reply",
        Deed::Push(_, push) => rule_of_push(push),
        Deed::Leave(_) => "leave-reply-then-close",
        Deed::Astray(_, message, other) => match (message, other) {
            (AstrayMessage::Count, OtherJoinRef::Null) => "null-join-ref-accepted",
            (AstrayMessage::Count, _) => "stale-join-ref-ignored",
            (AstrayMessage::Leave, OtherJoinRef::Null) => "leave-null-join-ref",
            (AstrayMessage::Leave, _) => "stale-leave-ignored",
        },
        Deed::Frame(frame) => rule_of_frame(frame),
        Deed::Close => "close-answered",
        Deed::Cut => "closed-transport-ends-channels",
    }
}

const fn rule_of_push(push: &PushKind) -> &'static str {
    match push {
        PushKind::Echo(_) | PushKind::Ack => "push-reply",
        PushKind::EchoError(_) => "reply-error-status",
        PushKind::EchoBytes(_) => "binary-push-roundtrip",
        PushKind::Ignore => "no-reply-stays-silent",
        PushKind::Count | PushKind::Put(..) | PushKind::Get(_) => "state-kept",
        PushKind::Push(_) => "server-push-refs",
        PushKind::PushBytes(_) => "binary-server-push",
        PushKind::Broadcast(_) => "broadcast-reaches-all",
        PushKind::BroadcastFrom(_) => "broadcast-from-skips-sender",
        PushKind::BroadcastBytes(_) => "binary-broadcast",
        PushKind::Whisper(..) => "intercept-withholds",
        PushKind::ReplyLater(_) => "deferred-reply",
        PushKind::Sleep => "sleep-blocks-only-itself",
        PushKind::StopNormally => "stop-closes",
        PushKind::StopOddly(_) => "abnormal-stop-errors",
        PushKind::StopReply(_) => "stop-reply-then-close",
        PushKind::Crash => "crash-sends-error",
        PushKind::Unknown(_) => "unknown-event-crashes",
        PushKind::Update(_) => "presence-update",
        PushKind::Annotate(..) => "annotation-before-reply",
        PushKind::AnnotateBadly(_) => "annotation-invalid",
    }
}

const fn rule_of_frame(frame: &OddFrame) -> &'static str {
    match frame {
        OddFrame::Fatal(_, 1000) => "close-answered",
        OddFrame::Fatal(_, 1002) => "reserved-opcode-refused",
        OddFrame::Fatal(_, 1007) => "invalid-utf8-refused",
        OddFrame::Fatal(..) => "malformed-json-closes",
        OddFrame::Ping(_) => "ping-answered",
        OddFrame::Pong(_) => "pong-unasked",
        OddFrame::Fragments(_) => "fragments-joined",
        OddFrame::EmptyBinary => "unmatched-topic-reply",
        OddFrame::SixValues => "v2-surplus-ignored",
        OddFrame::NumberAsTopic(_) => "topic-not-text",
        OddFrame::NumberAsEvent(_) => "event-not-text",
        OddFrame::PingBetween(_) => "control-between-fragments",
        OddFrame::Interrupted => "fragment-interrupted",
    }
}

#[cfg(test)]
mod tests {
    use super::super::generate::{self, Focus, Ground, Offers};
    use super::*;
    use crate::conformance::rules;
    use crate::transport::Transport;

    #[test]
    fn the_last_step_that_does_something_is_the_cause() {
        let room = Topic::Lab(0);
        let plain = || Params::Plain(serde_json::Map::new());
        let join = Deed::Join(room.clone(), plain());
        let crash = Deed::Push(room.clone(), PushKind::Crash);
        let count = Deed::Push(room, PushKind::Count);
        let shrunk = MadeConversation::of_one([
            Deed::Connect,
            join.clone(),
            crash.clone(),
            join.clone(),
            count.clone(),
        ]);
        let cause = Cause::of(&shrunk).unwrap();
        assert_eq!(cause.rule, "crash-sends-error");
        let without = cause
            .removed_from(&MadeConversation::of_one([crash, join.clone()]))
            .unwrap();
        assert_eq!(without, MadeConversation::of_one([join.clone()]));
        assert_eq!(cause.removed_from(&without), None);
        // Where all steps ask, the last one is the cause.
        let asked = Cause::of(&MadeConversation::of_one([Deed::Connect, join, count])).unwrap();
        assert_eq!(asked.rule, "state-kept");
        assert_eq!(Cause::of(&MadeConversation::default()), None);
    }

    #[test]
    fn each_step_touches_a_rule_that_exists() {
        let ground = Ground {
            focus: Focus::All,
            offers: Offers {
                lab: true,
                presence: true,
                videos: true,
                users: true,
            },
            transport: Transport::WebSocket,
        };
        for number in 0..300 {
            for step in generate::conversation(1, number, ground).steps {
                let id = rule(&step.deed);
                assert!(rules::find(id).is_some(), "{id}");
            }
        }
    }
}
