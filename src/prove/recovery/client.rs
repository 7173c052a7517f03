//! A client of the experiment: it writes to its video or watches it. Whenever its connection ends, it comes back as phoenix.js does,
//! with the highest id that it has seen.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use super::super::account::{Content, Expected};
use super::super::member::{Member, NoAnswer};
use super::cause::Cause;
use super::log::Log;
use super::scene::Scene;
use crate::client::Backoff;
use crate::clock::Time;
use crate::dice::Dice;
use crate::load::Timing;
use crate::transport::Transport;

/// One time in so many, a writer sends a burst.
const BURST_ONE_IN: u64 = 20;
const BURST: usize = 8;
/// Places of annotations are below this, so that some are equal.
const LAST_PLACE: u64 = 500;
/// How long a client waits in the end for annotations that were acknowledged.
const LAST_WAIT: Duration = Duration::from_secs(5);
/// How long it listens at a time.
const LISTEN: Duration = Duration::from_secs(1);

/// An order to a client from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Its connection is cut, and there is no network until this moment.
    Cut(Cause, Time),
    /// The server may end the connection from now on.
    MayEnd,
    /// It takes the messages that are still on their way, leaves, and closes its connection.
    Finish,
}

/// The role of a client.
pub(super) enum Role {
    Writer(Dice),
    Viewer,
}

/// A client.
pub(super) struct Client {
    pub(super) member: Member,
    pub(super) video: usize,
    pub(super) log: Log,
    role: Role,
    scene: Rc<Scene>,
    topic: Rc<str>,
    /// The highest id that it has.
    seen: i64,
    line: Line,
    /// The reason why its last connection ended.
    cause: Cause,
    /// The moment from which on it could come back.
    from: Time,
    /// The attempts to connect, and to join, since that.
    tries: u32,
    joins: u32,
    next_try: Time,
    /// Its own annotations that have no answer yet.
    unanswered: usize,
    /// The reason why its last attempt to come back failed.
    trouble: Option<String>,
}

/// How far a client is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    None,
    Connected,
    Joined,
}

/// Whether a client is back when all is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    Back,
    /// It is still trying.
    OnItsWay,
    /// It was kept out several times, for this reason.
    KeptOut(String),
}

impl Client {
    pub(super) fn new(member: Member, video: usize, role: Role, scene: &Rc<Scene>) -> Self {
        Self {
            video,
            log: Log::default(),
            role,
            topic: Rc::clone(&scene.videos[video].borrow().topic),
            scene: Rc::clone(scene),
            seen: 0,
            line: Line::Connected,
            cause: Cause::First,
            from: member.site.now(),
            tries: 0,
            joins: 0,
            next_try: member.site.now(),
            unanswered: 0,
            trouble: None,
            member,
        }
    }

    /// Lives until it is told to finish. Each order may come at any moment, also between a push and its reply.
    pub(super) async fn live(mut self, mut orders: UnboundedReceiver<Order>) -> Self {
        loop {
            let order = tokio::select! {
                biased;
                order = orders.recv() => order,
                () = self.go_on() => continue,
            };
            self.notice();
            match order {
                Some(Order::Cut(cause, until)) => {
                    self.member.cut();
                    self.lost(cause, until.max(self.member.site.now()));
                }
                Some(Order::MayEnd) => self.member.may_be_disconnected(),
                Some(Order::Finish) | None => {
                    self.finish().await;
                    return self;
                }
            }
        }
    }

    /// One thing at a time; it may be broken off wherever it waits.
    async fn go_on(&mut self) {
        self.notice();
        match (self.line, &self.role) {
            (Line::None, _) => self.connect().await,
            (Line::Connected, _) => self.join().await,
            (Line::Joined, Role::Writer(_)) if self.scene.writes.get() => self.write().await,
            (Line::Joined, Role::Writer(_) | Role::Viewer) => {
                let until = self.member.site.now() + LISTEN;
                self.member.listen(until).await;
            }
        }
    }

    /// Takes the messages that came, and finds out whether the connection or the channel has ended.
    fn notice(&mut self) {
        self.hear();
        let scene = &self.scene;
        scene
            .unanswered
            .set(scene.unanswered.get() - std::mem::take(&mut self.unanswered));
        let now = self.member.site.now();
        if self.line != Line::None && !self.member.is_open() {
            let cause = self.scene.disrupts.get().unwrap_or(Cause::Unasked);
            self.lost(cause, now);
        } else if self.line == Line::Joined && !self.member.is_joined(&self.topic) {
            // The channel ended, and the connection goes on.
            self.away(Cause::Unasked, now);
            self.joins = 1;
            self.next_try = now + Backoff::rejoin().delay(self.joins);
        }
    }

    fn hear(&mut self) {
        for heard in self.member.take_heard() {
            if heard.topic != self.topic || heard.event != "new_annotation" {
                continue;
            }
            let mut video = self.scene.videos[self.video].borrow_mut();
            match &heard.content {
                Content::Json(value) => {
                    if let Some((number, id)) = video.sees(value) {
                        self.seen = self.seen.max(id);
                        self.log.hears(number, id);
                    }
                }
                Content::Binary(_) => video.is_wrong("an annotation came as bytes".to_owned()),
            }
        }
    }

    /// The connection is over; a new one can be opened from this moment on.
    fn lost(&mut self, cause: Cause, from: Time) {
        self.away(cause, from);
        self.line = Line::None;
        self.tries = 1;
        self.next_try = from + Backoff::reconnect().delay(self.tries);
    }

    fn away(&mut self, cause: Cause, from: Time) {
        self.log.over(self.member.site.now());
        if self.line == Line::Joined {
            self.line = Line::Connected;
            self.scene.joined.set(self.scene.joined.get() - 1);
            self.scene.loses(cause);
            (self.cause, self.from) = (cause, from);
        } else if cause != Cause::Unasked {
            self.from = self.from.max(from);
        }
    }

    async fn connect(&mut self) {
        let site = Rc::clone(&self.member.site);
        site.until(self.next_try).await;
        match self.member.reopen().await {
            Ok(()) => {
                self.line = Line::Connected;
                (self.tries, self.joins) = (0, 0);
                self.next_try = site.now();
                self.scene.herd.borrow_mut().push(site.now());
                if self.scene.disrupts.get().is_some() {
                    self.member.may_be_disconnected();
                }
            }
            Err(why) => {
                self.tries += 1;
                self.next_try = site.now() + Backoff::reconnect().delay(self.tries);
                self.trouble = Some(why.to_string());
                self.scene.refused.set(self.scene.refused.get() + 1);
            }
        }
    }

    async fn join(&mut self) {
        let site = Rc::clone(&self.member.site);
        self.member.listen(self.next_try).await;
        if !self.member.is_open() {
            return;
        }
        self.log.asks(self.cause, site.now());
        let params = json!({ "last_seen_id": self.seen });
        let topic = Rc::clone(&self.topic);
        let reference = self.member.start_join(&topic, &params, Expected::AnyOk).await;
        match self.member.answer(&topic, reference).await {
            Ok((answer, at)) if answer.status == "ok" => {
                self.joined(&answer.response, at);
                if let Some(room) = self.scene.room(self.video) {
                    self.member.start_join(&room, &json!({}), Expected::AnyOk).await;
                }
            }
            Err(NoAnswer::Disconnected) => {}
            Ok((answer, _)) => {
                self.not_joined(format!("its join was answered with {}", answer.response.shown()))
            }
            Err(NoAnswer::ChannelOver | NoAnswer::InTime) => {
                self.not_joined("its join was not answered".to_owned());
            }
        }
    }

    fn joined(&mut self, response: &Content, at: Time) {
        let mut video = self.scene.videos[self.video].borrow_mut();
        let list = match response {
            Content::Json(value) => video.sees_list(value),
            Content::Binary(_) => Vec::new(),
        };
        drop(video);
        self.log.joined(&list, at);
        let highest = list.iter().map(|(_, id)| *id).max();
        self.seen = self.seen.max(highest.unwrap_or_default());
        self.line = Line::Joined;
        self.trouble = None;
        self.scene.joined.set(self.scene.joined.get() + 1);
        if self.cause != Cause::First {
            self.scene.is_back(self.cause, at.since(self.from));
            self.member.site.measure(Timing::Rejoin, self.from, at);
        }
    }

    fn not_joined(&mut self, why: String) {
        self.joins += 1;
        self.next_try = self.member.site.now() + Backoff::rejoin().delay(self.joins);
        self.log.over(self.member.site.now());
        self.trouble = Some(why);
    }

    /// Waits until the next annotation is due, writes it, sometimes with others behind it, and waits for the answers.
    async fn write(&mut self) {
        let site = Rc::clone(&self.member.site);
        self.member.listen(self.next_try).await;
        if !self.member.is_open() {
            return;
        }
        self.next_try = self.next_try.max(site.now()) + self.scene.period;
        let Role::Writer(dice) = &mut self.role else {
            return;
        };
        let count = match dice.below(BURST_ONE_IN) {
            0 => BURST,
            _ => 1,
        };
        let places: Vec<u64> = (0..count).map(|_| dice.below(LAST_PLACE)).collect();
        let mut sent = Vec::with_capacity(count);
        for place in places {
            let (number, payload) = self.scene.videos[self.video]
                .borrow_mut()
                .writes(place, site.now());
            self.unanswered += 1;
            self.scene.unanswered.set(self.scene.unanswered.get() + 1);
            let (topic, content) = (Rc::clone(&self.topic), Content::Json(payload));
            let pushed = self
                .member
                .push(&topic, "new_annotation", &content, Expected::Ok(Content::empty()));
            sent.push((number, pushed.await));
        }
        for (number, reference) in sent {
            let topic = Rc::clone(&self.topic);
            let Ok((answer, at)) = self.member.answer(&topic, reference).await else {
                return;
            };
            site.measure(Timing::Reply, answer.sent, at);
            if answer.status == "ok" {
                self.scene.videos[self.video]
                    .borrow_mut()
                    .acknowledges(number, at);
            }
        }
    }

    /// Takes the acknowledged annotations that still come. The reply to the leave comes after all of them.
    async fn finish(&mut self) {
        if self.line == Line::Joined {
            let site = Rc::clone(&self.member.site);
            let deadline = site.now() + LAST_WAIT;
            let latest = self.scene.videos[self.video].borrow().latest_id();
            while self.member.is_open() && self.seen < latest && site.now() < deadline {
                self.member.listen(site.now() + Duration::from_millis(50)).await;
                self.hear();
            }
            let topic = Rc::clone(&self.topic);
            // A failure is an oddity already.
            let _ = self.member.leave(&topic).await;
            self.hear();
            self.leave_room().await;
        }
        self.log.over(self.member.site.now());
        self.member.close().await;
    }

    /// Leaves its room over long poll, where the server does not learn that the client is gone. Over WebSocket the end of the
    /// connection has to be enough.
    async fn leave_room(&mut self) {
        let endpoint = &self.member.site.connection_settings().endpoint;
        if endpoint.target.transport() == Transport::LongPoll
            && let Some(room) = self.scene.room(self.video)
            && self.member.is_joined(&room)
        {
            // A failure is an oddity already.
            let _ = self.member.leave(&room).await;
        }
    }

    /// Whether it is back, or the reason why it is not.
    pub(super) fn whereabouts(&self) -> Whereabouts {
        const SEVERAL: u32 = 3;
        match &self.trouble {
            _ if self.line == Line::Joined => Whereabouts::Back,
            Some(why) if self.tries.max(self.joins) >= SEVERAL => Whereabouts::KeptOut(why.clone()),
            Some(_) | None => Whereabouts::OnItsWay,
        }
    }
}
