//! Examines a target before the cases run: what does the server offer?

use std::rc::Rc;
use std::sync::Arc;

use super::baseline;
use super::catalogue::Case;
use super::context::RunContext;
use super::heard::{From, Heard};
use super::inquiry::{holds, played};
use super::offered::Baseline;
use super::settings::Room;
use super::tokens::Tokens;
use crate::protocol::Message;
use crate::scenario::{Level, Noted, Program};
use crate::transport::Transport;

/// What a target offers.
#[derive(Clone, Debug, Default)]
pub(super) struct Offers {
    pub(super) levels: Vec<Level>,
    pub(super) mounts: Vec<String>,
    /// The transports of the target's own mount.
    pub(super) transports: Vec<Transport>,
    pub(super) v1: Speaks,
    pub(super) tokens: Tokens,
    pub(super) baseline: Option<Baseline>,
}

/// Whether the server also supports version 1.0.0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Speaks {
    Yes,
    #[default]
    No,
}

/// A small scenario that holds only if the server has the lab channel.
const LAB: &str = r#"
about: Whether a lab channel is there.
fresh: [room, told]
steps:
  - ana: connect
  - ana: { join: "lab:{{room}}", with: { told: "{{told}}" }, reply: { ok: { params: { told: "{{told}}" } } } }
  - ana: { push: ack }
"#;

const PRESENCE: &str = r#"
about: Whether a presence channel is there.
fresh: [room]
steps:
  - ana: connect
  - ana: { join: "presence:{{room}}" }
  - ana: { receive: presence_state }
"#;

const RUMBL: &str = r#"
about: Whether a videos channel is there.
fresh: [video]
steps:
  - ana: connect
  - ana: { join: "videos:{{video}}", reply: { ok: { annotations: { is: list } } } }
"#;

const FAST: &str = r#"
about: Whether the mount with the short timeout is there.
steps: [ana: { connect: fast_socket }]
"#;

const NOWHERE: &str = r#"
about: Whether paths are looked at.
steps: [ana: { connect: phxproof-nowhere }]
"#;

const STRICT: &str = r#"
about: Whether the mount that checks origins is there.
steps: [ana: { connect: strict_socket, headers: { Origin: "https://allowed.example" } }]
"#;

const COMPRESSED: &str = r#"
about: Whether the mount that compresses is there.
steps: [ana: { connect: compressed_socket }]
"#;

const V1: &str = r#"
about: Whether 1.0.0 is spoken.
vsn: 1.0.0
steps: [ana: connect, ana: heartbeat]
"#;

const WEBSOCKET: &str = r#"
about: Whether the mount offers WebSocket.
steps: [ana: { connect: socket, transport: websocket }]
"#;

/// An answer with a status and a token opens a session, whatever its HTTP status; the cases judge that.
const LONGPOLL: &str = r#"
about: Whether the mount opens sessions of long poll.
steps:
  - http: GET MOUNT/longpoll?vsn=2.0.0
    with: { status: { is: integer }, token: { is: text } }
"#;

/// A refusal has no token; other servers answer an unknown path with another HTTP status.
const LONGPOLL_REFUSES: &str = r#"
about: Whether the mount refuses sessions of long poll.
steps:
  - http: GET MOUNT/longpoll?vsn=2.0.0
    answer: 200
    with: { status: { is: integer } }
"#;

/// Joins a topic and accepts any outcome.
const JOIN: &str = r#"
about: What comes of a join.
fresh: [room]
steps:
  - ana: connect
  - ana: { join: "PREFIX:{{room}}", reply: any }
"#;

/// The outcome of a join.
#[derive(Debug, PartialEq, Eq)]
enum JoinOutcome {
    /// A reply on the topic with any refs; this is its status.
    Reply(String),
    /// Another message on the topic.
    SomethingElse,
    /// The connection ended.
    End,
    Nothing,
}

/// Probes everything that a level needs.
pub(super) async fn look(context: &Rc<RunContext>, room: Option<&Room>, first_fresh: u64) -> Offers {
    let mut offers = Offers::of_a_socket(context.target.transport());
    let (lab, presence, rumbl, fast, strict, compressed, any_path, v1, transports, tokens) = tokio::join!(
        offers_channel(context, LAB, "lab", first_fresh),
        offers_channel(context, PRESENCE, "presence", first_fresh + 10),
        offers_channel(context, RUMBL, "videos", first_fresh + 20),
        holds(context, FAST, first_fresh + 30),
        holds(context, STRICT, first_fresh + 40),
        holds(context, COMPRESSED, first_fresh + 43),
        holds(context, NOWHERE, first_fresh + 45),
        holds(context, V1, first_fresh + 50),
        offers_transports(context, first_fresh + 55),
        Tokens::look(context, first_fresh + 70),
    );
    (offers.transports, offers.tokens) = (transports, tokens);
    // The contract of the lab requires both versions. A server without the lab may support only 2.0.0.
    offers.v1 = if v1 || lab { Speaks::Yes } else { Speaks::No };
    let levels = [
        (lab || room.is_some(), Level::Room),
        (lab, Level::Lab),
        (lab && presence, Level::Presence),
        (lab && rumbl, Level::Rumbl),
    ];
    offers.levels.extend(
        levels
            .into_iter()
            .filter(|(held, _)| *held)
            .map(|(_, level)| level),
    );
    let pushes = room.map_or(lab, |room| room.push.is_some());
    offers.baseline = if pushes {
        baseline::ask(context, first_fresh + 60).await
    } else {
        None
    };
    // A server that ignores the path has a single mount, with any name.
    let mounts = [
        (fast && !any_path, "fast_socket"),
        (strict && !any_path, "strict_socket"),
        (compressed && !any_path, "compressed_socket"),
    ];
    offers.mounts.extend(
        mounts
            .into_iter()
            .filter(|(held, _)| *held)
            .map(|(_, name)| name.to_owned()),
    );
    offers
}

/// The transports that the mount offers: that of the target, and the other one if any case needs it.
async fn offers_transports(context: &Rc<RunContext>, first_fresh: u64) -> Vec<Transport> {
    let mut offered = vec![context.target.transport()];
    for transport in Transport::ALL {
        let is_needed = |case: &Arc<Case>| {
            case.transport == transport || case.program.transports().any(|it| it == transport)
        };
        // The version of a server is found out over WebSocket.
        let is_wanted = transport == Transport::WebSocket || context.settings.cases.iter().any(is_needed);
        let is_unknown = is_wanted && !offered.contains(&transport);
        if is_unknown && offers_transport(context, transport, first_fresh).await {
            offered.push(transport);
        }
    }
    offered
}

async fn offers_transport(context: &Rc<RunContext>, transport: Transport, first_fresh: u64) -> bool {
    let sources: &[&str] = match transport {
        Transport::WebSocket => &[WEBSOCKET],
        Transport::LongPoll => &[LONGPOLL, LONGPOLL_REFUSES],
    };
    for source in sources {
        let source = source.replace("MOUNT", context.target.mount());
        if holds(context, &source, first_fresh).await {
            return true;
        }
    }
    false
}

/// Whether the server has a channel: it answers as the contract says, or wrongly, but not as for an unknown
/// topic. It cannot be determined if anybody may join any topic, or if the server does not reply.
async fn offers_channel(context: &Rc<RunContext>, strictly: &str, prefix: &str, first_fresh: u64) -> bool {
    let nowhere = format!("{prefix}-nowhere");
    let (held, there, elsewhere) = tokio::join!(
        holds(context, strictly, first_fresh),
        came_of_join(context, prefix, first_fresh + 4),
        came_of_join(context, &nowhere, first_fresh + 5),
    );
    held || (there != elsewhere && elsewhere == JoinOutcome::Reply("error".to_owned()))
}

async fn came_of_join(context: &Rc<RunContext>, prefix: &str, number: u64) -> JoinOutcome {
    let Some(play) = played(context, &JOIN.replace("PREFIX", prefix), number).await else {
        return JoinOutcome::Nothing;
    };
    let topic = format!("{prefix}:{number}");
    let heard = Heard::of(&play);
    let on_topic = |(_, from, message): &(_, From, Message<'_>)| {
        *from == From::Server && message.topic.as_str() == Some(&topic)
    };
    let mut came = heard
        .messages()
        .filter(on_topic)
        .map(|(.., message)| message)
        .peekable();
    let is_silent = came.peek().is_none();
    if let Some(status) = came.find_map(|message| Some(message.reply()?.status.into_owned())) {
        JoinOutcome::Reply(status)
    } else if !is_silent {
        JoinOutcome::SomethingElse
    } else if heard.entries().any(|entry| matches!(entry.what, Noted::Ended(_))) {
        JoinOutcome::End
    } else {
        JoinOutcome::Nothing
    }
}

/// What a program needs and a target lacks, in words.
pub(super) fn lacks(program: &Program, offers: &Offers) -> Option<String> {
    if let Some(why) = offers.tokens.lacked_by(program) {
        return Some(why.to_owned());
    }
    let mount = program.mounts().find(|mount| {
        matches!(*mount, "fast_socket" | "strict_socket" | "compressed_socket")
            && !offers.mounts.iter().any(|it| it == mount)
    })?;
    Some(format!("the server has no mount {mount}"))
}

/// Names with commas, and the last behind `and`.
fn listed(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => names.concat(),
    }
}

impl Offers {
    /// What every Phoenix socket offers.
    pub(super) fn of_a_socket(transport: Transport) -> Self {
        Self {
            transports: vec![transport],
            levels: vec![Level::Wire],
            ..Self::default()
        }
    }

    /// What the server offers, one sentence each.
    pub(super) fn sentences(&self) -> Vec<String> {
        let levels: Vec<&str> = self.levels.iter().map(|level| level.name()).collect();
        let mut all = vec![format!("it offers the levels {}", levels.join(", "))];
        if !self.mounts.is_empty() {
            all.push(format!("beside its own the mounts {}", listed(&self.mounts)));
        }
        all
    }
}
