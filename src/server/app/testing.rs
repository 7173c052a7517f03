//! One channel of a session, without a server: what a channel is told goes in, what it wants done comes out as lines of text.

use crate::server::chance::Chance;
use crate::server::channel::{Channel, Join, Next, Out, Reason};
use crate::server::conduct::AppConduct;
use crate::server::context::{Action, ChannelIdentity, Context, Info, Reach, ReplyRef};
use crate::server::ids::{ChannelId, SessionId};
use crate::server::payload::{Body, In, Status};
use crate::server::presence::Presence;
use crate::server::refs::Ref;
use crate::server::store::{Answer, Request};

/// What several channels share.
pub(super) struct Scene {
    pub(super) conduct: AppConduct,
    pub(super) presence: Presence,
}

impl Scene {
    pub(super) fn new() -> Self {
        Self {
            conduct: AppConduct::default(),
            presence: Presence::new(std::time::Duration::ZERO),
        }
    }

    pub(super) fn channel<'s>(
        &'s self,
        (id, user): (u64, &'s str),
        topic: &'s str,
        channel: impl Channel + 's,
    ) -> Talk<'s> {
        let identity = ChannelIdentity {
            id: ChannelId(id),
            session: SessionId(1),
            user,
            topic,
        };
        Talk {
            scene: self,
            identity,
            channel: Box::new(channel),
            reference: Some("2"),
            asked: None,
        }
    }
}

/// One channel of a session. Every method returns what the channel wanted done, in order, and what it returned.
pub(super) struct Talk<'s> {
    scene: &'s Scene,
    identity: ChannelIdentity<'s>,
    channel: Box<dyn Channel + 's>,
    /// The ref of the pushes to come.
    pub(super) reference: Option<&'static str>,
    /// What the channel asked the store last.
    pub(super) asked: Option<Request>,
}

impl Talk<'_> {
    pub(super) fn join(&mut self, params: &str) -> Vec<String> {
        let topic = self.identity.topic;
        let (mut lines, join) = self.call(|channel, cx| channel.join(topic, In::Json(params), cx));
        lines.extend(self.join_lines(join));
        lines
    }

    pub(super) fn joined(&mut self, answer: Answer) -> Vec<String> {
        let (mut lines, join) = self.call(|channel, cx| channel.joined(answer, cx));
        lines.extend(self.join_lines(join));
        lines
    }

    pub(super) fn push(&mut self, event: &str, payload: &str) -> Vec<String> {
        self.handle_in(event, In::Json(payload))
    }

    pub(super) fn handle_in(&mut self, event: &str, payload: In<'_>) -> Vec<String> {
        let (mut lines, next) = self.call(|channel, cx| channel.handle_in(event, payload, cx));
        lines.extend(self.next_lines(next));
        lines
    }

    pub(super) fn answered(&mut self, answer: Answer) -> Vec<String> {
        let (mut lines, next) = self.call(|channel, cx| channel.answered(answer, cx));
        lines.extend(self.next_lines(next));
        lines
    }

    pub(super) fn info(&mut self, info: Info) -> Vec<String> {
        let (mut lines, next) = self.call(|channel, cx| channel.handle_info(info, cx));
        lines.extend(self.next_lines(next));
        lines
    }

    pub(super) fn hears(&mut self, event: &str, payload: &str) -> String {
        let body = Body::Json(payload.into());
        let (_, out) = self.call(|channel, cx| channel.handle_out(event, &body, cx));
        match out {
            Out::AsItIs => format!("push {event} {payload}"),
            Out::Instead(body) => format!("push {event} {}", text(&body)),
            Out::Nothing => "nothing".to_owned(),
        }
    }

    pub(super) fn terminate(&mut self) -> Vec<String> {
        self.call(|channel, cx| channel.terminate(&Reason::Shutdown, cx))
            .0
    }

    fn call<T>(
        &mut self,
        callback: impl FnOnce(&mut dyn Channel, &mut Context<'_>) -> T,
    ) -> (Vec<String>, T) {
        let mut actions = Vec::new();
        let mut chance = Chance::default();
        let mut cx = Context {
            identity: self.identity,
            reference: &self.reference.into(),
            conduct: &self.scene.conduct,
            presence: &self.scene.presence,
            now: crate::clock::Time::ZERO,
            chance: &mut chance,
            actions: &mut actions,
        };
        let returned = callback(self.channel.as_mut(), &mut cx);
        (actions.iter().map(action_line).collect(), returned)
    }

    fn join_lines(&mut self, join: Join) -> Vec<String> {
        match join {
            Join::Ok(body) => vec![format!("ok {}", text(&body))],
            Join::Refuse(body) => vec![format!("error {}", text(&body))],
            Join::Crash(_) => vec!["crash".to_owned()],
            Join::After(delay, then) => {
                let then = self.join_lines(*then);
                std::iter::once(format!("sleep {delay:?}")).chain(then).collect()
            }
            Join::Call(request) => {
                self.asked = Some(request);
                vec!["ask".to_owned()]
            }
        }
    }

    fn next_lines(&mut self, next: Next) -> Vec<String> {
        match next {
            Next::NoReply => Vec::new(),
            Next::Reply(Status::Ok, body) => vec![format!("ok {}", text(&body))],
            Next::Reply(Status::Error, body) => vec![format!("error {}", text(&body))],
            Next::BusyFor(delay, then) => {
                let then = self.next_lines(*then);
                std::iter::once(format!("sleep {delay:?}")).chain(then).collect()
            }
            Next::Handle(info) => vec![format!("handle {info:?}")],
            Next::Call(request) => {
                self.asked = Some(request);
                vec!["ask".to_owned()]
            }
            Next::Stop(reason) => vec![reason_line(&reason)],
            Next::StopWithReply(reason, _, body) => vec![format!("ok {}", text(&body)), reason_line(&reason)],
        }
    }
}

pub(super) fn reply_ref(of: &str) -> ReplyRef {
    ReplyRef {
        reference: Ref::Text(of.into()),
    }
}

fn action_line(action: &Action) -> String {
    match action {
        Action::Push { event, body } => format!("push {event} {}", text(body)),
        Action::Reply { body, .. } => format!("reply {}", text(body)),
        Action::Broadcast {
            event,
            body,
            to: Reach::Everybody,
        } => format!("all {event} {}", text(body)),
        Action::Broadcast {
            event,
            body,
            to: Reach::Others,
        } => format!("others {event} {}", text(body)),
        Action::Diff {
            body,
            to: Reach::Everybody,
            ..
        } => format!("all presence_diff {}", text(body)),
        Action::Diff { body, .. } => format!("others presence_diff {}", text(body)),
        Action::SendAfter { delay, info } => format!("after {delay:?} {info:?}"),
        Action::SendEvery { interval, info } => format!("every {interval:?} {info:?}"),
    }
}

fn reason_line(reason: &Reason) -> String {
    match reason {
        Reason::Normal => "stop normal".to_owned(),
        Reason::Shutdown => "stop shutdown".to_owned(),
        Reason::Crash(_) => "crash".to_owned(),
    }
}

fn text(body: &Body) -> String {
    match body {
        Body::Json(text) => text.to_string(),
        Body::Binary(data) => format!("{data:?}"),
    }
}
