//! The findings after disruptions of some kinds, and the verdict that follows.

use super::super::super::claims::counted;
use super::super::super::oddity::Oddity;
use super::super::super::result::{Claim, ProofVerdict};
use super::super::cause::Cause;
use super::Judge;

/// The findings after disruptions of some kinds.
struct Found<'j> {
    flaws: Vec<&'j Oddity>,
    /// The flaws without any disruption; they are told once, with the cuts.
    joined: Vec<&'j Oddity>,
    /// The annotations that the lists of newcomers lacked.
    missing: Vec<&'j String>,
    /// The reason why it could not be tried, or its outcome could not be seen.
    hindered: Option<&'j String>,
    /// Annotations that came with the next join.
    came: u64,
    /// Lists that were compared.
    lists: usize,
}

impl Judge<'_> {
    /// The claim on disruptions of these kinds; the first one names its figures.
    pub(super) fn of_causes(&self, claim: &'static str, causes: &[Cause], tried: &str) -> Claim {
        let found = self.found(causes);
        let (verdict, says) = self.verdict(&found, tried);
        let named = found.missing.iter().map(|it| (*it).clone());
        let named = named.chain(found.flaws.iter().chain(&found.joined).map(ToString::to_string));
        let name = causes.first().map_or("", |cause| cause.name());
        Claim::new(claim, verdict, says)
            .with(&format!("lists_whole_after_{name}"), found.lists)
            .with(&format!("caught_up_after_{name}"), found.came)
            .with(&format!("gone_after_{name}"), found.missing.len())
            .with(&format!("flaws_after_{name}"), found.flaws.len())
            .naming(named)
    }

    fn found(&self, causes: &[Cause]) -> Found<'_> {
        let missing = causes.iter().filter_map(|cause| self.deeds.missing.get(cause));
        Found {
            flaws: self.flaws_of(|after| after.is_some_and(|cause| causes.contains(&cause))),
            joined: match causes.contains(&Cause::Cut) {
                true => self.flaws_of(|after| after.is_none()),
                false => Vec::new(),
            },
            missing: missing.flatten().collect(),
            hindered: causes.iter().find_map(|cause| self.deeds.hindered.get(cause)),
            came: causes
                .iter()
                .filter_map(|cause| self.due.get(&Some(*cause)))
                .sum(),
            lists: causes
                .iter()
                .filter_map(|cause| self.deeds.lists.get(cause))
                .sum(),
        }
    }

    fn verdict(&self, found: &Found<'_>, tried: &str) -> (ProofVerdict, String) {
        let gone = match found.missing.len() {
            0 => String::new(),
            count => format!("{count} acknowledged annotations were not in the lists of newcomers; "),
        };
        let seen = counted(found.flaws.iter().copied());
        if !found.missing.is_empty() && found.flaws.is_empty() {
            (ProofVerdict::Fail, gone.trim_end_matches("; ").to_owned())
        } else if !found.missing.is_empty() {
            (
                ProofVerdict::Fail,
                format!("{gone}clients that came back saw {seen}"),
            )
        } else if !found.flaws.is_empty() {
            let says = format!("clients that came back saw {seen} of the acknowledged annotations");
            (self.unless_stood_still(ProofVerdict::Fail), says)
        } else if let Some(why) = found.hindered {
            (ProofVerdict::Undecided, why.clone())
        } else if !found.joined.is_empty() {
            let says = format!(
                "clients saw {} while they were joined: `prove delivery` says more",
                counted(found.joined.iter().copied())
            );
            (ProofVerdict::Undecided, says)
        } else if found.lists == 0 {
            (ProofVerdict::Undecided, "no list was compared".to_owned())
        } else {
            let says = format!(
                "{tried}; {} lists were whole, and {} missed annotations came with the next join, once",
                found.lists, found.came
            );
            (ProofVerdict::Pass, says)
        }
    }

    fn flaws_of(&self, of: impl Fn(Option<Cause>) -> bool) -> Vec<&Oddity> {
        let flaws = self.flaws.iter().filter(|(after, _)| of(*after));
        flaws.map(|(_, oddity)| oddity).collect()
    }
}
