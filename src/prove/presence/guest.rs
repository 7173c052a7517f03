//! A guest: a socket with a seat in one room or two, which comes, goes and changes its status, and keeps the list of each room.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::super::account::{Content, Ends, Expected};
use super::super::member::{Heard, Member, NoAnswer};
use super::list::{Malformed, Message, PresenceList};
use super::notes::Notes;
use super::plan::{Deed, Out, Planned};
use super::room::{Room, Told};
use super::tag::Tag;
use crate::clock::Time;

/// The rooms and the notes, which all guests share.
pub(super) struct House {
    pub(super) rooms: Vec<RefCell<Room>>,
    pub(super) notes: RefCell<Notes>,
}

/// A socket with its seats.
pub(super) struct Guest {
    pub(super) member: Member,
    pub(super) seats: Vec<Seat>,
    /// The name under which it is listed.
    pub(super) key: Rc<str>,
    house: Rc<House>,
    round: u32,
    /// Whether it still takes part.
    is_well: bool,
}

/// A place in a room.
pub(super) struct Seat {
    pub(super) room: usize,
    topic: Rc<str>,
    list: PresenceList,
    told: Told,
    /// The round in which it came, if it is there.
    came_in: Option<u32>,
    /// When the last message for it came.
    last_heard: Time,
}

impl Guest {
    pub(super) fn new(member: Member, rooms: &[usize], house: &Rc<House>) -> Self {
        let seat = |room: &usize| Seat {
            room: *room,
            topic: Rc::clone(&house.rooms[*room].borrow().topic),
            list: PresenceList::default(),
            told: Told::default(),
            came_in: None,
            last_heard: Time::ZERO,
        };
        Self {
            key: member.user.as_deref().unwrap_or("anon").into(),
            seats: rooms.iter().map(seat).collect(),
            house: Rc::clone(house),
            round: 0,
            is_well: true,
            member,
        }
    }

    /// Whether it still takes part.
    pub(super) const fn is_well(&self) -> bool {
        self.is_well
    }

    /// Carries out its plan of a round. If an operation is not answered, nobody knows any more whether it is there.
    pub(super) async fn act(mut self, round: u32, plan: Vec<Planned>) -> Self {
        self.round = round;
        for planned in plan {
            if !self.is_well {
                break;
            }
            self.member.until(planned.at).await;
            self.hear();
            let done = self.deed(planned.seat, planned.deed).await;
            self.hear();
            if done.is_err() {
                self.gives_up();
            }
        }
        self
    }

    fn gives_up(&mut self) {
        self.is_well = false;
        for seat in &mut self.seats {
            seat.came_in = None;
            let mut room = self.house.rooms[seat.room].borrow_mut();
            room.loses(&self.key, self.member.number);
        }
        self.member.cut();
    }

    async fn deed(&mut self, seat: usize, deed: Deed) -> Result<(), NoAnswer> {
        let is_there = self.seats[seat].came_in.is_some();
        match (deed, is_there) {
            (Deed::Update, true) => self.update(seat).await,
            (Deed::In, false) => self.enter(seat).await,
            (Deed::Out(out), true) => self.go(seat, out).await,
            (Deed::In, true) | (Deed::Update | Deed::Out(_), false) => Ok(()),
        }
    }

    async fn go(&mut self, seat: usize, out: Out) -> Result<(), NoAnswer> {
        let topic = Rc::clone(&self.seats[seat].topic);
        match out {
            Out::Leave => {
                self.member.leave(&topic).await?;
                self.gone(seat);
                self.house.notes.borrow_mut().leaves += 1;
            }
            Out::Crash => {
                self.member
                    .end_by(&topic, "no_such_event", &Content::empty(), Ends::Crash)
                    .await?;
                self.gone(seat);
                self.house.notes.borrow_mut().crashes += 1;
            }
            Out::Cut => {
                self.member.cut();
                (0..self.seats.len()).for_each(|seat| self.gone(seat));
                self.house.notes.borrow_mut().cuts += 1;
            }
        }
        Ok(())
    }

    /// Joins a room, and connects before if it has no connection.
    async fn enter(&mut self, seat: usize) -> Result<(), NoAnswer> {
        if !self.member.is_open() {
            self.member.reopen().await.map_err(|_| NoAnswer::Disconnected)?;
        }
        let (topic, tag) = self.next_tag(seat);
        let params = json!({ "status": tag.to_string() });
        self.hear();
        self.seats[seat].list.joins();
        let reference = self
            .member
            .start_join(&topic, &params, Expected::Ok(Content::empty()))
            .await;
        let (answer, at) = self.member.answer(&topic, reference).await?;
        if answer.status != "ok" {
            return Err(NoAnswer::ChannelOver);
        }
        self.hear_from(&topic, at);
        self.has(seat, tag);
        self.seats[seat].came_in = Some(self.round);
        self.house.notes.borrow_mut().joins += 1;
        Ok(())
    }

    async fn update(&mut self, seat: usize) -> Result<(), NoAnswer> {
        let (topic, tag) = self.next_tag(seat);
        let content = Content::Json(json!({ "status": tag.to_string() }));
        let (answer, _) = self
            .member
            .ask(&topic, "update", &content, Expected::Ok(Content::empty()))
            .await?;
        if answer.status != "ok" {
            return Err(NoAnswer::ChannelOver);
        }
        self.has(seat, tag);
        self.house.notes.borrow_mut().updates += 1;
        Ok(())
    }

    fn next_tag(&self, seat: usize) -> (Rc<str>, Tag) {
        let seat = &self.seats[seat];
        let mut room = self.house.rooms[seat.room].borrow_mut();
        (Rc::clone(&seat.topic), room.next_tag(self.member.number))
    }

    fn has(&self, seat: usize, tag: Tag) {
        let mut room = self.house.rooms[self.seats[seat].room].borrow_mut();
        room.has(&self.key, tag, self.round);
    }

    fn gone(&mut self, seat: usize) {
        let seat = &mut self.seats[seat];
        seat.came_in = None;
        seat.told = Told::default();
        let mut room = self.house.rooms[seat.room].borrow_mut();
        room.goes(self.member.number, self.round);
    }

    /// Takes all messages until this moment.
    pub(super) async fn listen(mut self, until: Time) -> Self {
        if self.member.is_open() {
            self.member.until(until).await;
        }
        self.hear();
        if self.is_well && !self.member.is_open() && self.seats.iter().any(|seat| seat.came_in.is_some()) {
            self.gives_up();
        }
        self
    }

    /// The time that the server takes to answer this socket now. A leave of a topic that it never joined is answered, too.
    pub(super) async fn probe(&mut self) -> Result<Duration, NoAnswer> {
        let site = Rc::clone(&self.member.site);
        let begun = site.now();
        self.member
            .leave(&format!("presence:{}-nowhere", site.run).into())
            .await?;
        self.hear();
        Ok(site.now().since(begun))
    }

    /// Takes the messages around a join. Those that came on its topic before the reply were for the join before.
    fn hear_from(&mut self, topic: &Rc<str>, joined: Time) {
        let heard = self.member.take_heard();
        for heard in heard {
            if heard.topic != *topic || heard.at >= joined {
                self.take(&heard);
            }
        }
    }

    fn hear(&mut self) {
        for heard in self.member.take_heard() {
            self.take(&heard);
        }
    }

    fn take(&mut self, heard: &Heard) {
        let Some(seat) = self.seats.iter_mut().find(|seat| seat.topic == heard.topic) else {
            return;
        };
        // The last broadcasts may come after a leave; a client drops them.
        if seat.came_in.is_none() && seat.list.has_state() {
            return;
        }
        seat.last_heard = heard.at;
        if let Err(why) = seat.take(heard, &self.house) {
            let told = format!(
                "socket {} on {} received {} {}: {why}",
                self.member.number,
                heard.topic,
                heard.event,
                heard.content.shown()
            );
            self.house.notes.borrow_mut().malformed.push(told);
        }
    }
}

/// The state of a list at rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nobody sits there.
    Away,
    /// The list is right, and has been since this moment at least.
    Right(Time),
    Wrong,
}

impl Seat {
    fn take(&mut self, heard: &Heard, house: &House) -> Result<(), Malformed> {
        let Some(message) = Message::read(&heard.event, &heard.content)? else {
            return Ok(());
        };
        let mut notes = house.notes.borrow_mut();
        notes.messages += 1;
        let room = house.rooms[self.room].borrow();
        if message.metas().any(|meta| room.is_foreign(&meta.status)) {
            let told = format!(
                "{} came on {}: {}",
                heard.event,
                heard.topic,
                heard.content.shown()
            );
            notes.strangers.push(told);
        }
        if let Message::Diff(diff) = &message
            && self.list.has_state()
        {
            self.told.take(diff);
        }
        self.list.take(message);
        Ok(())
    }

    /// Compares the list with the room while nobody comes or goes.
    pub(super) fn look(&self, house: &House, rest: Time) -> Look {
        if self.came_in.is_none() {
            return Look::Away;
        }
        let room = house.rooms[self.room].borrow();
        if self.list.has_state() && room.wrong_with(self.list.shown()).is_none() {
            Look::Right(self.last_heard.max(rest))
        } else {
            Look::Wrong
        }
    }

    /// The mistakes of the list, as the rest of a sentence.
    pub(super) fn complaint(&self, house: &House) -> String {
        let room = house.rooms[self.room].borrow();
        if !self.list.has_state() {
            return format!("on {} no presence_state has come", self.topic);
        }
        let Some(wrong) = room.wrong_with(self.list.shown()) else {
            return format!("its list of {} is right", self.topic);
        };
        let some = |all: &[(String, String)]| -> String {
            let first: Vec<String> = all
                .iter()
                .take(3)
                .map(|(key, status)| format!("{key} ({status})"))
                .collect();
            match all.len() {
                0 => "nobody".to_owned(),
                count if count > first.len() => {
                    format!("{} and {} more", first.join(", "), count - first.len())
                }
                _ => first.join(", "),
            }
        };
        format!(
            "its list of {}, which has {} guests, lacks {}, and shows {} wrongly",
            self.topic,
            room.count(),
            some(&wrong.lacks),
            some(&wrong.shows)
        )
    }

    /// Judges the diffs of a round, if the guest sat here all the time.
    pub(super) fn judge_told(&mut self, house: &House, number: u32, round: u32) {
        let room = house.rooms[self.room].borrow();
        if self.came_in.is_some_and(|came_in| came_in < round) {
            let mut notes = house.notes.borrow_mut();
            notes.told_due += room.count_due(round) as u64;
            for mistold in room.mistold(&self.told, round) {
                notes.mistold(number, &self.topic, mistold);
            }
        }
        room.due(round).for_each(|change| self.told.forget(change));
    }
}
