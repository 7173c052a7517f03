//! `prove delivery`: rooms of many sizes in which people speak, join, leave, crash and break off all the time, bursts, and
//! annotations; afterwards each promise is compared with what came.

use std::rc::Rc;
use std::time::Duration;

use super::books::Books;
use super::context::Context;
use super::conversation::Conversation;
use super::crowd::{self, NoCrowd};
use super::ledger::Audit;
use super::member::Users;
use super::punctuality::Punctuality;
use super::result::Experiment;
use crate::clock::Time;
use crate::dice::Dice;
use annotations::AnnotationBook;
use attendee::{Attendee, Habit};
use judge::Judge;

mod annotations;
mod attendee;
mod judge;

/// The largest room: more than the 300 subscribers that some servers serve as one.
const HALL: usize = 320;
/// Rooms of more than 100 subscribers, and how many of them.
const LARGE_ROOM: usize = 120;
const LARGE_ROOMS: usize = 4;
const SMALL_ROOM: usize = 10;
/// There are at least so many small rooms, as bursts are sent there.
const FEWEST_SMALL_ROOMS: usize = 4;
/// The number of sockets that send bursts. More of them would measure how fast a server is, and not whether it delivers.
const BURSTERS: usize = 8;
/// A video has so many sockets, and there are at most so many videos.
const VIDEO: usize = 8;
const VIDEOS: usize = 2;
const LONGEST: Duration = Duration::from_secs(20);
/// In less, nobody comes and goes.
const SHORTEST: Duration = Duration::from_secs(6);
/// For opening, for what is under way at the end, and for closing.
const AROUND: Duration = Duration::from_secs(25);
/// The broadcasts a second of all small rooms together.
const SMALL_TALK_PER_SECOND: f64 = 500.0;

/// A room with its sockets.
struct Room {
    name: Rc<str>,
    size: usize,
    /// The number of times that somebody speaks in it, in a second.
    rate: f64,
}

/// The claim that stands alone where the experiment cannot be made.
pub(super) const FIRST_CLAIM: &str = judge::BROADCASTS;

/// Makes the experiment.
///
/// # Errors
/// Its sockets cannot be opened.
pub(super) async fn delivery(context: &Context<'_>, experiment: &mut Experiment) -> Result<(), NoCrowd> {
    let site = &context.site;
    context.tell("opening sockets");
    let rooms = rooms(context);
    let count: usize = rooms.iter().map(|room| room.size).sum();
    let books = Rc::new(Books::default());
    let annotations = Rc::new(AnnotationBook::default());
    let members = crowd::open(site, count, Users::Anonymous).await?;
    let mut names = rooms
        .iter()
        .flat_map(|room| std::iter::repeat_n((Rc::clone(&room.name), room.size, room.rate), room.size));
    let entering = members
        .into_iter()
        .zip(&mut names)
        .map(|(member, (name, size, rate))| {
            let mut talk = Conversation::new(member, &books, name, context.seed);
            async move {
                // What goes wrong is an oddity already.
                let _ = talk.enter().await;
                (talk, size, rate)
            }
        });
    let mut entered = crowd::all(entering).await;
    entered.sort_by_key(|(talk, ..)| talk.member.number);
    let begin = site.now() + Duration::from_millis(200);
    let end = begin + duration(context);
    experiment.method = method(context, &rooms, end.since(begin));
    context.tell("conversing");
    let punctuality = Punctuality::watch(site);
    let attendees = attendees(context, entered, &annotations, (begin, end));
    let talks = crowd::all(attendees.into_iter().map(Attendee::attend)).await;
    context.tell("waiting for what is under way");
    let (talks, rest) = crowd::come_to_rest(site, talks).await;
    let standstill = punctuality.standstill(site.timeout());
    drop(punctuality);
    crowd::close(talks).await;
    let (audit, annotations) = (books.audit(), annotations.audit());
    let saturated = saturated(&audit, site.timeout()).or(saturated(&annotations, site.timeout()));
    let judge = Judge {
        audit,
        annotations,
        oddities: site.take_oddities(),
        excuse: standstill.or(saturated).or(rest.excuse()),
        rest,
        videos: context.offers.videos,
    };
    experiment.claims = judge.claims();
    context.count(&judge.audit, &judge.oddities);
    context.count(&judge.annotations, &[]);
    Ok(())
}

/// The reason why ended channels and connections prove nothing, if the server had more to do than it could.
fn saturated(audit: &Audit, timeout: Duration) -> Option<String> {
    let (delivery, reply) = (audit.slowest_delivery, audit.slowest_reply);
    // Applications give up waiting for their own parts after some seconds, and their channels crash.
    (delivery > timeout || reply > timeout / 4).then(|| {
        format!(
            "deliveries took up to {:.1} s and replies up to {:.1} s: the server is saturated, and fewer sockets would tell more",
            delivery.as_secs_f64(),
            reply.as_secs_f64()
        )
    })
}

/// One hall, some large rooms, and small ones for all others.
fn rooms(context: &Context<'_>) -> Vec<Room> {
    let run = context.site.run;
    let name = |kind: &str, number: usize| -> Rc<str> { format!("lab:{run}-{kind}-{number}").into() };
    let mut rooms = vec![Room {
        name: name("hall", 0),
        size: HALL,
        rate: 5.0,
    }];
    let mut left = context.sockets.saturating_sub(HALL);
    for number in 0..LARGE_ROOMS {
        if left >= LARGE_ROOM {
            left -= LARGE_ROOM;
            rooms.push(Room {
                name: name("large", number),
                size: LARGE_ROOM,
                rate: 5.0,
            });
        }
    }
    let small = (left / SMALL_ROOM).max(FEWEST_SMALL_ROOMS);
    let rate = (SMALL_TALK_PER_SECOND / small.max(1) as f64).min(2.0);
    rooms.extend((0..small).map(|number| Room {
        name: name("small", number),
        size: SMALL_ROOM,
        rate,
    }));
    rooms
}

/// Gives each conversation its habit: one in five comes and goes, and of the others some annotate or send bursts.
fn attendees(
    context: &Context<'_>,
    entered: Vec<(Conversation, usize, f64)>,
    annotations: &Rc<AnnotationBook>,
    (begin, end): (Time, Time),
) -> Vec<Attendee> {
    let videos = if context.offers.videos { VIDEOS } else { 0 };
    let first_video = context.site.run * 1_000;
    let (mut annotators, mut bursters) = (0, 0);
    let attendee = |(index, (talk, size, rate)): (usize, (Conversation, usize, f64))| {
        let habit = match index % 5 {
            4 => Habit::ComesAndGoes,
            _ if annotators < videos * VIDEO => {
                annotators += 1;
                let number = (annotators - 1) / VIDEO;
                Habit::Annotates(format!("videos:{}", first_video + number as u64).into())
            }
            // One in each small room.
            _ if size == SMALL_ROOM && index % SMALL_ROOM == 0 && bursters < BURSTERS => {
                bursters += 1;
                Habit::SendsBursts
            }
            _ => Habit::Stays,
        };
        Attendee {
            dice: Dice::new(context.seed, 3_000_000 + index as u64),
            // Those who stay share the talking.
            every: Duration::from_secs_f64(size as f64 * 0.8 / rate),
            talk,
            habit,
            begin,
            end,
            annotations: Rc::clone(annotations),
        }
    };
    entered.into_iter().enumerate().map(attendee).collect()
}

fn duration(context: &Context<'_>) -> Duration {
    context
        .time_left()
        .saturating_sub(AROUND)
        .clamp(SHORTEST, LONGEST)
}

fn method(context: &Context<'_>, rooms: &[Room], duration: Duration) -> Vec<String> {
    let count: usize = rooms.iter().map(|room| room.size).sum();
    let large = rooms.iter().filter(|room| room.size == LARGE_ROOM).count();
    let small = rooms.iter().filter(|room| room.size == SMALL_ROOM).count();
    let mut told = vec![
        format!(
            "{count} sockets for {:.0} s in a hall of {HALL}, {large} rooms of {LARGE_ROOM} and {small} rooms of {SMALL_ROOM}. One in \
             five joined and left, crashed or broke off all the time; at each whole second many of them at the same instant.",
            duration.as_secs_f64()
        ),
        format!(
            "In small rooms, {BURSTERS} at most sent bursts of {} pushes and {} broadcasts without waiting for a reply.",
            attendee::BURST,
            attendee::BROADCAST_BURST
        ),
        "A broadcast is due at everybody whose join was answered before it was sent and who did not begin to leave before it was \
         answered; for those who joined or left meanwhile it is in doubt, and so are copies within a second of a rejoin."
            .to_owned(),
    ];
    if count > context.sockets {
        let more = count - context.sockets;
        told.push(format!(
            "{more} of the sockets were opened beside those asked for: a hall of {HALL} and {FEWEST_SMALL_ROOMS} small rooms take them."
        ));
    }
    told
}
