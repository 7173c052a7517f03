//! `presence:*` topics: each user of a topic is tracked with a status (`presence.ex`).

use super::super::chance::Freedom;
use super::super::channel::{Channel, Join, Next, Reason};
use super::super::conduct::{PresenceJoin, PresenceLeave, PresenceState, UpdatesTold};
use super::super::context::{Context, Info, Reach, Tells};
use super::super::elixir::{Raised, Term, no_clause};
use super::super::payload::{Body, In, Status};
use super::super::presence::{Listed, Order};

#[cfg(test)]
mod tests;

/// What a channel keeps.
#[derive(Default)]
pub(super) struct PresenceChannel {
    /// JSON text.
    status: String,
    /// Diffs on their way from the tracker, oldest first.
    untold: Vec<Body>,
}

impl PresenceChannel {
    fn let_in(&mut self, params: Term<'_>, cx: &mut Context<'_>) -> Result<Join, Raised> {
        let status = params.map_get("status")?;
        self.status = status.map_or_else(|| r#""online""#.to_owned(), Term::json);
        cx.send(Info::Track);
        Ok(Join::Ok(Body::empty()))
    }

    fn track(&self, cx: &mut Context<'_>) -> Result<Next, Raised> {
        let joined = cx
            .presence()
            .track(cx.id(), cx.topic(), cx.user(), &self.status)?;
        let to = match cx.conduct().presence_join {
            PresenceJoin::Everybody => Reach::Everybody,
            PresenceJoin::Others => Reach::Others,
        };
        cx.tell(joined, Tells::Change, to);
        match cx.chance().delay(Freedom::LateState) {
            None => push_state(cx),
            Some(late) => return Ok(Next::BusyFor(late, Box::new(Next::Handle(Info::State)))),
        }
        Ok(Next::NoReply)
    }

    /// The reply is mostly there before the word of the tracker, which in Elixir is a process of its own; but that word
    /// is there before the channel has got to its next message.
    fn update(&mut self, payload: Term<'_>, cx: &mut Context<'_>) -> Result<Next, Raised> {
        let status = payload.matched("status", "update")?.json();
        let how = cx.conduct().presence_update;
        let diff = cx.presence().update(cx.id(), cx.topic(), &status, how)?;
        let times = match cx.conduct().updates_told {
            UpdatesTold::Once => 1,
            UpdatesTold::Twice => 2,
        };
        let mut diffs = vec![diff; times];
        if cx.chance().happens(Freedom::DiffBeforeReply) {
            for diff in diffs {
                cx.tell(diff, Tells::ChangeAtOnce, Reach::Everybody);
            }
        } else {
            self.untold.append(&mut diffs);
            cx.send(Info::Tracked);
        }
        Ok(Next::Reply(Status::Ok, Body::empty()))
    }

    fn tell(&mut self, cx: &mut Context<'_>) {
        for diff in self.untold.drain(..) {
            cx.tell(diff, Tells::Change, Reach::Everybody);
        }
    }
}

fn push_state(cx: &mut Context<'_>) {
    let listed = match cx.conduct().presence_state {
        PresenceState::Everybody => Listed::All(order(cx)),
        PresenceState::Others => Listed::AllBut(cx.id()),
        PresenceState::OneMetaOfEach => Listed::OneOfEachKey(order(cx)),
    };
    let state = cx.presence().list(cx.topic(), listed);
    cx.push("presence_state", state);
}

/// In Phoenix the metas of a key stand in the order of their processes' numbers, which start again some time.
fn order(cx: &mut Context<'_>) -> Order {
    if cx.chance().is_off() || !cx.presence().has_a_key_with_many_metas(cx.topic()) {
        return Order::AsTracked;
    }
    match cx.chance().happens(Freedom::MetaOrder) {
        true => Order::Reversed,
        false => Order::AsTracked,
    }
}

impl Channel for PresenceChannel {
    fn join(&mut self, _topic: &str, params: In<'_>, cx: &mut Context<'_>) -> Join {
        self.let_in(Term::of(params), cx).unwrap_or_else(Join::from)
    }

    fn handle_in(&mut self, event: &str, payload: In<'_>, cx: &mut Context<'_>) -> Next {
        self.tell(cx);
        let result = match event {
            "update" => self.update(Term::of(payload), cx),
            _ => Err(no_clause(event)),
        };
        result.unwrap_or_else(Next::from)
    }

    fn handle_info(&mut self, info: Info, cx: &mut Context<'_>) -> Next {
        match info {
            Info::Track => return self.track(cx).unwrap_or_else(Next::from),
            Info::Tracked => self.tell(cx),
            Info::State => push_state(cx),
            Info::Ping | Info::StartPing(_) | Info::ReplyLater(..) => {}
        }
        Next::NoReply
    }

    fn terminate(&mut self, _why: &Reason, cx: &mut Context<'_>) {
        self.tell(cx);
        let all = match cx.conduct().presence_leave {
            PresenceLeave::WithAllOfTheUser => cx.presence().all_leave(cx.topic(), cx.user()),
            PresenceLeave::Told | PresenceLeave::Untold => None,
        };
        let left = cx.presence().untrack(cx.id(), cx.topic());
        match cx.conduct().presence_leave {
            PresenceLeave::Told | PresenceLeave::WithAllOfTheUser => all
                .or(left)
                .into_iter()
                .for_each(|diff| cx.tell(diff, Tells::Leave, Reach::Everybody)),
            PresenceLeave::Untold => {}
        }
    }
}
