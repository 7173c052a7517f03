//! The failures of a run, by property and event.

use std::collections::BTreeMap;

use super::find::{Failed, KindOfFailure};
use super::property::Property;
use super::result::FuzzResult;
use super::settings::FuzzSettings;

/// After so many conversations in a row whose clients were not let in, the server counts as gone.
const GONE_AFTER: usize = 40;
/// The most failures of one kind that are kept.
const MOST_OF_A_KIND: usize = 11;

/// The failures of each property and event.
pub(super) type Kinds = BTreeMap<(Property, String), KindOfFailure>;

/// The failures of a run.
#[derive(Default)]
pub(super) struct Failures {
    pub(super) kinds: Kinds,
    /// The last failures, in a row, whose clients were not let in.
    shut_out: Vec<Failed>,
}

impl Failures {
    /// How many conversations failed.
    pub(super) fn number(&self) -> u64 {
        self.kinds.values().map(|kind| kind.times).sum()
    }

    /// Takes the outcome of a conversation. Returns whether the run is over: at the first failure, if the user wants that, or because
    /// the server is gone.
    pub(super) fn take(
        &mut self,
        failed: Option<Box<Failed>>,
        result: &mut FuzzResult,
        settings: &FuzzSettings,
    ) -> bool {
        let Some(failed) = failed else {
            self.keep_shut_out(result);
            return false;
        };
        if !failed.was_let_in() {
            self.shut_out.push(*failed);
            if self.shut_out.len() >= GONE_AFTER {
                result.gone.get_or_insert(self.shut_out[0].flaw.told.clone());
            }
            return result.gone.is_some();
        }
        self.keep_shut_out(result);
        // Later failures are left for another run.
        if !settings.fail_fast || self.kinds.is_empty() {
            self.keep(*failed);
        }
        settings.fail_fast
    }

    /// Keeps the failures of clients that were not let in, unless the server was gone: then they follow from that.
    pub(super) fn keep_shut_out(&mut self, result: &mut FuzzResult) {
        for failed in std::mem::take(&mut self.shut_out) {
            if result.gone.is_some() || failed.flaw.property == Property::Undecided {
                result.undecided += 1;
                result.why_undecided.get_or_insert(failed.flaw.told);
            } else {
                self.keep(failed);
            }
        }
    }

    /// Keeps a failure, beside those of its kind.
    fn keep(&mut self, failed: Failed) {
        let key = (failed.flaw.property, failed.flaw.about.clone());
        match self.kinds.get_mut(&key) {
            None => {
                let kind = KindOfFailure {
                    first: failed,
                    others: Vec::new(),
                    times: 1,
                };
                self.kinds.insert(key, kind);
            }
            Some(kind) => {
                kind.times += 1;
                if kind.others.len() < MOST_OF_A_KIND {
                    kind.others.push(failed);
                }
            }
        }
    }
}
