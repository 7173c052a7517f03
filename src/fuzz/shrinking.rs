//! Shrinks the failures of a run, the most frequent ones first. Failures that follow from the cause of an earlier one are told with it.

use std::collections::VecDeque;
use std::sync::Arc;

use super::cause::Cause;
use super::event::FuzzEvent;
use super::failures::Kinds;
use super::find::{Failed, Find, KindOfFailure};
use super::numbers::Numbers;
use super::play::Stage;
use super::result::FuzzResult;
use super::settings::{FuzzError, FuzzSettings};
use super::shrink::Search;
use crate::clock::Time;

/// After so many causes, failures of a kind that was shrunk are not looked through for others.
const MOST_CAUSES: usize = 12;
/// So many failures of presences that do not come again may come from a machine that was slow at times.
const MOST_BY_CHANCE: u64 = 2;

/// The shrinking of all failures.
pub(super) struct Shrinking<'a> {
    pub(super) stage: Stage,
    pub(super) numbers: Arc<Numbers>,
    pub(super) settings: &'a FuzzSettings,
    /// The end of the time for it.
    pub(super) until: Time,
}

impl Shrinking<'_> {
    /// Shrinks the failures of each kind, and adds them to the result.
    ///
    /// # Errors
    /// If a scenario cannot be read, which is a mistake of this tool.
    pub(super) async fn all(
        &self,
        kinds: Kinds,
        result: &mut FuzzResult,
        on_event: &mut dyn FnMut(FuzzEvent<'_>),
    ) -> Result<(), FuzzError> {
        let mut kinds: Vec<KindOfFailure> = kinds.into_values().collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.times));
        let mut queue = VecDeque::from(kinds);
        let mut causes = Causes::default();
        while let Some(kind) = queue.pop_front() {
            if let Some(known) = result.corpus.known(&kind.first.flaw) {
                known.times += kind.times;
                continue;
            }
            on_event(FuzzEvent::Shrinking {
                told: &kind.first.flaw.told,
            });
            let search = self.search(&kind, queue.len() + 1);
            let others = self.kind(kind, &search, (result, &mut causes)).await?;
            if causes.0.len() < MOST_CAUSES {
                queue.extend(KindOfFailure::of(others));
            }
        }
        Ok(())
    }

    /// Shrinks the failures of one kind. Returns those that have another cause: they fail without the steps of this one, too.
    async fn kind(
        &self,
        kind: KindOfFailure,
        search: &Search,
        (result, causes): (&mut FuzzResult, &mut Causes),
    ) -> Result<Vec<Failed>, FuzzError> {
        if let Some(earlier) = causes.followed(search, &kind).await? {
            result.finds[earlier].also(&kind);
            return Ok(Vec::new());
        }
        let Some((mut find, cause)) = self.shrink(search, &kind).await? else {
            result.undecided += kind.times;
            let told = &kind.first.flaw.told;
            let why = || {
                format!(
                    "seen {} and not when it was played again: {told}",
                    times(kind.times)
                )
            };
            result.why_undecided.get_or_insert_with(why);
            return Ok(Vec::new());
        };
        let others = match cause {
            Some(cause) => without(search, cause, kind.others).await?,
            None => Vec::new(),
        };
        find.times -= others.len() as u64;
        let number = result.add(find);
        causes.0.extend(cause.map(|cause| (number, cause)));
        Ok(others)
    }

    /// The search for one of the kinds that are left. They share the time.
    fn search(&self, kind: &KindOfFailure, left: usize) -> Search {
        let now = self.stage.connections.clock.now();
        let share = self.until.since(now) / u32::try_from(left).unwrap_or(u32::MAX).max(1);
        Search {
            stage: self.stage.clone(),
            numbers: Arc::clone(&self.numbers),
            flaw: kind.first.flaw.clone(),
            until: now + share,
        }
    }

    /// Shrinks the first failure of a kind, or the next one if the first does not fail again. Nothing, if none does, and something
    /// only came late, or presences were wrong once or twice: that may come from a slow machine.
    async fn shrink(
        &self,
        search: &Search,
        kind: &KindOfFailure,
    ) -> Result<Option<(Find, Option<Cause>)>, FuzzError> {
        for failed in kind.all() {
            if let Some(shrunk) = search.run(&failed.conversation).await? {
                let cause = shrunk.cause;
                return Ok(Some((
                    Find::new(failed, kind.times, shrunk, self.settings),
                    cause,
                )));
            }
        }
        let failed = &kind.first;
        let is_rare = kind.times <= MOST_BY_CHANCE && failed.flaw.is_about_presences();
        if failed.flaw.is_about_time() || is_rare {
            return Ok(None);
        }
        let (script, flaw) = (failed.script.clone(), failed.flaw.clone());
        let once = Search::not_again(script, flaw, failed.reference.clone());
        Ok(Some((Find::new(failed, kind.times, once, self.settings), None)))
    }
}

fn times(number: u64) -> String {
    match number {
        1 => "once".to_owned(),
        more => format!("{more} times"),
    }
}

/// The failures that stay when the steps of a cause are left out, each with the rest of its conversation.
async fn without(search: &Search, cause: Cause, failed: Vec<Failed>) -> Result<Vec<Failed>, FuzzError> {
    let smaller = failed.into_iter().map(|failed| Failed {
        conversation: cause
            .removed_from(&failed.conversation)
            .unwrap_or(failed.conversation),
        ..failed
    });
    let mut smaller: Vec<Failed> = smaller.collect();
    let conversations: Vec<_> = smaller.iter().map(|failed| failed.conversation.clone()).collect();
    let mut failing = search.failing(&conversations).await?.into_iter();
    smaller.retain(|_| failing.next().unwrap_or_default());
    Ok(smaller)
}

/// The causes that were found, each with the number of its failure.
#[derive(Default)]
struct Causes(Vec<(usize, Cause)>);

impl Causes {
    /// The number of the earlier failure from whose cause these follow: from one of them, or from all together.
    async fn followed(&self, search: &Search, kind: &KindOfFailure) -> Result<Option<usize>, FuzzError> {
        let first = &kind.first.conversation;
        for (number, cause) in &self.0 {
            if search.follows_from(&[*cause], first).await? {
                return Ok(Some(*number));
            }
        }
        let all: Vec<Cause> = self.0.iter().map(|(_, cause)| *cause).collect();
        match self.0.as_slice() {
            [(number, _), _, ..] if search.follows_from(&all, first).await? => Ok(Some(*number)),
            _ => Ok(None),
        }
    }
}
