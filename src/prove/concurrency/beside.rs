//! Conversations beside sleepers: in some blocks the sleepers sleep all the time, in the others they only push.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::super::account::{Content, Expected};
use super::super::claims::{latency_claim, shift_picture};
use super::super::context::Context;
use super::super::conversation::Conversation;
use super::super::crowd;
use super::super::punctuality::Punctuality;
use super::super::result::{Claim, Picture};
use super::super::schedule::{Place, Schedule};
use super::super::watch::Watch;
use crate::dice::Dice;
use crate::statistics::Arm;

const CLAIM: &str = "The latency of the others does not move while many conversations sleep.";
/// One socket in so many sleeps, at most this many.
const ONE_IN: usize = 4;
const MOST_SLEEPERS: usize = 500;
const PAIRS: usize = 24;
const LONGEST_BLOCK: Duration = Duration::from_millis(500);
/// In a shorter block there is no time for a nap.
const SHORTEST_BLOCK: Duration = Duration::from_millis(220);
const BEFORE: Duration = Duration::from_secs(1);
const AFTER: Duration = Duration::from_millis(500);
/// A nap, so that those of a block end in it or soon after it.
const NAP: Duration = Duration::from_millis(NAP_MS);
const NAP_MS: u64 = 200;

pub(super) fn method() -> String {
    format!(
        "Beside conversations as in `prove isolation`, a quarter of the sockets (at most {MOST_SLEEPERS}) slept {} ms again and again in \
         {PAIRS} blocks of {} ms at most, and pushed as often without sleeping in as many others, in random order.",
        NAP.as_millis(),
        LONGEST_BLOCK.as_millis()
    )
}

/// Converses beside sleepers. Gives the conversations back.
pub(super) async fn converse_beside_sleepers(
    context: &Context<'_>,
    talks: Vec<Conversation>,
) -> (Vec<Conversation>, Claim, Option<Picture>) {
    let site = &context.site;
    let count = (talks.len() / ONE_IN).min(MOST_SLEEPERS);
    let every = talks.len().checked_div(count).unwrap_or(1).max(1);
    let (mut sleepers, mut others) = (Vec::new(), Vec::new());
    for (index, talk) in talks.into_iter().enumerate() {
        if index % every == 0 && sleepers.len() < count {
            sleepers.push(talk);
        } else {
            others.push(talk);
        }
    }
    let mut dice = Dice::new(context.seed, 5);
    let begin = site.now() + Duration::from_millis(200);
    let schedule = Rc::new(Schedule::new(
        begin,
        (BEFORE, block(context), AFTER),
        PAIRS,
        &mut dice,
    ));
    let watch = Watch::new(&schedule, others.len());
    let punctuality = Punctuality::watch(site);
    let sleeping = sleepers.into_iter().map(|talk| sleep(talk, Rc::clone(&schedule)));
    let conversing = others.into_iter().map(|talk| {
        let dice = Dice::new(context.seed, 5_000_000 + u64::from(talk.member.number));
        watch.clone().converse(talk, dice)
    });
    let (sleepers, others) = tokio::join!(crowd::all(sleeping), crowd::all(conversing));
    let late = punctuality.excuse();
    drop(punctuality);
    let times = watch.times.borrow();
    let claim = latency_claim(CLAIM, &times, context.seed, late.as_deref()).with("sleepers", count);
    let picture = shift_picture(&times, context.seed);
    (sleepers.into_iter().chain(others).collect(), claim, picture)
}

/// The length of a block, so that the whole fits into the time limit.
fn block(context: &Context<'_>) -> Duration {
    let blocks = u32::try_from(PAIRS * 2).unwrap_or(u32::MAX);
    let spare = context.time_left().saturating_sub(BEFORE + AFTER * 2);
    (spare / blocks).clamp(SHORTEST_BLOCK, LONGEST_BLOCK)
}

/// Sleeps or only pushes, as the schedule says, once in each nap's time.
async fn sleep(mut talk: Conversation, schedule: Rc<Schedule>) -> Conversation {
    let room = Rc::clone(&talk.room);
    let site = Rc::clone(&talk.member.site);
    let mut next = schedule.treats_from();
    while next < schedule.treats_until() {
        talk.until(next).await;
        let treated = matches!(schedule.place(site.now()), Place::Block(_, Arm::Treated));
        let outcome = if treated {
            let slept = Expected::Ok(Content::Json(json!({ "slept": NAP_MS })));
            talk.member
                .ask(&room, "sleep", &Content::Json(json!({ "ms": NAP_MS })), slept)
                .await
        } else {
            talk.member
                .ask(&room, "ack", &Content::empty(), Expected::Ok(Content::empty()))
                .await
        };
        talk.listen();
        if outcome.is_err() {
            break;
        }
        next = (next + NAP).max(site.now());
    }
    talk.until(schedule.end()).await;
    talk.member.settle().await;
    talk.listen();
    talk
}
