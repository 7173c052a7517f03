//! `prove presence`: guests join rooms, leave them and change their status, many of them at the same instant. Each keeps the lists of
//! its rooms as phoenix.js does. At each rest these lists have to show exactly the guests of their rooms.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::context::Context;
use super::crowd::{self, NoCrowd};
use super::ledger::Audit;
use super::member::{Member, Users};
use super::punctuality::Punctuality;
use super::result::Experiment;
use crate::clock::Time;
use crate::dice::Dice;
use crate::transport::Transport;
use guest::{Guest, House, Look};
use judge::Judge;
use notes::Notes;
use plan::{Out, ROUND};
use room::Room;

mod guest;
mod judge;
pub(super) mod list;
mod notes;
mod plan;
mod room;
mod tag;

/// More sockets than this would measure only how fast diffs are written.
const MOST_SOCKETS: usize = 700;
/// How many sockets have their first seat in one room; with the second seats of others there are at most 200.
const ROOM: usize = 175;
/// One socket in so many has a seat in the next room, too.
const TWO_ROOMS_ONE_IN: usize = 8;
/// One socket in so many has the name of the one before it.
const TWIN_ONE_IN: usize = 6;
const MOST_ROUNDS: u32 = 8;
/// More rounds than this prove nothing new once lists have stayed wrong.
const ROUNDS_OF_A_WRONG_SERVER: u32 = 2;
/// Within this time of rest, each list has to be right.
const PROMISED: Duration = Duration::from_secs(2);
/// The first look at lists, after which those that are right need no second one.
const FIRST_LOOK: Duration = Duration::from_millis(400);
/// A list that is not right by then never will be.
const PATIENCE: Duration = Duration::from_secs(8);
/// A server that takes longer for a simple answer is behind with everything.
const PROMPT: Duration = Duration::from_millis(500);
/// The longest time of a round with its rests.
const LONGEST_ROUND: Duration = Duration::from_secs(14);
/// How many sockets of a room join at the same instant in the beginning.
const WAVE: usize = 40;

/// The claim that stands alone where the experiment cannot be made.
pub(super) const FIRST_CLAIM: &str = judge::LISTS;

/// Makes the experiment.
///
/// # Errors
/// Its sockets cannot be opened.
pub(super) async fn presence(context: &Context<'_>, experiment: &mut Experiment) -> Result<(), NoCrowd> {
    let site = &context.site;
    context.tell("opening sockets");
    let sockets = context.sockets.min(MOST_SOCKETS);
    let rooms = sockets.div_ceil(ROOM).max(2);
    let house = Rc::new(House {
        rooms: (0..)
            .take(rooms)
            .map(|number| RefCell::new(Room::new(site.run, number)))
            .collect(),
        notes: RefCell::new(Notes::new()),
    });
    let punctuality = Punctuality::watch(site);
    let guests = enter(context, &house, sockets).await?;
    experiment.method = method(context, sockets, rooms);
    let mut gathering = Gathering {
        context,
        house: &house,
        guests: rest(guests, &house, site.now()).await,
        dice: Dice::new(context.seed, 1),
    };
    while gathering.round().await {}
    context.tell("closing sockets");
    let guests = gathering.end().await;
    let broken_off = guests.iter().filter(|guest| !guest.is_well()).count();
    crowd::all(
        guests
            .into_iter()
            .map(|mut guest| async move { guest.member.close().await }),
    )
    .await;
    let judge = Judge {
        notes: &house.notes.borrow(),
        oddities: site.take_oddities(),
        broken_off,
        late: punctuality.excuse(),
        latest: punctuality.latest(),
    };
    context.count(&Audit::default(), &judge.oddities);
    experiment.claims = judge.claims();
    experiment.pictures.extend(judge.picture());
    Ok(())
}

/// The guests between rounds.
struct Gathering<'g, 'c> {
    context: &'g Context<'c>,
    house: &'g Rc<House>,
    guests: Vec<Guest>,
    dice: Dice,
}

impl Gathering<'_, '_> {
    /// Makes a round; returns whether there is time for another one.
    async fn round(&mut self) -> bool {
        let site = &self.context.site;
        let number = self.house.notes.borrow().rounds + 1;
        let is_clear = self.house.notes.borrow().wrong.count > 0 && number > ROUNDS_OF_A_WRONG_SERVER;
        if number > MOST_ROUNDS || is_clear || self.context.time_left() < LONGEST_ROUND {
            return false;
        }
        self.context.tell(&format!("round {number} of {MOST_ROUNDS}"));
        let seats: Vec<usize> = self.guests.iter().map(|guest| guest.seats.len()).collect();
        let begin = site.now() + Duration::from_millis(50);
        let ways = ways(site.connection_settings().endpoint.target.transport());
        let plans = plan::plans(&seats, self.house.rooms.len(), ways, begin, &mut self.dice);
        let guests = std::mem::take(&mut self.guests);
        let acting = guests
            .into_iter()
            .zip(plans)
            .map(|(guest, plan)| async move { guest.act(number, plan).await.listen(begin + ROUND).await });
        let guests = crowd::all(acting).await;
        // Every operation is answered: from now on nobody comes, goes or changes.
        let rested = site.now();
        self.guests = rest(guests, self.house, rested).await;
        self.guests.sort_by_key(|guest| guest.member.number);
        // The diffs of the round before have come by now.
        if number > 1 {
            self.judge_told(number - 1);
        }
        self.house.notes.borrow_mut().rounds = number;
        true
    }

    /// Takes the messages of the last round that are still on their way.
    async fn end(mut self) -> Vec<Guest> {
        let until = self.context.site.now() + FIRST_LOOK;
        let guests = std::mem::take(&mut self.guests);
        self.guests = crowd::all(guests.into_iter().map(|guest| guest.listen(until))).await;
        let last = self.house.notes.borrow().rounds;
        self.judge_told(last);
        self.guests
    }

    fn judge_told(&mut self, round: u32) {
        for guest in &mut self.guests {
            let number = guest.member.number;
            for seat in &mut guest.seats {
                seat.judge_told(self.house, number, round);
            }
        }
    }
}

/// Waits until all lists are right, at most for [`PATIENCE`], and notes when each became right.
async fn rest(guests: Vec<Guest>, house: &Rc<House>, rested: Time) -> Vec<Guest> {
    let (mut right, mut waiting) = (Vec::with_capacity(guests.len()), guests);
    for limit in [FIRST_LOOK, PROMISED, PATIENCE] {
        let listening = waiting.into_iter().map(|guest| guest.listen(rested + limit));
        let heard = crowd::all(listening).await;
        waiting = Vec::new();
        for guest in heard {
            let looks: Vec<Look> = guest.seats.iter().map(|seat| seat.look(house, rested)).collect();
            if looks.contains(&Look::Wrong) {
                waiting.push(guest);
            } else {
                note_right(&guest, &looks, house, rested);
                right.push(guest);
            }
        }
        if waiting.is_empty() {
            break;
        }
    }
    let probing = waiting.into_iter().map(|mut guest| async move {
        let answer = guest.probe().await;
        (guest, answer.is_ok_and(|time| time < PROMPT))
    });
    for (guest, is_prompt) in crowd::all(probing).await {
        for seat in &guest.seats {
            if guest.is_well() && seat.look(house, rested) == Look::Wrong {
                let told = format!(
                    "socket {} as {}: {}",
                    guest.member.number,
                    guest.key,
                    seat.complaint(house)
                );
                let mut notes = house.notes.borrow_mut();
                notes.lists += 1;
                match is_prompt {
                    true => notes.wrong.push(told),
                    false => notes.behind.push(told),
                }
            }
        }
        right.push(guest);
    }
    right
}

fn note_right(guest: &Guest, looks: &[Look], house: &House, rested: Time) {
    for look in looks {
        let Look::Right(since) = look else {
            continue;
        };
        let mut notes = house.notes.borrow_mut();
        let took = since.since(rested);
        notes.right_after(took);
        if took > PROMISED {
            let told = format!(
                "socket {} as {}: a list was right only {:.1} s after rest",
                guest.member.number,
                guest.key,
                took.as_secs_f64()
            );
            notes.late.push(told);
        }
    }
}

/// The ways in which guests go. Over long poll a server learns of a cut only when the session expires.
fn ways(transport: Transport) -> &'static [Out] {
    match transport {
        Transport::WebSocket => &[Out::Leave, Out::Crash, Out::Cut],
        Transport::LongPoll => &[Out::Leave, Out::Crash],
    }
}

/// Opens all sockets and lets them join, many at the same instant.
async fn enter(context: &Context<'_>, house: &Rc<House>, sockets: usize) -> Result<Vec<Guest>, NoCrowd> {
    let rooms = house.rooms.len();
    let users = match context.offers.users {
        true => Users::Named,
        false => Users::Anonymous,
    };
    let twins = match users {
        Users::Named => sockets / TWIN_ONE_IN,
        Users::Anonymous => 0,
    };
    let mut members = crowd::open(&context.site, sockets - twins, users).await?;
    let names = members.iter().take(twins).flat_map(|member| member.user.clone());
    let mut seconds = crowd::open_as(&context.site, names.collect()).await?;
    seconds.sort_by(|a, b| a.user.cmp(&b.user));
    let others = members.split_off(twins.min(members.len()));
    members.sort_by(|a, b| a.user.cmp(&b.user));
    // The first and the second socket of a name sit in the same room.
    let both = members
        .into_iter()
        .enumerate()
        .chain(seconds.into_iter().enumerate());
    let others = (twins..).zip(others);
    let mut guests: Vec<Guest> = both
        .chain(others)
        .map(|(index, member)| guest(member, index, house))
        .collect();
    let mut entered = Vec::with_capacity(guests.len());
    context.tell("joining");
    while !guests.is_empty() {
        let wave = guests.split_off(guests.len().saturating_sub(WAVE * rooms));
        let entering = wave.into_iter().map(|guest| async move {
            let now = guest.member.site.now();
            let seats = guest.seats.len();
            let plan = (0..seats).map(|seat| plan::Planned {
                at: now,
                seat,
                deed: plan::Deed::In,
            });
            guest.act(0, plan.collect()).await
        });
        entered.extend(crowd::all(entering).await);
    }
    entered.sort_by_key(|guest| guest.member.number);
    Ok(entered)
}

fn guest(member: Member, index: usize, house: &Rc<House>) -> Guest {
    let rooms = house.rooms.len();
    let own = index % rooms;
    match index / rooms % TWO_ROOMS_ONE_IN {
        0 => Guest::new(member, &[own, (own + 1) % rooms], house),
        _ => Guest::new(member, &[own], house),
    }
}

fn method(context: &Context<'_>, sockets: usize, rooms: usize) -> Vec<String> {
    let names = match context.offers.users {
        true => "Each socket has a name, and some share theirs with another socket of the same room.",
        false => {
            "The target gives no tokens, so all sockets have one name, and are told apart by their status."
        }
    };
    let mut said = vec![
        format!(
            "{sockets} sockets sat in {rooms} rooms of at most 200, some in two rooms. {names} Each merged presence_state and \
             presence_diff as phoenix.js does."
        ),
        format!(
            "In rounds of {} s they joined, left, crashed, were cut and changed their status, half of them at shared instants. Then \
             all rested: {} s after the last answer, each list had to be right.",
            ROUND.as_secs(),
            PROMISED.as_secs()
        ),
    ];
    if sockets < context.sockets {
        said.push(format!(
            "{sockets} of {} sockets took part: a room tells each change to everybody, so more of them measure only how fast diffs \
             are written.",
            context.sockets
        ));
    }
    if context.site.connection_settings().endpoint.target.transport() == Transport::LongPoll {
        said.push(
            "Over long poll nobody was cut: a server learns of that only when the session expires."
                .to_owned(),
        );
    }
    said
}
