//! A conversation as an ordinary user has it: it joins a topic of its own and a room, and says one thing after the other, each
//! with an answer that is known beforehand.

use std::rc::Rc;

use serde_json::{Value, json};

use super::account::{Content, Expected};
use super::books::Books;
use super::ledger::Audience;
use super::member::{Heard, Member, NoAnswer, user_name};
use super::oddity::{Oddity, OddityKind};
use crate::clock::Time;
use crate::dice::Dice;

/// A member with its topics and what the server keeps for it.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) member: Member,
    /// The topic that only this socket joins.
    pub(super) own: Rc<str>,
    /// The topic that it shares with others.
    pub(super) room: Rc<str>,
    books: Rc<Books>,
    dice: Dice,
    /// The sockets that it may whisper to.
    pub(super) mates: Vec<u32>,
    kept: Kept,
    said: u64,
    presence: InRoom,
    /// Whether it has asked for `pushed`, which are looked at together once all of them have come.
    awaits_pushed: bool,
}

/// Whether the conversation is in its room, as far as it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum InRoom {
    Yes,
    No,
}

/// The state that the server keeps for the present join of the own topic.
#[derive(Clone, Debug, Default, PartialEq)]
struct Kept {
    count: u64,
    value: Value,
}

/// A message that a conversation may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Say {
    Echo,
    EchoBytes,
    Count,
    Put,
    Get,
    Broadcast,
    Whisper,
}

/// One of these is said at a time; more often what stands more often.
const MIX: [Say; 10] = [
    Say::Echo,
    Say::Echo,
    Say::Echo,
    Say::EchoBytes,
    Say::Count,
    Say::Count,
    Say::Put,
    Say::Get,
    Say::Broadcast,
    Say::Whisper,
];

impl Conversation {
    pub(super) fn new(member: Member, books: &Rc<Books>, room: Rc<str>, seed: u64) -> Self {
        let (run, number) = (member.site.run, member.number);
        Self {
            own: format!("lab:{run}-own-{number}").into(),
            room,
            books: Rc::clone(books),
            dice: Dice::new(seed, u64::from(number)),
            mates: Vec::new(),
            kept: Kept::default(),
            said: 0,
            presence: InRoom::No,
            awaits_pushed: false,
            member,
        }
    }

    /// The books in which this conversation writes.
    pub(super) fn books(&self) -> Rc<Books> {
        Rc::clone(&self.books)
    }

    /// Joins both topics.
    pub(super) async fn enter(&mut self) -> Result<(), NoAnswer> {
        self.join_own().await?;
        self.join_room().await
    }

    /// Joins its own topic. The server keeps nothing from an earlier join.
    pub(super) async fn join_own(&mut self) -> Result<(), NoAnswer> {
        self.kept = Kept::default();
        let (params, expected) = self.join_params();
        let own = Rc::clone(&self.own);
        self.member.join(&own, &params, expected).await.map(drop)
    }

    /// Joins the room.
    pub(super) async fn join_room(&mut self) -> Result<(), NoAnswer> {
        let (params, expected) = self.join_params();
        let (room, number) = (Rc::clone(&self.room), self.member.number);
        let site = Rc::clone(&self.member.site);
        self.books.broadcasts.borrow_mut().asks(&room, number, site.now());
        self.member.join(&room, &params, expected).await?;
        self.books
            .broadcasts
            .borrow_mut()
            .joined(&room, number, site.now());
        self.presence = InRoom::Yes;
        self.listen();
        Ok(())
    }

    /// The room's ledger learns that this socket begins to leave.
    pub(super) fn begins_to_leave_room(&mut self) {
        self.presence = InRoom::No;
        let now = self.member.site.now();
        let mut ledger = self.books.broadcasts.borrow_mut();
        ledger.leaves(&self.room, self.member.number, now);
    }

    /// The room's ledger learns that this socket has left.
    pub(super) fn has_left_room(&self) {
        let now = self.member.site.now();
        self.books
            .broadcasts
            .borrow_mut()
            .left(&self.room, self.member.number, now);
    }

    /// The connection is about to end without a last word of the server: what it had sent may not arrive.
    pub(super) fn is_cut_off(&mut self) {
        self.listen();
        self.presence = InRoom::No;
        let now = self.member.site.now();
        let mut ledger = self.books.broadcasts.borrow_mut();
        ledger.cuts(&self.room, self.member.number, now);
    }

    /// Cuts the connection.
    pub(super) fn cut(&mut self) {
        self.is_cut_off();
        self.member.cut();
    }

    /// Closes the connection.
    pub(super) async fn hang_up(&mut self) {
        self.is_cut_off();
        self.member.hang_up().await;
    }

    fn join_params(&self) -> (Value, Expected) {
        let params = json!({ "socket": self.member.number });
        let expected = Expected::Ok(Content::Json(json!({ "params": params })));
        (params, expected)
    }

    /// Says one thing, and waits for its answer; returns when that came.
    pub(super) async fn say(&mut self) -> Result<Time, NoAnswer> {
        let said = match self.dice.one_of(&MIX).unwrap_or(Say::Echo) {
            Say::Whisper if self.mates.is_empty() => Say::Echo,
            Say::EchoBytes if self.member.site.vsn == crate::protocol::Vsn::V1 => Say::Echo,
            say => say,
        };
        self.said += 1;
        let own = Rc::clone(&self.own);
        let outcome = match said {
            Say::Echo => {
                let content = Content::Json(json!({ "n": self.said, "socket": self.member.number }));
                self.ask(&own, "echo", &content, Expected::Ok(content.clone()))
                    .await
            }
            Say::EchoBytes => {
                let content = Content::Binary(
                    [self.said.to_be_bytes(), self.dice.below(u64::MAX).to_be_bytes()].concat(),
                );
                self.ask(&own, "echo", &content, Expected::Ok(content.clone()))
                    .await
            }
            Say::Count => {
                self.kept.count += 1;
                let expected = Content::Json(json!({ "count": self.kept.count }));
                self.ask(&own, "count", &Content::empty(), Expected::Ok(expected))
                    .await
            }
            Say::Put => {
                let value = json!([self.member.number, self.said]);
                let content = Content::Json(json!({ "key": "seen", "value": value }));
                self.kept.value = value;
                self.ask(&own, "put", &content, Expected::Ok(Content::empty()))
                    .await
            }
            Say::Get => {
                let content = Content::Json(json!({ "key": "seen" }));
                let expected = Content::Json(json!({ "value": self.kept.value }));
                self.ask(&own, "get", &content, Expected::Ok(expected)).await
            }
            Say::Broadcast => self.broadcast().await,
            Say::Whisper => self.whisper().await,
        };
        self.listen();
        outcome
    }

    async fn ask(
        &mut self,
        topic: &Rc<str>,
        event: &str,
        content: &Content,
        expected: Expected,
    ) -> Result<Time, NoAnswer> {
        let (_, at) = self.member.ask(topic, event, content, expected).await?;
        Ok(at)
    }

    /// Broadcasts to the room, and waits for the reply.
    pub(super) async fn broadcast(&mut self) -> Result<Time, NoAnswer> {
        let room = Rc::clone(&self.room);
        let (site, number) = (Rc::clone(&self.member.site), self.member.number);
        let (audience, event) = match self.dice.below(2) {
            0 => (Audience::All, "broadcast"),
            _ => (Audience::Others, "broadcast_from"),
        };
        let (broadcast, content) = self.books.broadcast(&site, &room, number, audience);
        let at = self
            .ask(&room, event, &content, Expected::Ok(Content::empty()))
            .await?;
        self.books
            .broadcasts
            .borrow_mut()
            .acknowledged(&room, broadcast, at);
        Ok(at)
    }

    async fn whisper(&mut self) -> Result<Time, NoAnswer> {
        let room = Rc::clone(&self.room);
        let (site, number) = (Rc::clone(&self.member.site), self.member.number);
        let to = self.dice.one_of(&self.mates).unwrap_or(number);
        let body = self.books.whisper(&site, &room, (number, to), self.said);
        let content = Content::Json(json!({ "to": user_name(site.run, to), "body": body }));
        let at = self
            .ask(&room, "whisper", &content, Expected::Ok(Content::empty()))
            .await?;
        self.books.whisper_acknowledged(number, self.said);
        Ok(at)
    }

    /// Takes note of what came.
    pub(super) fn listen(&mut self) {
        for heard in self.member.take_heard() {
            self.take(&heard);
        }
        self.notice_the_end();
    }

    /// A socket that was thrown out of the room misses nothing after that; the end itself is an oddity already.
    pub(super) fn notice_the_end(&mut self) {
        if self.presence == InRoom::Yes && !self.member.is_joined(&self.room) {
            self.presence = InRoom::No;
            if self.member.is_open() {
                self.has_left_room();
            } else {
                let now = self.member.site.now();
                let mut ledger = self.books.broadcasts.borrow_mut();
                ledger.cuts(&self.room, self.member.number, now);
            }
        }
    }

    /// Takes note of one thing that came.
    pub(super) fn take(&self, heard: &Heard) {
        let (site, number) = (&self.member.site, self.member.number);
        match (heard.event.as_str(), &self.member.user) {
            // Those of an attempt that did not end in time.
            ("pushed", _) if self.awaits_pushed => {}
            ("broadcasted", _) => self.books.heard(site, number, heard),
            ("whispered", Some(name)) => self.books.heard_whisper(site.run, number, name, heard),
            (event, _) => site.odd(Oddity {
                kind: OddityKind::Misdelivered,
                socket: number,
                topic: Rc::clone(&heard.topic),
                at: heard.at,
                what: format!(
                    "it received {event}, which it did not ask for: {}",
                    heard.content.shown()
                ),
            }),
        }
    }

    /// From now on `pushed` may come.
    pub(super) fn will_be_pushed_to(&mut self) {
        self.awaits_pushed = true;
    }

    /// Takes the `pushed` of this topic: each of the numbers below `count` has to be there once, in order.
    pub(super) fn pushed_in_order(&mut self, topic: &Rc<str>, count: usize) {
        let (site, number) = (Rc::clone(&self.member.site), self.member.number);
        self.awaits_pushed = false;
        let mut came = Vec::with_capacity(count);
        for heard in self.member.take_heard() {
            match &heard.content {
                Content::Json(content) if heard.event == "pushed" && heard.topic == *topic => {
                    came.push(content["n"].as_u64());
                }
                _ => self.take(&heard),
            }
        }
        if !came.iter().copied().eq((0..count as u64).map(Some)) {
            let kind = match came.len().cmp(&count) {
                std::cmp::Ordering::Less => OddityKind::Lost,
                std::cmp::Ordering::Equal => OddityKind::Reordered,
                std::cmp::Ordering::Greater => OddityKind::Doubled,
            };
            site.odd(Oddity {
                kind,
                socket: number,
                topic: Rc::clone(topic),
                at: site.now(),
                what: format!(
                    "of {count} pushes in order, {} came; the reply behind them came, too",
                    came.len()
                ),
            });
        }
    }

    /// Takes what comes until this moment.
    pub(super) async fn until(&mut self, at: Time) {
        self.member.until(at).await;
        self.listen();
    }
}
