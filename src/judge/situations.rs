//! The situations that a client is led through, in their order: what the server does, and what the client must do.

use std::collections::BTreeSet;

use super::invariants;

/// A situation.
#[derive(Debug)]
pub(super) struct Situation {
    pub(super) id: &'static str,
    /// The rule that is named when the situation does not come about.
    pub(super) rule: &'static str,
    pub(super) needs: &'static [Need],
    pub(super) steps: &'static [ScriptStep],
}

/// A condition without which a situation is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// The client joined a topic.
    Topic,
    /// The client speaks 2.0.0.
    V2,
    /// The client was seen to open a new connection after a cut.
    Returns,
    /// The client held this situation.
    Held(&'static str),
}

/// One step of a situation. The topic under trial is one that the client joined.
#[derive(Clone, Copy, Debug)]
pub(super) enum ScriptStep {
    /// The server sends these.
    Send(&'static [Provocation]),
    /// The server ends the connection.
    End(ConnectionEnd),
    /// From now on the server leaves these unanswered.
    Hold(HeldBack),
    /// The server cuts the next connections as soon as they are open.
    CutNext(u32),
    /// The server refuses connections until it has seen how the client waits.
    Refuse,
    /// The client must do this, or it breaks the rule.
    Expect(ClientExpectation, &'static str),
    /// The situation is judged only if the client does this.
    Require(ClientExpectation, &'static str),
}

/// A message of the server that provokes the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Provocation {
    /// `phx_error` of the present join.
    Error,
    /// `phx_close` of the present join.
    Close,
    /// `phx_error` of the join before.
    OlderError,
    /// `phx_close` of the join before.
    OlderClose,
    /// The reply ok to the present join.
    JoinReply,
    /// The reply ok to the join that the client gave up, and to its leave.
    LateJoinReply,
    /// A broadcast on a topic that nobody joined.
    ForeignTopic,
    /// A reply with a ref that the client never used.
    ForeignReply,
    /// A binary push.
    BinaryPush,
    /// A binary reply with a ref that the client never used.
    BinaryReply,
    /// A binary broadcast.
    BinaryBroadcast,
    /// A presence diff.
    PresenceDiff,
    /// A presence state.
    PresenceState,
}

/// How the server ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionEnd {
    /// It cuts the connection, which clients see as 1006.
    Cut,
    /// It closes it with this code.
    Code(u16),
}

/// The messages that the server leaves unanswered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum HeldBack {
    /// Nothing.
    #[default]
    Nothing,
    /// Joins of the topic under trial.
    Joins,
    /// Heartbeats and pushes, as on a connection that is dead.
    Everything,
}

/// The action that is expected of the client next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientExpectation {
    /// Join the topic again.
    Rejoin,
    /// Open a new connection.
    Reopen,
    /// Join all its topics on the new connection.
    RejoinAll,
    /// Neither join nor leave the topic, and keep the connection.
    Quiet,
    /// Not join the topic on the new connection.
    StayClosed,
    /// Leave the topic, or join it anew.
    GiveUp,
    /// Join the topic anew, although the join before was answered late.
    NotUse,
    /// Send a heartbeat.
    Heartbeat,
    /// Give up the connection and open a new one.
    Replace,
    /// Wait longer and longer before it asks for a connection again.
    Backoff,
}

use ClientExpectation as E;
use ConnectionEnd::{Code, Cut};
use Need::{Held, Returns, Topic, V2};
use Provocation as P;
use ScriptStep::{CutNext, End, Expect, Hold, Refuse, Require, Send};

const REOPENS: &str = "client-reconnects-when-closed";
const REOPENS_ON_1000: &str = "client-reconnects-on-1000";
const REJOINS_ALL: &str = "client-rejoins-on-reopen";
const REJOINS: &str = "client-rejoin-backoff";
const STALE: &str = "client-drops-foreign-join-ref";
const UNKNOWN: &str = "client-drops-unknown";
const LATE_REPLY: &str = "client-late-join-reply";
const HEARTBEAT: &str = "client-heartbeat-timeout";
const BACKOFF: &str = "client-reconnect-backoff";

const NO_REJOIN: &str = "the client did not rejoin after the phx_error that prepares this";
const NO_CONNECTION: &str = "the client opened no new connection";
const REJOIN: ScriptStep = Require(E::Rejoin, NO_REJOIN);
/// Whether the client still hears: it rejoins after a `phx_error`.
const HEARS: [ScriptStep; 2] = [Send(&[P::Error]), Expect(E::Rejoin, UNKNOWN)];

/// All situations. Those after which a client may stay away come last.
pub(super) const SITUATIONS: &[Situation] = &[
    Situation {
        id: "cut",
        rule: REOPENS,
        needs: &[],
        steps: &[
            End(Cut),
            Expect(E::Reopen, REOPENS),
            Expect(E::RejoinAll, REJOINS_ALL),
        ],
    },
    Situation {
        id: "error",
        rule: REJOINS,
        needs: &[Topic],
        steps: &[Send(&[P::Error]), Expect(E::Rejoin, REJOINS)],
    },
    Situation {
        id: "late-close",
        rule: STALE,
        needs: &[Topic, V2, Held("error"), Held("cut")],
        steps: &[
            Send(&[P::Error]),
            REJOIN,
            Send(&[P::OlderClose]),
            Expect(E::Quiet, STALE),
            End(Cut),
            Require(E::Reopen, NO_CONNECTION),
            Expect(E::RejoinAll, STALE),
        ],
    },
    Situation {
        id: "late-error",
        rule: STALE,
        needs: &[Topic, V2, Held("error")],
        steps: &[
            Send(&[P::Error]),
            REJOIN,
            Send(&[P::OlderError]),
            Expect(E::Quiet, STALE),
        ],
    },
    Situation {
        id: "crossed-joins",
        rule: STALE,
        needs: &[Topic, V2, Held("error")],
        steps: &[
            Hold(HeldBack::Joins),
            Send(&[P::Error]),
            REJOIN,
            Send(&[P::OlderClose, P::JoinReply, P::OlderError]),
            Hold(HeldBack::Nothing),
            Expect(E::Quiet, STALE),
            Send(&[P::Error]),
            Expect(E::Rejoin, STALE),
        ],
    },
    Situation {
        id: "unknown-topic",
        rule: UNKNOWN,
        needs: &[Topic, Held("error")],
        steps: &[
            Send(&[P::ForeignTopic]),
            Expect(E::Quiet, UNKNOWN),
            HEARS[0],
            HEARS[1],
        ],
    },
    Situation {
        id: "unknown-reply",
        rule: UNKNOWN,
        needs: &[Topic, Held("error")],
        steps: &[
            Send(&[P::ForeignReply]),
            Expect(E::Quiet, UNKNOWN),
            HEARS[0],
            HEARS[1],
        ],
    },
    Situation {
        id: "binary",
        rule: UNKNOWN,
        needs: &[Topic, V2, Held("error")],
        steps: &[
            Send(&[P::BinaryPush, P::BinaryReply, P::BinaryBroadcast]),
            Expect(E::Quiet, UNKNOWN),
            HEARS[0],
            HEARS[1],
        ],
    },
    Situation {
        id: "presence-diff-first",
        rule: "client-presence-queue",
        needs: &[Topic, Held("error")],
        steps: &[
            Send(&[P::PresenceDiff, P::PresenceState]),
            Expect(E::Quiet, "client-presence-queue"),
            HEARS[0],
            Expect(E::Rejoin, "client-presence-queue"),
        ],
    },
    Situation {
        id: "late-join-reply",
        rule: LATE_REPLY,
        needs: &[Topic, V2, Held("error")],
        steps: &[
            Hold(HeldBack::Joins),
            Send(&[P::Error]),
            REJOIN,
            Expect(E::GiveUp, "client-join-timeout"),
            Send(&[P::LateJoinReply]),
            Expect(E::NotUse, LATE_REPLY),
            Hold(HeldBack::Nothing),
        ],
    },
    Situation {
        id: "close-1001",
        rule: REOPENS,
        needs: &[Returns],
        steps: &[
            End(Code(1001)),
            Expect(E::Reopen, REOPENS),
            Expect(E::RejoinAll, REJOINS_ALL),
        ],
    },
    Situation {
        id: "close-1012",
        rule: REOPENS,
        needs: &[Returns],
        steps: &[
            End(Code(1012)),
            Expect(E::Reopen, REOPENS),
            Expect(E::RejoinAll, REJOINS_ALL),
        ],
    },
    Situation {
        id: "cut-five-times",
        rule: REOPENS,
        needs: &[Returns],
        steps: &[
            CutNext(5),
            End(Cut),
            Expect(E::Reopen, REOPENS),
            Expect(E::RejoinAll, REJOINS_ALL),
        ],
    },
    Situation {
        id: "refused",
        rule: BACKOFF,
        needs: &[Returns],
        steps: &[
            Refuse,
            End(Cut),
            Expect(E::Backoff, BACKOFF),
            Expect(E::Reopen, REOPENS),
            Expect(E::RejoinAll, REJOINS_ALL),
        ],
    },
    Situation {
        id: "silence",
        rule: HEARTBEAT,
        needs: &[Returns],
        steps: &[
            Require(E::Heartbeat, "the client sent no heartbeat"),
            Hold(HeldBack::Everything),
            Require(E::Heartbeat, "the client sent no second heartbeat"),
            Expect(E::Replace, HEARTBEAT),
            Hold(HeldBack::Nothing),
            Expect(E::RejoinAll, REJOINS_ALL),
        ],
    },
    Situation {
        id: "close-1000",
        rule: REOPENS_ON_1000,
        needs: &[Returns],
        steps: &[
            End(Code(1000)),
            Expect(E::Reopen, REOPENS_ON_1000),
            Expect(E::RejoinAll, REJOINS_ALL),
        ],
    },
    Situation {
        id: "channel-closed",
        rule: invariants::LEFT,
        needs: &[Topic, Returns],
        steps: &[
            Send(&[P::Close]),
            Expect(E::Quiet, invariants::LEFT),
            End(Cut),
            Require(E::Reopen, NO_CONNECTION),
            Expect(E::StayClosed, invariants::LEFT),
        ],
    },
];

/// The ids of all rules that are judged.
pub fn rules() -> BTreeSet<&'static str> {
    let of_steps = SITUATIONS
        .iter()
        .flat_map(|situation| situation.steps)
        .filter_map(|step| match step {
            Expect(_, rule) => Some(*rule),
            _ => None,
        });
    let of_situations = SITUATIONS.iter().map(|situation| situation.rule);
    of_steps.chain(of_situations).chain(invariants::RULES).collect()
}
