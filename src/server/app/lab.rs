//! `lab:*` topics: one event for each thing that a channel can do (`lab_channel.ex`).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::super::channel::{Channel, Join, Next, Out, Reason};
use super::super::conduct::{Counter, DeferredReply, KeptValues, Pause, StopReasons, Whisper};
use super::super::context::{Context, Info};
use super::super::elixir::{Raised, Term, no_clause};
use super::super::payload::{Body, In, Status};
use super::{TopicStates, json, push_ping, send_pings};

#[cfg(test)]
mod tests;

/// What a channel keeps.
pub(super) struct Lab {
    count: u64,
    pings: u64,
    /// JSON by JSON: any term is a key.
    kept: BTreeMap<String, String>,
    topics: Arc<TopicStates>,
}

impl Lab {
    pub(super) fn new(topics: Arc<TopicStates>) -> Self {
        Self {
            count: 0,
            pings: 0,
            kept: BTreeMap::new(),
            topics,
        }
    }

    fn let_in(&self, params: Term<'_>, cx: &mut Context<'_>) -> Result<Join, Raised> {
        let delay = match params.access("delay_ms")?.truthy() {
            Some(delay) => delay.sleep_ms()?,
            None => Duration::ZERO,
        };
        let held_up = self.held_up(cx.conduct().join_pause, delay, cx);
        let delay = delay + held_up;
        if delay.is_zero() {
            return Self::decide(params, delay, cx);
        }
        let then = Self::decide(params, delay, cx).unwrap_or_else(Join::from);
        Ok(Join::After(delay, Box::new(then)))
    }

    fn decide(params: Term<'_>, delay: Duration, cx: &mut Context<'_>) -> Result<Join, Raised> {
        if params.access("crash")?.truthy().is_some() {
            return Err(Raised("asked to crash in join".to_owned()));
        }
        if let Some(reason) = params.access("deny")?.truthy() {
            return Ok(Join::Refuse(json(format!(r#"{{"reason":{}}}"#, reason.json()))));
        }
        start_pings(params, delay, cx);
        Ok(Join::Ok(json(format!(r#"{{"params":{}}}"#, params.json()))))
    }

    /// How long another channel of the topic holds this one up, which then sleeps for `own`.
    fn held_up(&self, pause: Pause, own: Duration, cx: &Context<'_>) -> Duration {
        if pause == Pause::OfChannel {
            return Duration::ZERO;
        }
        if let Pause::Workers(workers) = pause {
            return self.topics.waits_for_worker(workers, own, cx.now());
        }
        let whose = if pause == Pause::Server { "" } else { cx.topic() };
        let held_up = self.topics.sleeps_for(whose, cx.now());
        if !own.is_zero() {
            self.topics.sleeps(whose, cx.now() + held_up + own);
        }
        held_up
    }

    fn handle(&mut self, event: &str, payload: Term<'_>, cx: &mut Context<'_>) -> Result<Next, Raised> {
        match event {
            "echo" => Ok(Next::Reply(Status::Ok, payload.body())),
            "echo_error" => Ok(Next::Reply(Status::Error, payload.body())),
            "ack" => ok(),
            "ignore" => Ok(Next::NoReply),
            "count" => Ok(Next::Reply(
                Status::Ok,
                json(format!(r#"{{"count":{}}}"#, self.counted(cx))),
            )),
            "put" => self.put(payload, cx.conduct().kept_values),
            "get" => self.get(payload, cx.conduct().kept_values),
            "push" => {
                cx.push("pushed", payload.body());
                Ok(Next::NoReply)
            }
            "broadcast" => {
                cx.broadcast("broadcasted", payload.body());
                ok()
            }
            "broadcast_from" => {
                cx.broadcast_from("broadcasted", payload.body());
                ok()
            }
            "whisper" => whisper(payload, cx),
            "sleep" => sleep(payload),
            "reply_later" => reply_later(payload, cx),
            "stop" => stop(payload, cx.conduct().stop_reasons),
            "stop_reply" => Ok(Next::StopWithReply(Reason::Normal, Status::Ok, payload.body())),
            "crash" => Err(Raised("asked to crash".to_owned())),
            _ => Err(no_clause(event)),
        }
    }

    fn counted(&mut self, cx: &Context<'_>) -> u64 {
        self.count = match cx.conduct().counter {
            Counter::Channel => self.count + 1,
            Counter::ChannelUpToAHundred => self.count % 100 + 1,
            Counter::Topic => self.topics.next(cx.topic()),
            Counter::Connection => self.topics.next(&format!("{:?} {}", cx.session(), cx.topic())),
        };
        self.count
    }

    fn put(&mut self, payload: Term<'_>, kept: KeptValues) -> Result<Next, Raised> {
        let key = payload.matched("key", "put")?;
        let value = payload.matched("value", "put")?;
        self.kept.insert(kept_under(key, kept), value.json());
        ok()
    }

    fn get(&self, payload: Term<'_>, kept: KeptValues) -> Result<Next, Raised> {
        let key = kept_under(payload.matched("key", "get")?, kept);
        let value = self.kept.get(&key).map_or("null", String::as_str);
        Ok(Next::Reply(Status::Ok, json(format!(r#"{{"value":{value}}}"#))))
    }
}

/// The key under which a value is kept.
fn kept_under(key: Term<'_>, kept: KeptValues) -> String {
    match kept {
        KeptValues::OneForEachKey => key.json(),
        KeptValues::OneForAll => String::new(),
    }
}

/// The timer starts when the sleep is over.
fn start_pings(params: Term<'_>, delay: Duration, cx: &mut Context<'_>) {
    let Ok(Some(ms)) = params.map_get("ping_ms") else {
        return;
    };
    if delay.is_zero() {
        send_pings(ms, cx);
    } else if let Ok(interval) = ms.timer_ms() {
        cx.send_after(delay, Info::StartPing(interval));
    }
}

fn whisper(payload: Term<'_>, cx: &mut Context<'_>) -> Result<Next, Raised> {
    let to = payload.matched("to", "whisper")?;
    let body = payload.matched("body", "whisper")?;
    cx.broadcast(
        "whispered",
        json(format!(r#"{{"body":{},"to":{}}}"#, body.json(), to.json())),
    );
    ok()
}

fn sleep(payload: Term<'_>) -> Result<Next, Raised> {
    let ms = payload.matched("ms", "sleep")?;
    let slept = Next::Reply(Status::Ok, json(format!(r#"{{"slept":{}}}"#, ms.json())));
    Ok(Next::BusyFor(ms.sleep_ms()?, Box::new(slept)))
}

fn reply_later(payload: Term<'_>, cx: &mut Context<'_>) -> Result<Next, Raised> {
    let ms = payload.matched("ms", "reply_later")?;
    let body = payload.matched("body", "reply_later")?;
    let to = cx
        .reply_ref()
        .ok_or_else(|| Raised("only a push with a ref can be answered later".to_owned()))?;
    let body = json(format!(r#"{{"body":{}}}"#, body.json()));
    match cx.conduct().deferred_reply {
        DeferredReply::HoldsUpNothing => {
            cx.send_after(ms.timer_ms()?, Info::ReplyLater(to, body));
            Ok(Next::NoReply)
        }
        DeferredReply::HoldsUpChannel => Ok(Next::BusyFor(
            ms.timer_ms()?,
            Box::new(Next::Reply(Status::Ok, body)),
        )),
    }
}

fn stop(payload: Term<'_>, reasons: StopReasons) -> Result<Next, Raised> {
    let reason = payload.matched("reason", "stop")?;
    Ok(Next::Stop(match (reason.text().as_deref(), reasons) {
        (Some("normal"), _) | (_, StopReasons::AllInOrder) => Reason::Normal,
        (Some("shutdown"), StopReasons::AsAsked) => Reason::Shutdown,
        _ => Reason::Crash(format!("asked to stop: {}", reason.json())),
    }))
}

fn ok() -> Result<Next, Raised> {
    Ok(Next::Reply(Status::Ok, Body::empty()))
}

impl Channel for Lab {
    fn join(&mut self, _topic: &str, params: In<'_>, cx: &mut Context<'_>) -> Join {
        self.let_in(Term::of(params), cx).unwrap_or_else(Join::from)
    }

    fn handle_in(&mut self, event: &str, payload: In<'_>, cx: &mut Context<'_>) -> Next {
        let next = self
            .handle(event, Term::of(payload), cx)
            .unwrap_or_else(Next::from);
        let own = match &next {
            Next::BusyFor(own, _) if event == "sleep" => *own,
            _ => Duration::ZERO,
        };
        let held_up = self.held_up(cx.conduct().push_pause, own, cx);
        if held_up.is_zero() {
            next
        } else {
            Next::BusyFor(held_up, Box::new(next))
        }
    }

    fn intercepts(&self) -> &'static [&'static str] {
        &["whispered"]
    }

    fn handle_out(&mut self, _event: &str, payload: &Body, cx: &mut Context<'_>) -> Out {
        let Body::Json(whispered) = payload else {
            return Out::Nothing;
        };
        let whispered = Term::of(In::Json(whispered));
        let (Ok(to), Ok(body)) = (whispered.access("to"), whispered.access("body")) else {
            return Out::Nothing;
        };
        match cx.conduct().whisper {
            Whisper::Named | Whisper::NamedAsSent
                if !to
                    .text()
                    .is_some_and(|to| cx.conduct().user_names.same(&to, cx.user())) =>
            {
                Out::Nothing
            }
            Whisper::NamedAsSent => Out::AsItIs,
            Whisper::Named | Whisper::Everybody => {
                Out::Instead(json(format!(r#"{{"body":{},"for":{}}}"#, body.json(), to.json())))
            }
        }
    }

    fn handle_info(&mut self, info: Info, cx: &mut Context<'_>) -> Next {
        match info {
            Info::Ping => {
                self.pings += 1;
                push_ping(self.pings, cx);
            }
            Info::StartPing(interval) => cx.send_every(interval, Info::Ping),
            Info::ReplyLater(to, body) => cx.reply(to, Status::Ok, body),
            Info::Track | Info::Tracked | Info::State => {}
        }
        Next::NoReply
    }
}
