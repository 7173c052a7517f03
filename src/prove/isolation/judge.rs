//! Verdicts on each claim, from the oddities that were seen beside troublemakers.

use std::collections::{BTreeMap, HashSet};

use serde_json::Map;

use super::super::books::WhisperAudit;
use super::super::claims::{counted, named};
use super::super::ledger::Audit;
use super::super::oddity::{Oddity, OddityKind};
use super::super::result::{Claim, ProofVerdict};
use super::super::schedule::{Place, Schedule};
use super::rude::Deeds;
use crate::load::grouped;
use crate::statistics::Arm;

pub(super) const UNTOUCHED: &str =
    "No untouched conversation sees an error, a close, or a lost, doubled or foreign message.";
const STATE: &str =
    "What the server keeps for a conversation is seen by no other one, nor by its own successor.";
const WHISPERS: &str = "Whispers reach those whom they are for, and nobody else.";
const ENDS: &str =
    "Who crashes gets one phx_error, who leaves a reply and one phx_close, and both may come back at once.";

/// All that was seen.
pub(super) struct Judge<'j> {
    pub(super) schedule: &'j Schedule,
    /// The numbers of the troublemakers.
    pub(super) rude: &'j HashSet<u32>,
    pub(super) oddities: Vec<Oddity>,
    /// The broadcasts.
    pub(super) audit: &'j Audit,
    /// The whispers.
    pub(super) whispers: WhisperAudit,
    pub(super) deeds: &'j Deeds,
    /// The reason why late and missing messages prove nothing, if there is one.
    pub(super) standstill: Option<String>,
}

/// The counts of an oddity before any trouble, in polite blocks, and in blocks of trouble.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    before: u64,
    polite: u64,
    rude: u64,
}

impl Judge<'_> {
    pub(super) fn claims(&self) -> Vec<Claim> {
        vec![self.untouched(), self.state(), self.whispers(), self.ends()]
    }

    /// The claim on oddities that the untouched saw, broadcasts included.
    fn untouched(&self) -> Claim {
        let audit = self.audit;
        let own = self.oddities.iter().filter(|it| it.kind != OddityKind::Bled);
        let seen: Vec<&Oddity> = own
            .chain(&audit.oddities)
            .filter(|it| !self.rude.contains(&it.socket))
            .collect();
        let caused = self.caused(&seen);
        let (verdict, says) = self.verdict_on_untouched(&seen, &caused);
        let troubles: Map<_, _> = self
            .deeds
            .rude
            .iter()
            .map(|(name, count)| ((*name).to_owned(), (*count).into()))
            .collect();
        let to_name = seen
            .iter()
            .filter(|it| caused.is_empty() || caused.contains(&it.kind));
        Claim::new(UNTOUCHED, verdict, says)
            .with("troubles", troubles)
            .with("polite", self.deeds.polite)
            .with("broadcasts_expected", audit.sums.expected)
            .with("broadcasts_arrived", audit.sums.arrived)
            .with("broadcasts_in_doubt", audit.sums.in_doubt)
            .with("oddities_of_untouched", seen.len())
            .naming(named(to_name.copied()))
    }

    /// The kinds of oddities that trouble has caused.
    fn caused(&self, seen: &[&Oddity]) -> Vec<OddityKind> {
        let mut by_kind: BTreeMap<OddityKind, Seen> = BTreeMap::new();
        for oddity in seen {
            let seen = by_kind.entry(oddity.kind).or_default();
            match self.schedule.place(oddity.at) {
                Place::Before => seen.before += 1,
                Place::Block(_, Arm::Control) => seen.polite += 1,
                Place::Block(_, Arm::Treated) | Place::After => seen.rude += 1,
            }
        }
        let caused = by_kind.iter().filter(|(kind, seen)| seen.is_caused(**kind));
        caused.map(|(kind, _)| *kind).collect()
    }

    fn verdict_on_untouched(&self, seen: &[&Oddity], caused: &[OddityKind]) -> (ProofVerdict, String) {
        let sums = self.audit.sums;
        let of_trouble = || seen.iter().filter(|it| caused.contains(&it.kind)).copied();
        let trouble: u64 = self.deeds.rude.values().sum();
        if let Some(why) = self.excuse(of_trouble()) {
            let told = counted(seen.iter().copied());
            (
                ProofVerdict::Undecided,
                format!("untouched conversations saw {told}; {why}"),
            )
        } else if !caused.is_empty() {
            let told = counted(of_trouble());
            (
                ProofVerdict::Fail,
                format!("beside trouble, untouched conversations saw {told}"),
            )
        } else if !seen.is_empty() {
            let told = counted(seen.iter().copied());
            let says = format!(
                "untouched conversations saw {told}, but as much of it without trouble: `prove delivery` says more"
            );
            (ProofVerdict::Undecided, says)
        } else if trouble == 0 {
            (ProofVerdict::Undecided, "no trouble was made".to_owned())
        } else {
            let says = format!(
                "{} times trouble was made, and the untouched missed nothing: {} of {} broadcasts came",
                grouped(trouble),
                grouped(sums.arrived),
                grouped(sums.expected)
            );
            (ProofVerdict::Pass, says)
        }
    }

    fn state(&self) -> Claim {
        let bled: Vec<&Oddity> = self.of_kind(OddityKind::Bled).collect();
        let (verdict, says) = match bled.len() {
            0 => (
                ProofVerdict::Pass,
                "each counter and each value was what its own conversation had left there".to_owned(),
            ),
            count => (
                ProofVerdict::Fail,
                format!("{count} times a counter or a value was not that of its own conversation"),
            ),
        };
        Claim::new(STATE, verdict, says)
            .with("bled", bled.len())
            .naming(named(bled))
    }

    fn whispers(&self) -> Claim {
        let WhisperAudit { sent, strays, lost } = &self.whispers;
        let (verdict, says) = if *sent == 0 {
            let says = "the target gives no tokens, so sockets have no names to whisper to".to_owned();
            (ProofVerdict::Skipped, says)
        } else if !strays.is_empty() {
            let says = format!("of {sent} whispers: {}", counted(strays));
            (ProofVerdict::Fail, says)
        } else if lost.is_empty() {
            let says = format!(
                "{} whispers reached those whom they were for, and nobody else",
                grouped(*sent as u64)
            );
            (ProofVerdict::Pass, says)
        } else if let Some(why) = self.excuse(lost.iter()) {
            let says = format!("{} of {sent} whispers never came; {why}", lost.len());
            (ProofVerdict::Undecided, says)
        } else {
            let says = format!("{} of {sent} whispers never came", lost.len());
            (ProofVerdict::Fail, says)
        };
        Claim::new(WHISPERS, verdict, says)
            .with("whispers", *sent)
            .with("lost", lost.len())
            .with("strays", strays.len())
            .naming(named(strays.iter().chain(lost)))
    }

    fn ends(&self) -> Claim {
        let seen: Vec<&Oddity> = self
            .oddities
            .iter()
            .filter(|it| it.kind != OddityKind::Bled && self.rude.contains(&it.socket))
            .collect();
        let (verdict, says) = if let Some(why) = self.excuse(seen.iter().copied()) {
            let told = counted(seen.iter().copied());
            (
                ProofVerdict::Undecided,
                format!("those who made trouble saw {told}; {why}"),
            )
        } else if !seen.is_empty() {
            let says = format!("those who made trouble saw {}", counted(seen.iter().copied()));
            (ProofVerdict::Fail, says)
        } else if self.deeds.broken_off > 0 {
            let says = format!("{} troublemakers could not come back", self.deeds.broken_off);
            (ProofVerdict::Undecided, says)
        } else {
            let says = "each end came once, and each of them was let in again".to_owned();
            (ProofVerdict::Pass, says)
        };
        Claim::new(ENDS, verdict, says)
            .with("oddities", seen.len())
            .with("broken_off", self.deeds.broken_off)
            .naming(named(seen))
    }

    /// The reason why these prove nothing: all of them may come of load, and there was too much of it.
    fn excuse<'o>(&self, oddities: impl Iterator<Item = &'o Oddity>) -> Option<&str> {
        let mut oddities = oddities.peekable();
        let standstill = self.standstill.as_deref()?;
        oddities.peek()?;
        oddities.all(|it| it.kind.may_be_of_load()).then_some(standstill)
    }

    fn of_kind(&self, kind: OddityKind) -> impl Iterator<Item = &Oddity> {
        self.oddities.iter().filter(move |it| it.kind == kind)
    }
}

impl Seen {
    /// Whether trouble caused it. An end of an untouched conversation needs no statistics: without anybody who comes and goes, there
    /// was none. Messages are lost or doubled by other faults, too; those strike without trouble as often.
    fn is_caused(self, kind: OddityKind) -> bool {
        if kind.ends_a_conversation() {
            return self.before == 0;
        }
        // Under equal rates, each of n is as likely in a block of trouble as in a polite one: 0.5^5 is 3 %.
        self.before == 0 && is_one_sided(self.rude, self.polite)
    }
}

/// Whether so many more of one kind than of the other are unlikely (below 5 %) if both are as frequent. Exact binomial.
fn is_one_sided(rude: u64, polite: u64) -> bool {
    let all = rude + polite;
    if all == 0 || all > 1_000 {
        return rude > polite.saturating_mul(2);
    }
    let mut term = 0.5_f64.powi(i32::try_from(all).unwrap_or(i32::MAX));
    let mut tail = 0.0;
    for count in 0..=all {
        if count >= rude {
            tail += term;
        }
        term *= (all - count) as f64 / (count + 1) as f64;
    }
    tail < 0.05
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_trouble_makes_more_frequent_is_its_effect() {
        assert!(is_one_sided(5, 0) && is_one_sided(12, 3) && is_one_sided(4_000, 10));
        assert!(!is_one_sided(4, 0) && !is_one_sided(6, 3) && !is_one_sided(0, 0) && !is_one_sided(900, 800));
        let seen = |before, polite, rude| Seen { before, polite, rude };
        assert!(seen(0, 0, 1).is_caused(OddityKind::Error));
        assert!(
            seen(0, 1, 0).is_caused(OddityKind::Disconnected),
            "a neighbour that left did it"
        );
        assert!(
            !seen(1, 0, 9).is_caused(OddityKind::Error),
            "it happens without trouble"
        );
        assert!(!seen(0, 0, 3).is_caused(OddityKind::Lost));
        assert!(seen(0, 0, 9).is_caused(OddityKind::Lost));
        assert!(!seen(2, 0, 9).is_caused(OddityKind::Lost));
    }
}
