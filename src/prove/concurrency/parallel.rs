//! Many conversations sleep at once: all together take about one sleep, not one after the other.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;

use super::super::account::{Content, Expected};
use super::super::context::Context;
use super::super::conversation::Conversation;
use super::super::crowd;
use super::super::member::NoAnswer;
use super::super::punctuality::Punctuality;
use super::super::result::{Claim, Picture, PictureKind, PicturePoint, ProofVerdict, Series};
use super::super::site::Site;
use crate::clock::Time;

#[cfg(test)]
mod tests;

pub(super) const CLAIM: &str =
    "Conversations that sleep at once take one sleep together, however many they are.";
const ONE_TOPIC: &str = "The same holds for conversations on one topic.";
const ONE_SOCKET: &str = "The same holds for the topics of one socket.";

const SLEEP: Duration = Duration::from_millis(SLEEP_MS);
const SLEEP_MS: u64 = 400;
/// No more sockets than this sleep on one topic, and no more topics of one socket (Phoenix allows 100).
const MOST_ON_TOPIC: usize = 256;
const MOST_OF_SOCKET: usize = 32;

/// The topics and sockets of the sleepers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrangement {
    OwnTopics,
    OneTopic,
    OneSocket,
}

/// One try with so many sleepers.
#[derive(Clone, Copy, Debug)]
struct Try {
    arrangement: Arrangement,
    sleepers: usize,
    /// From the first push to the last reply.
    slept: Duration,
    /// The same for pushes that do not sleep, the longer of one try before and one after.
    awake: Duration,
    /// Sleepers without an answer.
    unanswered: usize,
}

/// All tries.
pub(super) struct Sleeps {
    tries: Vec<Try>,
    /// The reason why they say nothing, if this process was late.
    late: Option<String>,
}

pub(super) fn method() -> String {
    format!(
        "From one on, twice as many each time pushed `sleep` for {} ms at once, up to half of the sockets; before and after that, as many pushed \
         `ack`, whose time is subtracted. The same with up to {MOST_ON_TOPIC} sockets on one topic, and with up to {MOST_OF_SOCKET} \
         topics of one socket.",
        SLEEP.as_millis()
    )
}

/// Lets more and more conversations sleep at once.
pub(super) async fn sleep_together(
    context: &Context<'_>,
    mut talks: Vec<Conversation>,
) -> (Vec<Conversation>, Sleeps) {
    let punctuality = Punctuality::watch(&context.site);
    let mut tries = Vec::new();
    let most = talks.len() / 2;
    let reserved = context.time_left() * 5 / 9;
    for (arrangement, most) in [
        (Arrangement::OwnTopics, most),
        (Arrangement::OneTopic, most.min(MOST_ON_TOPIC)),
        (Arrangement::OneSocket, MOST_OF_SOCKET),
    ] {
        let mut sleepers = 1;
        while sleepers <= most && context.time_left() > reserved {
            let first = try_once(&context.site, &mut talks, arrangement, sleepers).await;
            if first.held() {
                tries.push(first);
            } else {
                // Once may be chance.
                let again = try_once(&context.site, &mut talks, arrangement, sleepers).await;
                tries.extend((!again.held()).then_some(first));
                tries.push(again);
                if !again.held() {
                    // More sleepers tell no more.
                    break;
                }
            }
            crowd::look_after(&context.site, &mut talks).await;
            sleepers = next_count(sleepers, most);
        }
    }
    let late = punctuality.standstill(SLEEP);
    (talks, Sleeps { tries, late })
}

/// Twice as many, and at last as many as there are.
fn next_count(count: usize, most: usize) -> usize {
    if count < most && count * 2 > most {
        most
    } else {
        count * 2
    }
}

async fn try_once(
    site: &Site,
    talks: &mut Vec<Conversation>,
    arrangement: Arrangement,
    sleepers: usize,
) -> Try {
    let (before, _) = together(site, talks, (arrangement, sleepers), None).await;
    let (slept, unanswered) = together(site, talks, (arrangement, sleepers), Some(SLEEP_MS)).await;
    let (after, _) = together(site, talks, (arrangement, sleepers), None).await;
    let awake = before.max(after);
    Try {
        arrangement,
        sleepers,
        slept,
        awake,
        unanswered,
    }
}

/// Has so many push at once; returns the time from the first push to the last reply, and how many had none.
async fn together(
    site: &Site,
    talks: &mut Vec<Conversation>,
    (arrangement, count): (Arrangement, usize),
    sleep_ms: Option<u64>,
) -> (Duration, usize) {
    let sockets = match arrangement {
        Arrangement::OneSocket => 1,
        Arrangement::OwnTopics | Arrangement::OneTopic => count,
    };
    let rest = talks.split_off(sockets.min(talks.len()));
    let joining = std::mem::take(talks)
        .into_iter()
        .map(|talk| join(talk, arrangement, count));
    *talks = crowd::all(joining).await;
    let begin = site.now() + Duration::from_millis(100);
    let scripts = std::mem::take(talks)
        .into_iter()
        .map(|talk| push(talk, arrangement, count, (sleep_ms, begin)));
    let mut outcomes = crowd::all(scripts).await;
    outcomes.sort_by_key(|(talk, ..)| talk.member.number);
    let first = outcomes
        .iter()
        .map(|(_, sent, _)| *sent)
        .min()
        .unwrap_or(Time::ZERO);
    let ends = outcomes.iter().flat_map(|(.., ends)| ends);
    let last = ends.clone().flatten().max().copied().unwrap_or(first);
    let unanswered = ends.filter(|end| end.is_none()).count();
    talks.extend(outcomes.into_iter().map(|(talk, ..)| talk));
    talks.extend(rest);
    (last.since(first), unanswered)
}

/// Joins the topics that are not joined yet.
async fn join(mut talk: Conversation, arrangement: Arrangement, count: usize) -> Conversation {
    for topic in topics(&talk, arrangement, count) {
        if !talk.member.is_joined(&topic) {
            // What goes wrong is an oddity already, and its push has no answer.
            let _ = talk.member.join(&topic, &json!({}), Expected::AnyOk).await;
        }
    }
    talk.listen();
    talk
}

/// One socket's part: pushes on its topics, and the times of the replies.
async fn push(
    mut talk: Conversation,
    arrangement: Arrangement,
    count: usize,
    (sleep_ms, begin): (Option<u64>, Time),
) -> (Conversation, Time, Vec<Option<Time>>) {
    let site = Rc::clone(&talk.member.site);
    let topics = topics(&talk, arrangement, count);
    talk.member.until(begin).await;
    let sent = site.now();
    let mut references = Vec::with_capacity(topics.len());
    for topic in &topics {
        let (event, content, reply) = match sleep_ms {
            None => ("ack", Content::empty(), Content::empty()),
            Some(ms) => {
                let slept = Content::Json(json!({ "slept": ms }));
                ("sleep", Content::Json(json!({ "ms": ms })), slept)
            }
        };
        references.push(
            talk.member
                .push(topic, event, &content, Expected::Ok(reply))
                .await,
        );
    }
    let mut ends = Vec::with_capacity(topics.len());
    for (topic, reference) in topics.iter().zip(references) {
        let end: Result<_, NoAnswer> = talk.member.answer(topic, reference).await;
        ends.push(end.ok().map(|(_, at)| at));
    }
    talk.listen();
    (talk, sent, ends)
}

fn topics(talk: &Conversation, arrangement: Arrangement, count: usize) -> Vec<Rc<str>> {
    match arrangement {
        Arrangement::OwnTopics => vec![Rc::clone(&talk.own)],
        Arrangement::OneTopic => vec![format!("lab:{}-dormitory", talk.member.site.run).into()],
        Arrangement::OneSocket => (0..count)
            .map(|number| format!("{}-{number}", talk.own).into())
            .collect(),
    }
}

impl Try {
    /// The time that all took, less the time of as many pushes that do not sleep.
    fn net(&self) -> Duration {
        self.slept.saturating_sub(self.awake)
    }

    /// The number of sleeps at a time: the sum of all sleeps over the time that they took.
    fn parallelism(&self) -> f64 {
        let net = self.net().as_secs_f64().max(SLEEP.as_secs_f64());
        self.sleepers as f64 * SLEEP.as_secs_f64() / net
    }

    /// Whether somebody had to wait for the whole sleep of somebody else.
    fn fell_short(&self) -> bool {
        let is_quick = self.awake <= SLEEP / 2;
        is_quick && (self.unanswered > 0 || self.net() >= SLEEP * 19 / 10)
    }

    /// The reason why it neither held nor fell short.
    fn doubt(&self) -> String {
        if self.awake > SLEEP / 2 {
            let millis = self.awake.as_secs_f64() * 1e3;
            format!("even pushes that do not sleep took {millis:.0} ms together")
        } else {
            "that is neither one sleep nor two".to_owned()
        }
    }

    fn held(&self) -> bool {
        self.unanswered == 0 && self.net() <= SLEEP * 3 / 2
    }
}

impl Sleeps {
    pub(super) fn claims(&self) -> Vec<Claim> {
        vec![
            self.claim(CLAIM, Arrangement::OwnTopics),
            self.claim(ONE_TOPIC, Arrangement::OneTopic),
            self.claim(ONE_SOCKET, Arrangement::OneSocket),
        ]
    }

    fn claim(&self, claim: &'static str, arrangement: Arrangement) -> Claim {
        let tries: Vec<&Try> = self
            .tries
            .iter()
            .filter(|it| it.arrangement == arrangement)
            .collect();
        let short: Vec<&&Try> = tries.iter().filter(|it| it.fell_short()).collect();
        let best = tries.iter().map(|it| it.parallelism()).fold(0.0, f64::max);
        let asked = tries.iter().map(|it| it.sleepers).max().unwrap_or_default();
        let told = |it: &Try| {
            format!(
                "{} sleeps of {} ms took {:.0} ms together, which is {:.1} at a time{}",
                it.sleepers,
                SLEEP.as_millis(),
                it.net().as_secs_f64() * 1e3,
                it.parallelism(),
                match it.unanswered {
                    0 => String::new(),
                    count => format!("; {count} had no answer in time"),
                }
            )
        };
        let (verdict, says) = match (tries.last(), &self.late) {
            (None, _) => (ProofVerdict::Undecided, "there was no time to try it".to_owned()),
            // Twice, so that it is no chance.
            (Some(_), None) if short.len() > 1 => (ProofVerdict::Fail, told(short[0])),
            (Some(last), _) if short.is_empty() && tries.iter().all(|it| it.held()) => {
                (ProofVerdict::Pass, told(last))
            }
            (Some(last), late) => {
                let doubtful = tries.iter().find(|it| !it.held()).unwrap_or(last);
                let why = late.clone().unwrap_or_else(|| doubtful.doubt());
                (ProofVerdict::Undecided, format!("{}; {why}", told(doubtful)))
            }
        };
        Claim::new(claim, verdict, says)
            .with("parallelism_asked", asked)
            .with("parallelism_reached", (best * 10.0).round() / 10.0)
            .with("sleep_ms", SLEEP_MS)
    }

    /// Parallelism reached over parallelism asked.
    pub(super) fn picture(&self) -> Picture {
        let series = |name: &str, arrangement| Series {
            name: name.to_owned(),
            points: self
                .tries
                .iter()
                .filter(|it| it.arrangement == arrangement)
                .map(|it| PicturePoint {
                    x: it.sleepers as f64,
                    y: it.parallelism(),
                    interval: None,
                })
                .collect(),
        };
        let most = self.tries.iter().map(|it| it.sleepers).max().unwrap_or(1) as f64;
        let ideal = |x| PicturePoint {
            x,
            y: x,
            interval: None,
        };
        Picture {
            title: "Parallelism reached of parallelism asked".to_owned(),
            x: "conversations that sleep at once".to_owned(),
            y: "sleeps at a time".to_owned(),
            kind: PictureKind::Logarithmic,
            series: vec![
                Series {
                    name: "all at once".to_owned(),
                    points: vec![ideal(1.0), ideal(most)],
                },
                series("each on a topic of its own", Arrangement::OwnTopics),
                series("all on one topic", Arrangement::OneTopic),
                series("topics of one socket", Arrangement::OneSocket),
            ],
        }
    }
}
