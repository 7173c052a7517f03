//! Verdicts on each claim, from the deliveries.

use super::super::claims::{counted, named};
use super::super::crowd::Rest;
use super::super::ledger::Audit;
use super::super::oddity::{Oddity, OddityKind};
use super::super::result::{Claim, ProofVerdict};
use crate::load::grouped;

pub(super) const BROADCASTS: &str =
    "Exactly those who have joined get each broadcast, once, in the order of its sender.";
const REPLIES: &str = "Each push and each join gets one reply, with its ref, on its own socket, in order.";
const ENDS: &str =
    "Each leave and each stop gets one phx_close, each crash one phx_error, and nobody else gets any.";
const ANNOTATIONS: &str = "Each annotation has an id of its own, reaches all who have joined, and is in the list of all who join later.";

/// The records of all deliveries.
pub(super) struct Judge {
    pub(super) audit: Audit,
    pub(super) annotations: Audit,
    /// The oddities in the accounts of the sockets.
    pub(super) oddities: Vec<Oddity>,
    /// The reason why late and cut messages prove nothing, if there is one.
    pub(super) excuse: Option<String>,
    /// Whether all broadcasts had time to arrive.
    pub(super) rest: Rest,
    /// Whether the target has videos.
    pub(super) videos: bool,
}

impl Judge {
    pub(super) fn claims(&self) -> Vec<Claim> {
        let (ends, replies): (Vec<&Oddity>, Vec<&Oddity>) = self
            .oddities
            .iter()
            .partition(|it| it.kind.ends_a_conversation() || it.kind == OddityKind::NoEnd);
        vec![
            self.of_ledger(BROADCASTS, &self.audit),
            self.of_account(
                REPLIES,
                &replies,
                "every reply came once, with its own ref and content",
            ),
            self.of_account(ENDS, &ends, "every end came once, to those whom it was for"),
            if self.videos {
                self.of_ledger(ANNOTATIONS, &self.annotations)
            } else {
                Claim::without(ANNOTATIONS, "videos:*")
            },
        ]
    }

    fn of_ledger(&self, claim: &'static str, audit: &Audit) -> Claim {
        let sums = audit.sums;
        let doubt = format!("{} in doubt", grouped(sums.in_doubt));
        let (verdict, says) = match audit.oddities.as_slice() {
            [] if sums.expected == 0 => (ProofVerdict::Undecided, "nothing was delivered".to_owned()),
            [] => {
                let says = format!(
                    "{} of {} deliveries came, {doubt}",
                    grouped(sums.arrived),
                    grouped(sums.expected)
                );
                (ProofVerdict::Pass, says)
            }
            oddities => {
                let says = format!(
                    "of {} deliveries: {} ({doubt})",
                    grouped(sums.expected),
                    counted(oddities.iter())
                );
                self.verdict_of_ledger(oddities, says)
            }
        };
        Claim::new(claim, verdict, says)
            .with("expected", sums.expected)
            .with("arrived", sums.arrived)
            .with("in_doubt", sums.in_doubt)
            .with("oddities", audit.oddities.len())
            .naming(named(&audit.oddities))
    }

    fn of_account(&self, claim: &'static str, oddities: &[&Oddity], held: &str) -> Claim {
        let (verdict, says) = if oddities.is_empty() {
            (ProofVerdict::Pass, held.to_owned())
        } else {
            let told = format!("sockets saw {}", counted(oddities.iter().copied()));
            (self.verdict(oddities.iter().copied()), told)
        };
        Claim::new(claim, verdict, self.excused(verdict, says))
            .with("oddities", oddities.len())
            .naming(named(oddities.iter().copied()))
    }

    /// A broadcast that may still be under way is not lost.
    fn verdict_of_ledger(&self, oddities: &[Oddity], says: String) -> (ProofVerdict, String) {
        let lost_only = oddities.iter().all(|it| it.kind == OddityKind::Lost);
        match self.rest {
            Rest::StillComing if lost_only => {
                let says = format!("{says}; messages still came when the time was over");
                (ProofVerdict::Undecided, says)
            }
            Rest::StillComing | Rest::Quiet => (ProofVerdict::Fail, says),
        }
    }

    /// Messages that may only have been late prove nothing; all other oddities do.
    fn verdict<'o>(&self, mut oddities: impl Iterator<Item = &'o Oddity>) -> ProofVerdict {
        if self.excuse.is_some() && oddities.all(|it| it.kind.may_be_of_load()) {
            ProofVerdict::Undecided
        } else {
            ProofVerdict::Fail
        }
    }

    fn excused(&self, verdict: ProofVerdict, says: String) -> String {
        match (&self.excuse, verdict) {
            (Some(why), ProofVerdict::Undecided) => format!("{says}; {why}"),
            _ => says,
        }
    }
}
