//! `prove isolation`: untouched conversations beside troublemakers, which make trouble in some blocks of time and do the same work
//! politely in the others.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::Duration;

use super::books::Books;
use super::claims::{latency_claim, shift_picture};
use super::context::Context;
use super::conversation::Conversation;
use super::crowd::{self, NoCrowd};
use super::member::Users;
use super::punctuality::Punctuality;
use super::result::Experiment;
use super::schedule::Schedule;
use super::watch::Watch;
use crate::dice::Dice;
use judge::Judge;
use rude::{Deeds, Troublemaker};
use trouble::Trouble;

mod judge;
mod rude;
mod trouble;

const LATENCY: &str = "The latency of untouched conversations does not move.";

/// The number of sockets in a room.
const ROOM: usize = 20;
/// One socket in so many makes trouble, within these bounds.
const ONE_IN: usize = 10;
const FEWEST_TROUBLEMAKERS: usize = 4;
const MOST_TROUBLEMAKERS: usize = 200;
const PAIRS: usize = 24;
const BEFORE: Duration = Duration::from_secs(6);
const AFTER: Duration = Duration::from_secs(2);
const LONGEST_BLOCK: Duration = Duration::from_millis(750);
/// In shorter blocks, a crash and its rejoin would reach into the next block.
const SHORTEST_BLOCK: Duration = Duration::from_millis(250);

/// The claim that stands alone where the experiment cannot be made.
pub(super) const FIRST_CLAIM: &str = judge::UNTOUCHED;

/// Makes the experiment.
///
/// # Errors
/// Its sockets cannot be opened.
pub(super) async fn isolation(context: &Context<'_>, experiment: &mut Experiment) -> Result<(), NoCrowd> {
    let site = &context.site;
    context.tell("opening sockets");
    let books = Rc::new(Books::default());
    let (rude, untouched) = enter(context, &books).await?;
    let rude_numbers: HashSet<u32> = rude.iter().map(|talk| talk.member.number).collect();
    let (rude_count, count) = (rude.len(), untouched.len());

    let mut dice = Dice::new(context.seed, 1);
    let times = (BEFORE, block(context), AFTER);
    let begin = site.now() + Duration::from_millis(200);
    let schedule = Rc::new(Schedule::new(begin, times, PAIRS, &mut dice));
    let watch = Watch::new(&schedule, count);
    experiment.method = method(context, (count, rude_count), &schedule, &watch);
    context.tell("conversing");
    let punctuality = Punctuality::watch(site);
    let deeds = Rc::new(RefCell::new(Deeds::default()));
    let making = rude.into_iter().enumerate().map(|(index, talk)| {
        let maker = Troublemaker {
            talk,
            schedule: Rc::clone(&schedule),
            troubles: Trouble::possible(&context.offers),
            deeds: Rc::clone(&deeds),
        };
        maker.make_trouble(
            index,
            rude_count,
            Dice::new(context.seed, 1_000_000 + index as u64),
        )
    });
    let conversing = untouched.into_iter().map(|talk| {
        let dice = Dice::new(context.seed, 2_000_000 + u64::from(talk.member.number));
        watch.clone().converse(talk, dice)
    });
    let (rude, untouched) = tokio::join!(crowd::all(making), crowd::all(conversing));
    let (late, standstill) = (punctuality.excuse(), punctuality.standstill(site.timeout()));
    drop(punctuality);
    context.tell("closing sockets");
    let talks = rude.into_iter().chain(untouched).collect();
    let (talks, rest) = crowd::come_to_rest(site, talks).await;
    crowd::close(talks).await;

    let audit = books.audit();
    let judge = Judge {
        schedule: &schedule,
        rude: &rude_numbers,
        oddities: site.take_oddities(),
        audit: &audit,
        whispers: books.audit_whispers(),
        deeds: &deeds.borrow(),
        standstill: standstill.or(rest.excuse()),
    };
    experiment.claims = judge.claims();
    context.count(&audit, &judge.oddities);
    let times = watch.times.borrow();
    let latency = latency_claim(LATENCY, &times, context.seed, late.as_deref());
    experiment.claims.push(latency);
    experiment.pictures.extend(shift_picture(&times, context.seed));
    Ok(())
}

/// Opens all sockets and joins their topics. Returns the troublemakers and the untouched.
async fn enter(
    context: &Context<'_>,
    books: &Rc<Books>,
) -> Result<(Vec<Conversation>, Vec<Conversation>), NoCrowd> {
    let users = if context.offers.users {
        Users::Named
    } else {
        Users::Anonymous
    };
    let members = crowd::open(&context.site, context.sockets, users).await?;
    let rooms = (members.len() / ROOM).max(1);
    let entering = members.into_iter().enumerate().map(|(index, member)| {
        let room = format!("lab:{}-room-{}", context.site.run, index % rooms);
        let mut talk = Conversation::new(member, books, room.into(), context.seed);
        async move {
            // What goes wrong is an oddity already.
            let _ = talk.enter().await;
            talk
        }
    });
    let mut talks = crowd::all(entering).await;
    talks.sort_by_key(|talk| talk.member.number);
    let count = (talks.len() / ONE_IN)
        .clamp(FEWEST_TROUBLEMAKERS, MOST_TROUBLEMAKERS)
        .min(talks.len() / 2);
    let every = talks.len().checked_div(count).unwrap_or(1).max(1);
    let (mut rude, mut untouched) = (Vec::new(), Vec::new());
    for (index, talk) in talks.into_iter().enumerate() {
        // Those at the end of each stretch, so that they are spread over all rooms.
        if index % every == every - 1 && rude.len() < count {
            rude.push(talk);
        } else {
            untouched.push(talk);
        }
    }
    if users == Users::Named {
        introduce(&mut untouched, rooms);
    }
    Ok((rude, untouched))
}

/// Tells each conversation whom it may whisper to: the untouched ones of its room.
fn introduce(untouched: &mut [Conversation], rooms: usize) {
    let mut by_room = std::collections::HashMap::with_capacity(rooms);
    for talk in untouched.iter() {
        let mates: &mut Vec<u32> = by_room.entry(Rc::clone(&talk.room)).or_default();
        mates.push(talk.member.number);
    }
    for talk in untouched {
        talk.mates = by_room.get(&talk.room).cloned().unwrap_or_default();
    }
}

/// The length of a block, so that the whole fits into the time limit.
fn block(context: &Context<'_>) -> Duration {
    let blocks = u32::try_from(PAIRS * 2).unwrap_or(u32::MAX);
    let spare = context.time_left().saturating_sub(BEFORE + AFTER * 2);
    (spare / blocks).clamp(SHORTEST_BLOCK, LONGEST_BLOCK)
}

fn method(
    context: &Context<'_>,
    (untouched, rude): (usize, usize),
    schedule: &Schedule,
    watch: &Watch,
) -> Vec<String> {
    let troubles: Vec<&str> = Trouble::possible(&context.offers)
        .into_iter()
        .map(Trouble::name)
        .collect();
    vec![
        format!(
            "{untouched} untouched conversations sent {:.0} messages a second together: echoes, counters, values that the server \
             keeps, broadcasts to rooms of {ROOM}, and whispers.",
            watch.rate(untouched)
        ),
        format!(
            "{rude} troublemakers shared their rooms and made trouble in {} blocks of {:.2} s: {}. In as many other blocks, each \
             beside a treated one, they did the same work politely; the order was random.",
            schedule.pairs(),
            schedule.block().as_secs_f64(),
            troubles.join(", ")
        ),
        format!(
            "Before that, nobody made trouble for {} s. Times are measured from the intended time of each message.",
            BEFORE.as_secs()
        ),
    ]
}
