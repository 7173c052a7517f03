//! Which transports can carry a scenario: long poll has no frames and no close frames, and carries binary messages in one
//! direction only.

use super::{
    Act, Actor, Connect, Content, ExpectedReply, Group, MountPath, Opening, OutgoingPayload, Program, Send,
    SendKind, Sent, What,
};
use crate::transport::Transport;

impl Program {
    /// The transports that its steps name.
    pub fn transports(&self) -> impl Iterator<Item = Transport> {
        self.connects().filter_map(Connect::bound_to)
    }

    /// The transport that it is played over in any case: each of its connections names this one, or it has no connection and
    /// asks for the path of long poll.
    pub fn bound_to(&self) -> Option<Transport> {
        if self.connects().next().is_none() {
            let asks = |act: &Act| matches!(&act.what, What::Http(http) if http.path.has("/longpoll"));
            return self.acts().any(asks).then_some(Transport::LongPoll);
        }
        let first = self.connects().next()?.bound_to();
        let same = self.connects().all(|connect| connect.bound_to() == first);
        first.filter(|_| same)
    }

    /// Why this transport cannot carry it, if it cannot.
    pub fn not_carried_by(&self, transport: Transport) -> Option<&str> {
        if let Some((only, why)) = &self.only_over
            && *only != transport
        {
            return Some(why);
        }
        let is_polled = |actor| self.transport_of(actor, transport) == Transport::LongPoll;
        let polled = |act: &&Act| match act.what.actor() {
            Some(actor) => is_polled(actor),
            None => transport == Transport::LongPoll,
        };
        let is_meant = |act: &Act| match (&act.what, act.what.actor()) {
            // Its author knows that the end is told by the answer to a poll.
            (What::Closed(_, None), Some(actor)) => self.names_longpoll(actor),
            _ => false,
        };
        if transport == Transport::LongPoll && self.groups.iter().any(sends_with_upgrade) {
            return Some("it sends messages with the request to upgrade to WebSocket");
        }
        let mut steps = self.acts().filter(polled).filter(|act| !is_meant(act));
        steps.find_map(only_over_websocket)
    }

    fn names_longpoll(&self, actor: Actor) -> bool {
        self.transport_of(actor, Transport::WebSocket) == Transport::LongPoll
    }

    /// The transport of an actor's first connection, if the case is played over `otherwise`.
    fn transport_of(&self, actor: Actor, otherwise: Transport) -> Transport {
        let mut connects = self.acts().filter_map(|act| match &act.what {
            What::Connect(it, connect) if *it == actor => Some(connect),
            _ => None,
        });
        connects.next().and_then(Connect::bound_to).unwrap_or(otherwise)
    }

    /// Whether it makes no difference over which transport it is played: its steps name their transports, or its users send
    /// requests only.
    pub(crate) fn is_same_over_all(&self) -> bool {
        self.transports().next().is_some() || (self.has_no_socket() && !self.actors.is_empty())
    }

    /// Whether it sends requests only.
    pub(crate) fn has_no_socket(&self) -> bool {
        self.connects().next().is_none()
    }

    pub(crate) fn connects(&self) -> impl Iterator<Item = &Connect> {
        self.acts().filter_map(|act| match &act.what {
            What::Connect(_, connect) => Some(connect),
            _ => None,
        })
    }
}

/// Whether messages are sent before the answer to the request to upgrade.
fn sends_with_upgrade(group: &Group) -> bool {
    let connects = |act: &Act| matches!(act.what, What::Connect(..));
    group.sent == Sent::InOneSegment && group.acts.iter().any(connects)
}

/// Why a step can be taken over WebSocket only.
fn only_over_websocket(act: &Act) -> Option<&'static str> {
    let why = match &act.what {
        What::Send(_, send) if send.payload.length() > LONGEST_BODY => {
            "Phoenix reads no more than 8 MB of a long poll request"
        }
        What::Send(_, send) if send.has_binary_reply() => BINARY_ANSWER,
        What::Receive(_, receive) if matches!(receive.content, Content::Binary(_)) => BINARY_ANSWER,
        What::Raw(..) | What::Pong(..) => "it sends frames by hand, and long poll has no frames",
        What::Close(..) | What::Closed(..) | What::ClosedOrAlive(_) => {
            "it is about the end of a connection, which long poll tells in another way"
        }
        What::Restart(_) => "it restarts the server, which ends long poll sessions in another way",
        What::Connect(_, connect) if connect.has_websocket_only() => "its mount offers WebSocket only",
        What::Connect(_, connect) if connect.fallback.is_none() && of_the_upgrade(connect) => {
            "it is about the upgrade to WebSocket"
        }
        What::Http(http) if http.path.has("/websocket") => "it asks for the path of WebSocket",
        What::Connect(..)
        | What::Send(..)
        | What::Receive(..)
        | What::ReceiveNothing(..)
        | What::Cut(_)
        | What::Sleep(_)
        | What::Http(_) => return None,
    };
    Some(why)
}

impl Send {
    /// Whether the channel answers with bytes: that is what a push of bytes asks for.
    fn has_binary_reply(&self) -> bool {
        match self.reply {
            ExpectedReply::None => false,
            ExpectedReply::Status(_, Content::Binary(_)) => true,
            ExpectedReply::Status(_, Content::Json(_)) => false,
            ExpectedReply::Any | ExpectedReply::Status(_, Content::Unjudged) => {
                matches!(self.payload, OutgoingPayload::Binary(_)) && !matches!(self.kind, SendKind::Join)
            }
        }
    }
}

/// Phoenix writes messages to a long poll client as JSON texts.
const BINARY_ANSWER: &str = "Phoenix cannot send binary messages to a long poll client";
/// The longest body in bytes that `Plug` reads by default.
const LONGEST_BODY: usize = 8_000_000;

impl Connect {
    /// Whether the contract of the mount has no long poll.
    fn has_websocket_only(&self) -> bool {
        let of_contract = |name: &str| matches!(name, "strict_socket" | "compressed_socket");
        matches!(&self.mount, MountPath::Instead(name) if of_contract(name))
    }
}

fn of_the_upgrade(connect: &Connect) -> bool {
    let is_of_websocket = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.starts_with("sec-websocket-") || name == "upgrade" || name == "connection"
    };
    matches!(connect.answer, Opening::OpenWith(_))
        || connect.headers.iter().any(|(name, _)| is_of_websocket(name))
}

#[cfg(test)]
mod tests {
    use super::super::super::read;
    use super::*;

    fn program(steps: &str) -> Program {
        read("a.yaml", &format!("about: A.\nsteps:\n{steps}")).expect("a scenario")
    }

    #[test]
    fn long_poll_carries_messages_but_no_frames() {
        let carried = |steps: &str| {
            program(steps)
                .not_carried_by(Transport::LongPoll)
                .map(str::to_owned)
        };
        let begin = "  - ana: connect\n";
        for step in ["heartbeat", "cut", "{ join: a }", "{ receive-nothing: 1ms }"] {
            assert_eq!(carried(&format!("{begin}  - ana: {step}\n")), None, "{step}");
        }
        for step in ["close", "closed", "closed-or-alive", "{ raw: { text: a } }"] {
            assert!(carried(&format!("{begin}  - ana: {step}\n")).is_some(), "{step}");
        }
        let key = "  - ana: { connect: socket, headers: { Sec-WebSocket-Version: \"12\" } }\n";
        assert!(carried(key).is_some());
        assert!(carried("  - http: GET /socket/websocket\n").is_some());
        assert_eq!(program(key).not_carried_by(Transport::WebSocket), None);
    }

    #[test]
    fn a_file_may_name_the_one_transport_that_it_is_about() {
        let source = "about: A.\nonly-over: { websocket: it cuts }\nsteps:\n  - ana: connect\n  - ana: cut\n";
        let program = read("a.yaml", source).expect("a scenario");
        assert_eq!(program.not_carried_by(Transport::LongPoll), Some("it cuts"));
        assert_eq!(program.not_carried_by(Transport::WebSocket), None);
    }

    #[test]
    fn a_step_may_name_its_transport() {
        let mixed = program("  - ana: connect\n  - bea: { connect: socket, transport: longpoll }\n");
        assert_eq!(mixed.transports().collect::<Vec<_>>(), [Transport::LongPoll]);
        assert_eq!(mixed.bound_to(), None);
        for bound in [
            "  - bea: { connect: socket, transport: longpoll }\n",
            "  - http: GET /socket/longpoll\n",
        ] {
            assert_eq!(program(bound).bound_to(), Some(Transport::LongPoll), "{bound}");
        }
        assert_eq!(program("  - http: GET /\n").bound_to(), None);
    }
}
