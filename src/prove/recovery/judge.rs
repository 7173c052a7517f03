//! The verdict on each claim, from the logs of the clients and the lists of newcomers.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::super::claims::counted;
use super::super::ledger::Audit;
use super::super::oddity::{Oddity, OddityKind};
use super::super::result::{Claim, ProofVerdict};
use super::cause::{Cause, ServerOwner};
use super::client::{Client, Whereabouts};
use super::log::{Flaw, FlawKind};
use super::picture::peak;
use super::scene::Scene;
use super::storm::Deeds;
use crate::load::Figures;

mod found;

const BACK: &str = "Every client comes back by itself.";
pub(super) const CUTS: &str =
    "After cuts, and with half of the network gone, nobody misses or doubles what was acknowledged.";
const RESTART: &str = "After a restart all that was acknowledged is there, and nobody misses or doubles it.";
const KILL: &str =
    "All that was acknowledged before a kill is there after it, and nobody misses or doubles it.";
const PAUSE: &str = "A server that stood still goes on where it stood.";
const IDS: &str = "Each annotation keeps its id, text, place and author; ids are unique, grow as acknowledged, and lists are sorted.";

/// The findings of a run.
pub(super) struct Judge<'j> {
    scene: &'j Scene,
    deeds: &'j Deeds,
    owner: ServerOwner,
    pub(super) oddities: Vec<Oddity>,
    /// The reason why losses say nothing, if this process stood still.
    standstill: Option<String>,
    /// Annotations that clients miss or have twice, each with the disruption after which that happened.
    flaws: Vec<(Option<Cause>, Oddity)>,
    /// The number of annotations that came as they had to, by the disruption after which they came.
    due: BTreeMap<Option<Cause>, u64>,
    in_doubt: u64,
    /// Clients that did not come back, each with the reason.
    kept_out: Vec<String>,
    on_their_way: usize,
    clients: usize,
    wrong: Vec<String>,
}

impl<'j> Judge<'j> {
    /// Compares all logs with the annotations that were written.
    pub(super) fn new(scene: &'j Scene, clients: &[Client], deeds: &'j Deeds, owner: ServerOwner) -> Self {
        let mut judge = Self {
            scene,
            deeds,
            owner,
            oddities: Vec::new(),
            standstill: None,
            flaws: Vec::new(),
            due: BTreeMap::new(),
            in_doubt: 0,
            kept_out: Vec::new(),
            on_their_way: 0,
            clients: clients.len(),
            wrong: Vec::new(),
        };
        for client in clients {
            judge.take(client);
        }
        for video in &scene.videos {
            let mut video = video.borrow_mut();
            video.check_order();
            judge.wrong.extend(video.wrong.iter().cloned());
        }
        judge
    }

    pub(super) fn with_oddities(self, oddities: Vec<Oddity>, standstill: Option<String>) -> Self {
        Self {
            oddities,
            standstill,
            ..self
        }
    }

    fn take(&mut self, client: &Client) {
        let video = self.scene.videos[client.video].borrow();
        let outcome = client.log.audit(&video);
        self.in_doubt += outcome.in_doubt;
        for (cause, count) in outcome.due {
            *self.due.entry(cause).or_default() += count;
        }
        for flaw in outcome.flaws {
            let written = &video.written[flaw.annotation];
            let oddity = Oddity {
                kind: match flaw.kind {
                    FlawKind::Missing => OddityKind::Lost,
                    FlawKind::Doubled => OddityKind::Doubled,
                    FlawKind::Reordered => OddityKind::Reordered,
                },
                socket: client.member.number,
                topic: Rc::clone(&video.topic),
                at: written.sent,
                what: told(flaw, written.id),
            };
            self.flaws.push((flaw.after, oddity));
        }
        match client.whereabouts() {
            Whereabouts::Back => {}
            Whereabouts::OnItsWay => self.on_their_way += 1,
            Whereabouts::KeptOut(why) => self.kept_out.push(format!(
                "socket {} on {} did not come back: {why}",
                client.member.number, video.topic
            )),
        }
    }

    /// The sums and oddities for the figures of the run.
    pub(super) fn audit(&self) -> Audit {
        let mut audit = Audit::default();
        let lost = self.flaws.iter().filter(|(_, it)| it.kind == OddityKind::Lost);
        audit.sums.arrived = self.due.values().sum();
        audit.sums.expected = audit.sums.arrived + lost.count() as u64;
        audit.sums.in_doubt = self.in_doubt;
        audit.oddities = self.flaws.iter().map(|(_, oddity)| oddity.clone()).collect();
        audit
    }

    pub(super) fn claims(&self) -> Vec<Claim> {
        vec![
            self.back(),
            self.cuts(),
            self.of_server(RESTART, Cause::Restart),
            self.of_server(KILL, Cause::Kill),
            self.pause(),
            self.ids(),
        ]
    }

    fn back(&self) -> Claim {
        let comebacks = self.scene.comebacks();
        let lost: u64 = comebacks.values().map(|it| it.lost).sum();
        let (verdict, says) = if !self.kept_out.is_empty() {
            let says = format!(
                "{} of {} clients were kept out",
                self.kept_out.len(),
                self.clients
            );
            (self.unless_stood_still(ProofVerdict::Fail), says)
        } else if self.on_their_way > 0 {
            let says = format!(
                "{} of {} clients were still on their way when the time was over",
                self.on_their_way, self.clients
            );
            (ProofVerdict::Undecided, says)
        } else if lost == 0 {
            (ProofVerdict::Undecided, "nobody lost the connection".to_owned())
        } else {
            let says = format!("{lost} times a client lost its connection, and each time it came back");
            (ProofVerdict::Pass, says)
        };
        let mut claim = Claim::new(BACK, verdict, says)
            .with("lost", lost)
            .with("attempts_refused", self.scene.refused.get())
            .with("herd_peak_per_100_ms", peak(&self.scene.herd.borrow()))
            .with("clients_kept_out", self.kept_out.len())
            .with("oddities", counted(&self.oddities));
        for (cause, comebacks) in comebacks {
            let figures = Figures::of(&comebacks.times);
            let name = |figure: &str| format!("back_after_{}_{figure}", cause.name());
            claim = claim
                .with(&name("lost"), comebacks.lost)
                .with(&name("us_p50"), figures.p50)
                .with(&name("us_p99"), figures.p99)
                .with(&name("us_max"), figures.max);
        }
        claim.naming(self.kept_out.iter().cloned())
    }

    fn cuts(&self) -> Claim {
        let causes = [Cause::Cut, Cause::First, Cause::HalfGone, Cause::Unasked];
        let tried = self.deeds.cut;
        self.of_causes(CUTS, &causes, &format!("{tried} connections were cut"))
            .with("connections_cut", tried)
            .with(
                "half_gone",
                self.deeds
                    .times
                    .get(&Cause::HalfGone)
                    .copied()
                    .unwrap_or_default(),
            )
    }

    fn of_server(&self, claim: &'static str, cause: Cause) -> Claim {
        if let Some(skipped) = self.skipped(claim) {
            return skipped;
        }
        let times = self.deeds.times.get(&cause).copied().unwrap_or_default();
        let acknowledged = self.deeds.acknowledged.get(&cause).copied().unwrap_or_default();
        let says = match cause {
            Cause::Kill => format!(
                "the server was killed {times} times, with {acknowledged} annotations acknowledged before"
            ),
            _ => format!(
                "the server was restarted {times} times (SIGTERM), with {acknowledged} annotations acknowledged before"
            ),
        };
        self.of_causes(claim, &[cause], &says)
            .with(&format!("{}_times", cause.name()), times)
            .with(&format!("acknowledged_before_{}", cause.name()), acknowledged)
    }

    fn skipped(&self, claim: &'static str) -> Option<Claim> {
        let says = "this run did not start the server, so it could not be restarted, killed or paused; --exec lets it";
        (self.owner == ServerOwner::SomebodyElse).then(|| Claim::new(claim, ProofVerdict::Skipped, says))
    }

    /// The verdict, unless this process itself stood still: then clients may have missed messages because of that.
    fn unless_stood_still(&self, verdict: ProofVerdict) -> ProofVerdict {
        match &self.standstill {
            Some(_) => ProofVerdict::Undecided,
            None => verdict,
        }
    }

    fn pause(&self) -> Claim {
        if let Some(skipped) = self.skipped(PAUSE) {
            return skipped;
        }
        let stood_still = self.deeds.stood_still;
        let is_within =
            |it: &&Oddity| stood_still.is_some_and(|(from, until)| (from..=until).contains(&it.at));
        let seen: Vec<&Oddity> = self.oddities.iter().filter(is_within).collect();
        let unanswered = stood_still.map_or(0, |(from, until)| self.scene.count_unanswered(from, until));
        let missing = self.deeds.missing.get(&Cause::Pause).map_or(0, Vec::len);
        let lost = self.scene.comebacks().get(&Cause::Pause).map_or(0, |it| it.lost);
        let (verdict, says) = if let Some(why) = self.deeds.hindered.get(&Cause::Pause) {
            (ProofVerdict::Undecided, why.clone())
        } else if !seen.is_empty() || missing > 0 {
            let says = format!(
                "after it stood still: {}{missing} acknowledged annotations gone",
                match seen.len() {
                    0 => String::new(),
                    _ => format!("{}, ", counted(seen.iter().copied())),
                }
            );
            (self.unless_stood_still(ProofVerdict::Fail), says)
        } else if stood_still.is_none() {
            (ProofVerdict::Undecided, "it was not tried".to_owned())
        } else if unanswered > 0 {
            let says = format!("{unanswered} annotations that were sent meanwhile were not answered in time");
            (ProofVerdict::Undecided, says)
        } else {
            let says = "it answered everything afterwards, and nobody lost the connection".to_owned();
            (ProofVerdict::Pass, says)
        };
        Claim::new(PAUSE, verdict, says)
            .with(
                "pauses",
                self.deeds.times.get(&Cause::Pause).copied().unwrap_or_default(),
            )
            .with("lost_by_pause", lost)
            .with("unanswered_after_pause", unanswered)
            .with("oddities_after_pause", seen.len())
            .naming(seen.iter().map(ToString::to_string))
    }

    fn ids(&self) -> Claim {
        let written: usize = self
            .scene
            .videos
            .iter()
            .map(|video| video.borrow().written.len())
            .sum();
        let unknown = self.scene.count_unknown();
        let (verdict, says) = if !self.wrong.is_empty() {
            (
                ProofVerdict::Fail,
                format!("{} things were wrong with annotations", self.wrong.len()),
            )
        } else if written == unknown {
            (
                ProofVerdict::Undecided,
                "no annotation was acknowledged".to_owned(),
            )
        } else {
            let says = format!(
                "{written} annotations were written; {unknown} of them were never answered, which may be there or not"
            );
            (ProofVerdict::Pass, says)
        };
        Claim::new(IDS, verdict, says)
            .with("annotations_written", written)
            .with("annotations_unanswered", unknown)
            .with("annotations_in_doubt", self.in_doubt)
            .with(
                "annotations_heard",
                self.due.get(&None).copied().unwrap_or_default(),
            )
            .with("annotations_wrong", self.wrong.len())
            .naming(self.wrong.iter().cloned())
    }
}

/// The flaw as the rest of a sentence.
fn told(flaw: Flaw, id: Option<i64>) -> String {
    let Flaw {
        annotation,
        kind,
        after,
    } = flaw;
    let what = match kind {
        FlawKind::Missing => "never came",
        FlawKind::Doubled => "came again",
        FlawKind::Reordered => "came after a later one",
    };
    let when = match after {
        None => "while it was joined".to_owned(),
        Some(Cause::First) => "with its first join".to_owned(),
        Some(cause) => format!("when it was back {}", cause.after()),
    };
    let id = id.map_or_else(|| "an unknown id".to_owned(), |id| format!("the id {id}"));
    format!("annotation {annotation} with {id} {what} {when}")
}
