//! The script of one socket whose deliveries are followed.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::super::account::{Content, Ends, Expected};
use super::super::conversation::Conversation;
use super::super::ledger::Audience;
use super::super::member::NoAnswer;
use super::super::oddity::{Oddity, OddityKind};
use super::annotations::AnnotationBook;
use crate::clock::Time;
use crate::dice::Dice;

/// The pushes of a burst: more than servers keep for a channel that is busy.
pub(super) const BURST: u64 = 500;
/// The broadcasts of a burst.
pub(super) const BROADCAST_BURST: usize = 260;

/// The habit of a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Habit {
    /// It stays in its room, listens and speaks.
    Stays,
    /// It also sends bursts.
    SendsBursts,
    /// It also joins this video, annotates it, and comes back to it.
    Annotates(Rc<str>),
    /// It leaves, crashes or breaks off, and comes back.
    ComesAndGoes,
}

/// A socket with its habit.
pub(super) struct Attendee {
    pub(super) talk: Conversation,
    pub(super) habit: Habit,
    pub(super) dice: Dice,
    /// The time between two broadcasts.
    pub(super) every: Duration,
    pub(super) begin: Time,
    pub(super) end: Time,
    pub(super) annotations: Rc<AnnotationBook>,
}

impl Attendee {
    /// Does what it does until the end. What goes wrong is an oddity already, and ends it.
    pub(super) async fn attend(mut self) -> Conversation {
        let outcome = match self.habit.clone() {
            Habit::Stays => self.stay().await,
            Habit::SendsBursts => self.send_bursts().await,
            Habit::Annotates(video) => {
                let outcome = self.annotate(&video).await;
                self.stop_annotating(&video, outcome).await
            }
            Habit::ComesAndGoes => self.come_and_go().await,
        };
        if outcome.is_ok() {
            self.listen_until(self.end).await;
            self.talk.member.settle().await;
            self.listen();
        }
        self.talk
    }

    async fn stay(&mut self) -> Result<(), NoAnswer> {
        let mut next = self.begin + self.dice.shorter_than(self.every);
        while next < self.end {
            self.listen_until(next).await;
            self.talk.broadcast().await?;
            self.listen();
            next = next + self.every;
        }
        Ok(())
    }

    async fn send_bursts(&mut self) -> Result<(), NoAnswer> {
        let second = Duration::from_secs(1);
        let mut next = self.begin + self.dice.shorter_than(second * 4);
        while next + second < self.end {
            self.listen_until(next).await;
            self.burst_of_pushes().await?;
            self.burst_of_broadcasts().await?;
            next = self.talk.member.site.now() + second * 4;
        }
        Ok(())
    }

    /// Many pushes at once: each has its own reply, in the order of the pushes.
    async fn burst_of_pushes(&mut self) -> Result<(), NoAnswer> {
        self.listen();
        self.talk.member.take_answers();
        let own = Rc::clone(&self.talk.own);
        for number in 0..BURST {
            let content = Content::Json(json!({ "burst": number, "socket": self.talk.member.number }));
            self.talk
                .member
                .push(&own, "echo", &content, Expected::Ok(content.clone()))
                .await;
        }
        self.talk.member.settle().await;
        let answers = self.talk.member.take_answers();
        if let Some(pair) = answers.windows(2).find(|pair| pair[0].0 > pair[1].0) {
            let what = format!(
                "the reply with the ref {} came after that with the ref {}",
                pair[1].0, pair[0].0
            );
            self.talk.member.site.odd(Oddity {
                kind: OddityKind::Reordered,
                socket: self.talk.member.number,
                topic: own,
                at: pair[1].2,
                what,
            });
        }
        Ok(())
    }

    /// Many broadcasts at once.
    async fn burst_of_broadcasts(&mut self) -> Result<(), NoAnswer> {
        let room = Rc::clone(&self.talk.room);
        let site = Rc::clone(&self.talk.member.site);
        let books = self.talk.books();
        let mut sent = Vec::with_capacity(BROADCAST_BURST);
        for _ in 0..BROADCAST_BURST {
            let (number, content) = books.broadcast(&site, &room, self.talk.member.number, Audience::All);
            let expected = Expected::Ok(Content::empty());
            let reference = self
                .talk
                .member
                .push(&room, "broadcast", &content, expected)
                .await;
            sent.push((number, reference));
        }
        for (number, reference) in sent {
            let (_, at) = self.talk.member.answer(&room, reference).await?;
            books.broadcasts.borrow_mut().acknowledged(&room, number, at);
        }
        self.listen();
        Ok(())
    }

    async fn annotate(&mut self, video: &Rc<str>) -> Result<(), NoAnswer> {
        let second = Duration::from_secs(1);
        self.annotations.join(&mut self.talk.member, video).await?;
        let mut at = self.begin;
        while at + second < self.end {
            // All of a video at the same instant, or a moment later.
            let moment = at + self.dice.shorter_than(Duration::from_millis(2));
            self.listen_until(moment).await;
            if self.dice.below(6) == 0 {
                self.annotations.leave(&mut self.talk.member, video).await?;
                self.listen();
                self.annotations.join(&mut self.talk.member, video).await?;
            } else {
                self.annotations.annotate(&mut self.talk.member, video).await?;
            }
            self.listen();
            at = at + second;
        }
        Ok(())
    }

    /// Leaves the video, so that what is said there concerns this socket no more.
    async fn stop_annotating(
        &mut self,
        video: &Rc<str>,
        outcome: Result<(), NoAnswer>,
    ) -> Result<(), NoAnswer> {
        if self.talk.member.is_joined(video) {
            self.annotations.leave(&mut self.talk.member, video).await?;
        } else {
            self.annotations.is_gone(&self.talk.member, video);
        }
        self.listen();
        outcome
    }

    async fn come_and_go(&mut self) -> Result<(), NoAnswer> {
        let site = Rc::clone(&self.talk.member.site);
        let (tenth, second) = (Duration::from_millis(100), Duration::from_secs(1));
        let mut next = self.begin + self.dice.shorter_than(second);
        while next + second < self.end {
            self.listen_until(next).await;
            self.go().await?;
            self.listen();
            let away = self.dice.shorter_than(tenth * 8);
            if self.dice.below(2) == 0 {
                let back = site.now() + away;
                self.listen_until(back).await;
            }
            self.come_back().await?;
            // At a whole second together with others, or at any time.
            next = if self.dice.below(2) == 0 {
                (site.now() + tenth).next_second()
            } else {
                site.now() + self.dice.shorter_than(second * 2)
            };
        }
        Ok(())
    }

    async fn go(&mut self) -> Result<(), NoAnswer> {
        let room = Rc::clone(&self.talk.room);
        let way = self.dice.below(4);
        if way == 2 {
            self.listen();
            self.talk.cut();
            return Ok(());
        }
        self.talk.begins_to_leave_room();
        match way {
            0 => {
                self.talk
                    .member
                    .end_by(&room, "crash", &Content::empty(), Ends::Crash)
                    .await?
            }
            1 => {
                let content = Content::Json(json!({ "reason": "normal" }));
                self.talk
                    .member
                    .end_by(&room, "stop", &content, Ends::Close)
                    .await?;
            }
            _ => self.talk.member.leave(&room).await?,
        }
        self.talk.has_left_room();
        Ok(())
    }

    async fn come_back(&mut self) -> Result<(), NoAnswer> {
        if !self.talk.member.is_open() {
            self.talk
                .member
                .reopen()
                .await
                .map_err(|_| NoAnswer::Disconnected)?;
            self.talk.join_own().await?;
        }
        self.talk.join_room().await
    }

    async fn listen_until(&mut self, at: Time) {
        self.talk.member.until(at).await;
        self.listen();
    }

    /// Annotations go to their book, everything else to the conversation.
    fn listen(&mut self) {
        let number = self.talk.member.number;
        for heard in self.talk.member.take_heard() {
            if heard.event == "new_annotation" {
                self.annotations.heard(&self.talk.member.site, number, &heard);
            } else {
                self.talk.take(&heard);
            }
        }
        self.talk.notice_the_end();
    }
}
