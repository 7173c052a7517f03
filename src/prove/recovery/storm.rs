//! The disruptions: connections are cut, half of the network is gone, and the server stands still, is restarted and killed, all while
//! annotations are written. After each disruption a newcomer fetches the whole lists.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc::UnboundedSender;

use super::super::account::{Content, Expected};
use super::super::context::Context;
use super::super::member::{Member, NoAnswer, Users};
use super::cause::Cause;
use super::client::Order;
use super::scene::Scene;
use crate::clock::Time;
use crate::dice::Dice;
use crate::driver::{Hold, Lent};
use crate::scenario::Restart;

/// How many times connections of videos are cut.
const CUTS: usize = 12;
/// How many times half of all connections are cut.
const HALVES: usize = 2;
const RESTARTS: usize = 2;
const KILLS: usize = 3;
/// How long half of the network is gone.
const GONE: Duration = Duration::from_millis(1_500);
/// How long a paused server stands still, unless answers may take less than three times as long.
const PAUSE: Duration = Duration::from_millis(1_500);
/// How long some have no network before the server ends.
const AWAY_BEFORE: Duration = Duration::from_secs(1);
/// How long nothing happens between disruptions.
const CALM: Duration = Duration::from_millis(700);
/// How long clients may take to come back once they can: the longest wait between two attempts, and the wait for an answer.
const BACK_WITHIN: Duration = Duration::from_secs(20);
/// The longest time of one disruption of the server, with the wait for the clients.
const SERVER_TAKES: Duration = Duration::from_secs(8);
/// The time that the end of the experiment takes.
const END_TAKES: Duration = Duration::from_secs(6);
const LOOK: Duration = Duration::from_millis(20);

/// The disruptions, and the findings of the newcomers.
#[derive(Debug, Default)]
pub(super) struct Deeds {
    /// How often each disruption happened.
    pub(super) times: BTreeMap<Cause, usize>,
    /// How many connections were cut.
    pub(super) cut: usize,
    /// The annotations that a newcomer's list lacked, by the last disruption before.
    pub(super) missing: BTreeMap<Cause, Vec<String>>,
    /// How many annotations were acknowledged before the last disruption of a kind.
    pub(super) acknowledged: BTreeMap<Cause, usize>,
    /// How many lists newcomers compared after it.
    pub(super) lists: BTreeMap<Cause, usize>,
    /// The reason why a disruption could not be tried, or its outcome could not be seen.
    pub(super) hindered: BTreeMap<Cause, String>,
    /// The disruption after which some clients did not come back in time.
    pub(super) stragglers: Option<Cause>,
    /// The time for which the server stood still.
    pub(super) stood_still: Option<(Time, Time)>,
    /// When each disruption began, for the picture.
    pub(super) timeline: Vec<(Time, Cause)>,
    /// How many clients had joined at each moment.
    pub(super) joined: Vec<(Time, usize)>,
}

/// Makes the disruptions.
pub(super) struct Storm<'s, 'c> {
    pub(super) context: &'s Context<'c>,
    pub(super) scene: &'s Rc<Scene>,
    /// The clients, by the video that they have joined.
    pub(super) clients: Vec<(usize, UnboundedSender<Order>)>,
    pub(super) dice: Dice,
    pub(super) deeds: Deeds,
}

impl Storm<'_, '_> {
    /// Makes them all, one after the other, and tells all clients to finish.
    pub(super) async fn rages(mut self) -> Deeds {
        if self.all_back(Cause::First).await {
            self.rest(CALM).await;
            self.cuts().await;
            self.halves().await;
            let lent = self.context.server.take();
            if let Some(mut server) = lent {
                self.server(&mut server).await;
                self.context.server.replace(Some(server));
            }
        }
        self.scene.writes.set(false);
        self.answered().await;
        // By now all ids are known.
        let last = self
            .deeds
            .timeline
            .last()
            .map_or(Cause::First, |(_, cause)| *cause);
        self.newcomer(last).await;
        self.order_all(Order::Finish);
        self.deeds
    }

    /// Cuts all connections of a video, or those of some of its clients.
    async fn cuts(&mut self) {
        self.context.tell("cutting connections");
        let videos = self.scene.videos.len();
        for turn in 0..CUTS {
            self.begins(Cause::Cut);
            // Of many videos, several are cut at once.
            for _ in 0..videos.div_ceil(5) {
                let video = self.dice.below(videos as u64);
                match turn % 2 {
                    0 => self.cut_video(video, 1, Duration::from_millis(1)),
                    _ => self.cut_video(video, 4, Duration::from_millis(800)),
                }
            }
            let pause = Duration::from_millis(150) + self.dice.shorter_than(Duration::from_millis(400));
            self.rest(pause).await;
        }
        self.looks(Cause::Cut).await;
    }

    /// Cuts one in so many clients of a video, each for a time shorter than the given one.
    fn cut_video(&mut self, video: u64, one_in: u64, away: Duration) {
        let now = self.context.site.now();
        for (of, orders) in &self.clients {
            if *of as u64 == video && self.dice.below(one_in) == 0 {
                let until = now + self.dice.shorter_than(away);
                self.deeds.cut += 1;
                // A client that has finished needs no order.
                let _ = orders.send(Order::Cut(Cause::Cut, until));
            }
        }
    }

    /// Cuts half of all connections at the same instant.
    async fn halves(&mut self) {
        for _ in 0..HALVES {
            if self.deeds.stragglers.is_some() || self.context.time_left() < END_TAKES {
                return;
            }
            self.context.tell("half of the network is gone");
            self.begins(Cause::HalfGone);
            let until = self.context.site.now() + GONE;
            for (_, orders) in &self.clients {
                if self.dice.below(2) == 0 {
                    self.deeds.cut += 1;
                    let _ = orders.send(Order::Cut(Cause::HalfGone, until));
                }
            }
            self.rest(GONE).await;
            self.looks(Cause::HalfGone).await;
        }
    }

    async fn server(&mut self, server: &mut Box<dyn Lent>) {
        if self.may_go_on(Cause::Pause) {
            self.pause(server).await;
        }
        let restarts = [(Cause::Restart, Restart::Term); RESTARTS];
        let kills = [(Cause::Kill, Restart::Kill); KILLS];
        // Kills come last: annotations that are lost by a kill would be missing after each restart, too.
        for (cause, how) in restarts.into_iter().chain(kills) {
            if self.may_go_on(cause) {
                self.restart(server, cause, how).await;
            }
        }
    }

    /// Whether there is time for one more disruption, and everybody is there.
    fn may_go_on(&mut self, cause: Cause) -> bool {
        let why = match self.deeds.stragglers {
            Some(before) => format!("not all clients came back {}", before.after()),
            None if self.context.time_left() < SERVER_TAKES + END_TAKES => {
                "there was no time left; it takes a longer --max-time".to_owned()
            }
            None => return true,
        };
        // A disruption that was made once has its verdict.
        if !self.deeds.times.contains_key(&cause) {
            self.deeds.hindered.insert(cause, why);
        }
        false
    }

    async fn pause(&mut self, server: &mut Box<dyn Lent>) {
        self.context.tell("the server stands still");
        let pause = PAUSE.min(self.context.site.timeout() / 3);
        self.begins(Cause::Pause);
        let begun = self.context.site.now();
        if let Err(why) = server.hold(Hold::Still).await {
            self.deeds.hindered.insert(Cause::Pause, why);
            return;
        }
        self.rest(pause).await;
        if let Err(why) = server.hold(Hold::GoesOn).await {
            self.deeds.hindered.insert(Cause::Pause, why);
            return;
        }
        self.rest(CALM).await;
        self.looks(Cause::Pause).await;
        // The last annotations may still be without an answer.
        self.deeds.stood_still = Some((begun, self.context.site.now() - CALM));
    }

    async fn restart(&mut self, server: &mut Box<dyn Lent>, cause: Cause, how: Restart) {
        self.context.tell(match how {
            Restart::Term => "the server is restarted",
            Restart::Kill => "the server is killed",
        });
        self.order_all(Order::MayEnd);
        self.scene.disrupts.set(Some(cause));
        // Some clients have no network before: they have to get from the next server what they missed.
        let now = self.context.site.now();
        for (_, orders) in self.clients.iter().skip(self.scene.videos.len()) {
            if self.dice.below(3) == 0 {
                let _ = orders.send(Order::Cut(cause, now + AWAY_BEFORE));
            }
        }
        // The moment is random, so that it is often in the middle of a write.
        let moment = AWAY_BEFORE / 2 + self.dice.shorter_than(AWAY_BEFORE / 2);
        self.rest(moment).await;
        self.begins(cause);
        let restarted = {
            let restarting = server.restart(how);
            tokio::pin!(restarting);
            loop {
                let look = self.context.site.now() + LOOK;
                tokio::select! {
                    done = &mut restarting => break done,
                    () = self.context.site.until(look) => self.notes_joined(),
                }
            }
        };
        if let Err(why) = restarted {
            let why = format!("the server could not be started again: {why}");
            self.deeds.hindered.insert(cause, why);
            self.deeds.stragglers = Some(cause);
            return;
        }
        self.context.follow(&**server).await;
        self.looks(cause).await;
        self.scene.disrupts.set(None);
    }

    /// A disruption begins.
    fn begins(&mut self, cause: Cause) {
        let now = self.context.site.now();
        *self.deeds.times.entry(cause).or_default() += 1;
        self.deeds.timeline.push((now, cause));
        let acknowledged = self.scene.count_acknowledged(now);
        self.deeds.acknowledged.insert(cause, acknowledged);
    }

    /// Waits until all are back, and for a while; then a newcomer looks at the lists.
    async fn looks(&mut self, cause: Cause) {
        if self.all_back(cause).await {
            self.rest(CALM).await;
            self.newcomer(cause).await;
        }
    }

    /// Waits until all clients have joined. Returns whether they have.
    async fn all_back(&mut self, cause: Cause) -> bool {
        // Orders that were just given are carried out first.
        self.rest(LOOK * 2).await;
        let time = self.context.time_left().saturating_sub(END_TAKES);
        let deadline = self.context.site.now() + BACK_WITHIN.min(time);
        while self.scene.joined.get() < self.clients.len() {
            if self.context.site.now() >= deadline {
                self.deeds.stragglers = Some(cause);
                return false;
            }
            self.rest(LOOK).await;
        }
        true
    }

    /// Waits until all that was written is answered, at most as long as an answer may take.
    async fn answered(&mut self) {
        let deadline = self.context.site.now() + self.context.site.timeout();
        self.rest(LOOK).await;
        while self.scene.unanswered.get() > 0 && self.context.site.now() < deadline {
            self.rest(LOOK).await;
        }
    }

    async fn rest(&mut self, time: Duration) {
        let until = self.context.site.now() + time;
        while self.context.site.now() < until {
            let look = until.min(self.context.site.now() + LOOK);
            self.context.site.until(look).await;
            self.notes_joined();
        }
    }

    fn notes_joined(&mut self) {
        let joined = self.scene.joined.get();
        if self
            .deeds
            .joined
            .last()
            .is_none_or(|(_, before)| *before != joined)
        {
            self.deeds.joined.push((self.context.site.now(), joined));
        }
    }

    fn order_all(&self, order: Order) {
        for (_, orders) in &self.clients {
            // A client that has finished needs no order.
            let _ = orders.send(order);
        }
    }

    /// A fresh socket fetches all lists, and finds out what they lack.
    async fn newcomer(&mut self, cause: Cause) {
        let fetched = fetch(self.context, self.scene).await;
        let lists = match fetched {
            Ok(lists) => lists,
            Err(why) => {
                let why = format!("a newcomer could not fetch the lists: {why}");
                self.deeds.hindered.insert(cause, why);
                return;
            }
        };
        for (video, (list, asked)) in lists.into_iter().enumerate() {
            *self.deeds.lists.entry(cause).or_default() += 1;
            let mut video = self.scene.videos[video].borrow_mut();
            let missing = video.missing_in(&list, asked);
            let told = missing.into_iter().map(|number| {
                let at = video.written[number].acknowledged.unwrap_or_default();
                format!(
                    "{}: annotation {number}, acknowledged at {:.3} s, was not in the list that was fetched at {:.3} s",
                    video.topic,
                    at.as_micros() as f64 / 1e6,
                    asked.as_micros() as f64 / 1e6
                )
            });
            self.deeds.missing.entry(cause).or_default().extend(told);
        }
    }
}

/// The annotations of a list, and when it was asked for.
type Fetched = (Vec<(usize, i64)>, Time);

/// Fetches all lists over a connection of its own.
async fn fetch(context: &Context<'_>, scene: &Scene) -> Result<Vec<Fetched>, String> {
    let mut member = Member::open(&context.site, Users::Anonymous)
        .await
        .map_err(|why| why.to_string())?;
    let mut asked = Vec::with_capacity(scene.videos.len());
    for video in &scene.videos {
        let topic = Rc::clone(&video.borrow().topic);
        let now = context.site.now();
        let params = json!({ "last_seen_id": 0 });
        let reference = member.start_join(&topic, &params, Expected::AnyOk).await;
        asked.push((topic, reference, now));
    }
    let mut lists = Vec::with_capacity(asked.len());
    for (video, (topic, reference, at)) in scene.videos.iter().zip(asked) {
        let (answer, _) = member.answer(&topic, reference).await.map_err(|why| match why {
            NoAnswer::InTime | NoAnswer::ChannelOver => "a join was not answered".to_owned(),
            NoAnswer::Disconnected => "its connection ended".to_owned(),
        })?;
        let list = match &answer.response {
            Content::Json(value) if answer.status == "ok" => video.borrow_mut().sees_list(value),
            other => return Err(format!("a join was answered with {}", other.shown())),
        };
        lists.push((list, at));
    }
    member.close().await;
    Ok(lists)
}
