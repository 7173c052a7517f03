//! Pushes and joins that must not wait for a sleeping channel or a slow join. The order of the replies tells whether they did.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::account::{Content, Expected};
use super::super::conversation::Conversation;
use super::super::crowd;
use super::super::punctuality::Punctuality;
use super::super::result::{Claim, ProofVerdict};
use super::super::site::Site;
use crate::clock::Time;

const OTHER_TOPICS: &str = "A sleeping channel does not hold up the other topics of its own socket.";
const LATER: &str = "A reply that is given later does not hold up its own channel.";
const OTHERS_JOIN: &str =
    "A slow join holds up no other socket: neither a join of the same topic nor a push.";

const SLEEP: Duration = Duration::from_millis(SLEEP_MS);
const SLEEP_MS: u64 = 600;
/// The number of sockets that try each.
const TRIES: usize = 20;

/// Something slow, something quick that was asked for behind it, and when each was answered.
#[derive(Clone, Copy, Debug, Default)]
struct Race {
    slow: Option<Time>,
    quick: Option<Time>,
}

pub(super) fn method() -> String {
    format!(
        "{TRIES} sockets pushed `sleep` on one topic and `echo` behind it on another; {TRIES} pushed `reply_later` and `echo` behind it on \
         the same one; while {TRIES} joined with a delay of {} ms, as many others joined the same topics, and as many pushed. What \
         is quick has to be answered before what is slow.",
        SLEEP.as_millis()
    )
}

/// Makes all three. Gives the conversations back.
pub(super) async fn ask_behind_sleepers(
    site: &Rc<Site>,
    mut talks: Vec<Conversation>,
) -> (Vec<Conversation>, Vec<Claim>) {
    let punctuality = Punctuality::watch(site);
    let tries = TRIES.min(talks.len() / 3);
    let rest = talks.split_off(tries);
    let behind_sleep = crowd::all(talks.into_iter().map(ask_beside_sleep)).await;
    let (talks, sleeps) = unzip(behind_sleep);
    let behind_later = crowd::all(talks.into_iter().map(ask_behind_later)).await;
    let (slow, laters) = unzip(behind_later);
    let mut others = rest;
    let rest = others.split_off(tries * 2);
    let pushers = others.split_off(tries);
    let begin = site.now() + Duration::from_millis(100);
    let topics: Vec<Rc<str>> = (0..tries)
        .map(|number| format!("lab:{}-slow-{number}", site.run).into())
        .collect();
    let slow_joins = slow.into_iter().zip(topics.clone()).map(|(talk, topic)| {
        let params = json!({ "delay_ms": SLEEP_MS });
        join_at(talk, topic, params, begin)
    });
    let soon = begin + Duration::from_millis(100);
    let quick_joins = others
        .into_iter()
        .zip(topics)
        .map(|(talk, topic)| join_at(talk, topic, json!({}), soon));
    let pushes = pushers.into_iter().map(|talk| push_at(talk, soon));
    let (slow, joins, pushes) = tokio::join!(
        crowd::all(slow_joins),
        crowd::all(quick_joins),
        crowd::all(pushes)
    );
    // All slow joins end at about the same time: the first of them is what the quick ones have to beat.
    let first_slow = slow.iter().filter_map(|(_, at)| *at).min();
    let races: Vec<Race> = joins
        .iter()
        .chain(&pushes)
        .map(|(_, quick)| Race {
            slow: first_slow,
            quick: *quick,
        })
        .collect();
    let late = punctuality.standstill(SLEEP);
    let claims = vec![
        claim(OTHER_TOPICS, &sleeps, late.as_deref()),
        claim(LATER, &laters, late.as_deref()),
        claim(OTHERS_JOIN, &races, late.as_deref()),
    ];
    let all = slow.into_iter().chain(joins).chain(pushes).map(|(talk, _)| talk);
    let mut talks: Vec<Conversation> = all.chain(rest).collect();
    talks.sort_by_key(|talk| talk.member.number);
    (talks, claims)
}

fn unzip(outcomes: Vec<(Conversation, Race)>) -> (Vec<Conversation>, Vec<Race>) {
    outcomes.into_iter().unzip()
}

/// `sleep` on its own topic, and `echo` in the room behind it.
async fn ask_beside_sleep(mut talk: Conversation) -> (Conversation, Race) {
    let (own, room) = (Rc::clone(&talk.own), Rc::clone(&talk.room));
    let ms = SLEEP_MS;
    let slept = Expected::Ok(Content::Json(json!({ "slept": ms })));
    let slow = talk
        .member
        .push(&own, "sleep", &Content::Json(json!({ "ms": ms })), slept)
        .await;
    let race = race(&mut talk, (&own, slow), &room).await;
    (talk, race)
}

/// `reply_later` on its own topic, and `echo` behind it.
async fn ask_behind_later(mut talk: Conversation) -> (Conversation, Race) {
    let own = Rc::clone(&talk.own);
    let content = Content::Json(json!({ "ms": SLEEP_MS, "body": "later" }));
    let reply = Expected::Ok(Content::Json(json!({ "body": "later" })));
    let slow = talk.member.push(&own, "reply_later", &content, reply).await;
    let race = race(&mut talk, (&own, slow), &Rc::clone(&own)).await;
    (talk, race)
}

/// Pushes `echo` on a topic, and waits for both replies.
async fn race(talk: &mut Conversation, (slow_topic, slow): (&Rc<str>, u64), quick_topic: &Rc<str>) -> Race {
    let content = Content::Json(json!({ "quick": talk.member.number }));
    let expected = Expected::Ok(content.clone());
    let quick = talk.member.push(quick_topic, "echo", &content, expected).await;
    let quick = talk.member.answer(quick_topic, quick).await;
    let slow = talk.member.answer(slow_topic, slow).await;
    talk.listen();
    Race {
        slow: slow.ok().map(|(_, at)| at),
        quick: quick.ok().map(|(_, at)| at),
    }
}

async fn join_at(
    mut talk: Conversation,
    topic: Rc<str>,
    params: Value,
    at: Time,
) -> (Conversation, Option<Time>) {
    talk.until(at).await;
    let expected = Expected::Ok(Content::Json(json!({ "params": params })));
    let joined = talk.member.join(&topic, &params, expected).await;
    let at = joined.ok().map(|_| talk.member.site.now());
    talk.listen();
    (talk, at)
}

async fn push_at(mut talk: Conversation, at: Time) -> (Conversation, Option<Time>) {
    talk.until(at).await;
    let own = Rc::clone(&talk.own);
    let answered = talk
        .member
        .ask(&own, "ack", &Content::empty(), Expected::Ok(Content::empty()))
        .await;
    talk.listen();
    (talk, answered.ok().map(|(_, at)| at))
}

fn claim(claim: &'static str, races: &[Race], late: Option<&str>) -> Claim {
    let both: Vec<(Time, Time)> = races
        .iter()
        .filter_map(|it| Some((it.slow?, it.quick?)))
        .collect();
    let waited = both.iter().filter(|(slow, quick)| quick >= slow).count();
    let all = races.len();
    let told = format!(
        "{} of {all} were answered before what was slow",
        both.len() - waited
    );
    let (verdict, says) = if both.len() < all || all == 0 {
        (
            ProofVerdict::Undecided,
            format!("{told}; {} had no answer", all - both.len()),
        )
    } else if waited == 0 {
        (ProofVerdict::Pass, told)
    } else if let Some(late) = late {
        (ProofVerdict::Undecided, format!("{told}; {late}"))
    } else if waited * 2 >= all {
        (ProofVerdict::Fail, format!("only {told}"))
    } else {
        (
            ProofVerdict::Undecided,
            format!("{told}: too few waited to call it a rule"),
        )
    };
    Claim::new(claim, verdict, says)
        .with("tries", all)
        .with("waited", waited)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(pairs: &[(u64, u64)], late: Option<&str>) -> ProofVerdict {
        let races: Vec<Race> = pairs
            .iter()
            .map(|(slow, quick)| Race {
                slow: Some(Time::from_micros(*slow)),
                quick: Some(Time::from_micros(*quick)),
            })
            .collect();
        claim(OTHER_TOPICS, &races, late).verdict
    }

    #[test]
    fn the_quick_have_to_come_before_the_slow() {
        assert_eq!(verdict(&[(600, 1), (600, 599)], None), ProofVerdict::Pass);
        assert_eq!(
            verdict(&[(600, 601), (600, 602), (600, 5)], None),
            ProofVerdict::Fail
        );
        assert_eq!(
            verdict(&[(600, 601), (600, 5), (600, 5)], None),
            ProofVerdict::Undecided
        );
        assert_eq!(verdict(&[(600, 601)], Some("late")), ProofVerdict::Undecided);
        assert_eq!(verdict(&[], None), ProofVerdict::Undecided);
        let unanswered = [Race::default()];
        assert_eq!(claim(LATER, &unanswered, None).verdict, ProofVerdict::Undecided);
    }
}
