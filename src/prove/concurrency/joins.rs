//! Joins of a topic with many subscribers, beside joins of topics with none.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::super::account::{Content, Expected};
use super::super::claims::latency_claim;
use super::super::context::Context;
use super::super::conversation::Conversation;
use super::super::crowd;
use super::super::member::NoAnswer;
use super::super::punctuality::Punctuality;
use super::super::result::Claim;
use crate::dice::Dice;
use crate::statistics::{Arm, PairedBlocks};

const CLAIM: &str = "The time of a join does not grow with the subscribers of its topic.";
/// The number of subscribers, at most half of all sockets.
const SUBSCRIBERS: usize = 2_000;
const JOINERS: usize = 10;
const BLOCKS: u32 = 24;
/// The joins of each kind that a joiner makes in a block: 1,200 of each kind over all, as the 99th percentile needs 1,000.
const JOINS: usize = 5;
/// The subscribers are left alone for this long. To look after thousands makes this process late, and most servers are done before.
const BETWEEN_LOOKS: Duration = Duration::from_secs(15);
const SECOND: Duration = Duration::from_secs(1);

pub(super) fn method() -> String {
    format!(
        "{JOINERS} sockets joined and left a topic with up to {SUBSCRIBERS} subscribers, and topics with none, in turn and in random order, \
         {} times each.",
        JOINERS * JOINS * BLOCKS as usize
    )
}

/// Makes the joins. Gives the conversations back.
pub(super) async fn join_among_many(
    context: &Context<'_>,
    mut talks: Vec<Conversation>,
) -> (Vec<Conversation>, Claim) {
    let crowded: Rc<str> = format!("lab:{}-crowded", context.site.run).into();
    let subscribers = talks.split_off(JOINERS);
    let count = (subscribers.len() / 2).min(SUBSCRIBERS);
    let subscribing = subscribers.into_iter().enumerate().map(|(index, mut talk)| {
        let topic = Rc::clone(&crowded);
        async move {
            if index < count {
                // What goes wrong is an oddity already.
                let _ = talk.member.join(&topic, &json!({}), Expected::AnyOk).await;
            }
            talk
        }
    });
    let mut subscribers = crowd::all(subscribing).await;
    let times = Rc::new(RefCell::new(PairedBlocks::new(SECOND)));
    let punctuality = Punctuality::watch(&context.site);
    let mut looked = context.site.now();
    let mut joiners = talks;
    for block in 0..BLOCKS {
        let joining = joiners.into_iter().map(|talk| {
            let part = 4_000_000 + u64::from(talk.member.number) * u64::from(BLOCKS) + u64::from(block);
            let dice = Dice::new(context.seed, part);
            join_and_leave(talk, block, (Rc::clone(&crowded), dice), Rc::clone(&times))
        });
        joiners = crowd::all(joining).await;
        if context.site.now().since(looked) > BETWEEN_LOOKS {
            looked = context.site.now();
            crowd::look_after(&context.site, &mut subscribers).await;
        }
    }
    let late = punctuality.excuse();
    let leaving = subscribers.into_iter().map(|mut talk| {
        let topic = Rc::clone(&crowded);
        async move {
            if talk.member.is_joined(&topic) {
                let _ = talk.member.leave(&topic).await;
            }
            talk
        }
    });
    let mut talks = crowd::all(leaving).await;
    talks.extend(joiners);
    talks.sort_by_key(|talk| talk.member.number);
    let claim = latency_claim(CLAIM, &times.borrow(), context.seed, late.as_deref());
    (talks, claim.with("subscribers", count))
}

/// Makes the joins of one block.
async fn join_and_leave(
    mut talk: Conversation,
    block: u32,
    (crowded, mut dice): (Rc<str>, Dice),
    times: Rc<RefCell<PairedBlocks>>,
) -> Conversation {
    for number in 0..JOINS {
        let mut arms = [Arm::Treated, Arm::Control];
        if dice.below(2) == 0 {
            arms.reverse();
        }
        for arm in arms {
            let topic = match arm {
                Arm::Treated => Rc::clone(&crowded),
                Arm::Control => format!("{}-lonely-{block}-{number}", talk.own).into(),
            };
            match join_once(&mut talk, &topic).await {
                Ok(micros) => times.borrow_mut().record(arm, SECOND * block, micros),
                // It is an oddity already.
                Err(_) => return talk,
            }
        }
    }
    talk
}

/// Joins and leaves; returns how long the join took, in microseconds.
async fn join_once(talk: &mut Conversation, topic: &Rc<str>) -> Result<u64, NoAnswer> {
    let begin = talk.member.site.now();
    let expected = Expected::Ok(Content::Json(json!({ "params": {} })));
    talk.member.join(topic, &json!({}), expected).await?;
    let took = talk.member.site.now().since(begin);
    talk.member.leave(topic).await?;
    talk.listen();
    Ok(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
}
